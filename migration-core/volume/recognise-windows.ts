/** Signatures of the file systems of Windows, whose labels are not in the boot sector. */
import { isPowerOfTwo, latin1, viewOf } from '../base/bytes.ts';
import { isFatBootSector, readFatBootSector, type FatGeometry } from './fat-boot-sector.ts';
import { textAt, utf16Label, type Match, type Window } from './signature.ts';

/** The label is the entry of the root directory with attribute 8; that in the boot sector may be an older one. */
export async function vfat(window: Window): Promise<Match | null> {
  const sector = await window.bytes(0, 512);
  if (sector === null || !isFatBootSector(sector)) return null;
  const fat = readFatBootSector(sector);
  if (typeof fat === 'string') return null;
  return { uuid: fat.uuid, label: await rootLabel(window, fat) };
}

/** A root directory of FAT32 is looked through up to this many clusters; the label is where the volume was made. */
const ROOT_CLUSTERS = 32;

async function rootLabel(window: Window, fat: FatGeometry): Promise<string> {
  let cluster = fat.rootCluster;
  for (let n = 0; n < ROOT_CLUSTERS; n++) {
    const part =
      fat.bits === 32
        ? await window.bytes(fat.dataOffset + (cluster - 2) * fat.clusterSize, fat.clusterSize)
        : await window.bytes(fat.rootOffset, fat.rootEntries * 32);
    if (part === null) return '';
    for (let at = 0; at + 32 <= part.length; at += 32) {
      if (part[at] === 0) return '';
      // Volume label, and not a part of a long name (attribute 0F) or a deleted entry.
      if (part[at] !== 0xe5 && (part[at + 11]! & 0x18) === 0x08 && (part[at + 11]! & 0x3f) !== 0x0f)
        return shortLabel(part.subarray(at, at + 11));
    }
    if (fat.bits !== 32) return '';
    const next = await window.bytes(fat.fatOffset + fat.activeFat * fat.fatSize + cluster * 4, 4);
    cluster = next === null ? 0 : viewOf(next).getUint32(0, true) & 0x0fffffff;
    if (cluster < 2 || cluster >= fat.clusterCount + 2) return '';
  }
  return '';
}

function shortLabel(bytes: Uint8Array): string {
  const text = bytes[0] === 0x05 ? '\xe5' + latin1(bytes, 1) : latin1(bytes);
  return text.trimEnd();
}

/**
 * exFAT boot sector: 3 "EXFAT   ", 58 u32 cluster heap offset in sectors, 60 u32 root cluster, 64 u32 serial,
 * 6C u8 log2 of the sector size, 6D u8 log2 of sectors per cluster. Label: entry 83 of the root, length in characters, UTF-16.
 */
export async function exfat(window: Window): Promise<Match | null> {
  const sector = await window.bytes(0, 512);
  if (sector === null || latin1(sector, 3, 8) !== 'EXFAT   ') return null;
  const view = viewOf(sector);
  const sectorShift = view.getUint8(0x6c);
  const clusterShift = view.getUint8(0x6d) + sectorShift;
  if (sectorShift < 9 || sectorShift > 12 || clusterShift > 25) return null;
  const serial = view.getUint32(0x64, true).toString(16).toUpperCase().padStart(8, '0');
  const found = { uuid: `${serial.slice(0, 4)}-${serial.slice(4)}`, label: '' };
  const root = view.getUint32(0x60, true);
  const offset = view.getUint32(0x58, true) * 2 ** sectorShift + (root - 2) * 2 ** clusterShift;
  const directory = await window.bytes(offset, Math.min(2 ** clusterShift, 65536));
  for (let at = 0; directory !== null && at + 32 <= directory.length; at += 32) {
    if (directory[at] === 0) break;
    if (directory[at] === 0x83) {
      found.label = utf16Label(directory, at + 2, Math.min(directory[at + 1]!, 11) * 2);
      break;
    }
  }
  return found;
}

/**
 * NTFS boot sector: 3 "NTFS    ", B u16 sector size, D u8 sectors per cluster (above 128: a power of two), 30 u64 cluster of
 * the MFT, 40 i8 clusters of an MFT record (below 0: log2 of its bytes), 48 u64 serial. The label is attribute 60 of record 3.
 */
export async function ntfs(window: Window): Promise<Match | null> {
  if (!(await textAt(window, 3, 'NTFS    '))) return null;
  const sector = await window.bytes(0, 512);
  if (sector === null) return null;
  const view = viewOf(sector);
  const sectorSize = view.getUint16(0x0b, true);
  const perCluster = view.getUint8(0x0d);
  const clusterSize = sectorSize * (perCluster > 128 ? 2 ** (256 - perCluster) : perCluster);
  if (!isPowerOfTwo(sectorSize) || sectorSize < 256 || !isPowerOfTwo(clusterSize)) return null;
  const uuid = view.getBigUint64(0x48, true).toString(16).toUpperCase().padStart(16, '0');
  const recordClusters = view.getInt8(0x40);
  const recordSize = recordClusters > 0 ? recordClusters * clusterSize : 2 ** -recordClusters;
  const mft = Number(view.getBigUint64(0x30, true)) * clusterSize;
  if (recordSize < 256 || recordSize > 65536) return { uuid };
  const record = await window.bytes(mft + 3 * recordSize, recordSize);
  return { uuid, label: record === null ? '' : ntfsLabel(record) };
}

/** MFT record: 0 "FILE", 14 u16 first attribute. Attribute: 0 u32 type, 4 u32 length, 10 u32 value length, 14 u16 value offset. */
function ntfsLabel(record: Uint8Array): string {
  if (latin1(record, 0, 4) !== 'FILE') return '';
  const view = viewOf(record);
  for (let at = view.getUint16(0x14, true); at + 24 <= record.length;) {
    const type = view.getUint32(at, true);
    const length = view.getUint32(at + 4, true);
    if (type === 0xffffffff || length < 24 || at + length > record.length) return '';
    if (type === 0x60) {
      const valueLength = view.getUint32(at + 0x10, true);
      const value = at + view.getUint16(at + 0x14, true);
      return value + valueLength > at + length ? '' : utf16Label(record, value, valueLength);
    }
    at += length;
  }
  return '';
}
