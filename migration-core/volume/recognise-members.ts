/**
 * Signatures of parts of something larger: RAID members, physical volumes of LVM, encrypted containers, caches. They come
 * before file systems: a RAID 1 member with its superblock at the end looks like a plain file system from the front.
 */
import { latin1, viewOf } from '../base/bytes.ts';
import { readUuid } from '../base/guid.ts';
import { labelOf, textAt, type Match, type Signature, type Window } from './signature.ts';

const MD_MAGIC = 0xa92b4efc;

/**
 * Linux md, kernel include/uapi/linux/raid/md_p.h. Version 1: 0 u32 magic, 4 u32 major, 10 set uuid, 20 name[32],
 * 90 u64 place of this superblock in sectors. Version 0.90, in the byte order of its maker: 0 u32 magic, 4 u32 major 0,
 * 14, 34, 38, 3C u32 set uuid.
 */
async function mdMember(window: Window): Promise<Match | null> {
  const sectors = Math.floor(window.size / 512);
  // 1.1, 1.2 and 1.0, in sectors.
  for (const sector of [0, 8, Math.floor((sectors - 16) / 8) * 8]) {
    const block = await window.bytes(sector * 512, 256);
    if (block === null) continue;
    const view = viewOf(block);
    if (view.getUint32(0, true) !== MD_MAGIC || view.getUint32(4, true) !== 1) continue;
    if (view.getBigUint64(0x90, true) !== BigInt(sector)) continue;
    return { uuid: readUuid(block, 16), label: labelOf(block, 32, 32), at: sector * 512 };
  }
  const at = Math.floor(window.size / 65536) * 65536 - 65536;
  const block = await window.bytes(at, 256);
  if (block === null) return null;
  const view = viewOf(block);
  const little = view.getUint32(0, true) === MD_MAGIC;
  if (!little && view.getUint32(0, false) !== MD_MAGIC) return null;
  if (view.getUint32(4, little) !== 0) return null;
  const uuid = new Uint8Array(16);
  [20, 52, 56, 60].forEach((offset, i) => viewOf(uuid).setUint32(i * 4, view.getUint32(offset, little)));
  return { uuid: readUuid(uuid, 0), at };
}

/** LVM2 label: "LABELONE", u64 own sector, u32 CRC, u32 offset of the PV header, "LVM2 001"; in one of the first four sectors. */
async function lvm2Member(window: Window): Promise<Match | null> {
  for (let sector = 0; sector < 4; sector++) {
    const label = await window.bytes(sector * 512, 512);
    if (label === null || latin1(label, 0, 8) !== 'LABELONE' || latin1(label, 24, 8) !== 'LVM2 001') continue;
    const view = viewOf(label);
    if (view.getBigUint64(8, true) !== BigInt(sector)) continue;
    const header = view.getUint32(20, true);
    if (header > 512 - 32) continue;
    const id = latin1(label, header, 32);
    const groups = /^(.{6})(.{4})(.{4})(.{4})(.{4})(.{4})(.{6})$/.exec(id);
    return { uuid: groups === null ? '' : groups.slice(1).join('-') };
  }
  return null;
}

/** LUKS: "LUKS" BA BE, u16 big-endian version, A8 uuid[40]; LUKS2: 18 label[48], and a second header marked "SKUL" further on. */
async function luks(window: Window): Promise<Match | null> {
  const seconds = [0x4000, 0x8000, 0x10000, 0x20000, 0x40000, 0x80000, 0x100000, 0x200000, 0x400000] as const;
  for (const at of [0, ...seconds]) {
    if (!(await textAt(window, at, at === 0 ? 'LUKS\xba\xbe' : 'SKUL\xba\xbe'))) continue;
    const header = await window.bytes(at, 512);
    if (header === null) continue;
    const version = viewOf(header).getUint16(6, false);
    if (version !== 1 && version !== 2) continue;
    if (at !== 0 && (version !== 2 || viewOf(header).getBigUint64(256, false) !== BigInt(at))) continue;
    return { uuid: latin1(header, 168, 40), label: version === 2 ? labelOf(header, 24, 48) : '', at };
  }
  return null;
}

