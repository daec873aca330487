/** What all qcow2 files written here have in common: version 3, clusters of 64 KiB, refcounts of 16 bits. */
import { roundUp } from '../../base/bytes.ts';
import { ENTRY, HEADER, INCOMPATIBLE, MAGIC, TWO_32 } from './layout.ts';

const CLUSTER_BITS = 16;
export const CLUSTER = 1 << CLUSTER_BITS;
export const L2_ENTRIES = CLUSTER / 8;
/** 16 bits a cluster. */
export const REFCOUNTS_PER_BLOCK = CLUSTER / 2;
const HEADER_LENGTH = 112;
const SECTOR = 512;

/** Clusters of the file. */
export interface Refcounts {
  tableCluster: number;
  tableClusters: number;
  end: number;
}

/** An L1 or L2 entry for a host cluster that has one user. */
export function setEntry(view: DataView, index: number, cluster: number): void {
  const offset = cluster * CLUSTER;
  view.setUint32(index * 8, Math.floor(offset / TWO_32) | ENTRY.copied);
  view.setUint32(index * 8 + 4, offset >>> 0);
}

/** An L2 entry for a compressed cluster: `offset` and `length` are bytes of the file. */
export function setCompressed(view: DataView, index: number, offset: number, length: number): void {
  const sectors = Math.floor((offset + length - 1) / SECTOR) - Math.floor(offset / SECTOR);
  // With clusters of 64 KiB, bits 0..53 are the offset and 54..61 the sectors after the first.
  const high = ENTRY.compressed | (sectors << 22) | Math.floor(offset / TWO_32);
  view.setUint32(index * 8, high);
  view.setUint32(index * 8 + 4, offset >>> 0);
}

export interface NewHeader {
  /** Bytes of the disk. */
  size: number;
  l1Entries: number;
  l1Cluster: number;
  refcounts: Omit<Refcounts, 'end'>;
  compression?: 'zlib' | 'zstd';
}

export function renderHeader(told: NewHeader): Uint8Array {
  // A whole cluster: the end-of-extensions mark after the header is zeros, as is the rest.
  const bytes = new Uint8Array(CLUSTER);
  const view = new DataView(bytes.buffer);
  view.setUint32(HEADER.magic, MAGIC);
  view.setUint32(HEADER.version, 3);
  view.setUint32(HEADER.clusterBits, CLUSTER_BITS);
  // QEMU cuts a size that is not whole sectors: round it up, the rest reads as zeros.
  view.setBigUint64(HEADER.size, BigInt(roundUp(told.size, SECTOR)));
  view.setUint32(HEADER.l1Size, told.l1Entries);
  view.setBigUint64(HEADER.l1Offset, BigInt(told.l1Cluster * CLUSTER));
  view.setBigUint64(HEADER.refcountTableOffset, BigInt(told.refcounts.tableCluster * CLUSTER));
  view.setUint32(HEADER.refcountTableClusters, told.refcounts.tableClusters);
  if (told.compression === 'zstd') {
    view.setUint32(HEADER.incompatible + 4, INCOMPATIBLE.compression);
    view.setUint8(HEADER.compression, 1);
  }
  view.setUint32(HEADER.refcountOrder, 4);
  view.setUint32(HEADER.length, HEADER_LENGTH);
  return bytes;
}
