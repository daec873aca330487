/** Changing the contents of files. Bytes are queued in the change and reach the volume when everything else is in order. */
import { IronliftError } from '../../base/errors.ts';
import { damaged, encrypted, noSpace } from './errors.ts';
import { fillHole, loadMap, storeMap, type FileMap } from './file-map.ts';
import { readContent } from './file-read.ts';
import { inlineContent } from './inline.ts';
import { hasFlag, iBlock, setFlag, setSize, setTime, sizeOf, type Inode } from './inode.ts';
import { I_BLOCK_SIZE, INCOMPAT, INODE, INODE_FLAG, RO_COMPAT, SB } from './layout.ts';
import { clipRun, mergeRuns, pushRun, withoutRange, type Run } from './run.ts';
import { freeBlocksOf, hasIncompat, hasRoCompat } from './superblock.ts';
import type { ExtVolume } from './volume.ts';
import { dropInlineData } from './xattr-write.ts';

export function refuseUnwritable(inode: Inode): void {
  if (hasFlag(inode, INODE_FLAG.encrypted)) throw encrypted('The file');
  if (hasFlag(inode, INODE_FLAG.verity)) {
    throw new IronliftError('NOT_SUPPORTED', 'The file is protected against changes (fs-verity).', {
      next: 'Leave it as it is.',
    });
  }
}

/** An empty map in the form this volume gives to new files. */
export function initialiseMap(volume: ExtVolume, inode: Inode): void {
  setFlag(inode, INODE_FLAG.extents, hasIncompat(volume.sb, INCOMPAT.extents));
  iBlock(inode).fill(0);
  if (!hasFlag(inode, INODE_FLAG.extents)) return;
  inode.view.setUint16(INODE.block, 0xf30a, true);
  inode.view.setUint16(INODE.block + 4, 4, true);
}

export function touch(volume: ExtVolume, inode: Inode, mtime = volume.now): void {
  setTime(inode, INODE.mtime, INODE.mtimeExtra, mtime);
  setTime(inode, INODE.ctime, INODE.ctimeExtra, volume.now);
}

/** Sizes of 2 GiB and more need a feature that is switched on with the first such file. */
export function setFileSize(volume: ExtVolume, inode: Inode, size: number): void {
  setSize(inode, size);
  if (size > 0x7fffffff && !hasRoCompat(volume.sb, RO_COMPAT.largeFile))
    volume.sb.view.setUint32(
      SB.roCompat,
      volume.sb.view.getUint32(SB.roCompat, true) | RO_COMPAT.largeFile,
      true,
    );
}

function queue(volume: ExtVolume, place: number, bytes: Uint8Array): void {
  if (bytes.length > 0) volume.change!.contents.push({ place, bytes });
}

/** Queues `data`, which begins at byte `offset` of the file, for the blocks of a run, with zeros up to its edges. */
function queueRun(volume: ExtVolume, run: Run, offset: number, data: Uint8Array): void {
  const { blockSize } = volume.sb;
  const start = run.logical * blockSize;
  const end = start + run.length * blockSize;
  const place = run.physical * blockSize;
  const from = Math.max(start, offset);
  const to = Math.min(end, offset + data.length);
  queue(volume, place, new Uint8Array(Math.max(0, from - start)));
  queue(volume, place + from - start, data.subarray(from - offset, to - offset));
  queue(volume, place + to - start, new Uint8Array(Math.max(0, end - to)));
}

/** Replaces everything the file holds. The caller stores the inode. */
export async function replaceContent(
  volume: ExtVolume,
  inode: Inode,
  data: Uint8Array,
  near: number,
): Promise<void> {
  refuseUnwritable(inode);
  const blocks = Math.ceil(data.length / volume.sb.blockSize);
  let map: FileMap = { runs: [], nodes: [] };
  if (hasFlag(inode, INODE_FLAG.inlineData)) {
    dropInlineData(inode);
    initialiseMap(volume, inode);
  } else {
    map = await loadMap(volume, inode);
  }
  const goal = map.runs[0]?.physical ?? near;
  map = await storeMap(volume, inode, map, []);
  refuseWithoutSpace(volume, blocks);
  const runs = await fillHole(volume, [], 0, blocks, goal);
  await storeMap(volume, inode, map, runs);
  setFileSize(volume, inode, data.length);
  for (const run of runs) queueRun(volume, run, 0, data);
}

