/** Changing directories: entries put in and taken out, whatever the directory's form. */
import { viewOf } from '../../base/bytes.ts';
import { crc32c } from '../../base/crc32c.ts';
import { IronliftError } from '../../base/errors.ts';
import { damaged, encrypted, notFound } from './errors.ts';
import { blockStretch, checkDirectoryBlock, stretchOf } from './directory.ts';
import {
  eachDirent,
  insertDirent,
  nameOf,
  removeDirent,
  TAIL_SIZE,
  writeDirent,
  writeTail,
  type Stretch,
} from './dirent.ts';
import { fillHole, loadMap, storeMap } from './file-map.ts';
import { fileRuns } from './file-read.ts';
import { initialiseMap } from './file-write.ts';
import { inodeTableOf } from './groups.ts';
import { insertIndexed, makeIndexed } from './htree-insert.ts';
import { dxChecksumFits } from './htree-layout.ts';
import { findLeaf, nextLeaf, sealIndex } from './htree-lookup.ts';
import { hasFlag, iBlock, seedOf, setSize, sizeInBlocks, type Inode } from './inode.ts';
import { COMPAT, INODE_FLAG } from './layout.ts';
import { mergeRuns } from './run.ts';
import { hasCompat } from './superblock.ts';
import type { ExtVolume } from './volume.ts';
import { inlineBytes, storeInline } from './inline-directory.ts';
import { dropInlineData } from './xattr-write.ts';

export interface NewEntry {
  name: Uint8Array;
  inode: number;
  /** As stored in an entry. */
  type: number;
}

export function refuseUnwritableDirectory(directory: Inode): void {
  if (hasFlag(directory, INODE_FLAG.encrypted)) throw encrypted('The folder');
  if (hasFlag(directory, INODE_FLAG.casefold)) {
    throw new IronliftError(
      'NOT_SUPPORTED',
      'The folder ignores upper and lower case, and cannot be changed here.',
      {
        next: 'Leave this folder as it is.',
      },
    );
  }
}

/** The checksum of a block of entries. */
export function sealDirectoryBlock(volume: ExtVolume, directory: Inode, bytes: Uint8Array): void {
  if (!volume.sb.metadataChecksum) return;
  const at = bytes.length - TAIL_SIZE;
  viewOf(bytes).setUint32(at + 8, crc32c(seedOf(volume, directory), bytes, 0, at), true);
}

/** A block of entries with nothing in it but one unused entry over all of it. */
export function blankDirectoryBlock(volume: ExtVolume, directory: Inode, block: number): Stretch {
  const bytes = volume.cache.fresh(block);
  if (volume.sb.metadataChecksum) writeTail(bytes);
  const stretch = blockStretch(volume, directory, bytes);
  writeDirent(stretch, 0, stretch.end, { inode: 0, name: new Uint8Array(0), type: 0 });
  return stretch;
}

/** Adds a block at the end of the directory; returns where it lies. */
export async function appendBlock(
  volume: ExtVolume,
  directory: Inode,
): Promise<{ logical: number; physical: number }> {
  const map = await loadMap(volume, directory);
  const logical = sizeInBlocks(volume, directory);
  const group = Math.floor((directory.ino - 1) / volume.sb.inodesPerGroup);
  const goal = map.runs.length === 0 ? inodeTableOf(volume.sb, volume.groups, group) : undefined;
  const added = await fillHole(volume, map.runs, logical, logical + 1, goal);
  await storeMap(volume, directory, map, mergeRuns(map.runs, added));
  setSize(directory, (logical + 1) * volume.sb.blockSize);
  return { logical, physical: added[0]!.physical };
}

/** Puts an entry in; that there is none of that name yet has been checked. The caller stores the directory's inode. */
export async function addEntry(volume: ExtVolume, directory: Inode, entry: NewEntry): Promise<void> {
  refuseUnwritableDirectory(directory);
  if (hasFlag(directory, INODE_FLAG.inlineData)) {
    if (insertInline(volume, directory, entry)) return;
    await unfoldInline(volume, directory);
  }
  if (hasFlag(directory, INODE_FLAG.index)) return insertIndexed(volume, directory, entry);
  const blocks = sizeInBlocks(volume, directory);
  if (await insertLinear(volume, directory, entry, blocks)) return;
  if (blocks === 1 && hasCompat(volume.sb, COMPAT.dirIndex) && (await makeIndexed(volume, directory)))
    return insertIndexed(volume, directory, entry);
  const { physical } = await appendBlock(volume, directory);
  const stretch = blankDirectoryBlock(volume, directory, physical);
  insertDirent(stretch, entry);
  sealDirectoryBlock(volume, directory, stretch.bytes);
}

/** Tries the last block first: directories that grow have their room there. */
async function insertLinear(
  volume: ExtVolume,
  directory: Inode,
  entry: NewEntry,
  blocks: number,
): Promise<boolean> {
  for (const [start, end] of [
    [Math.max(0, blocks - 1), blocks],
    [0, Math.max(0, blocks - 1)],
  ] as const) {
    for (const run of await fileRuns(volume, directory, start, end)) {
      for (let i = 0; i < run.length; i++) {
        const present = await volume.cache.read(run.physical + i);
        checkDirectoryBlock(volume, directory, present);
        const trial = blockStretch(volume, directory, present.slice());
        if (!insertDirent(trial, entry)) continue;
        const bytes = await volume.cache.edit(run.physical + i);
        bytes.set(trial.bytes);
        sealDirectoryBlock(volume, directory, bytes);
        return true;
      }
    }
  }
  return false;
}

