/** Signatures of file systems and swap. */
import { latin1, viewOf } from '../base/bytes.ts';
import { readUuid } from '../base/guid.ts';
import { exfat, ntfs, vfat } from './recognise-windows.ts';
import { labelOf, textAt, utf16Label, type Match, type Signature, type Window } from './signature.ts';

/**
 * ext superblock at 1024: 38 u16 EF53, 5C u32 compat, 60 u32 incompat, 64 u32 ro_compat, 68 uuid, 78 label[16],
 * 160 u32 flags. Which of the family it is follows from what the older drivers of Linux could mount.
 */
const EXT = {
  hasJournal: 0x4,
  journalDevice: 0x8,
  /** sparse_super, large_file, btree_dir. */
  ext3RoCompat: 0x7,
  /** filetype, meta_bg; ext3 takes `recover` (4) as well. */
  ext2Incompat: 0x12,
  ext3Incompat: 0x16,
  testFilesystem: 0x4,
};

async function ext(window: Window): Promise<Match | null> {
  const superblock = await window.bytes(1024, 1024);
  if (superblock === null) return null;
  const view = viewOf(superblock);
  if (view.getUint16(0x38, true) !== 0xef53) return null;
  const compat = view.getUint32(0x5c, true);
  const incompat = view.getUint32(0x60, true);
  const roCompat = view.getUint32(0x64, true);
  const found = { uuid: readUuid(superblock, 0x68), label: labelOf(superblock, 0x78, 16) };
  if ((incompat & EXT.journalDevice) !== 0) return { ...found, type: 'jbd' };
  const journal = (compat & EXT.hasJournal) !== 0;
  const older = (allowed: number): boolean =>
    (incompat & ~allowed) === 0 && (roCompat & ~EXT.ext3RoCompat) === 0;
  if (!journal && older(EXT.ext2Incompat)) return { ...found, type: 'ext2' };
  if (journal && older(EXT.ext3Incompat)) return { ...found, type: 'ext3' };
  return { ...found, type: (view.getUint32(0x160, true) & EXT.testFilesystem) !== 0 ? 'ext4dev' : 'ext4' };
}

/** Page sizes of the machines that Linux runs on; the mark is in the last 10 bytes of the first page. */
const PAGE_SIZES = [4096, 8192, 16384, 32768, 65536];
const HIBERNATION_MARKS = ['S1SUSPEND', 'S2SUSPEND', 'ULSUSPEND', 'LINHIB0001'];
const TUXONICE = '\xed\xc3\x02\xe9\x98\x56\xe5\x0c';

/** Swap: the page size, and whether a hibernated system lies in it. Null where the volume is none. */
export async function readSwap(window: Window): Promise<{ pageSize: number; hibernated: boolean } | null> {
  if (await textAt(window, 0, TUXONICE)) return { pageSize: 4096, hibernated: true };
  for (const pageSize of PAGE_SIZES) {
    const bytes = await window.bytes(pageSize - 10, 10);
    if (bytes === null) break;
    const mark = Buffer.from(bytes).toString('latin1');
    if (HIBERNATION_MARKS.some((one) => mark.startsWith(one))) return { pageSize, hibernated: true };
    if (mark === 'SWAP-SPACE') return { pageSize, hibernated: false };
    if (mark === 'SWAPSPACE2') {
      // 400 u32 version, 404 u32 last page
      const header = viewOf((await window.bytes(1024, 8))!);
      if (header.getUint32(0, true) === 1 && header.getUint32(4, true) !== 0)
        return { pageSize, hibernated: false };
    }
  }
  return null;
}

const swap =
  (hibernated: boolean) =>
  async (window: Window): Promise<Match | null> => {
    const found = await readSwap(window);
    if (found?.hibernated !== hibernated) return null;
    const header = (await window.bytes(1024, 64))!;
    // 40C uuid, 41C label[16]; the oldest kind has neither, and a hibernated one keeps those of its swap.
    if (viewOf(header).getUint32(0, true) !== 1) return {};
    const uuid = readUuid(header, 12);
    return { uuid: /^[0-]+$/.test(uuid) ? '' : uuid, label: labelOf(header, 28, 16) };
  };

