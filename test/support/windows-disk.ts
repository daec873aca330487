/**
 * A whole disk of a Windows server in a file, made by the programs of others: sfdisk, mkntfs, mkfs.fat, filled through ntfs-3g
 * and mtools. And what those say is on such a disk afterwards.
 */
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { GuestFileSystem } from '../../migration-core/filesystem/filesystem.ts';
import { mtools } from '../migration-core/filesystem/fat/fat-image.ts';
import { content, fill, fillCompressed, setFileAttributes } from '../migration-core/filesystem/ntfs/fill.ts';
import { diskTree, makeNtfs, sorted, withMount } from '../migration-core/filesystem/ntfs/ntfs-image.ts';
import { makeDisk } from '../migration-core/volume/disk-file.ts';
import { needTools, run, tryRun } from './tools.ts';
import { windowsVolumes, type WindowsGuestOptions } from './windows-guest.ts';

const MIB = 1 << 20;
/** Where windowsVolumes says that the volumes lie, so that hives and boot stores name them rightly. MiB. */
const LAYOUT = {
  boot: { number: 1, start: 1, size: 84 },
  msr: { number: 4, start: 85, size: 16 },
  windows: { number: 2, start: 101, size: 160 },
  data: { number: 3, start: 1101, size: 40 },
} as const;
const GPT = {
  boot: ['C12A7328-F81F-11D2-BA4B-00A0C93EC93B', '24E0E103-9BC2-477E-A5E2-3E42D2BB134F'],
  msr: ['E3C9E316-0B5C-4DB8-817D-F92DF00215AE', 'B9C8D7E6-1111-4222-8333-444455556666'],
  windows: ['EBD0A0A2-B9E5-4433-87C0-68B6B72699C7', '178D943A-4F79-41E9-865D-2E5B4328CD23'],
  data: ['EBD0A0A2-B9E5-4433-87C0-68B6B72699C7', '5A3E2B1C-0D4F-4E6A-9B8C-7D6E5F4A3B2C'],
} as const;

/** @param more that a test runs itself @throws Error where a program is missing that a disk is made or read with */
export const needDiskTools = (...more: string[]): void =>
  needTools(
    'mkntfs',
    'ntfs-3g',
    'ntfsfix',
    'ntfsinfo',
    'mkfs.fat',
    'mcopy',
    'sfdisk',
    'qemu-img',
    'getfattr',
    ...more,
  );

export interface WindowsDisk {
  path: string;
  /** Volumes by their path in the tree of the guest. */
  volumes: { at: string; type: 'ntfs' | 'vfat'; offset: number; size: number }[];
}

/**
 * Makes the disk; of the guest, which is as `windowsVolumes` makes it, every file. The volume of Windows gets every way NTFS has
 * of keeping a file besides, with streams and attributes, and what `more` puts there. `options.mib` is the size of that volume,
 * 1000 at most.
 */
