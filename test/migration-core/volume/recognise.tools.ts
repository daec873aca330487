/** What blkid says of volumes made by the real mkfs programs is what we say. */
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { recogniseContent } from '../../../migration-core/volume/recognise.ts';
import { contentUsed } from '../../../migration-core/volume/used.ts';
import { needTools, run, scratchFolder, tryRun } from '../../support/tools.ts';
import { fileDisk, makeDisk, patch, withLoop } from './disk-file.ts';
import { ddfAnchor, md0Superblock, md1Superblock, zfsLabel } from './superblocks.ts';

const MIB = 1 << 20;

interface Volume {
  name: string;
  mib?: number;
  make: (path: string) => Promise<unknown>;
  /** What blkid says nothing or too little about. */
  expect?: { type: string };
}

const made = (name: string, program: string, args: string[], mib = 64): Volume => ({
  name,
  mib,
  make: (path) => run(program, [...args, path]),
});

const text = (value: string): Uint8Array => Buffer.from(value, 'latin1');
const suspended = (mark: string): Volume => ({
  name: `hibernated in swap: ${mark}`,
  make: async (path) => {
    await run('mkswap', ['-q', '-L', 'sleepy', path]);
    await patch(path, 4086, text(mark));
  },
});
const md = (name: string, at: (size: number) => number, make: (at: number) => Uint8Array): Volume => ({
  name: `md ${name}`,
  make: async (path) => {
    await run('mkfs.ext4', ['-q', '-F', path, '32M']);
    await patch(path, at(64 * MIB), make(at(64 * MIB)));
  },
});

const VOLUMES: Volume[] = [
  made('ext2', 'mkfs.ext2', ['-q', '-F', '-L', 'two']),
  made('ext3', 'mkfs.ext3', ['-q', '-F', '-L', 'three']),
  made('ext4', 'mkfs.ext4', ['-q', '-F', '-L', 'sixteen-letters!']),
  made('ext4 without journal', 'mkfs.ext4', ['-q', '-F', '-O', '^has_journal']),
  made('ext4 of little', 'mkfs.ext4', ['-q', '-F', '-O', '^extent,^64bit,^flex_bg,^metadata_csum']),
  made('ext3 with huge_file', 'mkfs.ext3', ['-q', '-F', '-O', 'huge_file']),
  made('ext2 meta_bg', 'mkfs.ext2', ['-q', '-F', '-O', 'meta_bg,^resize_inode']),
  made('ext journal device', 'mke2fs', ['-q', '-F', '-O', 'journal_dev', '-b', '4096']),
  made('FAT12', 'mkfs.fat', ['-F', '12', '-n', 'DOZEN'], 8),
  made('FAT16', 'mkfs.fat', ['-F', '16']),
  made('FAT32', 'mkfs.fat', ['-F', '32', '-n', 'ESP', '-i', 'deadbeef']),
  made('FAT32 with 4096-byte sectors', 'mkfs.fat', ['-F', '32', '-S', '4096', '-n', 'BIG'], 300),
  made('exFAT', 'mkfs.exfat', ['-L', 'exlabel']),
  made('NTFS', 'mkfs.ntfs', ['-q', '-F', '-L', 'System-Laufwerk']),
  made('NTFS with large clusters', 'mkfs.ntfs', ['-q', '-F', '-c', '65536', '-L', 'x']),
  made('XFS', 'mkfs.xfs', ['-q', '-L', 'xlab'], 320),
  made('Btrfs', 'mkfs.btrfs', ['-q', '-L', 'blab'], 128),
  made('F2FS', 'mkfs.f2fs', ['-q', '-l', 'f2lab']),
  made('swap', 'mkswap', ['-q', '-L', 'swaplabel']),
  made('swap of 64 KiB pages', 'mkswap', ['-q', '-p', '65536']),
  ...['S1SUSPEND\0', 'S2SUSPEND\0', 'ULSUSPEND\0', 'LINHIB0001'].map(suspended),
  {
    name: 'LUKS1',
    make: (path) =>
      run('cryptsetup', ['luksFormat', '-q', '--type', 'luks1', '--iter-time', '10', path], KEY),
  },
  {
    name: 'LUKS2',
    make: (path) => run('cryptsetup', LUKS2.concat(path), KEY),
  },
  {
    name: 'LUKS2 with its first header overwritten',
    make: async (path) => {
      await run('cryptsetup', LUKS2.concat(path), KEY);
      await patch(path, 0, new Uint8Array(4096));
    },
  },
  {
    name: 'LVM',
    make: (path) =>
      withLoop(path, 512, (device) => run('pvcreate', ['-q', '-ff', '-y', '--config', LVM, device])),
  },
  made('bcache backing', 'make-bcache', ['-B']),
  made('bcache cache', 'make-bcache', ['-C']),
  {
    name: 'SquashFS',
    make: async (path) => run('mksquashfs', [await someFolder(path), path, '-quiet', '-noappend']),
  },
  {
    name: 'ISO 9660',
    make: async (path) =>
      run('xorriso', ['-as', 'mkisofs', '-V', 'DISC_LABEL', '-R', '-o', path, await someFolder(path)]),
  },
  // No md driver and no other maker's tools on a test machine: the superblocks are written by the test, blkid judges.
  md('1.0', (size) => Math.floor((size / 512 - 16) / 8) * 8 * 512, md1Superblock),
  md('1.1', () => 0, md1Superblock),
  md('1.2', () => 4096, md1Superblock),
  md(
    '0.90',
    (size) => Math.floor(size / 65536) * 65536 - 65536,
    () => md0Superblock(true),
  ),
  md(
    '0.90 of a big-endian machine',
    (size) => Math.floor(size / 65536) * 65536 - 65536,
    () => md0Superblock(false),
  ),
  {
    name: 'Intel RAID member',
    make: (path) => patch(path, 64 * MIB - 1024, text('Intel Raid ISM Cfg Sig. 1.1.00')),
  },
  { name: 'DDF member', make: (path) => patch(path, 64 * MIB - 512, ddfAnchor()) },
  { name: 'ZFS', make: (path) => patch(path, 0, zfsLabel('tank', 1234567890123456789n)) },
  {
    name: 'BitLocker',
    make: async (path) => {
      await run('mkfs.ntfs', ['-q', '-F', path]);
      await patch(path, 3, text('-FVE-FS-'));
      // The identifier of BitLocker since Windows 7.
      await patch(path, 160, Buffer.from('3bd67449292ed84a8399f6a339e3d001', 'hex'));
    },
  },
  { name: 'ReFS', make: (path) => patch(path, 0, text('\0\0\0ReFS\0\0\0\0')) },
  { name: 'unknown', make: (path) => patch(path, 5000, text('something')), expect: { type: 'unknown' } },
  { name: 'empty', make: async () => undefined, expect: { type: 'empty' } },
  {
    name: 'LDM',
    make: (path) => patch(path, 3072, text('PRIVHEAD\0\0\0\0\0\x02\0\x0c')),
    expect: { type: 'LDM' },
  },
  { name: 'one sector', mib: 512 / MIB, make: async () => undefined, expect: { type: 'empty' } },
];

