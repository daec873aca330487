/** The header of a qcow2 file and what follows it: read, checked, and nothing else of the file looked at. */
import { u64be, utf8, viewOf } from '../../base/bytes.ts';
import { damaged, unsupported, type ReadFile } from '../read-file.ts';
import { AUTOCLEAR, COMPATIBLE, EXTENSION, HEADER, INCOMPATIBLE, L1_LIMIT, MAGIC } from './layout.ts';

export interface Header {
  version: 2 | 3;
  clusterBits: number;
  /** Bytes. */
  cluster: number;
  /** Bytes of the disk. */
  size: number;
  /** Entries of the L1 table that map the disk; there may be more. */
  l1Needed: number;
  l1Entries: number;
  l1Offset: number;
  /** L2 entries have 16 bytes, the second half of them for 32 subclusters. */
  subclusters: boolean;
  compression: 'zlib' | 'zstd';
  /** Name of the backing file as it is written; null where there is none. */
  backing: string | null;
  /** Its format as QEMU calls it. */
  backingFormat: string | null;
  /** Whether the clusters lie in another file; its name where it is told. */
  externalData: boolean;
  dataFile: string | null;
  /** Whether that file is a raw image by itself. */
  rawData: boolean;
  refcountBits: number;
  refcountTableOffset: number;
  refcountTableClusters: number;
  snapshots: number;
  snapshotsOffset: number;
  /** Whether refcounts may be behind, and are brought up by whoever opens it for writing. */
  dirty: boolean;
  lazyRefcounts: boolean;
  /** Directory of the dirty bitmaps, where it is valid; bytes. */
  bitmaps: { count: number; size: number; offset: number } | null;
}

const V2_HEADER = 72;
const V3_HEADER = 104;
/** QEMU takes no longer one. */
const LONGEST_NAME = 1023;
const MOST_SNAPSHOTS = 65536;
/** QEMU takes no larger one, bytes. */
const REFCOUNT_TABLE_LIMIT = 8 << 20;

export const CONVERT_IT = 'Convert it with `qemu-img convert -O qcow2`, then start again.';

/** @throws IMAGE_DAMAGED, IMAGE_NOT_SUPPORTED */
export function parseHeader(file: ReadFile): Header {
  const { path } = file;
  const view = viewOf(file.readNow(0, 4096));
  if (file.size < V2_HEADER || view.getUint32(HEADER.magic) !== MAGIC)
    throw damaged(path, 'it does not begin as a qcow2 file');
  const version = view.getUint32(HEADER.version);
  if (version !== 2 && version !== 3) throw unsupported(path, `is qcow version ${version}`, CONVERT_IT);
  const clusterBits = view.getUint32(HEADER.clusterBits);
  if (clusterBits < 9 || clusterBits > 21) throw damaged(path, `its clusters have 2^${clusterBits} bytes`);
  if (view.getUint32(HEADER.crypt) !== 0)
    throw unsupported(path, 'is encrypted', 'Decrypt it with qemu-img, then start again.');
  const cluster = 2 ** clusterBits;
  const features = version === 3 ? parseFeatures(path, view) : VERSION_2;
  if (features.subclusters && clusterBits < 14)
    throw damaged(path, `its clusters of ${cluster} bytes are too small for subclusters`);
  const number = (offset: number, what: string): number => sized(path, view, offset, what);
  const size = number(HEADER.size, 'its size');
  const header = {
    version,
    clusterBits,
    cluster,
    size,
    ...features,
    ...parseL1(file, view, { size, cluster, subclusters: features.subclusters }),
    backing: parseBacking(file, view, cluster),
    refcountTableOffset: number(HEADER.refcountTableOffset, 'the place of its refcount table'),
    refcountTableClusters: view.getUint32(HEADER.refcountTableClusters),
    snapshots: view.getUint32(HEADER.snapshots),
    snapshotsOffset: number(HEADER.snapshotsOffset, 'the place of its snapshots'),
  } as const;
  if (header.refcountTableClusters * cluster > REFCOUNT_TABLE_LIMIT)
    throw damaged(path, 'its refcount table is beyond all bounds');
  if (header.snapshots > MOST_SNAPSHOTS) throw damaged(path, `it has ${header.snapshots} snapshots`);
  return { ...header, ...parseExtensions(file, header) };
}

function sized(path: string, view: DataView, offset: number, what: string): number {
  try {
    return u64be(view, offset);
  } catch (error) {
    if (error instanceof RangeError) throw damaged(path, `${what} is beyond all bounds`);
    throw error;
  }
}

function parseL1(
  file: ReadFile,
  view: DataView,
  { size, cluster, subclusters }: Pick<Header, 'size' | 'cluster' | 'subclusters'>,
): Pick<Header, 'l1Needed' | 'l1Entries' | 'l1Offset'> {
  const { path } = file;
  const l1Entries = view.getUint32(HEADER.l1Size);
  const l1Offset = sized(path, view, HEADER.l1Offset, 'the place of its L1 table');
  const l1Needed = Math.ceil(size / ((cluster / (subclusters ? 16 : 8)) * cluster));
  if (l1Entries < l1Needed || l1Needed * 8 > L1_LIMIT)
    throw damaged(path, 'its L1 table does not fit its size', { l1Entries, needed: l1Needed });
  if (l1Offset % cluster !== 0 || l1Offset + l1Needed * 8 > file.size)
    throw damaged(path, 'its L1 table is not within the file', { l1Offset });
  return { l1Needed, l1Entries, l1Offset };
}

