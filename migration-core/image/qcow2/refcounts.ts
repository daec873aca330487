/** The refcounts of a qcow2 file, read: a table of blocks, each a cluster of counts of 1 to 64 bits. */
import { viewOf } from '../../base/bytes.ts';
import { TWO_32 } from './layout.ts';
import type { ReadFile } from '../read-file.ts';
import type { Header } from './header.ts';

export interface Refcounts {
  /** Clusters that one block counts. */
  perBlock: number;
  /** Bytes from the start of the file to each block that is sound, 0 where there is none. */
  blocks: Float64Array;
  /** The blocks named where none can be: index and offset. */
  wrong: { index: number; offset: number }[];
  /** Counts of the clusters of one block; counts above 65535 become that. */
  read(index: number, into: Uint16Array): void;
}

export function readRefcountTable(file: ReadFile, header: Header): Refcounts {
  const { cluster, refcountBits } = header;
  const perBlock = (cluster * 8) / refcountBits;
  const bytes = header.refcountTableClusters * cluster;
  const view = viewOf(file.readNow(header.refcountTableOffset, bytes));
  const blocks = new Float64Array(bytes / 8);
  const wrong: Refcounts['wrong'] = [];
  for (let index = 0; index < blocks.length; index++) {
    // Bits 9..63; what is beyond 2^53 is not in any file.
    const offset = view.getUint32(index * 8) * TWO_32 + (view.getUint32(index * 8 + 4) & ~0x1ff);
    if (offset === 0) continue;
    if (offset % cluster !== 0 || offset + cluster > file.size) wrong.push({ index, offset });
    else blocks[index] = offset;
  }
  return {
    perBlock,
    blocks,
    wrong,
    read(index, into) {
      const offset = blocks[index] ?? 0;
      if (offset === 0) into.fill(0);
      else unpackCounts(viewOf(file.readNow(offset, cluster)), refcountBits, into);
    },
  };
}

const MOST = 65535;

/** Below 8 bits the first count of a byte is in its low bits. */
function unpackCounts(view: DataView, bits: number, into: Uint16Array): void {
  const perByte = 8 / bits;
  const mask = 2 ** bits - 1;
  for (let i = 0; i < into.length; i++) {
    if (bits < 8) into[i] = (view.getUint8(Math.floor(i / perByte)) >> ((i % perByte) * bits)) & mask;
    else if (bits === 8) into[i] = view.getUint8(i);
    else if (bits === 16) into[i] = view.getUint16(i * 2);
    else if (bits === 32) into[i] = Math.min(MOST, view.getUint32(i * 4));
    else into[i] = view.getUint32(i * 8) > 0 ? MOST : Math.min(MOST, view.getUint32(i * 8 + 4));
  }
}
