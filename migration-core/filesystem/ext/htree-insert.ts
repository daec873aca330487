/**
 * Inserting into hashed directories. A full leaf is split in the middle of its hashes; before that its parent is given
 * room by splitting full index blocks from the top down, the root by moving all of it one level down.
 */
import { viewOf } from '../../base/bytes.ts';
import { damaged, noSpace } from './errors.ts';
import { blockStretch, checkDirectoryBlock } from './directory.ts';
import { appendBlock, blankDirectoryBlock, sealDirectoryBlock, type NewEntry } from './directory-write.ts';
import { eachDirent, insertDirent, nameOf, direntSize, writeDirent, type Stretch } from './dirent.ts';
import { DX_ENTRY, entriesAt, entryLimit, NODE_ENTRIES, ROOT_ENTRIES, ROOT_INFO } from './htree-layout.ts';
import { findLeaf, hashOf, physicalBlock, readIndex, readRootInfo, sealIndex } from './htree-lookup.ts';
import type { IndexStep, LeafPath } from './htree-lookup.ts';
import { hasFlag, setFlag, type Inode } from './inode.ts';
import { INODE_FLAG, SB } from './layout.ts';
import type { ExtVolume } from './volume.ts';

/** Enough for a root that grows, three index blocks and a leaf that split, and the insertion. */
const MAX_ROUNDS = 12;

export async function insertIndexed(volume: ExtVolume, directory: Inode, entry: NewEntry): Promise<void> {
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const path = await findLeaf(volume, directory, entry.name);
    if (path === null) throw damaged(`directory inode ${directory.ino} has an index of an unknown kind`);
    const present = await volume.cache.read(path.leaf.physical);
    checkDirectoryBlock(volume, directory, present);
    const trial = blockStretch(volume, directory, present.slice());
    if (insertDirent(trial, entry)) {
      const bytes = await volume.cache.edit(path.leaf.physical);
      bytes.set(trial.bytes);
      sealDirectoryBlock(volume, directory, bytes);
      return;
    }
    if (!(await makeRoom(volume, directory, path))) await splitLeaf(volume, directory, path);
  }
  throw damaged(`directory inode ${directory.ino} has no room for a name where its hash belongs`);
}

interface HashedEntry extends NewEntry {
  hash: number;
}

function hashedEntries(volume: ExtVolume, stretch: Stretch, version: number): HashedEntry[] {
  const entries: HashedEntry[] = [];
  eachDirent(stretch, (there) => {
    if (there.inode !== 0) {
      const name = nameOf(stretch, there).slice();
      entries.push({ name, inode: there.inode, type: there.type, hash: hashOf(volume, version, name).major });
    }
    return false;
  });
  return entries;
}

async function splitLeaf(volume: ExtVolume, directory: Inode, path: LeafPath): Promise<void> {
  const present = blockStretch(volume, directory, await volume.cache.read(path.leaf.physical));
  const entries = hashedEntries(volume, present, path.version).sort((a, b) => a.hash - b.hash);
  if (entries.length < 2) throw damaged(`directory inode ${directory.ino} has a leaf that cannot be split`);
  // The upper half by bytes moves, at least one entry and not all of them.
  let split = entries.length;
  for (let size = 0; split > 1; split--) {
    const next = direntSize(entries[split - 1]!.name.length);
    if (split < entries.length && size + next / 2 > volume.sb.blockSize / 2) break;
    size += next;
  }
  const hash = entries[split]?.hash ?? entries.at(-1)!.hash;
  const continued = hash === entries[split - 1]!.hash ? 1 : 0;
  const added = await appendBlock(volume, directory);
  writeLeaf(volume, directory, added.physical, entries.slice(split));
  writeLeaf(volume, directory, path.leaf.physical, entries.slice(0, split));
  const parent = path.steps.at(-1)!;
  await insertIndexEntry(volume, directory, parent, hash + continued, added.logical);
}

function writeLeaf(
  volume: ExtVolume,
  directory: Inode,
  block: number,
  entries: readonly HashedEntry[],
): void {
  const stretch = blankDirectoryBlock(volume, directory, block);
  let at = 0;
  entries.forEach((entry, i) => {
    const size = i + 1 === entries.length ? stretch.end - at : direntSize(entry.name.length);
    writeDirent(stretch, at, size, entry);
    at += size;
  });
  sealDirectoryBlock(volume, directory, stretch.bytes);
}

/** Puts a pair behind the one the path took. */
async function insertIndexEntry(
  volume: ExtVolume,
  directory: Inode,
  step: IndexStep,
  hash: number,
  block: number,
): Promise<void> {
  const { count, limit } = await readIndex(volume, directory, step);
  if (count >= limit) throw damaged(`the index of directory inode ${directory.ino} is full`);
  const bytes = await volume.cache.edit(step.physical);
  const view = viewOf(bytes);
  const base = entriesAt(step.logical);
  const at = base + (step.entry + 1) * DX_ENTRY;
  bytes.copyWithin(at + DX_ENTRY, at, base + count * DX_ENTRY);
  view.setUint32(at, hash, true);
  view.setUint32(at + 4, block, true);
  view.setUint16(base + 2, count + 1, true);
  sealIndex(volume, directory, bytes, step.logical);
}

