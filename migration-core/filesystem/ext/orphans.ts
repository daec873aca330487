/**
 * Orphans: inodes that lost their last name, or were being cut, when the server stopped. What the kernel would do with
 * them at its next mount is done here at once: those without links are deleted, the others cut to their size. They are
 * listed by a chain through the superblock and the inodes' deletion times, or in the orphan file.
 *
 * On a volume with errors, or one that may not be written, they are left for e2fsck.
 */
import { isIronliftError } from '../../base/errors.ts';
import { viewOf } from '../../base/bytes.ts';
import { changing, flushVolume } from './change.ts';
import { orphanBlockChecksum } from './checksum.ts';
import { damaged } from './errors.ts';
import { cutContent } from './file-write.ts';
import { fileRuns } from './file-read.ts';
import { linksOf, putInode, readInode, seedOf, sizeInBlocks, sizeOf, typeOf, type Inode } from './inode.ts';
import { COMPAT, INODE, RO_COMPAT, SB } from './layout.ts';
import { freeNode, hasBlocks } from './node.ts';
import { hasCompat, hasRoCompat } from './superblock.ts';
import type { ExtVolume } from './volume.ts';

const TAIL_MAGIC = 0x0b10ca04;

export async function processOrphans(volume: ExtVolume): Promise<void> {
  const listed = volume.sb.view.getUint32(SB.lastOrphan, true) !== 0;
  const inFile = hasCompat(volume.sb, COMPAT.orphanFile) && hasRoCompat(volume.sb, RO_COMPAT.orphanPresent);
  if ((!listed && !inFile) || volume.readOnlyBecause !== null || volume.bitmapsDoubtfulBecause !== null)
    return;
  try {
    const count = await changing(volume, async () => {
      const chained = listed ? await followChain(volume) : 0;
      return chained + (inFile ? await emptyOrphanFile(volume) : 0);
    });
    await flushVolume(volume);
    volume.findings.push({
      severity: 'info',
      code: 'EXT_ORPHANS',
      message: `${count} file(s) that were deleted or cut when the server stopped have been finished off in the copy.`,
    });
  } catch (error) {
    if (!isIronliftError(error) || error.code === 'CANCELLED') throw error;
    volume.readOnlyBecause = 'files that were being deleted when the server stopped cannot be cleared away';
    volume.findings.push({
      severity: 'warning',
      code: 'EXT_ORPHANS_LEFT',
      message: `Files that were being deleted when the server stopped could not be cleared away. ${error.message}`,
      next: 'Run e2fsck on the server before it is converted.',
    });
  }
}

async function followChain(volume: ExtVolume): Promise<number> {
  const seen = new Set<number>();
  for (let ino = volume.sb.view.getUint32(SB.lastOrphan, true); ino !== 0;) {
    if (seen.has(ino)) throw damaged('its list of orphans runs in a circle', { ino });
    seen.add(ino);
    const inode = await readInode(volume, ino);
    const next = inode.view.getUint32(INODE.dtime, true);
    await finish(volume, inode);
    ino = next;
  }
  volume.sb.view.setUint32(SB.lastOrphan, 0, true);
  return seen.size;
}

async function finish(volume: ExtVolume, inode: Inode): Promise<void> {
  if (inode.ino < volume.sb.firstInode)
    throw damaged('its list of orphans holds an inode of its own', { ino: inode.ino });
  if (linksOf(inode) === 0) return freeNode(volume, inode);
  inode.view.setUint32(INODE.dtime, 0, true);
  if (typeOf(inode) === 'file' && hasBlocks(volume, inode))
    await cutContent(volume, inode, sizeOf(volume, inode));
  await putInode(volume, inode);
}

/** Blocks of inode numbers, each with a tail of magic and checksum. */
async function emptyOrphanFile(volume: ExtVolume): Promise<number> {
  const { sb } = volume;
  const file = await readInode(volume, sb.view.getUint32(SB.orphanFileInode, true));
  let count = 0;
  for (const run of await fileRuns(volume, file, 0, sizeInBlocks(volume, file))) {
    for (let block = run.physical; block < run.physical + run.length; block++) {
      const present = await volume.cache.read(block);
      const view = viewOf(present);
      const end = present.length - 8;
      if (view.getUint32(end, true) !== TAIL_MAGIC)
        throw damaged('its orphan file has a block without signature');
      if (
        sb.metadataChecksum &&
        view.getUint32(end + 4, true) !== orphanBlockChecksum(seedOf(volume, file), block, present)
      )
        throw damaged('its orphan file has a block with a wrong checksum');
      let found = 0;
      for (let at = 0; at < end; at += 4) {
        const ino = view.getUint32(at, true);
        if (ino === 0) continue;
        await finish(volume, await readInode(volume, ino));
        found++;
      }
      if (found === 0) continue;
      count += found;
      const bytes = await volume.cache.edit(block);
      bytes.fill(0, 0, end);
      if (sb.metadataChecksum)
        viewOf(bytes).setUint32(end + 4, orphanBlockChecksum(seedOf(volume, file), block, bytes), true);
    }
  }
  sb.view.setUint32(SB.roCompat, sb.view.getUint32(SB.roCompat, true) & ~RO_COMPAT.orphanPresent, true);
  return count;
}