export async function windowsDisk(
  path: string,
  options: WindowsGuestOptions,
  more?: (mount: string) => Promise<void>,
): Promise<WindowsDisk> {
  const opened = await windowsVolumes({ ...options, on: 'memory' });
  const uefi = opened.some(({ info }) => info.type === 'vfat');
  await makeDisk(path, 1200 * MIB);
  const sizes: Record<Place, number> = {
    boot: LAYOUT.boot.size,
    msr: LAYOUT.msr.size,
    windows: options.mib ?? LAYOUT.windows.size,
    data: LAYOUT.data.size,
  };
  await partition(path, uefi, options.data !== undefined, sizes);
  const volumes: WindowsDisk['volumes'] = [];
  const scratch = await mkdtemp(join(tmpdir(), 'ironlift-windows-'));
  try {
    for (const { info, fileSystem } of opened) {
      const name = (['boot', 'windows', 'data'] as const)[info.partition! - 1]!;
      const { start } = LAYOUT[name];
      const size = sizes[name];
      const type = info.type === 'vfat' ? 'vfat' : 'ntfs';
      const at = name === 'windows' ? '' : name === 'data' ? '/:D' : uefi ? '/:esp' : '/:boot';
      volumes.push({ at, type, offset: start * MIB, size: size * MIB });
      const image =
        type === 'vfat'
          ? await fatOf(fileSystem!, scratch, size)
          : await ntfsOf(fileSystem!, scratch, size, name, uefi ? 0 : start, more);
      await run('dd', [
        `if=${image}`,
        `of=${path}`,
        'bs=1M',
        `seek=${start}`,
        'conv=sparse,notrunc',
        'status=none',
      ]);
      await rm(image);
    }
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
  return { path, volumes };
}

type Place = keyof typeof LAYOUT;

async function partition(
  path: string,
  uefi: boolean,
  withData: boolean,
  sizes: Record<Place, number>,
): Promise<void> {
  const names = [
    'boot',
    ...(uefi ? (['msr'] as const) : []),
    'windows',
    ...(withData ? (['data'] as const) : []),
  ] as const;
  const lines = names.map((name) => {
    const { number, start } = LAYOUT[name];
    const where = `${path}${number} : start=${(start * MIB) / 512}, size=${(sizes[name] * MIB) / 512}`;
    return uefi
      ? `${where}, type=${GPT[name][0]}, uuid=${GPT[name][1]}`
      : `${where}, type=7${name === 'boot' ? ', bootable' : ''}`;
  });
  const head = uefi
    ? ['label: gpt', 'label-id: EFF77581-F7EF-42BC-BD27-8BE22D244BBD']
    : ['label: dos', 'label-id: 0x5cbea03e'];
  await run('sfdisk', ['--no-reread', '--no-tell-kernel', '-q', path], {
    input: [...head, ...lines, ''].join('\n'),
  });
}

async function fatOf(fileSystem: GuestFileSystem, scratch: string, mib: number): Promise<string> {
  const image = await makeDisk(join(scratch, 'esp.img'), mib * MIB);
  await run('mkfs.fat', ['-F', '32', '-s', '1', '-n', 'SYSTEM', image]);
  const folder = join(scratch, 'esp');
  await copyOut(fileSystem, '/', folder);
  for (const name of await fileSystem.readdir('/'))
    await mtools('mcopy', image, '-s', '-m', join(folder, name.name), '::/');
  return image;
}

async function ntfsOf(
  fileSystem: GuestFileSystem,
  scratch: string,
  mib: number,
  name: 'boot' | 'windows' | 'data',
  start: number,
  more: ((mount: string) => Promise<void>) | undefined,
): Promise<string> {
  const hidden = start === 0 ? [] : ['-p', String((start * MIB) / 512), '-H', '16', '-S', '63'];
  // As Windows makes them, small ones as of a converted FAT volume, and large ones as for databases.
  const clusters = name === 'data' ? 65536 : start === 0 ? 4096 : 1024;
  const image = await makeNtfs(scratch, `${name}.img`, mib, [...hidden, '-c', String(clusters)]);
  await withMount(image, 'compression,streams_interface=xattr', async (mount) => {
    await copyOut(fileSystem, '/', mount);
    if (name !== 'windows') return;
    await fill(mount, 300);
    await fillCompressed(mount);
    await writeFile(join(mount, 'pagefile.sys'), content(3 * MIB, 3));
    await writeFile(join(mount, 'swapfile.sys'), content(MIB, 4));
    const streams = join(mount, 'many streams.txt');
    await writeFile(streams, 'with streams');
    await run('setfattr', ['-n', 'user.Zone.Identifier', '-v', '[ZoneTransfer]', streams]);
    await run('setfattr', ['-n', 'user.large', '-v', `0x${content(60_000, 9).toString('hex')}`, streams]);
    await setFileAttributes(streams, 0x26);
    await setFileAttributes(join(mount, 'pagefile.sys'), 0x26);
    await more?.(mount);
  });
  return image;
}

/** Everything below a folder of a volume, into a folder of this machine. */
async function copyOut(fileSystem: GuestFileSystem, path: string, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const { name, type } of await fileSystem.readdir(path)) {
    const from = path === '/' ? `/${name}` : `${path}/${name}`;
    if (type === 'directory') await copyOut(fileSystem, from, join(folder, name));
    else await writeFile(join(folder, name), await fileSystem.readFile(from, 1 << 30));
  }
}

