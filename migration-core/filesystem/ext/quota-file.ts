/**
 * Quota files (vfsv1, "quota tree"): blocks of 1 KiB. Block 0 is a header, block 1 the root of a tree of four levels that
 * takes the owner's number byte by byte, highest first; its leaves are blocks of up to 14 entries.
 *
 *   header      0 magic u32  4 version u32 = 1  8 grace times and flags 12 bytes  14 blocks u32
 *               18 first free block u32  1C first leaf with room u32
 *   tree block  256 block numbers u32, 0 for none
 *   leaf        0 next free u32  4 previous free u32  8 entries u16  10 the entries
 *   entry       0 id u32  8 inode limits  18 inodes used u64  20 byte limits  30 bytes used u64  38 times; 72 bytes
 */
import { viewOf } from '../../base/bytes.ts';
import { damaged } from './errors.ts';
import type { QuotaKind, Usage } from './volume.ts';

const BLOCK = 1024;
const ENTRY = 72;
const LEAF_HEADER = 16;
const PER_LEAF = Math.floor((BLOCK - LEAF_HEADER) / ENTRY);
const INODES_USED = 0x18;
const BYTES_USED = 0x30;
const LEVELS = 4;

const MAGICS: Record<QuotaKind, number> = { user: 0xd9c01f11, group: 0xd9c01927, project: 0xd9c03f14 };

/** Entries by owner, as stored. @throws EXT_DAMAGED */
export function parseQuota(kind: QuotaKind, bytes: Uint8Array): Map<number, Uint8Array<ArrayBuffer>> {
  const view = viewOf(bytes);
  if (bytes.length < 2 * BLOCK || view.getUint32(0, true) !== MAGICS[kind] || view.getUint32(4, true) !== 1)
    throw damaged(`its ${kind} quota file is of an unknown format`);
  const leaves = new Set<number>();
  const seen = new Set<number>();
  const descend = (block: number, level: number): void => {
    if ((block + 1) * BLOCK > bytes.length) throw damaged(`its ${kind} quota file points outside itself`);
    if (level === LEVELS) {
      leaves.add(block);
      return;
    }
    if (seen.has(block)) throw damaged(`its ${kind} quota file runs in a circle`);
    seen.add(block);
    for (let i = 0; i < BLOCK / 4; i++) {
      const next = view.getUint32(block * BLOCK + i * 4, true);
      if (next !== 0) descend(next, level + 1);
    }
  };
  descend(1, 0);
  const entries = new Map<number, Uint8Array<ArrayBuffer>>();
  for (const leaf of leaves) {
    for (let i = 0; i < PER_LEAF; i++) {
      const at = leaf * BLOCK + LEAF_HEADER + i * ENTRY;
      const entry = bytes.slice(at, at + ENTRY);
      if (entry.some((byte) => byte !== 0)) entries.set(view.getUint32(at, true), entry);
    }
  }
  return entries;
}

/** Books usage into an owner's entry, which is made where there is none. */
export function bookQuota(entries: Map<number, Uint8Array<ArrayBuffer>>, id: number, usage: Usage): void {
  const entry = entries.get(id) ?? new Uint8Array(ENTRY);
  const view = viewOf(entry);
  view.setUint32(0, id, true);
  const add = (at: number, change: number): void => {
    const sum = view.getBigUint64(at, true) + BigInt(change);
    view.setBigUint64(at, sum < 0n ? 0n : sum, true);
  };
  add(INODES_USED, usage.inodes);
  add(BYTES_USED, usage.bytes);
  entries.set(id, entry);
}

/** The whole file anew; `old` gives the grace times. */
export function buildQuota(entries: ReadonlyMap<number, Uint8Array>, old: Uint8Array): Uint8Array {
  const blocks: Uint8Array[] = [new Uint8Array(BLOCK), new Uint8Array(BLOCK)];
  const addBlock = (): number => blocks.push(new Uint8Array(BLOCK)) - 1;
  let leaf = 0;
  let inLeaf = PER_LEAF;
  const sorted = [...entries].sort(([a], [b]) => a - b);
  for (const [id, entry] of sorted) {
    if (inLeaf === PER_LEAF) {
      leaf = addBlock();
      inLeaf = 0;
    }
    blocks[leaf]!.set(entry, LEAF_HEADER + inLeaf * ENTRY);
    inLeaf++;
    viewOf(blocks[leaf]!).setUint16(8, inLeaf, true);
    let node = 1;
    for (let level = 0; level < LEVELS; level++) {
      const at = ((id >>> (24 - 8 * level)) & 255) * 4;
      let next = viewOf(blocks[node]!).getUint32(at, true);
      if (next === 0) {
        next = level === LEVELS - 1 ? leaf : addBlock();
        viewOf(blocks[node]!).setUint32(at, next, true);
      }
      node = next;
    }
  }
  const header = viewOf(blocks[0]!);
  blocks[0]!.set(old.subarray(0, 0x14));
  header.setUint32(0x14, blocks.length, true);
  header.setUint32(0x18, 0, true);
  header.setUint32(0x1c, inLeaf < PER_LEAF ? leaf : 0, true);
  const bytes = new Uint8Array(blocks.length * BLOCK);
  blocks.forEach((block, i) => bytes.set(block, i * BLOCK));
  return bytes;
}