/** Found before anything is taken: blocks for the contents and, roughly, for their map. */
function refuseWithoutSpace(volume: ExtVolume, blocks: number): void {
  if (blocks > freeBlocksOf(volume.sb)) throw noSpace(`${blocks * volume.sb.blockSize} bytes`);
}

/** Overwrites or appends; `offset` is at most the size. The caller stores the inode. */
export async function writeInto(
  volume: ExtVolume,
  inode: Inode,
  offset: number,
  data: Uint8Array,
): Promise<void> {
  refuseUnwritable(inode);
  if (data.length === 0) return;
  const size = sizeOf(volume, inode);
  if (hasFlag(inode, INODE_FLAG.inlineData)) {
    const old = inlineContent(volume, inode);
    const bytes = new Uint8Array(Math.max(size, offset + data.length));
    bytes.set(old);
    bytes.set(data, offset);
    return replaceContent(volume, inode, bytes, 0);
  }
  const { blockSize } = volume.sb;
  const first = Math.floor(offset / blockSize);
  const end = Math.ceil((offset + data.length) / blockSize);
  const map = await loadMap(volume, inode);
  const written: Run[] = [];
  const blank: Run[] = [];
  for (const run of map.runs) {
    const part = clipRun(run, first, end);
    if (part !== null) pushRun(run.unwritten ? blank : written, part);
  }
  const there = mergeRuns(written, blank);
  const missing = holesIn(there, first, end);
  refuseWithoutSpace(
    volume,
    missing.reduce((sum, hole) => sum + hole.length, 0),
  );
  let runs = mergeRuns(
    withoutRange(map.runs, first, end),
    mergeRuns(
      written,
      blank.map((run) => ({ ...run, unwritten: false })),
    ),
  );
  const added: Run[] = [];
  for (const hole of missing) {
    const filled = await fillHole(volume, runs, hole.logical, hole.logical + hole.length);
    runs = mergeRuns(runs, filled);
    added.push(...filled);
  }
  if (added.length > 0 || blank.length > 0) await storeMap(volume, inode, map, runs);
  for (const run of [...blank, ...added]) queueRun(volume, run, offset, data);
  for (const run of written) {
    const start = run.logical * blockSize;
    const from = Math.max(start, offset);
    const to = Math.min(start + run.length * blockSize, offset + data.length);
    queue(volume, run.physical * blockSize + from - start, data.subarray(from - offset, to - offset));
    // Past the old end a block may hold anything; it must read as zeros once the file has grown over it.
    const blockEnd = start + run.length * blockSize;
    if (offset + data.length > size && to < blockEnd && to === offset + data.length)
      queue(volume, run.physical * blockSize + to - start, new Uint8Array(blockEnd - to));
  }
  if (offset + data.length > size) setFileSize(volume, inode, offset + data.length);
}

/** What of [start, end) lies in none of the runs, which do. */
function holesIn(runs: readonly Run[], start: number, end: number): { logical: number; length: number }[] {
  const holes: { logical: number; length: number }[] = [];
  let at = start;
  for (const run of runs) {
    if (run.logical > at) holes.push({ logical: at, length: run.logical - at });
    at = run.logical + run.length;
  }
  if (at < end) holes.push({ logical: at, length: end - at });
  return holes;
}

/** Cuts the file to `size` bytes, or less where it is shorter already. The caller stores the inode. */
export async function cutContent(volume: ExtVolume, inode: Inode, size: number): Promise<void> {
  refuseUnwritable(inode);
  if (hasFlag(inode, INODE_FLAG.inlineData)) {
    if (sizeOf(volume, inode) > I_BLOCK_SIZE + inode.raw.length)
      throw damaged('inline data is larger than its inode');
    const kept = (await readContent(volume, inode, 0, size)).slice();
    return replaceContent(volume, inode, kept, 0);
  }
  const { blockSize } = volume.sb;
  const map = await loadMap(volume, inode);
  const end = Math.ceil(size / blockSize);
  const runs = withoutRange(map.runs, end, Infinity);
  await storeMap(volume, inode, map, runs);
  const last = runs.at(-1);
  const tail = size % blockSize;
  if (tail !== 0 && last !== undefined && !last.unwritten && last.logical + last.length === end)
    queue(volume, (last.physical + last.length - 1) * blockSize + tail, new Uint8Array(blockSize - tail));
  setFileSize(volume, inode, size);
}
