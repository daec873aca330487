/** Reads qcow2 versions 2 and 3: plain, zero and compressed clusters (zlib, zstd) of the active state. */
import { inflateRawSync, zstdDecompressSync, constants } from 'node:zlib';
import { u64be, viewOf } from '../../base/bytes.ts';
import { IronliftError } from '../../base/errors.ts';
import { formatBytes } from '../../base/text.ts';
import type { DiskImage } from '../image.ts';
import { hasTwice, mappedSource, tableCache, type UnitRun } from '../mapped.ts';
import { ENTRY, HEADER, INCOMPATIBLE, L1_LIMIT, MAGIC, TWO_32 } from './layout.ts';
import { damaged, openReadFile, unsupported, type ReadFile } from '../read-file.ts';
import { firstZstdFrame } from './zstd-frame.ts';

const V2_HEADER = 72;
const V3_HEADER = 104;

interface Header {
  version: 2 | 3;
  clusterBits: number;
  size: number;
  l1Entries: number;
  l1Offset: number;
  compression: 'zlib' | 'zstd';
}

/** @throws IMAGE_DAMAGED, IMAGE_NOT_SUPPORTED, IMAGE_HAS_BACKING, READ_FAILED, NOT_FOUND */
export async function openQcow2(path: string): Promise<DiskImage> {
  const file = await openReadFile(path);
  try {
    const header = parseHeader(file);
    return mappedSource({
      file,
      size: header.size,
      unit: 1 << header.clusterBits,
      facts: {
        format: 'qcow2',
        subformat: 'qcow2',
        contentId: null,
        files: [path],
        parent: null,
        details: {
          Version: String(header.version),
          'Cluster size': formatBytes(2 ** header.clusterBits),
          Compression: header.compression,
        },
      },
      run: clusterLookup(file, header, readL1(file, header)),
      unpack: (packed) => unpackCluster(file, packed, header),
    });
  } catch (error) {
    await file.close();
    throw error;
  }
}

function parseHeader(file: ReadFile): Header {
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
  refuseBacking(path, view);
  const compression = version === 3 ? parseFeatures(path, view) : 'zlib';
  const size = sized(path, view, HEADER.size, 'its size');
  const l1Entries = view.getUint32(HEADER.l1Size);
  const l1Offset = sized(path, view, HEADER.l1Offset, 'the place of its L1 table');
  const cluster = 2 ** clusterBits;
  const needed = Math.ceil(size / ((cluster / 8) * cluster));
  if (l1Entries < needed || needed * 8 > L1_LIMIT)
    throw damaged(path, 'its L1 table does not fit its size', { l1Entries, needed });
  if (l1Offset % cluster !== 0 || l1Offset + needed * 8 > file.size)
    throw damaged(path, 'its L1 table is not within the file', { l1Offset });
  return { version, clusterBits, size, l1Entries: needed, l1Offset, compression };
}

const CONVERT_IT = 'Convert it with `qemu-img convert -O qcow2`, then start again.';

function sized(path: string, view: DataView, offset: number, what: string): number {
  try {
    return u64be(view, offset);
  } catch (error) {
    if (error instanceof RangeError) throw damaged(path, `${what} is beyond all bounds`);
    throw error;
  }
}

function refuseBacking(path: string, view: DataView): void {
  if (view.getBigUint64(HEADER.backingOffset) === 0n) return;
  throw new IronliftError('IMAGE_HAS_BACKING', `${path} holds only the changes to another image.`, {
    next: 'Merge the two with `qemu-img convert -O qcow2`, then start again with the result.',
    data: { path },
  });
}

/** Version 3: what a reader must know of or leave the image alone. */
function parseFeatures(path: string, view: DataView): 'zlib' | 'zstd' {
  const length = view.getUint32(HEADER.length);
  if (length < V3_HEADER || length % 8 !== 0) throw damaged(path, `its header has ${length} bytes`);
  const high = view.getUint32(HEADER.incompatible);
  const low = view.getUint32(HEADER.incompatible + 4);
  if (low & INCOMPATIBLE.corrupt) throw damaged(path, 'it is marked as corrupt');
  if (low & INCOMPATIBLE.externalData) throw unsupported(path, 'keeps its data in another file', CONVERT_IT);
  if (low & INCOMPATIBLE.extendedL2) throw unsupported(path, 'uses subclusters', CONVERT_IT);
  // `dirty` is about refcounts alone, and those are not read.
  if (high !== 0 || (low & ~(INCOMPATIBLE.dirty | INCOMPATIBLE.compression)) !== 0)
    throw unsupported(path, 'uses a feature of qcow2 that is not known here', CONVERT_IT);
  if (!(low & INCOMPATIBLE.compression)) return 'zlib';
  const type = length > HEADER.compression ? view.getUint8(HEADER.compression) : 0;
  if (type > 1)
    throw unsupported(path, `is compressed by a method that is not known here (${type})`, CONVERT_IT);
  return type === 1 ? 'zstd' : 'zlib';
}

