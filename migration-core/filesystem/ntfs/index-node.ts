/** Nodes of the tree of names a directory is: in the record of the directory, and in index blocks. */
import { u64le, viewOf } from '../../base/bytes.ts';
import { damaged } from './errors.ts';
import { ENTRY_FLAG, FILE, readReference, readTime, readUtf16, REPARSE, type Reference } from './layout.ts';

/** A name in a directory, with the copy of what the file says of itself. */
export interface IndexName {
  name: string;
  reference: Reference;
  namespace: number;
  /** FILE bits. */
  fileAttributes: number;
  /** Reparse tag where the file has one. */
  tag: number;
  /** Bytes. */
  size: number;
  mtime: number;
}

export interface Node {
  /** The index header and the entries; offsets are from here. */
  bytes: Uint8Array;
  view: DataView;
  /** First entry, and where the entries end. */
  first: number;
  end: number;
}

export interface Entry {
  at: number;
  length: number;
  last: boolean;
  /** Block below, or null. */
  below: number | null;
}

/** Index header: 0 u32 first entry, 4 u32 end of the entries, 8 u32 allocated, C u8 1 where there are blocks below. */
export const HEADER_SIZE = 16;
/** Length of a $FILE_NAME before its characters. */
export const NAME_OFFSET = 0x42;

export function parseNode(bytes: Uint8Array, what: string): Node {
  const view = viewOf(bytes);
  const first = view.getUint32(0, true);
  const end = view.getUint32(4, true);
  if (first < HEADER_SIZE || first % 8 !== 0 || end > bytes.length || first + 16 > end)
    throw damaged(`an index node of ${what} has an impossible size`, { first, end });
  return { bytes, view, first, end };
}

/** Entry: 0 reference, 8 u16 length, A u16 length of the key, C u16 flags, 10 key; block below in the last 8 bytes. */
export function* entriesOf(node: Node, what: string): Generator<Entry> {
  const { view, end } = node;
  for (let at = node.first; ;) {
    if (at + 16 > end) throw damaged(`an index node of ${what} has no end`);
    const length = view.getUint16(at + 8, true);
    const flags = view.getUint16(at + 12, true);
    const hasBelow = (flags & ENTRY_FLAG.subnode) !== 0;
    const last = (flags & ENTRY_FLAG.last) !== 0;
    if (length < (hasBelow ? 24 : 16) || length % 8 !== 0 || at + length > end)
      throw damaged(`an index entry of ${what} has an impossible length`, { at, length });
    yield { at, length, last, below: hasBelow ? u64le(view, at + length - 8) : null };
    if (last) return;
    at += length;
  }
}

/** The characters of an entry's name. @throws NTFS_DAMAGED */
export function nameAt({ bytes, view }: Node, { at, length }: Entry, what: string): string {
  const characters = length < 16 + NAME_OFFSET ? -1 : view.getUint8(at + 16 + 0x40);
  if (characters < 0 || 16 + NAME_OFFSET + characters * 2 > length)
    throw damaged(`an index entry of ${what} has a name that does not fit`, { at });
  return readUtf16(bytes, at + 16 + NAME_OFFSET, characters * 2);
}

/**
 * $FILE_NAME: 0 directory, 8 created, 10 modified, 18 changed, 20 read, 28 u64 allocated, 30 u64 size, 38 u32 attributes,
 * 3C u32 reparse tag, 40 u8 characters, 41 u8 namespace, 42 name in UTF-16.
 */
export function indexNameAt(node: Node, entry: Entry, what: string): IndexName {
  const { view } = node;
  const key = entry.at + 16;
  const name = nameAt(node, entry, what);
  const fileAttributes = view.getUint32(key + 0x38, true);
  return {
    name,
    reference: readReference(view, entry.at),
    namespace: view.getUint8(key + 0x41),
    fileAttributes,
    tag: (fileAttributes & FILE.reparsePoint) !== 0 ? view.getUint32(key + 0x3c, true) : 0,
    size: u64le(view, key + 0x30),
    mtime: readTime(view, key + 0x10),
  };
}

export const isLinkTag = (tag: number): boolean =>
  tag === REPARSE.symlink || tag === REPARSE.mountPoint || tag === REPARSE.lxSymlink;