const BCACHE_MAGIC = 'c68573f64e1a45ca8265f57f48ba6d81';
const BCACHE_SUPERBLOCK = 4096;

async function bcache(window: Window): Promise<Match | null> {
  const block = await window.bytes(BCACHE_SUPERBLOCK, 128);
  if (block === null || Buffer.from(block.subarray(24, 40)).toString('hex') !== BCACHE_MAGIC) return null;
  // 8 u64: its own sector.
  if (viewOf(block).getBigUint64(8, true) !== 8n) return null;
  return { uuid: readUuid(block, 40) };
}

const ZFS_UBERBLOCK = 0x00bab10cn;

/**
 * ZFS: two labels of 256 KiB at the front and two at the end, each with name-value pairs at 16 KiB and a ring of
 * uberblocks at 128 KiB. The pairs are XDR: u32 size, u32 decoded size, string name, u32 type, u32 elements, value.
 */
async function zfsMember(window: Window): Promise<Match | null> {
  const back = Math.floor(window.size / 262144) * 262144;
  for (const label of [0, 262144, back - 524288, back - 262144]) {
    const ring = await window.bytes(label + 131072, 131072);
    if (ring === null) continue;
    const view = viewOf(ring);
    let found = false;
    for (let at = 0; at < ring.length && !found; at += 1024)
      found = view.getBigUint64(at, true) === ZFS_UBERBLOCK || view.getBigUint64(at, false) === ZFS_UBERBLOCK;
    if (!found) continue;
    const pairs = await window.bytes(label + 16384, 114688);
    return { ...(pairs === null ? {} : zfsPool(pairs)), at: label };
  }
  return null;
}

function zfsPool(pairs: Uint8Array): Match {
  const view = viewOf(pairs);
  const match: Match = {};
  // 4 bytes of encoding, 8 of version and flags; then the pairs until one of size 0.
  for (let at = 12; at + 12 <= pairs.length;) {
    const size = view.getUint32(at, false);
    const nameLength = view.getUint32(at + 8, false);
    if (size < 20 || at + size > pairs.length || nameLength > size - 20) break;
    const name = latin1(pairs, at + 12, nameLength);
    const value = at + 12 + Math.ceil(nameLength / 4) * 4 + 8;
    if (name === 'name' && value + 4 <= at + size) {
      const length = view.getUint32(value, false);
      if (value + 4 + length <= at + size) match.label = labelOf(pairs, value + 4, length);
    }
    if (name === 'pool_guid' && value + 8 <= at + size)
      match.uuid = view.getBigUint64(value, false).toString();
    at += size;
  }
  return match;
}

/** SNIA DDF: the anchor (0 u32 magic, 8 GUID in text) in the last sector, or 257 sectors before the end as one maker does. */
async function ddfMember(window: Window): Promise<Match | null> {
  for (const at of [window.size - 512, window.size - 257 * 512]) {
    const anchor = await window.bytes(at, 128);
    if (anchor !== null && viewOf(anchor).getUint32(0, false) === 0xde11de11)
      return { uuid: latin1(anchor, 8, 24), at };
  }
  return null;
}

/** A text at a fixed distance from the end, as the BIOS RAIDs of boards have it. */
const fromEnd =
  (text: string, ...distances: number[]) =>
  async (window: Window): Promise<Match | null> => {
    for (const distance of distances)
      if (await textAt(window, window.size - distance, text)) return { at: window.size - distance };
    return null;
  };

const fromStart =
  (text: string, offset: number) =>
  async (window: Window): Promise<Match | null> =>
    (await textAt(window, offset, text)) ? {} : null;

/** Storage Spaces writes no mark that Microsoft documents; this one starts the pool's database, in the first sectors. */
async function storageSpaces(window: Window): Promise<Match | null> {
  const head = await window.bytes(0, Math.min(65536, window.size));
  return head !== null && Buffer.from(head.buffer, head.byteOffset, head.length).includes('SPACEDB ')
    ? {}
    : null;
}

