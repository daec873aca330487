/** L1 and L2 tables of a qcow2 file, read: what they say of each unit of the disk, checked against the file. */
import { viewOf } from '../../base/bytes.ts';
import { hasTwice, tableCache, type UnitRun } from '../mapped.ts';
import { damaged, type ReadFile } from '../read-file.ts';
import type { Header } from './header.ts';
import { ENTRY, SUBCLUSTERS, TWO_32 } from './layout.ts';

/** Host offset of a table entry, bytes. */
export function entryOffset(view: DataView, at: number): number {
  const high = view.getUint32(at) & ENTRY.highOffset;
  const low = view.getUint32(at + 4) & ENTRY.lowOffset;
  return high * TWO_32 + (low >>> 0);
}

/** Host offsets of the L2 tables, 0 where there is none. @throws IMAGE_DAMAGED */
export function readL1(file: ReadFile, header: Header): Float64Array {
  const { cluster, l1Needed } = header;
  const view = viewOf(file.readNow(header.l1Offset, l1Needed * 8));
  const l1 = new Float64Array(l1Needed);
  for (let i = 0; i < l1.length; i++) {
    const offset = entryOffset(view, i * 8);
    if (offset % cluster !== 0 || offset + cluster > file.size)
      throw damaged(file.path, 'an L2 table is not within the file', { index: i, offset });
    l1[i] = offset;
  }
  if (hasTwice(l1)) throw damaged(file.path, 'two entries share one L2 table');
  return l1;
}

/** Where a compressed cluster lies: bytes from the start of the file, and how many at most. */
export interface CompressedPlace {
  offset: number;
  length: number;
}

/** Bits 0..x-1 are a byte offset, x..61 how many 512-byte sectors follow the first; x = 62-(clusterBits-8). */
export function compressedPlace(view: DataView, at: number, clusterBits: number): CompressedPlace {
  const entry = view.getBigUint64(at) & 0x3fff_ffff_ffff_ffffn;
  const x = BigInt(62 - (clusterBits - 8));
  const offset = Number(entry & ((1n << x) - 1n));
  const sectors = Number(entry >> x) + 1;
  return { offset, length: sectors * 512 - (offset % 512) };
}

/** What there is instead of an offset. */
const ABSENT = -1;
const ZERO = -2;
const COMPRESSED = -3;

/**
 * The lookup of `mappedSource`. Its unit is the cluster, or the subcluster where there are any. `data`: the file that has
 * the clusters.
 */
export function clusterLookup(
  file: ReadFile,
  header: Header,
  { data, l1 }: { data: ReadFile; l1: Float64Array },
): (index: number, count: number) => UnitRun {
  const { cluster, clusterBits, subclusters, externalData } = header;
  const parts = subclusters ? SUBCLUSTERS : 1;
  const entryBytes = subclusters ? 16 : 8;
  const unit = cluster / parts;
  const perTable = (cluster / entryBytes) * parts;
  const hasZeroFlag = header.version === 3 && !subclusters;
  const l2At = tableCache(file, cluster);

  /** Host offset of unit `index` of a table, or one of the above. */
  function state(l2: DataView, index: number): number {
    const part = index % parts;
    const at = ((index - part) / parts) * entryBytes;
    const high = l2.getUint32(at);
    if (high & ENTRY.compressed) return COMPRESSED;
    const offset = entryOffset(l2, at);
    // In a data file a cluster may lie at 0, and is told from an absent one by this flag.
    const hasPlace = offset !== 0 || (externalData && (high & ENTRY.copied) !== 0);
    if (!subclusters) {
      if (hasZeroFlag && l2.getUint32(at + 4) & ENTRY.zero) return ZERO;
      if (!hasPlace) return ABSENT;
    } else {
      const isZero = ((l2.getUint32(at + 8) >>> part) & 1) === 1;
      const isThere = ((l2.getUint32(at + 12) >>> part) & 1) === 1;
      if (isZero && isThere) throw damaged(file.path, 'a subcluster is zero and is not', { offset });
      if (isZero) return ZERO;
      if (!isThere) return ABSENT;
      if (!hasPlace) throw damaged(file.path, 'a subcluster with data has no place in the file');
    }
    if (offset % cluster !== 0) throw damaged(data.path, 'a cluster begins within another', { offset });
    const place = offset + part * unit;
    // A run may end with the file, not begin behind it.
    if (place >= data.size) throw damaged(data.path, 'a cluster is not within the file', { offset });
    return place;
  }

  function compressedRun(l2: DataView, index: number): UnitRun {
    if (externalData) throw damaged(file.path, 'there is compressed data, and a data file');
    const part = index % parts;
    const at = ((index - part) / parts) * entryBytes;
    const { offset, length } = compressedPlace(l2, at, clusterBits);
    if (offset >= file.size)
      throw damaged(file.path, 'a compressed cluster is not within the file', { offset });
    return {
      kind: 'packed',
      count: parts - part,
      offset,
      length: Math.min(length, file.size - offset),
      skip: part * unit,
    };
  }

  return (index, count) => {
    const first = index % perTable;
    let table = Math.floor(index / perTable);
    if (l1[table] === 0) {
      let absent = perTable - first;
      while (absent < count && l1[++table] === 0) absent += perTable;
      return { kind: 'parent', count: absent };
    }
    const l2 = l2At(l1[table]!);
    const here = state(l2, first);
    if (here === COMPRESSED) return compressedRun(l2, first);
    const most = Math.min(count, perTable - first);
    let run = 1;
    while (run < most && state(l2, first + run) === (here < 0 ? here : here + run * unit)) run++;
    if (here >= 0) return { kind: 'plain', count: run, offset: here };
    return { kind: here === ZERO ? 'zero' : 'parent', count: run };
  };
}
