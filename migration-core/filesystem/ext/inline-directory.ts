/** The bytes of an inline directory, to be changed: 4 bytes of parent and entries in i_block, more entries in `system.data`. */
import { inlineParts } from './inline.ts';
import type { Inode } from './inode.ts';
import { GOOD_OLD_INODE_SIZE } from './layout.ts';
import { extraSizeOf } from './inode.ts';
import { inlineDataEntry, isInlineData, layOutXattrs } from './xattr-format.ts';
import { inodeXattrs } from './xattr.ts';

/** `first` is i_block itself, `rest` a copy that storeInline() puts back. */
export function inlineBytes(directory: Inode): { first: Uint8Array<ArrayBuffer>; rest: Uint8Array } {
  const [first, rest] = inlineParts(directory);
  return { first, rest };
}

/** Puts the second part back; its length is what it was. The caller stores the inode. */
export function storeInline(directory: Inode, rest: Uint8Array): void {
  const entries = inodeXattrs(directory).map((entry) =>
    isInlineData(entry) ? inlineDataEntry(rest) : entry,
  );
  const at = GOOD_OLD_INODE_SIZE + extraSizeOf(directory) + 4;
  layOutXattrs(directory.raw, entries, { first: at, base: at, hashed: false });
}
