/**
 * Reading directories. Hashed ones (htree) read like linear ones: their index blocks are dressed up as blocks with one
 * unused entry. Only a directory too large to be remembered is looked up through its index.
 */
import { viewOf } from '../../base/bytes.ts';
import { crc32c } from '../../base/crc32c.ts';
import { damaged, encrypted } from './errors.ts';
import { fileRuns } from './file-read.ts';
import { inlineParts } from './inline.ts';
import { hasFlag, isDirectory, seedOf, sizeInBlocks, type Inode } from './inode.ts';
import { INCOMPAT, INODE_FLAG } from './layout.ts';
import { eachDirent, hasTail, nameOf, TAIL_SIZE, type Stretch } from './dirent.ts';
import type { NamedEntry } from './directory-names.ts';
import { dxChecksumFits, isIndexBlock } from './htree-layout.ts';
import { decodeName } from './names.ts';
import { hasIncompat } from './superblock.ts';
import type { ExtVolume } from './volume.ts';

/** A directory with more names than this is not real. */
const MAX_ENTRIES = 20_000_000;

export function stretchOf(volume: ExtVolume, inode: Inode, bytes: Uint8Array, end = bytes.length): Stretch {
  return {
    bytes,
    end,
    blockSize: volume.sb.blockSize,
    filetype: hasIncompat(volume.sb, INCOMPAT.filetype),
    ino: inode.ino,
  };
}

/** The entries of a directory block, its checksum checked and left out. */
export function blockStretch(volume: ExtVolume, inode: Inode, bytes: Uint8Array): Stretch {
  return stretchOf(
    volume,
    inode,
    bytes,
    volume.sb.metadataChecksum ? bytes.length - TAIL_SIZE : bytes.length,
  );
}

/** @throws EXT_DAMAGED where the block's checksum is missing or wrong. */
export function checkDirectoryBlock(volume: ExtVolume, inode: Inode, bytes: Uint8Array): void {
  if (!volume.sb.metadataChecksum) return;
  const at = bytes.length - TAIL_SIZE;
  const fits =
    hasTail(bytes) && viewOf(bytes).getUint32(at + 8, true) === crc32c(seedOf(volume, inode), bytes, 0, at);
  if (!fits)
    throw damaged(`directory inode ${inode.ino} has a block with a wrong checksum`, { ino: inode.ino });
}

function checkReadable(inode: Inode): void {
  if (!isDirectory(inode))
    throw damaged(`inode ${inode.ino} should be a directory and is not`, { ino: inode.ino });
  if (hasFlag(inode, INODE_FLAG.encrypted)) throw encrypted('The folder');
}

/** Every stretch of entries of the directory in order. */
export async function* directoryStretches(volume: ExtVolume, inode: Inode): AsyncGenerator<Stretch> {
  checkReadable(inode);
  if (hasFlag(inode, INODE_FLAG.inlineData)) {
    const [first, rest] = inlineParts(inode);
    yield stretchOf(volume, inode, first.subarray(4));
    if (rest.length > 0) yield stretchOf(volume, inode, rest);
    return;
  }
  const indexed = hasFlag(inode, INODE_FLAG.index);
  const count = sizeInBlocks(volume, inode);
  if (count > volume.sb.blocksCount) throw damaged(`directory inode ${inode.ino} is larger than the volume`);
  for (const run of await fileRuns(volume, inode, 0, count)) {
    if (run.unwritten) continue;
    for (let i = 0; i < run.length; i++) {
      const ahead = Math.min(15, run.length - i - 1);
      const bytes = await volume.cache.read(run.physical + i, ahead);
      if (indexed && isIndexBlock(bytes, run.logical + i, volume.sb.blockSize)) {
        if (volume.sb.metadataChecksum && !dxChecksumFits(bytes, run.logical + i, seedOf(volume, inode)))
          throw damaged(`directory inode ${inode.ino} has an index block with a wrong checksum`, {
            ino: inode.ino,
          });
        yield stretchOf(volume, inode, bytes);
      } else {
        checkDirectoryBlock(volume, inode, bytes);
        yield blockStretch(volume, inode, bytes);
      }
    }
  }
}

const DOT = 0x2e;

export function isDotName(name: Uint8Array): boolean {
  return name[0] === DOT && (name.length === 1 || (name.length === 2 && name[1] === DOT));
}

/** All names but `.` and `..`, in the order of the directory. */
export async function listDirectory(volume: ExtVolume, inode: Inode): Promise<Map<string, NamedEntry>> {
  const known = volume.names.get(inode.ino);
  if (known !== undefined) return known;
  const names = new Map<string, NamedEntry>();
  for await (const stretch of directoryStretches(volume, inode)) {
    eachDirent(stretch, (entry) => {
      if (entry.inode === 0) return false;
      const name = nameOf(stretch, entry);
      if (!isDotName(name)) names.set(decodeName(name), { inode: entry.inode, type: entry.type });
      return false;
    });
    if (names.size > MAX_ENTRIES) throw damaged(`directory inode ${inode.ino} has too many names`);
  }
  volume.names.keep(inode.ino, names);
  return names;
}