/** Host offsets of the L2 tables, 0 where there is none. */
function readL1(file: ReadFile, header: Header): Float64Array {
  const view = viewOf(file.readNow(header.l1Offset, header.l1Entries * 8));
  const cluster = 2 ** header.clusterBits;
  const l1 = new Float64Array(header.l1Entries);
  for (let i = 0; i < l1.length; i++) {
    const offset = entryOffset(view, i);
    if (offset % cluster !== 0 || offset + cluster > file.size)
      throw damaged(file.path, 'an L2 table is not within the file', { index: i, offset });
    l1[i] = offset;
  }
  if (hasTwice(l1)) throw damaged(file.path, 'two entries share one L2 table');
  return l1;
}

function entryOffset(view: DataView, index: number): number {
  const high = view.getUint32(index * 8) & ENTRY.highOffset;
  const low = view.getUint32(index * 8 + 4) & ENTRY.lowOffset;
  return high * TWO_32 + (low >>> 0);
}

function clusterLookup(
  file: ReadFile,
  header: Header,
  l1: Float64Array,
): (index: number, count: number) => UnitRun {
  const cluster = 2 ** header.clusterBits;
  const perTable = cluster / 8;
  const l2At = tableCache(file, cluster);
  return (index, count) => {
    const first = index % perTable;
    const l2Offset = l1[Math.floor(index / perTable)]!;
    if (l2Offset === 0) return { kind: 'zero', count: perTable - first };
    const l2 = l2At(l2Offset);
    if (l2.getUint32(first * 8) & ENTRY.compressed) return compressedRun(file, l2, first, header);
    const zero = isZeroEntry(l2, first, header);
    const offset = zero ? 0 : entryOffset(l2, first);
    if (!zero && (offset % cluster !== 0 || offset >= file.size))
      throw damaged(file.path, 'a cluster is not within the file', { offset });
    const most = Math.min(count, perTable - first);
    let run = 1;
    for (; run < most; run++) {
      const entry = first + run;
      if (l2.getUint32(entry * 8) & ENTRY.compressed || isZeroEntry(l2, entry, header) !== zero) break;
      if (!zero && entryOffset(l2, entry) !== offset + run * cluster) break;
    }
    // Followers within the file: a run may end with it, not cross it.
    if (!zero && offset + (run - 1) * cluster >= file.size)
      throw damaged(file.path, 'a cluster is not within the file', { offset: offset + (run - 1) * cluster });
    return zero ? { kind: 'zero', count: run } : { kind: 'plain', count: run, offset };
  };
}

function isZeroEntry(l2: DataView, index: number, header: Header): boolean {
  if (header.version === 3 && l2.getUint32(index * 8 + 4) & ENTRY.zero) return true;
  return entryOffset(l2, index) === 0;
}

/** Compressed: bits 0..x-1 are a byte offset, x..61 how many 512-byte sectors follow the first; x = 62-(clusterBits-8). */
function compressedRun(file: ReadFile, l2: DataView, index: number, header: Header): UnitRun {
  const entry = l2.getBigUint64(index * 8) & 0x3fff_ffff_ffff_ffffn;
  const x = BigInt(62 - (header.clusterBits - 8));
  const offset = Number(entry & ((1n << x) - 1n));
  const sectors = Number(entry >> x) + 1;
  if (offset >= file.size)
    throw damaged(file.path, 'a compressed cluster is not within the file', { offset });
  const length = Math.min(sectors * 512 - (offset % 512), file.size - offset);
  return { kind: 'packed', count: 1, offset, length };
}

function unpackCluster(file: ReadFile, packed: Buffer, header: Header): Uint8Array {
  const cluster = 2 ** header.clusterBits;
  let bytes: Buffer;
  try {
    bytes =
      header.compression === 'zstd'
        ? zstdDecompressSync(packed.subarray(0, firstZstdFrame(packed)), { maxOutputLength: cluster })
        : inflateRawSync(packed, {
            maxOutputLength: cluster,
            finishFlush: constants.Z_SYNC_FLUSH,
          });
  } catch (error) {
    throw damaged(file.path, `a compressed cluster cannot be unpacked (${String(error)})`);
  }
  if (bytes.length !== cluster)
    throw damaged(file.path, `a compressed cluster has ${bytes.length} bytes instead of ${cluster}`);
  return bytes;
}
