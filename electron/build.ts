/**
 * Builds what a person starts into out/: the page (Vite), the preload script (one CommonJS file, as Electron's sandbox
 * wants it), and the program. The program is not bundled: each file keeps its place and loses its types, so that
 * whatever a module finds from where it lies (resources, threads, the process of a task) it finds in out/ as well.
 *
 * `node electron/build.ts`; the functions are also called by `ironlift serve` and by `npm start`.
 */
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  cpSync,
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
const NOT_PROGRAM = ['electron/preload/', 'electron/build.ts', 'electron/icons.ts', 'bin/start.js'];

export async function buildPage(out = OUT): Promise<void> {
  const { build } = await import('vite');
  await build({
    configFile: join(ROOT, 'renderer/vite.config.ts'),
    logLevel: 'error',
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
const SOURCES = ['package.json', 'renderer', 'electron', 'migration-core', 'resources', 'bin'];
/** What the page is made of; it knows types and charts of the core, and little else. */
const PAGE_SOURCES = ['package.json', 'renderer', 'migration-core/contract', 'migration-core/chart'];

export const isStale = (out = OUT): boolean => isOlder(join(out, BUILT), SOURCES);
export const isPageStale = (out = OUT): boolean => isOlder(join(out, 'renderer/index.html'), PAGE_SOURCES);

function isOlder(made: string, sources: readonly string[]): boolean {
  const at = statSync(made, { throwIfNoEntry: false })?.mtimeMs;
  if (at === undefined) return true;
  const newest = (path: string): number => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  return sources
    .map((source) => join(ROOT, source))
    .some((path) => newest(path) > at || below(path).some((name) => newest(join(path, name)) > at));
}

const below = (path: string): string[] =>
  statSync(path, { throwIfNoEntry: false })?.isDirectory() === true
    ? readdirSync(path, { recursive: true, encoding: 'utf8' })
    : [];

/**
 * The helper that reads a disk as root, as one program without any file beside it: what runs with such rights is not to
 * depend on what others may write. For the platform this runs on.
 */
export async function buildHelper(out = OUT): Promise<string> {
  const { rolldown } = await import('rolldown');
  const folder = join(out, 'helper');
  mkdirSync(folder, { recursive: true });
  const script = join(folder, 'read-device.cjs');
  const bundle = await rolldown({
    input: join(ROOT, 'electron/helper/read-device.ts'),
    // Holes in files are asked for by it; a device has none.
    external: ['koffi'],
    platform: 'node',
  });
  try {
    await bundle.write({ file: script, format: 'cjs', codeSplitting: false });
  } finally {
    await bundle.close();
  }
  const config = join(folder, 'sea.json');
  const blob = join(folder, 'sea.blob');
  writeFileSync(
    config,
    JSON.stringify({ main: script, output: blob, disableExperimentalSEAWarning: true, useCodeCache: false }),
  );
  execFileSync(process.execPath, ['--experimental-sea-config', config], { stdio: 'pipe' });
  const program = join(
    folder,
    process.platform === 'win32' ? 'ironlift-read-device.exe' : 'ironlift-read-device',
  );
  rmSync(program, { force: true });
  copyFileSync(process.execPath, program);
  chmodSync(program, 0o755);
  const postject = join(ROOT, 'node_modules/postject/dist/cli.js');
  const fuse = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2';
  execFileSync(process.execPath, [postject, program, 'NODE_SEA_BLOB', blob, '--sentinel-fuse', fuse], {
    stdio: 'pipe',
  });
  for (const made of [script, config, blob]) rmSync(made);
  return program;
}

if (import.meta.main && !(process.argv.includes('--if-stale') && !isStale())) {
  const began = performance.now();
  await buildAll();
  if (process.argv.includes('--helper')) await buildHelper();
  process.stdout.write(`Built into out/ in ${((performance.now() - began) / 1000).toFixed(1)} s.\n`);
}
