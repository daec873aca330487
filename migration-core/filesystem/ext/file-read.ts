/** Contents of files: bytes gathered from runs of blocks, from inline data, or from i_block for short symlinks. */
import { damaged, encrypted } from './errors.ts';
import { extentRuns } from './extent-tree.ts';
import { pointerRuns } from './indirect.ts';
import { inlineContent } from './inline.ts';
import { allocatedBytes, fileAclOf, hasFlag, iBlock, sizeOf, type Inode } from './inode.ts';
import { I_BLOCK_SIZE, INCOMPAT, INODE_FLAG } from './layout.ts';
import type { Run } from './run.ts';
import { hasIncompat } from './superblock.ts';
import type { ExtVolume } from './volume.ts';

/** Runs of the logical blocks [start, end) of a file that is not inline. */
export function fileRuns(volume: ExtVolume, inode: Inode, start: number, end: number): Promise<Run[]> {
  return hasFlag(inode, INODE_FLAG.extents)
    ? extentRuns(volume, inode, start, end)
    : pointerRuns(volume, inode, start, end);
}

/** Bytes [offset, offset+length) of what the inode holds, shorter at its end. */
export async function readContent(
  volume: ExtVolume,
  inode: Inode,
  offset: number,
  length: number,
): Promise<Uint8Array<ArrayBuffer>> {
  if (hasFlag(inode, INODE_FLAG.encrypted)) throw encrypted('The file');
  const size = sizeOf(volume, inode);
  const end = Math.min(size, offset + length);
  if (offset >= end) return new Uint8Array(0);
  if (hasFlag(inode, INODE_FLAG.inlineData)) return inlineContent(volume, inode).slice(offset, end);
  const { blockSize } = volume.sb;
  const firstBlock = Math.floor(offset / blockSize);
  const runs = await fileRuns(volume, inode, firstBlock, Math.ceil(end / blockSize));
  const bytes = new Uint8Array(end - offset);
  for (const run of runs) {
    if (run.unwritten) continue;
    const from = Math.max(offset, run.logical * blockSize);
    const to = Math.min(end, (run.logical + run.length) * blockSize);
    const place = run.physical * blockSize + from - run.logical * blockSize;
    if (from < to) await volume.blocks.read(bytes.subarray(from - offset, to - offset), place);
  }
  return bytes;
}

/** Whether a symlink's target is in i_block itself. */
export function isFastSymlink(volume: ExtVolume, inode: Inode): boolean {
  if (hasFlag(inode, INODE_FLAG.extents | INODE_FLAG.inlineData)) return false;
  if (sizeOf(volume, inode) >= I_BLOCK_SIZE) return false;
  // Where values have inodes of their own, i_blocks says nothing about it.
  if (hasIncompat(volume.sb, INCOMPAT.eaInode)) return true;
  const attributes = fileAclOf(inode) === 0 ? 0 : volume.sb.blockSize * volume.sb.clusterBlocks;
  return allocatedBytes(volume, inode) <= attributes;
}

/** The bytes of a symlink's target. */
export async function readTarget(volume: ExtVolume, inode: Inode): Promise<Uint8Array> {
  const size = sizeOf(volume, inode);
  if (hasFlag(inode, INODE_FLAG.encrypted)) throw encrypted('The symbolic link');
  if (size > volume.sb.blockSize)
    throw damaged(`the symbolic link in inode ${inode.ino} is too long`, { size });
  if (isFastSymlink(volume, inode)) return iBlock(inode).slice(0, size);
  return readContent(volume, inode, 0, size);
}