/** Makes sure the leaf's parent can take one more; true when something moved and the path is out of date. */
async function makeRoom(volume: ExtVolume, directory: Inode, path: LeafPath): Promise<boolean> {
  let level = path.steps.length - 1;
  const full = async (step: IndexStep): Promise<boolean> => {
    const { count, limit } = await readIndex(volume, directory, step);
    return count >= limit;
  };
  if (!(await full(path.steps[level]!))) return false;
  while (level > 0 && (await full(path.steps[level - 1]!))) level--;
  if (level === 0) await growRoot(volume, directory);
  else await splitNode(volume, directory, path.steps[level - 1]!, path.steps[level]!);
  return true;
}

/** An index block below the root, with these pairs; the first hash is not stored. */
async function appendNode(volume: ExtVolume, directory: Inode, pairs: Uint8Array): Promise<number> {
  const { logical, physical } = await appendBlock(volume, directory);
  const bytes = volume.cache.fresh(physical);
  const stretch = { ...blockStretch(volume, directory, bytes), end: bytes.length };
  writeDirent(stretch, 0, bytes.length, { inode: 0, name: new Uint8Array(0), type: 0 });
  bytes.set(pairs, NODE_ENTRIES);
  const view = viewOf(bytes);
  view.setUint16(NODE_ENTRIES, entryLimit(logical, bytes.length, volume.sb.metadataChecksum), true);
  view.setUint16(NODE_ENTRIES + 2, pairs.length / DX_ENTRY, true);
  sealIndex(volume, directory, bytes, logical);
  return logical;
}

async function growRoot(volume: ExtVolume, directory: Inode): Promise<void> {
  const info = await readRootInfo(volume, directory);
  if (info === null || info.levels >= info.maxLevels)
    throw noSpace('another name in one folder (its index is full)');
  const { bytes, count } = await readIndex(volume, directory, { logical: 0, physical: info.physical });
  const pairs = bytes.slice(ROOT_ENTRIES, ROOT_ENTRIES + count * DX_ENTRY);
  const node = await appendNode(volume, directory, pairs);
  const root = await volume.cache.edit(info.physical);
  const view = viewOf(root);
  root[ROOT_INFO + 6] = info.levels + 1;
  view.setUint16(ROOT_ENTRIES + 2, 1, true);
  view.setUint32(ROOT_ENTRIES + 4, node, true);
  sealIndex(volume, directory, root, 0);
}

async function splitNode(
  volume: ExtVolume,
  directory: Inode,
  parent: IndexStep,
  step: IndexStep,
): Promise<void> {
  const { bytes, count, hashAt } = await readIndex(volume, directory, step);
  const half = count >>> 1;
  const hash = hashAt(half);
  const pairs = bytes.slice(NODE_ENTRIES + half * DX_ENTRY, NODE_ENTRIES + count * DX_ENTRY);
  const node = await appendNode(volume, directory, pairs);
  const lower = await volume.cache.edit(step.physical);
  viewOf(lower).setUint16(NODE_ENTRIES + 2, half, true);
  sealIndex(volume, directory, lower, step.logical);
  await insertIndexEntry(volume, directory, parent, hash, node);
}

/** Turns a directory of one block into a hashed one; false where its block is not of the usual shape. The caller stores its inode. */
export async function makeIndexed(volume: ExtVolume, directory: Inode): Promise<boolean> {
  if (hasFlag(directory, INODE_FLAG.inlineData)) return false;
  const physical = await physicalBlock(volume, directory, 0);
  const present = await volume.cache.read(physical);
  checkDirectoryBlock(volume, directory, present);
  const stretch = blockStretch(volume, directory, present.slice());
  const first: { at: number; inode: number; name: string }[] = [];
  const rest: NewEntry[] = [];
  eachDirent(stretch, (there) => {
    const name = nameOf(stretch, there).slice();
    if (first.length < 2)
      first.push({ at: there.at, inode: there.inode, name: Buffer.from(name).toString('latin1') });
    else if (there.inode !== 0) rest.push({ name, inode: there.inode, type: there.type });
    return false;
  });
  const [dot, dotDot] = first;
  if (dot?.name !== '.' || dotDot?.name !== '..' || dotDot.at !== 12) return false;

  const leaf = await appendBlock(volume, directory);
  const { view: sbView, blockSize, metadataChecksum } = volume.sb;
  const stored = volume.sb.raw[SB.defaultHashVersion]!;
  const version = stored <= 2 ? stored : 1;
  writeLeaf(
    volume,
    directory,
    leaf.physical,
    rest.map((entry) => ({ ...entry, hash: 0 })),
  );
  const root = volume.cache.fresh(physical);
  const rootStretch = { ...stretch, bytes: root, end: blockSize };
  const type = sbView.getUint32(SB.incompat, true) & 2 ? 2 : 0;
  writeDirent(rootStretch, 0, 12, { inode: dot.inode, name: Uint8Array.of(0x2e), type });
  writeDirent(rootStretch, 12, blockSize - 12, {
    inode: dotDot.inode,
    name: Uint8Array.of(0x2e, 0x2e),
    type,
  });
  root[ROOT_INFO + 4] = version;
  root[ROOT_INFO + 5] = ROOT_ENTRIES - ROOT_INFO;
  const view = viewOf(root);
  view.setUint16(ROOT_ENTRIES, entryLimit(0, blockSize, metadataChecksum), true);
  view.setUint16(ROOT_ENTRIES + 2, 1, true);
  view.setUint32(ROOT_ENTRIES + 4, leaf.logical, true);
  setFlag(directory, INODE_FLAG.index, true);
  sealIndex(volume, directory, root, 0);
  return true;
}
