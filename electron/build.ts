/**
 * Builds what a person starts into out/: the page (Vite), the preload script (one CommonJS file, as Electron's sandbox
 * wants it), and the program. The program is not bundled: each file keeps its place and loses its types, so that
 * whatever a module finds from where it lies (resources, threads, the process of a task) it finds in out/ as well.
 *
 * `node electron/build.ts`; the functions are also called by `ironlift serve` and by `npm start`.
 */
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { dirname, join, relative, resolve } from 'node:path';

const ROOT = resolve(import.meta.dirname, '..');
const OUT = join(ROOT, 'out');
/** The page has a size that is watched: what a consultant's laptop loads before anything is seen. Bytes of gzip. */
export const PAGE_LIMIT = 600_000;

/** Folders of the program, as they are called in the checkout and in out/. */
const PROGRAM = ['migration-core', 'electron', 'bin'] as const;
const NOT_PROGRAM = ['electron/preload/', 'electron/build.ts', 'bin/start.js'];

export async function buildPage(out = OUT): Promise<void> {
  const { build } = await import('vite');
  await build({
    configFile: join(ROOT, 'renderer/vite.config.ts'),
    logLevel: 'warn',
    build: { outDir: join(out, 'renderer'), emptyOutDir: true },
  });
}

export async function buildPreload(out = OUT): Promise<void> {
  const { rolldown } = await import('rolldown');
  const bundle = await rolldown({
    input: join(ROOT, 'electron/preload/preload.ts'),
    external: ['electron'],
    platform: 'node',
  });
  try {
    await bundle.write({ file: join(out, 'preload/preload.cjs'), format: 'cjs', minify: true });
  } finally {
    await bundle.close();
  }
}

/** Types are blanked out, names of files follow; nothing else is changed, so line and column stay what they are. */
export function programText(source: string): string {
  return stripTypeScriptTypes(source).replaceAll(/(['"])(\.{1,2}\/[^'"\n]*)\.ts\1/gu, '$1$2.js$1');
}

export function buildProgram(out = OUT): void {
  for (const folder of [...PROGRAM, 'resources']) rmSync(join(out, folder), { recursive: true, force: true });
  for (const name of PROGRAM.flatMap((folder) => filesOf(join(ROOT, folder)))) {
    if (NOT_PROGRAM.some((start) => name.startsWith(start)) || !/\.(?:ts|js)$/u.test(name)) continue;
    const target = join(out, name.replace(/\.ts$/u, '.js'));
    mkdirSync(dirname(target), { recursive: true });
    const source = readFileSync(join(ROOT, name), 'utf8');
    writeFileSync(target, name.endsWith('.ts') ? programText(source) : source);
  }
  cpSync(join(ROOT, 'resources'), join(out, 'resources'), { recursive: true });
  cpSync(join(ROOT, 'package.json'), join(out, 'package.json'));
}

function filesOf(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile())
    .map((path) => relative(ROOT, path).replaceAll('\\', '/'))
    .sort();
}

export async function buildAll(out = OUT): Promise<void> {
  await buildPage(out);
  await buildPreload(out);
  buildProgram(out);
  writeFileSync(join(out, BUILT), '');
}

/** Written last: what is older than the newest source is stale. */
const BUILT = '.built';
const SOURCES = ['renderer', 'electron', 'migration-core', 'resources', 'bin'];

export function isStale(out = OUT): boolean {
  if (!existsSync(join(out, BUILT))) return true;
  const built = statSync(join(out, BUILT)).mtimeMs;
  const newer = (path: string): boolean => statSync(path).mtimeMs > built;
  return (
    newer(join(ROOT, 'package.json')) ||
    SOURCES.some((folder) =>
      readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' }).some((name) =>
        newer(join(ROOT, folder, name)),
      ),
    )
  );
}

if (import.meta.main) {
  const began = performance.now();
  await buildAll();
  process.stdout.write(`Built into out/ in ${((performance.now() - began) / 1000).toFixed(1)} s.\n`);
}
