/** Inline data ("Inline Data"): the first 60 bytes in i_block, the rest in the attribute `system.data` of the inode. */
import { damaged } from './errors.ts';
import { iBlock, sizeOf, type Inode } from './inode.ts';
import { I_BLOCK_SIZE } from './layout.ts';
import type { ExtVolume } from './volume.ts';
import { inodeXattrs } from './xattr.ts';
import { isInlineData } from './xattr-format.ts';

/** The two places of inline data as they are, padding included. */
export function inlineParts(inode: Inode): [first: Uint8Array<ArrayBuffer>, rest: Uint8Array] {
  const rest = inodeXattrs(inode).find(isInlineData)?.value;
  if (rest === undefined)
    throw damaged(`inode ${inode.ino} has inline data, but no place for it`, { ino: inode.ino });
  return [iBlock(inode), rest];
}

/** The file's contents: `size` bytes. */
export function inlineContent(volume: ExtVolume, inode: Inode): Uint8Array<ArrayBuffer> {
  const [first, rest] = inlineParts(inode);
  const size = sizeOf(volume, inode);
  if (size > I_BLOCK_SIZE + rest.length)
    throw damaged(`inode ${inode.ino} has less inline data than its size says`, { ino: inode.ino });
  const bytes = new Uint8Array(first.length + rest.length);
  bytes.set(first);
  bytes.set(rest, first.length);
  return bytes.subarray(0, size);
}