async function xfs(window: Window): Promise<Match | null> {
  // 0 "XFSB", 4 u32 block size, 20 uuid, 6C label[12], big-endian
  const block = await window.bytes(0, 256);
  if (block === null || latin1(block, 0, 4) !== 'XFSB') return null;
  const blockSize = viewOf(block).getUint32(4, false);
  if (blockSize < 512 || blockSize > 65536) return null;
  return { uuid: readUuid(block, 32), label: labelOf(block, 108, 12) };
}

async function btrfs(window: Window): Promise<Match | null> {
  if (!(await textAt(window, 65536 + 0x40, '_BHRfS_M'))) return null;
  const block = await window.bytes(65536, 0x12b + 256);
  return block === null ? null : { uuid: readUuid(block, 0x20), label: labelOf(block, 0x12b, 256) };
}

async function f2fs(window: Window): Promise<Match | null> {
  const block = await window.bytes(1024, 1024);
  if (block === null || viewOf(block).getUint32(0, true) !== 0xf2f52010) return null;
  return { uuid: readUuid(block, 108), label: utf16Label(block, 124, 512) };
}

async function iso9660(window: Window): Promise<Match | null> {
  // Primary volume descriptor in sector 16 of 2048 bytes: 1 "CD001", 28 volume id[32], 32D created, 33E modified [16 digits].
  const descriptor = await window.bytes(32768, 2048);
  if (descriptor === null || descriptor[0] !== 1 || latin1(descriptor, 1, 5) !== 'CD001') return null;
  const date = [830, 813]
    .map((at) => latin1(descriptor, at, 16))
    .find((text) => /^\d{16}$/.test(text) && !/^0+$/.test(text));
  const parts = date === undefined ? null : /^(....)(..)(..)(..)(..)(..)(..)$/.exec(date);
  return { uuid: parts === null ? '' : parts.slice(1).join('-'), label: labelOf(descriptor, 40, 32) };
}

const marked =
  (text: string, ...offsets: number[]) =>
  async (window: Window): Promise<Match | null> => {
    for (const offset of offsets) if (await textAt(window, offset, text)) return {};
    return null;
  };

async function reiser(window: Window): Promise<Match | null> {
  for (const at of [65536, 8192]) {
    const block = await window.bytes(at, 204);
    const magic = block === null ? '' : latin1(block, 52, 10);
    if (block !== null && /^ReIsEr[2-3]?Fs|^ReIsErFs/.test(magic))
      return { uuid: readUuid(block, 84), label: labelOf(block, 100, 16) };
  }
  return null;
}

async function jfs(window: Window): Promise<Match | null> {
  const block = await window.bytes(32768, 184);
  if (block === null || latin1(block, 0, 4) !== 'JFS1') return null;
  return { uuid: readUuid(block, 136), label: labelOf(block, 152, 16) };
}

/** In the order in which they are asked; the first that matches wins. */
export const FILE_SYSTEMS: readonly Signature[] = [
  { type: 'vfat', description: 'FAT file system', match: vfat },
  { type: 'swsuspend', description: 'hibernated system in swap space', match: swap(true) },
  { type: 'swap', description: 'Linux swap space', match: swap(false) },
  { type: 'xfs', description: 'XFS file system', match: xfs },
  { type: 'ext4', description: 'ext file system', match: ext },
  { type: 'reiserfs', description: 'ReiserFS file system', match: reiser },
  { type: 'jfs', description: 'JFS file system', match: jfs },
  { type: 'iso9660', description: 'ISO 9660 file system', match: iso9660 },
  { type: 'squashfs', description: 'SquashFS file system', match: marked('hsqs', 0) },
  { type: 'btrfs', description: 'Btrfs file system', match: btrfs },
  { type: 'ntfs', description: 'NTFS file system', match: ntfs },
  { type: 'ReFS', description: 'ReFS file system', match: marked('\0\0\0ReFS\0', 0) },
  { type: 'exfat', description: 'exFAT file system', match: exfat },
  { type: 'f2fs', description: 'F2FS file system', match: f2fs },
  { type: 'hfsplus', description: 'Apple HFS+ file system', match: marked('H+', 1024) },
  { type: 'apfs', description: 'Apple APFS container', match: marked('NXSB', 32) },
  {
    type: 'ufs',
    description: 'UFS file system',
    match: marked('\x19\x01\x54\x19', 65536 + 1372, 8192 + 1372),
  },
];
