/** Finding the leaf of a hashed directory that a name belongs in. */
import { viewOf } from '../../base/bytes.ts';
import { damaged } from './errors.ts';
import { eachDirent, nameOf } from './dirent.ts';
import { blockStretch, checkDirectoryBlock } from './directory.ts';
import { dirHash, type DirHash } from './dirhash.ts';
import { fileRuns } from './file-read.ts';
import { DX_ENTRY, dxChecksum, dxChecksumFits, entriesAt, ROOT_ENTRIES, ROOT_INFO } from './htree-layout.ts';
import { hasFlag, seedOf, sizeInBlocks, type Inode } from './inode.ts';
import { INCOMPAT, INODE_FLAG, SB, UNSIGNED_HASH } from './layout.ts';
import { hasIncompat } from './superblock.ts';
import type { ExtVolume } from './volume.ts';

/** One index block on the way down and the entry taken in it. */
export interface IndexStep {
  logical: number;
  physical: number;
  entry: number;
}

export interface LeafPath {
  hash: DirHash;
  version: number;
  /** From the root down. */
  steps: IndexStep[];
  leaf: { logical: number; physical: number };
}

export async function physicalBlock(volume: ExtVolume, directory: Inode, logical: number): Promise<number> {
  const [run] = await fileRuns(volume, directory, logical, logical + 1);
  if (run === undefined || run.unwritten)
    throw damaged(`the index of directory inode ${directory.ino} points to a missing block`, { logical });
  return run.physical;
}

/** The index entries of a block, checked; entry 0 stands for all hashes below the second. */
export async function readIndex(
  volume: ExtVolume,
  directory: Inode,
  step: { logical: number; physical: number },
) {
  const bytes = await volume.cache.read(step.physical);
  const view = viewOf(bytes);
  const at = entriesAt(step.logical);
  const limit = view.getUint16(at, true);
  const count = view.getUint16(at + 2, true);
  if (count === 0 || count > limit || at + limit * DX_ENTRY > bytes.length)
    throw damaged(`the index of directory inode ${directory.ino} has an impossible count`);
  if (volume.sb.metadataChecksum && !dxChecksumFits(bytes, step.logical, seedOf(volume, directory)))
    throw damaged(`the index of directory inode ${directory.ino} has a wrong checksum`);
  return {
    bytes,
    limit,
    count,
    hashAt: (entry: number): number => (entry === 0 ? 0 : view.getUint32(at + entry * DX_ENTRY, true)),
    blockAt: (entry: number): number => view.getUint32(at + entry * DX_ENTRY + 4, true) & 0x0fffffff,
  };
}

/** Reads what the root says of the tree; null when it is of a kind we do not know. @throws EXT_DAMAGED */
export async function readRootInfo(volume: ExtVolume, directory: Inode) {
  const physical = await physicalBlock(volume, directory, 0);
  const bytes = await volume.cache.read(physical);
  const version = bytes[ROOT_INFO + 4]!;
  const levels = bytes[ROOT_INFO + 6]!;
  const maxLevels = hasIncompat(volume.sb, INCOMPAT.largeDir) ? 2 : 1;
  if (
    bytes[ROOT_INFO + 5] !== ROOT_ENTRIES - ROOT_INFO ||
    (bytes[ROOT_INFO + 7]! & 1) !== 0 ||
    levels > maxLevels
  )
    throw damaged(`the index of directory inode ${directory.ino} has an impossible root`);
  return version > 2 ? null : { physical, version, levels, maxLevels };
}

export function hashOf(volume: ExtVolume, version: number, name: Uint8Array): DirHash {
  const { view } = volume.sb;
  const seed = Uint32Array.from([0, 4, 8, 12], (offset) => view.getUint32(SB.hashSeed + offset, true));
  return dirHash(version, (view.getUint32(SB.flags, true) & UNSIGNED_HASH) === 0, seed, name);
}