const KEY = { input: 'secret' };
const LUKS2 = [
  'luksFormat',
  '-q',
  '--type',
  'luks2',
  '--label',
  'vault',
  '--pbkdf',
  'pbkdf2',
  '--pbkdf-force-iterations',
  '1000',
];
const LVM = 'devices { use_devicesfile = 0 }';

async function someFolder(path: string): Promise<string> {
  const folder = join(dirname(path), 'content');
  await mkdir(folder);
  await writeFile(join(folder, 'file'), 'content');
  return folder;
}

/** `KEY=value` lines of blkid, with its backslashes before special characters taken away. */
async function blkid(path: string): Promise<{ type: string; uuid: string; label: string } | null> {
  const { status, stdout } = await tryRun('blkid', ['-p', '-o', 'export', path]);
  if (status !== 0) return null;
  const values = new Map<string, string>();
  for (const line of stdout.split('\n')) {
    const equals = line.indexOf('=');
    if (equals > 0) values.set(line.slice(0, equals), line.slice(equals + 1).replaceAll(/\\(.)/g, '$1'));
  }
  return { type: values.get('TYPE') ?? '', uuid: values.get('UUID') ?? '', label: values.get('LABEL') ?? '' };
}

describe('content of volumes, judged by blkid', () => {
  test.each(VOLUMES)('$name', async ({ name, mib, make, expect: own }) => {
    needTools(
      'blkid',
      'mkfs.exfat',
      'mkfs.f2fs',
      'pvcreate',
      'cryptsetup',
      'make-bcache',
      'xorriso',
      'mksquashfs',
    );
    const path = await makeDisk(join(await scratchFolder(), 'volume'), (mib ?? 64) * MIB);
    await make(path);
    const volume = await fileDisk(path);
    const content = await recogniseContent(volume);
    const judged = await blkid(path);
    if (own === undefined) {
      expect(judged, `blkid knows ${name}`).not.toBeNull();
      expect({ type: content.type, uuid: content.uuid, label: content.label }).toEqual(judged);
    } else {
      expect(judged).toBeNull();
      expect(content.type).toBe(own.type);
    }
    const used = await contentUsed(volume, content);
    if (content.type === 'swap') expect(used.bytes).toBe(name.includes('64 KiB') ? 65536 : 4096);
    else expect(used.bytes).toBe(volume.size);
  });
});
