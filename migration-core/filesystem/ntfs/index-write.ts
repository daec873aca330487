/**
 * Entries put into and taken out of the tree of an index: of the names of a directory, or of $Secure. A node that becomes too full is cut in two and its middle entry
 * goes up; the node in the directory's record, when too full, becomes a block below a new one. When taking a name out would
 * leave a block empty, or it separates two blocks, the tree is built anew from its names.
 */
import { roundUp, viewOf } from '../../base/bytes.ts';
import { nextBit, setBits } from '../bitmap.ts';
import { clusterAttribute, putAttribute, residentAttribute, roomIn } from './attribute-write.ts';
import { takeClusters } from './clusters.ts';
import { alreadyExists, damaged } from './errors.ts';
import { findAttribute, type NtfsFile } from './file.ts';
import { itemsOf, nodeBytes, sizeOfNode, type Item, type ItemNode } from './index-items.ts';
import { NAMES, type IndexKind } from './index-kind.ts';
import { HEADER_SIZE } from './index-node.ts';
import { blockPieces, NODE_OFFSET, openIndex, readBlock, readNode, type Index } from './index-tree.ts';
import { ATTRIBUTE, STRIDE } from './layout.ts';
import { protect } from './record.ts';
import { openStream, readWhole } from './stream.ts';
import { putSmall, refuseShared, resizeClusters, type StreamKey } from './stream-write.ts';
import type { NtfsVolume } from './volume.ts';

const MAX_BITMAP = 1 << 20;
const MAX_DEPTH = 24;
/** A node in a record is kept to this, so that other attributes have room. */
const MAX_ROOT = 600;

/** A node on the way down: its block, or null for the one in the record, and the place the way goes on. */
interface Step {
  block: number | null;
  node: ItemNode;
  at: number;
}

/** Value of $INDEX_ROOT with that node. */
export function indexRootValue(
  node: ItemNode,
  blockSize: number,
  clusterSize: number,
  kind: IndexKind = NAMES,
): Uint8Array<ArrayBuffer> {
  const entries = nodeBytes(node, HEADER_SIZE, HEADER_SIZE + sizeOfNode(node));
  const value = new Uint8Array(16 + entries.length);
  const view = viewOf(value);
  view.setUint32(0, kind.indexed, true);
  view.setUint32(4, kind.collation, true);
  view.setUint32(8, blockSize, true);
  view.setUint8(12, clusterSize <= blockSize ? blockSize / clusterSize : blockSize / STRIDE);
  value.set(entries, 16);
  return value;
}

export class IndexWriter {
  readonly #volume: NtfsVolume;
  readonly #file: NtfsFile;
  readonly #kind: IndexKind;
  readonly #allocation: StreamKey;
  readonly #bitmap: StreamKey;
  #index: Index;
  /** Numbers of the blocks the tree leads to, once they had to be looked for. */
  #blocks: Set<number> | null = null;

  constructor(volume: NtfsVolume, file: NtfsFile, kind: IndexKind = NAMES) {
    this.#volume = volume;
    this.#file = file;
    this.#kind = kind;
    this.#allocation = { type: ATTRIBUTE.indexAllocation, name: kind.name };
    this.#bitmap = { type: ATTRIBUTE.bitmap, name: kind.name };
    this.#index = openIndex(volume, file, kind);
  }

