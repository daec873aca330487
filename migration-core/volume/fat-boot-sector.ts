/**
 * The boot sector of a FAT volume. It ends in 55 AA as a partition table does, so the table reader has to know it as
 * well as the file system driver. Microsoft "FAT: General Overview of On-Disk Format" 1.03, section "Boot Sector and BPB".
 *
 *   0B u16 bytes per sector     10 u8  number of FATs         20 u32 sectors, when 13 is 0
 *   0D u8  sectors per cluster  11 u16 root entries           -- FAT12/16: 26 u8 29 if 27 u32 serial, 2B label[11] are valid
 *   0E u16 reserved sectors     13 u16 sectors                -- FAT32: 24 u32 FAT sectors, 28 u16 flags, 2A u16 version,
 *   15 u8  medium               16 u16 sectors of a FAT           2C u32 root cluster, 30 u16 FSInfo, 32 u16 backup boot
 *                                                                 sector, 42 u8 29 if 43 u32 serial, 47 label[11] are valid
 */
import { isPowerOfTwo, latin1, viewOf } from '../base/bytes.ts';

/** Offsets and sizes in bytes. */
export interface FatGeometry {
  bits: 12 | 16 | 32;
  sectorSize: number;
  clusterSize: number;
  /** Data clusters; they are numbered from 2. */
  clusterCount: number;
  /** Of the first FAT; the others follow it without a gap. */
  fatOffset: number;
  fatSize: number;
  fatCount: number;
  /** The FAT that counts; the only one that is kept where `mirrored` is false. */
  activeFat: number;
  mirrored: boolean;
  /** The fixed root directory of FAT12/16; on FAT32 `rootEntries` is 0 and the root is the chain from `rootCluster`. */
  rootOffset: number;
  rootEntries: number;
  rootCluster: number;
  dataOffset: number;
  /** Of the whole file system. */
  size: number;
  fsInfoOffset: number | null;
  /** Where the byte with the "in use" bit is, which Linux sets while the volume is mounted. */
  stateOffset: number;
  /** `ABCD-1234`, or empty where the boot sector has none. */
  uuid: string;
  /** The label in the boot sector, trimmed; the one in the root directory is the one that counts. */
  bootLabel: string;
}

/** FAT12 has fewer clusters than this, FAT16 fewer than the next. */
const FAT16_FROM = 4085;
const FAT32_FROM = 65525;
const MAX_FAT32_CLUSTERS = 0x0ffffff5;

/** Reads the first 512 bytes of a volume. A string is the reason why this is no FAT boot sector. */
export function readFatBootSector(sector: Uint8Array): FatGeometry | string {
  if (sector.length < 512) return 'it is shorter than a sector';
  const view = viewOf(sector);
  const sectorSize = view.getUint16(0x0b, true);
  const sectorsPerCluster = view.getUint8(0x0d);
  const reserved = view.getUint16(0x0e, true);
  const fatCount = view.getUint8(0x10);
  const rootEntries = view.getUint16(0x11, true);
  const medium = view.getUint8(0x15);
  const fatSectors16 = view.getUint16(0x16, true);
  const sectors = view.getUint16(0x13, true) || view.getUint32(0x20, true);

  if (!isPowerOfTwo(sectorSize) || sectorSize < 512 || sectorSize > 4096)
    return `its sector size is ${sectorSize}`;
  if (!isPowerOfTwo(sectorsPerCluster)) return `its cluster has ${sectorsPerCluster} sectors`;
  if (reserved === 0) return 'it has no reserved sectors';
  if (fatCount === 0 || fatCount > 4) return `it has ${fatCount} allocation tables`;
  if (medium < 0xf8 && medium !== 0xf0) return `its medium byte is ${medium.toString(16)}`;

  // A FAT16 length of zero means FAT32 whatever the number of clusters: mkfs.fat -F 32 makes such small volumes.
  const isFat32 = fatSectors16 === 0;
  const fatSectors = isFat32 ? view.getUint32(0x24, true) : fatSectors16;
  if (fatSectors === 0) return 'its allocation table has no size';
  const rootSectors = Math.ceil((rootEntries * 32) / sectorSize);
  const firstDataSector = reserved + fatCount * fatSectors + rootSectors;
  if (sectors <= firstDataSector) return 'it has no room for data';
  if (!isFat32 && rootEntries === 0) return 'its root directory has no entries';
  if (isFat32 && rootEntries !== 0) return 'it has two root directories';
  const clusterCount = Math.floor((sectors - firstDataSector) / sectorsPerCluster);
  if (clusterCount === 0) return 'it has no clusters';
  const bits = isFat32 ? 32 : clusterCount < FAT16_FROM ? 12 : 16;
  if (bits === 16 && clusterCount >= FAT32_FROM) return `it has ${clusterCount} clusters, too many for FAT16`;
  if (clusterCount > MAX_FAT32_CLUSTERS) return `it has ${clusterCount} clusters`;
  if (((clusterCount + 2) * bits) / 8 > fatSectors * sectorSize)
    return 'its allocation table is too small for its clusters';

  const flags = isFat32 ? view.getUint16(0x28, true) : 0;
  const mirrored = (flags & 0x80) === 0;
  const activeFat = mirrored ? 0 : flags & 0x0f;
  if (activeFat >= fatCount) return `its active allocation table is number ${activeFat}`;
  const rootCluster = isFat32 ? view.getUint32(0x2c, true) : 0;
  if (isFat32 && (rootCluster < 2 || rootCluster >= clusterCount + 2))
    return `its root directory begins at cluster ${rootCluster}`;
  const fsInfo = isFat32 ? view.getUint16(0x30, true) : 0;
  // The fields of the extended boot record lie 28 bytes further on FAT32; their signature is 28 or 29 hex.
  const extended = isFat32 ? 0x42 : 0x26;
  const hasSerial = sector[extended] === 0x29 || sector[extended] === 0x28;
  const serial = view
    .getUint32(extended + 1, true)
    .toString(16)
    .toUpperCase()
    .padStart(8, '0');
  const bootLabel = sector[extended] === 0x29 ? latin1(sector, extended + 5, 11).trimEnd() : '';

  return {
    bits,
    sectorSize,
    clusterSize: sectorsPerCluster * sectorSize,
    clusterCount,
    fatOffset: reserved * sectorSize,
    fatSize: fatSectors * sectorSize,
    fatCount,
    activeFat,
    mirrored,
    rootOffset: (reserved + fatCount * fatSectors) * sectorSize,
    rootEntries,
    rootCluster,
    dataOffset: firstDataSector * sectorSize,
    size: sectors * sectorSize,
    fsInfoOffset: fsInfo === 0 || fsInfo === 0xffff || fsInfo >= reserved ? null : fsInfo * sectorSize,
    stateOffset: extended - 1,
    uuid: hasSerial ? `${serial.slice(0, 4)}-${serial.slice(4)}` : '',
    bootLabel: bootLabel === 'NO NAME' ? '' : bootLabel,
  };
}

/** Whether the first 512 bytes are the boot sector of a FAT volume: sane fields and one of the marks that all makers leave. */
export function isFatBootSector(sector: Uint8Array): boolean {
  if (typeof readFatBootSector(sector) === 'string') return false;
  if (sector[510] === 0x55 && sector[511] === 0xaa) return true;
  return latin1(sector, 0x36, 3) === 'FAT' || latin1(sector, 0x52, 5) === 'FAT32';
}