/** Changes the files of one NTFS volume of a raw disk through ntfs-3g, as the guest does when it runs. */
export async function atWork(
  raw: string,
  { offset, size }: WindowsDisk['volumes'][number],
  work: (mount: string) => Promise<void>,
): Promise<void> {
  const scratch = await mkdtemp(join(tmpdir(), 'ironlift-windows-'));
  try {
    const file = join(scratch, 'volume.img');
    const [skip, count] = [offset / MIB, size / MIB];
    await run('dd', [`if=${raw}`, `of=${file}`, 'bs=1M', `skip=${skip}`, `count=${count}`, 'status=none']);
    await withMount(file, 'streams_interface=xattr', work);
    await run('dd', [`if=${file}`, `of=${raw}`, 'bs=1M', `seek=${skip}`, 'conv=notrunc', 'status=none']);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** What is on a disk: by guest path, the digest of a file and everything else its file system keeps of it. */
export type Everything = Map<string, string>;

/** Content that a conversion leaves out: only its length counts. */
const NOT_KEPT = /^\/(pagefile|swapfile|hiberfil)\.sys$/u;

/**
 * Reads all volumes of a disk image of any format with ntfs-3g and mtools, after ntfsfix and fsck.fat found them in order.
 * `look` sees each file of a volume while it is there.
 */
export async function everythingOn(
  image: string,
  volumes: WindowsDisk['volumes'],
  look?: (guestPath: string, bytes: () => Promise<Buffer>) => Promise<void>,
): Promise<Everything> {
  const scratch = await mkdtemp(join(tmpdir(), 'ironlift-windows-'));
  const all: Everything = new Map();
  try {
    const raw = join(scratch, 'whole.raw');
    await run('qemu-img', ['convert', '-O', 'raw', image, raw]);
    for (const { at, type, offset, size } of volumes) {
      const file = join(scratch, 'volume.img');
      const part = [`skip=${offset / MIB}`, `count=${size / MIB}`];
      await run('dd', [`if=${raw}`, `of=${file}`, 'bs=1M', ...part, 'conv=sparse', 'status=none']);
      await truncate(file, size);
      const found = type === 'vfat' ? await onFat(file, scratch, at, look) : await onNtfs(file, at, look);
      for (const [path, what] of found) all.set(`${at}${path}`, what);
    }
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
  return all;
}

async function onFat(
  file: string,
  scratch: string,
  at: string,
  look: Parameters<typeof everythingOn>[2],
): Promise<[string, string][]> {
  const { status, stdout } = await tryRun('fsck.fat', ['-n', file]);
  if (status !== 0) throw new Error(`fsck.fat: ${stdout}`);
  const folder = join(scratch, 'files');
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder);
  await mtools('mcopy', file, '-s', '-n', '::/*', folder);
  return told(folder, at, look, new Map());
}

async function onNtfs(
  file: string,
  at: string,
  look: Parameters<typeof everythingOn>[2],
): Promise<[string, string][]> {
  await run('ntfsfix', ['-n', file]);
  await run('ntfsinfo', ['-m', file]);
  return withMount(file, 'ro,streams_interface=xattr', async (mount) =>
    told(mount, at, look, await attributesBelow(mount)),
  );
}

/** Streams, file attributes and security of every file and folder, by path below the mount. */
async function attributesBelow(mount: string): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (const which of [['-d'], ['-n', 'system.ntfs_attrib'], ['-n', 'system.ntfs_acl']]) {
    // Folders and files without streams make no entry; getfattr says so with its status.
    const { stdout } = await tryRun('getfattr', [
      '-R',
      '-h',
      ...which,
      '-e',
      'hex',
      '--absolute-names',
      mount,
    ]);
    for (const block of stdout.split('\n\n')) {
      const [head = '', ...values] = block.split('\n');
      if (!head.startsWith('# file: ')) continue;
      const path = unescaped(head.slice('# file: '.length + mount.length));
      const shown = values.filter((line) => line !== '').sort();
      found.set(path, [found.get(path) ?? '', ...shown.map(shortly)].join(' '));
    }
  }
  return found;
}

/** getfattr writes bytes beyond ASCII as `\303\266`. */
const unescaped = (name: string): string =>
  name.replaceAll(/(?:\\\d{3})+/gu, (bytes) =>
    Buffer.from(
      bytes
        .slice(1)
        .split('\\')
        .map((octal) => parseInt(octal, 8)),
    ).toString('utf8'),
  );

/** FILE_ATTRIBUTE_ARCHIVE is set by any write, and cleared by backups. */
const ARCHIVE = 0x20;
function shortly(line: string): string {
  const attribute = /^system\.ntfs_attrib=0x(\w{8})$/u.exec(line)?.[1];
  if (attribute !== undefined)
    return `attributes=${(Buffer.from(attribute, 'hex').readUInt32LE() & ~ARCHIVE).toString(16)}`;
  return line.length < 80 ? line : `${line.slice(0, 40)}… ${createHash('sha1').update(line).digest('hex')}`;
}

async function told(
  folder: string,
  at: string,
  look: Parameters<typeof everythingOn>[2],
  attributes: Map<string, string>,
): Promise<[string, string][]> {
  const found: [string, string][] = [];
  for (const [path, what] of sorted(await diskTree(folder))) {
    const kept = at === '' && NOT_KEPT.test(path) ? what.replace(/ .*/u, ' (content not kept)') : what;
    found.push([path, `${kept}${attributes.get(path) ?? ''}`]);
    if (what !== 'folder') await look?.(`${at}${path}`, async () => readFile(join(folder, path)));
  }
  return found;
}

/** Paths that are not the same on both, in order. */
export function differences(before: Everything, after: Everything): string[] {
  return [...new Set([...before.keys(), ...after.keys()])]
    .filter((path) => before.get(path) !== after.get(path))
    .sort();
}