/** The way down to the leaf for a name; null when the directory's hash is not one of ours (casefolded ones). */
export async function findLeaf(
  volume: ExtVolume,
  directory: Inode,
  name: Uint8Array,
): Promise<LeafPath | null> {
  const root = await readRootInfo(volume, directory);
  if (root === null || hasFlag(directory, INODE_FLAG.casefold)) return null;
  const hash = hashOf(volume, root.version, name);
  const blocks = sizeInBlocks(volume, directory);
  const steps: IndexStep[] = [];
  let at = { logical: 0, physical: root.physical };
  for (let level = 0; level <= root.levels; level++) {
    const index = await readIndex(volume, directory, at);
    let low = 1;
    let high = index.count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (index.hashAt(middle) > hash.major) high = middle;
      else low = middle + 1;
    }
    steps.push({ ...at, entry: low - 1 });
    const logical = index.blockAt(low - 1);
    if (logical === 0 || logical >= blocks || steps.some((step) => step.logical === logical))
      throw damaged(`the index of directory inode ${directory.ino} points nowhere`, { logical });
    at = { logical, physical: await physicalBlock(volume, directory, logical) };
  }
  return { hash, version: root.version, steps, leaf: at };
}

/** The leaf after this one where it goes on with the same hash; null when it does not. */
export async function nextLeaf(
  volume: ExtVolume,
  directory: Inode,
  path: LeafPath,
): Promise<LeafPath | null> {
  const steps = path.steps.map((step) => ({ ...step }));
  let level = steps.length - 1;
  for (; level >= 0; level--) {
    const index = await readIndex(volume, directory, steps[level]!);
    if (steps[level]!.entry + 1 < index.count) break;
  }
  if (level < 0) return null;
  steps[level]!.entry++;
  const index = await readIndex(volume, directory, steps[level]!);
  const hash = index.hashAt(steps[level]!.entry);
  // The lowest bit says that the leaf before holds names of this hash too.
  if (hash !== path.hash.major + 1) return null;
  let logical = index.blockAt(steps[level]!.entry);
  for (let below = level + 1; below < steps.length; below++) {
    steps[below] = { logical, physical: await physicalBlock(volume, directory, logical), entry: 0 };
    logical = (await readIndex(volume, directory, steps[below]!)).blockAt(0);
  }
  return { ...path, steps, leaf: { logical, physical: await physicalBlock(volume, directory, logical) } };
}

/** The inode under a name by way of the index; `unindexed` when the index is of a kind we do not know. */
export async function lookUpIndexed(
  volume: ExtVolume,
  directory: Inode,
  name: Uint8Array,
): Promise<number | null | 'unindexed'> {
  let path = await findLeaf(volume, directory, name);
  if (path === null) return 'unindexed';
  for (let leaves = 0; path !== null && leaves < 10_000; leaves++) {
    const bytes = await volume.cache.read(path.leaf.physical);
    checkDirectoryBlock(volume, directory, bytes);
    const stretch = blockStretch(volume, directory, bytes);
    const found: number[] = [];
    eachDirent(stretch, (entry) => {
      if (entry.inode !== 0 && Buffer.compare(nameOf(stretch, entry), name) === 0) found.push(entry.inode);
      return found.length > 0;
    });
    if (found[0] !== undefined) return found[0];
    path = await nextLeaf(volume, directory, path);
  }
  return null;
}

/** The checksum of an index block. */
export function sealIndex(volume: ExtVolume, directory: Inode, bytes: Uint8Array, logical: number): void {
  if (!volume.sb.metadataChecksum) return;
  const sum = dxChecksum(bytes, logical, seedOf(volume, directory));
  if (sum === null) throw damaged(`the index of directory inode ${directory.ino} has an impossible count`);
  const view = viewOf(bytes);
  const at = entriesAt(logical);
  view.setUint32(at + view.getUint16(at, true) * DX_ENTRY + 4, sum, true);
}
