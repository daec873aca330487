/**
 * Writes qcow2 version 3 with 64 KiB clusters in one ascending pass.
 *
 * Thin: data clusters follow each other; when the 512 MiB that one L2 table maps are passed, the table goes to the end
 * of the file and out of memory, so a 2 TiB disk needs 32 KiB of L1 and one L2. Then L1 and refcounts (all of them one,
 * for nothing is shared), and the header at last: a file that was not finished has no magic and is no qcow2.
 *
 * Thick: every cluster is allocated at a place known beforehand (tables first, then the disk from end to end).
 */
import { ExtentList } from '../../base/extents.ts';
import { ascending } from '../ascending.ts';
import type { CreateImageOptions, FinishOptions, ImageWriter } from '../image.ts';
import { createImageFile, placedWrite, type ImageFile } from '../image-file.ts';
import { resumable } from '../resumable.ts';
import {
  CLUSTER,
  L2_ENTRIES,
  REFCOUNTS_PER_BLOCK,
  renderHeader,
  setEntry,
  type Refcounts,
} from './new-file.ts';
import { createPackedQcow2 } from './packed-writer.ts';
import { TWO_32 } from './layout.ts';

export async function createQcow2(options: CreateImageOptions): Promise<ImageWriter> {
  const { path, size, allocation, compression } = options;
  if (compression !== undefined) return createPackedQcow2(options, compression);
  const clusters = Math.ceil(size / CLUSTER);
  const l1Entries = Math.max(1, Math.ceil(clusters / L2_ENTRIES));
  const file = await createImageFile(path, options.existing);
  const check = ascending(size, CLUSTER);
  const layout =
    allocation === 'thick' ? thickLayout(file, clusters, l1Entries) : thinLayout(file, l1Entries);
  const place = (offset: number, length: number): { fd: number; offset: number } => {
    check(offset, length);
    const host = layout.place(offset / CLUSTER, Math.ceil(length / CLUSTER));
    return { fd: file.fd, offset: host * CLUSTER };
  };
  return {
    path,
    granularity: CLUSTER,
    place,
    write: placedWrite(file, place),
    async finish({ durable = true, signal }: FinishOptions = {}) {
      const { l1Cluster, end } = await layout.finish(signal);
      const refcounts = writeRefcounts(file, end);
      await file.truncate(refcounts.end * CLUSTER);
      // The header comes after everything it points to, on the medium too.
      if (durable) await file.sync();
      file.writeNow(renderHeader({ size, l1Entries, l1Cluster, refcounts }), 0);
      if (durable) await file.sync();
      await file.close();
    },
    abort: () => file.abort(),
    ...resumable([file], { place }),
  };
}

/** Where clusters go; all numbers are clusters of the file unless told. */
interface Layout {
  /** Host cluster of the first of `count` guest clusters, which lie one after another. */
  place(guest: number, count: number): number;
  /** Writes the tables that are left. `end`: clusters used so far, without a gap. */
  finish(signal: AbortSignal | undefined): Promise<{ l1Cluster: number; end: number }>;
}

function thinLayout(file: ImageFile, l1Entries: number): Layout {
  const l1 = new Uint8Array(l1Entries * 8);
  const l2 = new Uint8Array(CLUSTER);
  const l1View = new DataView(l1.buffer);
  const l2View = new DataView(l2.buffer);
  let l2Index = -1;
  // The header has cluster 0.
  let next = 1;

  function flush(): void {
    if (l2Index < 0) return;
    file.writeNow(l2, next * CLUSTER);
    setEntry(l1View, l2Index, next);
    next++;
    l2.fill(0);
  }

  return {
    place(guest, count) {
      const host = next;
      next += count;
      for (let i = 0; i < count; i++) {
        const index = Math.floor((guest + i) / L2_ENTRIES);
        if (index !== l2Index) {
          flush();
          l2Index = index;
        }
        setEntry(l2View, (guest + i) % L2_ENTRIES, host + i);
      }
      return host;
    },
    async finish() {
      flush();
      const l1Cluster = next;
      file.writeNow(l1, l1Cluster * CLUSTER);
      return { l1Cluster, end: l1Cluster + Math.ceil(l1.length / CLUSTER) };
    },
  };
}

function thickLayout(file: ImageFile, clusters: number, l1Entries: number): Layout {
  const l1Cluster = 1;
  const firstL2 = l1Cluster + Math.ceil((l1Entries * 8) / CLUSTER);
  const l2Tables = Math.ceil(clusters / L2_ENTRIES);
  const firstData = firstL2 + l2Tables;
  const placed = new ExtentList();
  return {
    place(guest, count) {
      placed.add((firstData + guest) * CLUSTER, count * CLUSTER);
      return firstData + guest;
    },
    async finish(signal) {
      const l1 = new Uint8Array(l1Entries * 8);
      const l2 = new Uint8Array(CLUSTER);
      const l1View = new DataView(l1.buffer);
      const l2View = new DataView(l2.buffer);
      for (let table = 0; table < l2Tables; table++) {
        setEntry(l1View, table, firstL2 + table);
        l2.fill(0);
        const count = Math.min(L2_ENTRIES, clusters - table * L2_ENTRIES);
        for (let i = 0; i < count; i++) setEntry(l2View, i, firstData + table * L2_ENTRIES + i);
        file.writeNow(l2, (firstL2 + table) * CLUSTER);
      }
      file.writeNow(l1, l1Cluster * CLUSTER);
      await file.fillZeros(placed.gaps(firstData * CLUSTER, clusters * CLUSTER), signal);
      return { l1Cluster, end: firstData + clusters };
    },
  };
}

/** Refcount blocks and their table after `used` clusters. They count themselves too, so their number is searched for. */
function writeRefcounts(file: ImageFile, used: number): Refcounts {
  let blocks = 0;
  let tableClusters = 0;
  for (;;) {
    const total = used + blocks + tableClusters;
    const blocksNeeded = Math.ceil(total / REFCOUNTS_PER_BLOCK);
    const tableNeeded = Math.ceil((blocksNeeded * 8) / CLUSTER);
    if (blocksNeeded === blocks && tableNeeded === tableClusters) break;
    blocks = blocksNeeded;
    tableClusters = tableNeeded;
  }
  const end = used + blocks + tableClusters;
  const ones = new Uint8Array(CLUSTER);
  for (let i = 1; i < CLUSTER; i += 2) ones[i] = 1;
  const table = new Uint8Array(tableClusters * CLUSTER);
  const view = new DataView(table.buffer);
  for (let block = 0; block < blocks; block++) {
    const counted = Math.min(REFCOUNTS_PER_BLOCK, end - block * REFCOUNTS_PER_BLOCK);
    ones.fill(0, counted * 2);
    file.writeNow(ones, (used + block) * CLUSTER);
    const offset = (used + block) * CLUSTER;
    view.setUint32(block * 8, Math.floor(offset / TWO_32));
    view.setUint32(block * 8 + 4, offset >>> 0);
  }
  const tableCluster = used + blocks;
  file.writeNow(table, tableCluster * CLUSTER);
  return { tableCluster, tableClusters, end };
}