function insertInline(volume: ExtVolume, directory: Inode, entry: NewEntry): boolean {
  const { first, rest } = inlineBytes(directory);
  for (const part of [first.subarray(4), rest]) {
    if (part.length > 0 && insertDirent(stretchOf(volume, directory, part), entry)) {
      storeInline(directory, rest);
      return true;
    }
  }
  return false;
}

/** An inline directory that has become too large gets a block, with the entries `.` and `..` it did without. */
async function unfoldInline(volume: ExtVolume, directory: Inode): Promise<void> {
  const { first, rest } = inlineBytes(directory);
  const parent = viewOf(first).getUint32(0, true);
  const entries: NewEntry[] = [];
  for (const part of [first.slice(4), rest]) {
    const stretch = stretchOf(volume, directory, part);
    eachDirent(stretch, (there) => {
      if (there.inode !== 0)
        entries.push({ name: nameOf(stretch, there).slice(), inode: there.inode, type: there.type });
      return false;
    });
  }
  dropInlineData(directory);
  initialiseMap(volume, directory);
  setSize(directory, 0);
  const { physical } = await appendBlock(volume, directory);
  writeFirstBlock(volume, directory, physical, parent, entries);
}

const DOT = Uint8Array.of(0x2e);
const DOT_DOT = Uint8Array.of(0x2e, 0x2e);
const DIRECTORY_TYPE = 2;
const DOT_SIZE = 12;

/** Block 0 of a directory: `.`, `..` and more entries. */
export function writeFirstBlock(
  volume: ExtVolume,
  directory: Inode,
  block: number,
  parent: number,
  entries: readonly NewEntry[] = [],
): void {
  const stretch = blankDirectoryBlock(volume, directory, block);
  writeDirent(stretch, 0, DOT_SIZE, { inode: directory.ino, name: DOT, type: DIRECTORY_TYPE });
  writeDirent(stretch, DOT_SIZE, stretch.end - DOT_SIZE, {
    inode: parent,
    name: DOT_DOT,
    type: DIRECTORY_TYPE,
  });
  for (const entry of entries) insertDirent(stretch, entry);
  sealDirectoryBlock(volume, directory, stretch.bytes);
}

/** Takes an entry out. The caller stores the directory's inode. @throws NOT_FOUND */
export async function removeEntry(volume: ExtVolume, directory: Inode, name: Uint8Array): Promise<void> {
  refuseUnwritableDirectory(directory);
  if (hasFlag(directory, INODE_FLAG.inlineData)) {
    const { first, rest } = inlineBytes(directory);
    for (const part of [first.subarray(4), rest]) {
      if (part.length > 0 && removeDirent(stretchOf(volume, directory, part), name)) {
        storeInline(directory, rest);
        return;
      }
    }
    throw notFound('such a name');
  }
  for await (const physical of candidateBlocks(volume, directory, name)) {
    const present = await volume.cache.read(physical);
    checkDirectoryBlock(volume, directory, present);
    const trial = blockStretch(volume, directory, present.slice());
    if (!removeDirent(trial, name)) continue;
    const bytes = await volume.cache.edit(physical);
    bytes.set(trial.bytes);
    sealDirectoryBlock(volume, directory, bytes);
    return;
  }
  throw notFound('such a name');
}

/** Blocks the name may be in: the leaves of its hash, or all of them. */
async function* candidateBlocks(
  volume: ExtVolume,
  directory: Inode,
  name: Uint8Array,
): AsyncGenerator<number> {
  if (hasFlag(directory, INODE_FLAG.index)) {
    let path = await findLeaf(volume, directory, name);
    for (let leaves = 0; path !== null && leaves < 10_000; leaves++) {
      yield path.leaf.physical;
      path = await nextLeaf(volume, directory, path);
    }
    return;
  }
  for (const run of await fileRuns(volume, directory, 0, sizeInBlocks(volume, directory)))
    for (let i = 0; i < run.length; i++) yield run.physical + i;
}

/** Points `..` at another directory. The caller stores the directory's inode. */
export async function setParent(volume: ExtVolume, directory: Inode, parent: number): Promise<void> {
  refuseUnwritableDirectory(directory);
  if (hasFlag(directory, INODE_FLAG.inlineData)) {
    viewOf(iBlock(directory)).setUint32(0, parent, true);
    return;
  }
  const [run] = await fileRuns(volume, directory, 0, 1);
  if (run === undefined) throw damaged(`directory inode ${directory.ino} has no first block`);
  const indexed = hasFlag(directory, INODE_FLAG.index);
  const present = await volume.cache.read(run.physical);
  if (indexed && volume.sb.metadataChecksum && !dxChecksumFits(present, 0, seedOf(volume, directory)))
    throw damaged(`directory inode ${directory.ino} has an index block with a wrong checksum`);
  if (!indexed) checkDirectoryBlock(volume, directory, present);
  if (
    present[DOT_SIZE + 6] !== 2 ||
    Buffer.compare(present.subarray(DOT_SIZE + 8, DOT_SIZE + 10), DOT_DOT) !== 0
  )
    throw damaged(`directory inode ${directory.ino} does not begin with "." and ".."`);
  const bytes = await volume.cache.edit(run.physical);
  viewOf(bytes).setUint32(DOT_SIZE, parent, true);
  if (indexed) sealIndex(volume, directory, bytes, 0);
  else sealDirectoryBlock(volume, directory, bytes);
}