/** LDM on an MBR disk: "PRIVHEAD" in sector 6, version u16 big-endian 2.x at C. */
async function ldm(window: Window): Promise<Match | null> {
  const head = await window.bytes(6 * 512, 64);
  if (head === null || latin1(head, 0, 8) !== 'PRIVHEAD') return null;
  return viewOf(head).getUint16(12, false) === 2 ? {} : null;
}

/** Vista's mark says what comes later as well; BitLocker To Go pretends to be FAT and carries a GUID at 1A8. */
async function bitLocker(window: Window): Promise<Match | null> {
  if (await textAt(window, 3, '-FVE-FS-')) return {};
  if (!(await textAt(window, 3, 'MSWIN4.1'))) return null;
  const guid = await window.bytes(0x1a8, 16);
  return guid !== null && Buffer.from(guid).toString('hex') === '3bd67449292ed84a8399f6a339e3d001'
    ? {}
    : null;
}

async function drbd(window: Window): Promise<Match | null> {
  // The meta data block at the end: u64 size, u64 uuid[4], u64, u64, u32 magic 8374026B to 8374026D, big-endian.
  const at = Math.floor(window.size / 4096) * 4096 - 4096;
  const block = await window.bytes(at, 128);
  if (block === null) return null;
  const magic = viewOf(block).getUint32(60, false);
  return magic >= 0x8374026b && magic <= 0x8374026d ? { at } : null;
}

async function vdo(window: Window): Promise<Match | null> {
  return (await textAt(window, 0, 'dmvdo001')) ? {} : null;
}

async function vmfs(window: Window): Promise<Match | null> {
  const magic = await window.bytes(0x100000, 4);
  return magic !== null && viewOf(magic).getUint32(0, true) === 0xc001d00d ? {} : null;
}

async function dmIntegrity(window: Window): Promise<Match | null> {
  return (await textAt(window, 0, 'integrt\0')) ? {} : null;
}

/** In the order in which they are asked; the first that matches wins. */
export const MEMBERS: readonly Signature[] = [
  { type: 'linux_raid_member', description: 'Linux software RAID member', match: mdMember },
  { type: 'ddf_raid_member', description: 'Firmware RAID member (DDF)', match: ddfMember },
  {
    type: 'isw_raid_member',
    description: 'Firmware RAID member (Intel)',
    match: fromEnd('Intel Raid ISM Cfg Sig. ', 1024, 8192),
  },
  {
    type: 'lsi_mega_raid_member',
    description: 'Firmware RAID member (LSI)',
    match: fromEnd('$XIDE$', 512),
  },
  {
    type: 'nvidia_raid_member',
    description: 'Firmware RAID member (NVIDIA)',
    match: fromEnd('NVIDIA', 1024),
  },
  { type: 'drbd', description: 'DRBD replicated volume', match: drbd },
  { type: 'LVM2_member', description: 'LVM physical volume', match: lvm2Member },
  { type: 'DM_integrity', description: 'dm-integrity volume', match: dmIntegrity },
  { type: 'crypto_LUKS', description: 'LUKS encrypted volume', match: luks },
  { type: 'VMFS_volume_member', description: 'VMware VMFS volume', match: vmfs },
  { type: 'vdo', description: 'VDO deduplicated volume', match: vdo },
  {
    type: 'stratis',
    description: 'Stratis pool member',
    match: fromStart('!Stra0tis\x86\xff\x02^', 512 + 4),
  },
  { type: 'BitLocker', description: 'BitLocker encrypted volume', match: bitLocker },
  { type: 'LDM', description: 'Windows dynamic disk (LDM)', match: ldm },
  { type: 'StorageSpaces', description: 'Windows Storage Spaces pool member', match: storageSpaces },
  { type: 'bcache', description: 'bcache volume', match: bcache },
  { type: 'zfs_member', description: 'ZFS pool member', match: zfsMember },
];

/** Kinds whose mark may stand at the end of a disk that looks like a plain one from the front. */
export const RAID_TYPES: ReadonlySet<string> = new Set(
  MEMBERS.map(({ type }) => type).filter((type) => type.endsWith('_raid_member')),
);
