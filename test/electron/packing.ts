/**
 * Packs the application with a stand-in of Electron's distribution, which cannot be had here: list of files, fuses, digests
 * and the libraries beside the archive are the real work of electron-builder.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { listPackage } from '@electron/asar';
import { getCurrentFuseWire, type FuseV1Options } from '@electron/fuses';
import { run, tryRun } from '../support/tools.ts';

export const ROOT = resolve(import.meta.dirname, '../..');

/** What marks the row of fuses in a program of Electron; all nine are unset. */
const FUSES = Buffer.concat([
  Buffer.from('dL7pKGdnNz796PbbjQWNKmHXBZaB9tsX', 'latin1'),
  Buffer.from([1, 9]),
  Buffer.from('000000000', 'latin1'),
]);

async function commonFiles(dist: string, more: readonly string[]): Promise<void> {
  await mkdir(join(dist, 'locales'), { recursive: true });
  await mkdir(join(dist, 'resources'));
  for (const name of [
    'resources.pak',
    'icudtl.dat',
    'LICENSE',
    'LICENSES.chromium.html',
    'locales/en-US.pak',
    ...more,
  ])
    await writeFile(join(dist, name), 'stand-in');
  await writeFile(join(dist, 'version'), '45.4.1');
}

async function linuxStandIn(folder: string): Promise<string> {
  const dist = join(folder, 'electron-linux');
  await commonFiles(dist, ['chrome_100_percent.pak', 'libffmpeg.so', 'chrome-sandbox']);
  const padding = Buffer.alloc(4096, 0x90);
  await writeFile(join(dist, 'electron'), Buffer.concat([padding, FUSES, padding]));
  await chmod(join(dist, 'electron'), 0o755);
  return dist;
}

/** Its program has to be one that Windows would take, with a version inside: makensis writes such. */
async function windowsStandIn(folder: string): Promise<string> {
  const dist = join(folder, 'electron-win');
  await commonFiles(dist, ['ffmpeg.dll']);
  const script = join(folder, 'electron.nsi');
  const keys = {
    ProductName: 'Electron',
    FileVersion: '45.4.1',
    FileDescription: 'Electron',
    LegalCopyright: 'none',
  };
  await writeFile(
    script,
    [
      `OutFile "${join(dist, 'electron.exe')}"`,
      'Name "Electron"',
      'VIProductVersion "45.4.1.0"',
      ...Object.entries(keys).map(([key, value]) => `VIAddVersionKey "${key}" "${value}"`),
      'Section',
      'SectionEnd\n',
    ].join('\n'),
  );
  await run('makensis', ['-V1', script]);
  writeFileSync(join(dist, 'electron.exe'), Buffer.concat([readFileSync(join(dist, 'electron.exe')), FUSES]));
  return dist;
}

export interface Packed {
  folder: string;
  program: string;
  archive: string;
  /** In the archive. */
  files: string[];
  /** `0` or `1`. */
  fuse(option: FuseV1Options): Promise<string>;
}

/** Of what lies in out/. */
export async function pack(platform: 'linux' | 'win', folder: string): Promise<Packed> {
  const dist = platform === 'linux' ? await linuxStandIn(folder) : await windowsStandIn(folder);
  await node(ROOT, [
    join(ROOT, 'node_modules/electron-builder/cli.js'),
    ...[`--${platform}`, 'dir', '--x64', '--config', 'electron-builder.config.js'],
    `-c.electronDist=${dist}`,
    `-c.directories.output=${join(folder, 'packed')}`,
    // The tool for that is fetched from the network.
    ...(platform === 'win' ? ['-c.win.signAndEditExecutable=false'] : []),
  ]);
  const packed = join(folder, 'packed', `${platform}-unpacked`);
  const archive = join(packed, 'resources/app.asar');
  const program = join(packed, platform === 'linux' ? 'ironlift' : 'Ironlift.exe');
  return {
    ...{ folder: packed, program, archive },
    files: listPackage(archive, { isPack: false }).map((name) => name.slice(1)),
    fuse: async (option) => String.fromCharCode(Number((await getCurrentFuseWire(program))[option])),
  };
}

/** What Node prints; throws with what it complained of. */
export async function node(cwd: string, args: string[]): Promise<string> {
  const ran = await tryRun(process.execPath, args, { cwd, timeoutSeconds: 240 });
  if (ran.status !== 0) throw new Error(`${ran.stdout.slice(-3000)}\n${ran.stderr.slice(-3000)}`);
  return ran.stdout;
}