  /** @throws ALREADY_EXISTS for the very same name */
  async insert(item: Item): Promise<void> {
    const { steps, found } = await this.#descend(item.key);
    if (found) throw alreadyExists(item.key);
    let carry: Item = item;
    for (let step = steps.pop(); step !== undefined; step = steps.pop()) {
      step.node.items.splice(step.at, 0, carry);
      if (this.#fits(step)) return this.#put(step);
      if (step.block === null) return this.#lowerRoot(step.node);
      carry = await this.#split(step.block, step.node);
    }
  }

  async remove(name: string): Promise<void> {
    const { steps, found } = await this.#descend(name);
    const step = steps.at(-1)!;
    if (!found) throw damaged(`${this.#index.what} lacks the name of a file that says it is there`);
    const leaf = step.node.end === null;
    step.node.items.splice(step.at, 1);
    if (leaf && (step.node.items.length > 0 || step.block === null)) return this.#put(step);
    const all = (await this.#all()).filter((one) => one.key !== name);
    await this.#rebuild(all);
  }

  /** Overwrites the copy of a file's facts beside its name; `change` must not alter its length. */
  async update(name: string, change: (fileName: DataView) => void): Promise<void> {
    const { steps, found } = await this.#descend(name);
    if (!found) throw damaged(`${this.#index.what} lacks the name of a file that says it is there`);
    const step = steps.at(-1)!;
    const { bytes } = step.node.items[step.at]!;
    change(viewOf(bytes.subarray(16)));
    await this.#put(step);
  }

  async #descend(key: string): Promise<{ steps: Step[]; found: boolean }> {
    const { upcase } = this.#volume;
    const steps: Step[] = [];
    let block: number | null = null;
    let node = itemsOf(this.#index.root, this.#kind, this.#index.what);
    for (let depth = 0; depth < MAX_DEPTH; depth++) {
      let at = 0;
      let side = 1;
      for (; at < node.items.length; at++) {
        side = this.#kind.compare(upcase, key, node.items[at]!.key);
        if (side <= 0) break;
      }
      steps.push({ block, node, at });
      if (side === 0) return { steps, found: true };
      block = at < node.items.length ? node.items[at]!.below : node.end;
      if (block === null) return { steps, found: false };
      node = itemsOf(await readNode(this.#volume, this.#index, block), this.#kind, this.#index.what);
    }
    throw damaged(`${this.#index.what} has an index that is too deep`);
  }

  /** Where entries begin in a block, behind its update sequence array. */
  get #first(): number {
    return roundUp(0x28 + (this.#index.blockSize / STRIDE + 1) * 2, 8) - NODE_OFFSET;
  }

  #fits({ block, node }: Step): boolean {
    const size = sizeOfNode(node);
    if (block !== null) return this.#first + size <= this.#index.blockSize - NODE_OFFSET;
    const old = this.#rootAttribute();
    const needed = roundUp(0x20 + 16 + HEADER_SIZE + size, 8);
    return needed <= Math.max(MAX_ROOT, old.length) && needed <= roomIn(this.#file, old) + old.length;
  }

  #rootAttribute() {
    return findAttribute(this.#file, ATTRIBUTE.indexRoot, this.#kind.name)!;
  }

  #rootValue(node: ItemNode): Uint8Array<ArrayBuffer> {
    return indexRootValue(node, this.#index.blockSize, this.#volume.geometry.clusterSize, this.#kind);
  }

  async #put({ block, node }: Step): Promise<void> {
    if (block === null) {
      const value = this.#rootValue(node);
      await putAttribute(
        this.#volume,
        this.#file,
        this.#rootAttribute(),
        residentAttribute(ATTRIBUTE.indexRoot, this.#kind.name, value),
      );
      this.#index = openIndex(this.#volume, this.#file, this.#kind);
      return;
    }
    await this.#writeBlock(block, await readBlock(this.#volume, this.#index, block), node);
  }

  async #writeBlock(block: number, old: Uint8Array | null, node: ItemNode): Promise<void> {
    const { blockSize } = this.#index;
    const bytes = new Uint8Array(blockSize);
    const view = viewOf(bytes);
    bytes.set(new TextEncoder().encode('INDX'));
    view.setUint16(4, 0x28, true);
    view.setUint16(6, blockSize / STRIDE + 1, true);
    view.setBigUint64(0x10, BigInt(block), true);
    view.setUint16(
      0x28,
      old === null ? 1 : viewOf(old).getUint16(viewOf(old).getUint16(4, true), true),
      true,
    );
    bytes.set(nodeBytes(node, this.#first, blockSize - NODE_OFFSET), NODE_OFFSET);
    const out = protect(bytes);
    for (const { at, from, length } of blockPieces(this.#volume, this.#index, block)) {
      refuseShared(this.#volume, at, length);
      await this.#volume.store.write(out.subarray(from, from + length), at);
    }
  }

  /** Cuts a block in two: the lower half moves to a new block, below the middle entry that is returned. */
  async #split(block: number, node: ItemNode): Promise<Item> {
    const { items } = node;
    const half = sizeOfNode(node) / 2;
    let middle = 0;
    for (let size = 0; middle < items.length - 2; middle++) {
      size += items[middle]!.bytes.length;
      if (size >= half && middle > 0) break;
    }
    if (middle === 0) middle = 1;
    const up = items[middle]!;
    const lower = await this.#newBlock({ items: items.slice(0, middle), end: up.below });
    await this.#put({ block, node: { items: items.slice(middle + 1), end: node.end }, at: 0 });
    return { ...up, below: lower };
  }

  /** The node of the record is too full: all of it becomes blocks, and the record keeps what is above them. */
  async #lowerRoot(node: ItemNode): Promise<void> {
    const block = await this.#newBlock({ items: [], end: node.end });
    const step: Step = { block, node, at: 0 };
    const root: ItemNode = { items: [], end: block };
    if (this.#fits(step)) await this.#put(step);
    else root.items.push(await this.#split(block, node));
    await this.#put({ block: null, node: root, at: 0 });
  }

  /** Takes a free index block, or adds one. */
  async #newBlock(node: ItemNode): Promise<number> {
    const { blockSize, unit } = this.#index;
    const bitmap = await this.#readBitmap();
    let number = nextBit(bitmap, 0, bitmap.length * 8, false);
    const have = Math.floor((this.#index.allocation?.size ?? 0) / blockSize);
    if (number > have) number = have;
    const grown = new Uint8Array(Math.max(bitmap.length, roundUp(Math.floor(number / 8) + 1, 8)));
    grown.set(bitmap);
    grown[number >>> 3]! |= 1 << (number & 7);
    if (number >= have) await this.#allocate((number + 1) * blockSize);
    await putSmall(this.#volume, this.#file, this.#bitmap, grown);
    this.#index = openIndex(this.#volume, this.#file, this.#kind);
    const block = (number * blockSize) / unit;
    await this.#writeBlock(block, null, node);
    return block;
  }

  async #readBitmap(): Promise<Uint8Array<ArrayBuffer>> {
    const stream = openStream(this.#volume, this.#file, this.#bitmap.type, this.#bitmap.name);
    const bitmap = stream === null ? new Uint8Array(8) : await readWhole(this.#volume, stream, MAX_BITMAP);
    // On a volume that was not closed the map may be older than the tree.
    return this.#volume.claims === null ? bitmap : this.#withBlocks(bitmap);
  }

  /** The map with the blocks that the tree leads to; they are looked for while the tree is whole, before its first change. */
  async #withBlocks(bitmap: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
    const { blockSize, unit, allocation } = this.#index;
    const have = Math.floor((allocation?.size ?? 0) / blockSize);
    const marked = new Uint8Array(Math.max(bitmap.length, roundUp(Math.ceil(have / 8), 8)));
    marked.set(bitmap);
    if (this.#blocks === null) {
      const blocks = new Set<number>();
      await this.#walk(
        () => undefined,
        (block) => blocks.add(Math.floor((block * unit) / blockSize)),
      );
      this.#blocks = blocks;
    }
    for (const number of this.#blocks) if (number < marked.length * 8) setBits(marked, number, 1);
    return marked;
  }

  async #allocate(size: number): Promise<void> {
    const { clusterSize } = this.#volume.geometry;
    if (this.#index.allocation !== null) {
      await resizeClusters(this.#volume, this.#file, this.#allocation, size);
    } else {
      const count = Math.ceil(size / clusterSize);
      const runs = await takeClusters(this.#volume, count, 0, `another entry of ${this.#index.what}`);
      const sizes = { allocated: count * clusterSize, size, initialised: size };
      await this.#makeRoom(clusterAttribute(this.#allocation, runs, sizes));
    }
    this.#index = openIndex(this.#volume, this.#file, this.#kind);
  }

  /** The record may be full of names that are about to leave it: its node is emptied for the time being. */
  async #makeRoom(attribute: Uint8Array): Promise<void> {
    const empty = this.#rootValue({ items: [], end: null });
    await putAttribute(
      this.#volume,
      this.#file,
      this.#rootAttribute(),
      residentAttribute(ATTRIBUTE.indexRoot, this.#kind.name, empty),
    );
    await putAttribute(this.#volume, this.#file, null, attribute);
  }

  async #all(): Promise<Item[]> {
    const all: Item[] = [];
    await this.#walk(
      (item) => all.push({ ...item, below: null }),
      () => undefined,
    );
    return all;
  }

  async #walk(onItem: (item: Item) => void, onBlock: (block: number) => void): Promise<void> {
    const visited = new Set<number>();
    const walk = async (block: number, depth: number): Promise<void> => {
      if (visited.has(block) || depth > MAX_DEPTH)
        throw damaged(`${this.#index.what} has an index that goes in circles`);
      visited.add(block);
      onBlock(block);
      await visit(
        itemsOf(await readNode(this.#volume, this.#index, block), this.#kind, this.#index.what),
        depth,
      );
    };
    const visit = async (node: ItemNode, depth: number): Promise<void> => {
      for (const item of node.items) {
        if (item.below !== null) await walk(item.below, depth + 1);
        onItem(item);
      }
      if (node.end !== null) await walk(node.end, depth + 1);
    };
    await visit(itemsOf(this.#index.root, this.#kind, this.#index.what), 0);
  }

  /** Builds the tree from all names in their order. Blocks no longer needed are marked free and stay with the directory. */
  async #rebuild(all: Item[]): Promise<void> {
    const capacity = this.#index.blockSize - NODE_OFFSET - this.#first;
    await putSmall(this.#volume, this.#file, this.#bitmap, new Uint8Array((await this.#readBitmap()).length));
    this.#index = openIndex(this.#volume, this.#file, this.#kind);
    let level: ItemNode = { items: all, end: null };
    while (!this.#fits({ block: null, node: level, at: 0 })) {
      const above: ItemNode = { items: [], end: null };
      let items: Item[] = [];
      for (let i = 0; i < level.items.length; i++) {
        const item = level.items[i]!;
        // A block leaves some room for names to come, and at least one name for the block behind the one that goes up.
        const full = sizeOfNode({ items, end: item.below }) + item.bytes.length + 8 > capacity * 0.9;
        if (full && items.length > 0 && i < level.items.length - 1) {
          above.items.push({ ...item, below: await this.#newBlock({ items, end: item.below }) });
          items = [];
        } else items.push(item);
      }
      above.end = await this.#newBlock({ items, end: level.end });
      level = above;
    }
    await this.#put({ block: null, node: level, at: 0 });
    if (this.#blocks === null) return;
    // Those of the tree there was were kept until now.
    this.#blocks = null;
    const { length } = await this.#readBitmap();
    await putSmall(this.#volume, this.#file, this.#bitmap, await this.#withBlocks(new Uint8Array(length)));
    this.#index = openIndex(this.#volume, this.#file, this.#kind);
  }
}
