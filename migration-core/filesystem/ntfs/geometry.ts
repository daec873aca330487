/** The boot sector: sizes of everything, and where the MFT begins. */
import { isPowerOfTwo, latin1, u64le, viewOf } from '../../base/bytes.ts';
import { damaged, unsupported } from './errors.ts';

export interface Geometry {
  /** Bytes, as are all sizes here. */
  sectorSize: number;
  clusterSize: number;
  /** Whole clusters of the volume. */
  clusters: number;
  /** Bytes of the volume; the backup boot sector lies behind them. */
  size: number;
  mftCluster: number;
  mirrorCluster: number;
  recordSize: number;
  indexSize: number;
  /** 16 upper-case digits, as blkid prints it. */
  serial: string;
}

/** Clusters of 2 MiB are the largest Windows makes. */
const MAX_CLUSTER = 2 << 20;
/** Records and index blocks: a page of the largest kind of the format's descriptions. */
const MAX_RECORD = 64 << 10;

export const looksLikeNtfs = (sector: Uint8Array): boolean => latin1(sector, 3, 8) === 'NTFS    ';

/**
 * Boot sector: 0B u16 sector size, 0D u8 sectors per cluster (above 128: 2^(256-n)), 28 u64 sectors, 30 u64 cluster of the
 * MFT, 38 u64 of its mirror, 40 i8 clusters of a record (below 0: log2 of its bytes), 44 i8 of an index block, 48 serial.
 * @throws NTFS_DAMAGED, NTFS_UNSUPPORTED
 */
export function readGeometry(sector: Uint8Array): Geometry {
  const view = viewOf(sector);
  const sectorSize = view.getUint16(0x0b, true);
  if (!isPowerOfTwo(sectorSize) || sectorSize < 256 || sectorSize > 4096)
    throw damaged(`its boot sector gives a sector ${sectorSize} bytes`, { sectorSize });
  const perCluster = view.getUint8(0x0d);
  const clusterSize = sectorSize * (perCluster > 128 ? 2 ** (256 - perCluster) : perCluster);
  if (!isPowerOfTwo(clusterSize)) throw damaged('its boot sector gives no size of clusters', { perCluster });
  if (clusterSize > MAX_CLUSTER)
    throw unsupported(`The NTFS file system has clusters of ${clusterSize} bytes, more than Windows makes`);
  const size = u64le(view, 0x28) * sectorSize;
  const clusters = Math.floor(size / clusterSize);
  const geometry = {
    sectorSize,
    clusterSize,
    clusters,
    size,
    mftCluster: u64le(view, 0x30),
    mirrorCluster: u64le(view, 0x38),
    recordSize: sizeOf(view.getInt8(0x40), clusterSize),
    indexSize: sizeOf(view.getInt8(0x44), clusterSize),
    serial: view.getBigUint64(0x48, true).toString(16).toUpperCase().padStart(16, '0'),
  };
  for (const [what, bytes] of [
    ['MFT record', geometry.recordSize],
    ['index block', geometry.indexSize],
  ] as const)
    if (!isPowerOfTwo(bytes) || bytes < 512 || bytes > MAX_RECORD)
      throw damaged(`its boot sector gives an ${what} ${bytes} bytes`, { bytes });
  if (geometry.mftCluster >= clusters && geometry.mirrorCluster >= clusters)
    throw damaged('its boot sector puts the MFT outside of the volume', { cluster: geometry.mftCluster });
  return geometry;
}

const sizeOf = (value: number, clusterSize: number): number =>
  value > 0 ? value * clusterSize : value < -31 ? 0 : 2 ** -value;
