/**
 * Writes compressed qcow2 in one ascending pass: packed clusters lie back to back and share host clusters, whose
 * refcounts are the number of those that touch them; a cluster that does not shrink lies plain in one of its own.
 *
 * How many share a cluster is known only as they come, so the refcount block of each 2 GiB of the file is its first
 * cluster, kept in memory until the file has grown beyond. That and one L2 table are all there is in memory, whatever the
 * size. L1, refcount table and header come at the end.
 */
import { ascending } from '../ascending.ts';
import type { Compression, CreateImageOptions, FinishOptions, ImageWriter } from '../image.ts';
import { createImageFile, packedWrite, type ImageFile } from '../image-file.ts';
import { resumable } from '../resumable.ts';
import { TWO_32 } from './layout.ts';
import {
  CLUSTER,
  L2_ENTRIES,
  REFCOUNTS_PER_BLOCK,
  renderHeader,
  setCompressed,
  setEntry,
  type Refcounts,
} from './new-file.ts';
import type { Packing } from '../../block/pack.ts';

/** For figures see "Packing" in test/bench/README.md. */
const PACKINGS: Record<Compression, Packing> = {
  // QEMU unpacks with a window of 4 KiB. It happens to read larger ones, since it has all of the cluster before it, but
  // nothing promises that of other readers.
  zlib: { unit: CLUSTER, codec: 'deflate', level: 4, windowBits: 12, unshrunk: 'plain' },
  zstd: { unit: CLUSTER, codec: 'zstd', level: 3, unshrunk: 'plain' },
};

export async function createPackedQcow2(
  { path, size, existing }: CreateImageOptions,
  compression: Compression,
): Promise<ImageWriter> {
  const l1Entries = Math.max(1, Math.ceil(size / CLUSTER / L2_ENTRIES));
  const file = await createImageFile(path, existing);
  const check = ascending(size, CLUSTER);
  const host = hostClusters(file);
  const tables = guestTables(file, l1Entries, host);
  const packed = {
    packing: PACKINGS[compression],
    place(offset: number, length: number | null) {
      check(offset, Math.min(CLUSTER, size - offset));
      const index = offset / CLUSTER;
      if (length === null) {
        const cluster = host.take(1);
        tables.set(index, (l2, entry) => setEntry(l2, entry, cluster));
        return { fd: file.fd, offset: cluster * CLUSTER };
      }
      const at = host.takePacked(length);
      tables.set(index, (l2, entry) => setCompressed(l2, entry, at, length));
      return { fd: file.fd, offset: at };
    },
  };
  return {
    path,
    granularity: CLUSTER,
    packed,
    write: packedWrite(file, packed),
    async finish({ durable = true }: FinishOptions = {}) {
      const l1Cluster = tables.finish();
      const refcounts = host.finish();
      await file.truncate(refcounts.end * CLUSTER);
      // The header comes after everything it points to, on the medium too.
      if (durable) await file.sync();
      file.writeNow(renderHeader({ size, l1Entries, l1Cluster, refcounts, compression }), 0);
      if (durable) await file.sync();
      await file.close();
    },
    abort: () => file.abort(),
    ...resumable([file], { packed }),
  };
}

interface HostClusters {
  /** The first of `count` free clusters in a row, which get one user. */
  take(count: number): number;
  /** Room for so many bytes (less than a cluster) behind those before: bytes from the start of the file. */
  takePacked(length: number): number;
  /** Writes the refcounts; nothing can be taken after that. */
  finish(): Refcounts;
}

/** Takes clusters of the file in ascending order and counts their users. */
function hostClusters(file: ImageFile): HostClusters {
  const counts = new Uint8Array(CLUSTER);
  const view = new DataView(counts.buffer);
  const blocks: number[] = [];
  let next = 0;
  /** Where the last packed cluster ended, bytes; 0 where nothing may follow it. */
  let packedEnd = 0;

  const count = (cluster: number): void => {
    const at = (cluster % REFCOUNTS_PER_BLOCK) * 2;
    view.setUint16(at, view.getUint16(at) + 1);
  };
  const writeBlock = (): void => {
    if (blocks.length > 0) file.writeNow(counts, blocks.at(-1)! * CLUSTER);
    counts.fill(0);
  };
  /** Begins the next stretch of the file with the block that counts it. */
  function begin(): void {
    writeBlock();
    next = blocks.length * REFCOUNTS_PER_BLOCK;
    // The header comes first of all.
    if (next === 0) count(next++);
    blocks.push(next);
    count(next++);
    packedEnd = 0;
  }
  function take(clusters: number): number {
    // Nothing lies across the border of two blocks; the clusters before it stay free.
    if (next + clusters > blocks.length * REFCOUNTS_PER_BLOCK) begin();
    const first = next;
    for (let i = 0; i < clusters; i++) count(next++);
    return first;
  }
  begin();

  return {
    take,
    takePacked(length) {
      const room = packedEnd === 0 ? 0 : (CLUSTER - (packedEnd % CLUSTER)) % CLUSTER;
      const goesOn = next * CLUSTER === packedEnd + room && next < blocks.length * REFCOUNTS_PER_BLOCK;
      let at = packedEnd;
      if (room >= length) {
        count(Math.floor(at / CLUSTER));
      } else if (room > 0 && goesOn) {
        count(Math.floor(at / CLUSTER));
        take(1);
      } else {
        at = take(1) * CLUSTER;
      }
      packedEnd = at + length;
      return at;
    },
    finish() {
      // One entry more: the table itself may be what begins another stretch.
      const tableClusters = Math.ceil(((blocks.length + 1) * 8) / CLUSTER);
      const tableCluster = take(tableClusters);
      writeBlock();
      const table = new Uint8Array(tableClusters * CLUSTER);
      const entries = new DataView(table.buffer);
      for (const [index, block] of blocks.entries()) {
        entries.setUint32(index * 8, Math.floor((block * CLUSTER) / TWO_32));
        entries.setUint32(index * 8 + 4, (block * CLUSTER) >>> 0);
      }
      file.writeNow(table, tableCluster * CLUSTER);
      return { tableCluster, tableClusters, end: next };
    },
  };
}

interface GuestTables {
  /** Has the entry of a cluster of the disk set; clusters come in ascending order. */
  set(cluster: number, entry: (l2: DataView, index: number) => void): void;
  /** Writes what is left; returns the first cluster of the L1 table. */
  finish(): number;
}

function guestTables(file: ImageFile, l1Entries: number, host: HostClusters): GuestTables {
  const l1 = new Uint8Array(l1Entries * 8);
  const l2 = new Uint8Array(CLUSTER);
  const l1View = new DataView(l1.buffer);
  const l2View = new DataView(l2.buffer);
  let current = -1;

  function flush(): void {
    if (current < 0) return;
    const cluster = host.take(1);
    file.writeNow(l2, cluster * CLUSTER);
    setEntry(l1View, current, cluster);
    l2.fill(0);
  }

  return {
    set(cluster, entry) {
      const table = Math.floor(cluster / L2_ENTRIES);
      if (table !== current) {
        flush();
        current = table;
      }
      entry(l2View, cluster % L2_ENTRIES);
    },
    finish() {
      flush();
      const cluster = host.take(Math.ceil(l1.length / CLUSTER));
      file.writeNow(l1, cluster * CLUSTER);
      return cluster;
    },
  };
}