type Features = Pick<
  Header,
  'subclusters' | 'compression' | 'externalData' | 'rawData' | 'refcountBits' | 'dirty' | 'lazyRefcounts'
> & { headerLength: number; hasBitmaps: boolean };

const VERSION_2: Features = {
  subclusters: false,
  compression: 'zlib',
  externalData: false,
  rawData: false,
  refcountBits: 16,
  dirty: false,
  lazyRefcounts: false,
  headerLength: V2_HEADER,
  hasBitmaps: false,
};

/** Version 3: what a reader must know of or leave the image alone. */
function parseFeatures(path: string, view: DataView): Features {
  const headerLength = view.getUint32(HEADER.length);
  if (headerLength < V3_HEADER || headerLength % 8 !== 0)
    throw damaged(path, `its header has ${headerLength} bytes`);
  const high = view.getUint32(HEADER.incompatible);
  const low = view.getUint32(HEADER.incompatible + 4);
  if (low & INCOMPATIBLE.corrupt) throw damaged(path, 'it is marked as corrupt');
  const known = Object.values(INCOMPATIBLE).reduce((bits, bit) => bits | bit, 0);
  if (high !== 0 || (low & ~known) !== 0)
    throw unsupported(path, 'uses a feature of qcow2 that is not known here', CONVERT_IT);
  const order = view.getUint32(HEADER.refcountOrder);
  if (order > 6) throw damaged(path, `its refcounts have 2^${order} bits`);
  const type =
    low & INCOMPATIBLE.compression && headerLength > HEADER.compression
      ? view.getUint8(HEADER.compression)
      : 0;
  if (type > 1)
    throw unsupported(path, `is compressed by a method that is not known here (${type})`, CONVERT_IT);
  const autoclear = view.getUint32(HEADER.autoclear + 4);
  return {
    subclusters: (low & INCOMPATIBLE.extendedL2) !== 0,
    compression: type === 1 ? 'zstd' : 'zlib',
    externalData: (low & INCOMPATIBLE.externalData) !== 0,
    rawData: (autoclear & AUTOCLEAR.rawData) !== 0,
    refcountBits: 2 ** order,
    // Of refcounts alone, and those are read by the check only.
    dirty: (low & INCOMPATIBLE.dirty) !== 0,
    lazyRefcounts: (view.getUint32(HEADER.compatible + 4) & COMPATIBLE.lazyRefcounts) !== 0,
    headerLength,
    hasBitmaps: (autoclear & AUTOCLEAR.bitmaps) !== 0,
  };
}

function parseBacking(file: ReadFile, view: DataView, cluster: number): string | null {
  const offset = sized(file.path, view, HEADER.backingOffset, 'the place of its backing file name');
  if (offset === 0) return null;
  const length = view.getUint32(HEADER.backingSize);
  // QEMU keeps it in the first cluster.
  if (length === 0 || length > LONGEST_NAME || offset + length > Math.min(cluster, file.size))
    throw damaged(file.path, 'the name of its backing file is not within its first cluster', { offset });
  return utf8(file.readNow(offset, length));
}

/** Type u32, length u32, data, padding to 8 bytes; up to type 0 or the name of the backing file. */
function parseExtensions(
  file: ReadFile,
  header: Pick<Header, 'cluster' | 'version'> & Pick<Features, 'headerLength' | 'hasBitmaps'>,
): Pick<Header, 'backingFormat' | 'dataFile' | 'bitmaps'> {
  const { path } = file;
  const { headerLength, hasBitmaps } = header;
  const found: Pick<Header, 'backingFormat' | 'dataFile' | 'bitmaps'> = {
    backingFormat: null,
    dataFile: null,
    bitmaps: null,
  };
  const bytes = file.readNow(0, Math.min(header.cluster, 64 << 10, file.size));
  const view = viewOf(bytes);
  const nameAt = view.getUint32(HEADER.backingOffset + 4);
  const end = nameAt > 0 ? Math.min(nameAt, bytes.length) : bytes.length;
  for (let at = headerLength; at + 8 <= end;) {
    const type = view.getUint32(at);
    const length = view.getUint32(at + 4);
    if (type === EXTENSION.end) break;
    const data = at + 8;
    if (data + length > end)
      throw damaged(path, 'a header extension is not within its first cluster', { offset: at });
    if (type === EXTENSION.backingFormat) found.backingFormat = utf8(bytes, data, length);
    else if (type === EXTENSION.dataFile) found.dataFile = utf8(bytes, data, length);
    else if (type === EXTENSION.bitmaps && hasBitmaps && length >= 24) {
      found.bitmaps = {
        count: view.getUint32(data),
        size: sized(path, view, data + 8, 'the size of its bitmap directory'),
        offset: sized(path, view, data + 16, 'the place of its bitmap directory'),
      };
    }
    at = data + Math.ceil(length / 8) * 8;
  }
  return found;
}
