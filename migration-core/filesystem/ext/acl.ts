/**
 * POSIX access lists: on disk a short form (version 1, no id where none is needed), to everyone else the form of
 * getxattr(2) (version 2, every entry with an id).
 *
 *   disk     u32 version 1, then entries: tag u16, permissions u16, and for named users and groups id u32
 *   getxattr u32 version 2, then entries: tag u16, permissions u16, id u32 (all ones where there is none)
 */
import { viewOf } from '../../base/bytes.ts';

const USER = 0x02;
const GROUP = 0x08;
const NO_ID = 0xffffffff;

const named = (tag: number): boolean => tag === USER || tag === GROUP;

/** Null when the bytes are no such list. */
export function aclFromDisk(disk: Uint8Array): Uint8Array | null {
  const view = viewOf(disk);
  if (disk.length < 4 || view.getUint32(0, true) !== 1) return null;
  const entries: [number, number, number][] = [];
  for (let at = 4; at < disk.length;) {
    if (at + 4 > disk.length) return null;
    const tag = view.getUint16(at, true);
    const long = named(tag);
    if (long && at + 8 > disk.length) return null;
    entries.push([tag, view.getUint16(at + 2, true), long ? view.getUint32(at + 4, true) : NO_ID]);
    at += long ? 8 : 4;
  }
  const bytes = new Uint8Array(4 + entries.length * 8);
  const out = viewOf(bytes);
  out.setUint32(0, 2, true);
  entries.forEach(([tag, permissions, id], i) => {
    out.setUint16(4 + i * 8, tag, true);
    out.setUint16(6 + i * 8, permissions, true);
    out.setUint32(8 + i * 8, id, true);
  });
  return bytes;
}

/** Null when the bytes are no such list. */
export function aclToDisk(value: Uint8Array): Uint8Array | null {
  const view = viewOf(value);
  if (value.length < 4 || (value.length - 4) % 8 !== 0 || view.getUint32(0, true) !== 2) return null;
  const bytes = new Uint8Array(value.length);
  const out = viewOf(bytes);
  out.setUint32(0, 1, true);
  let at = 4;
  for (let i = 4; i < value.length; i += 8) {
    const tag = view.getUint16(i, true);
    out.setUint16(at, tag, true);
    out.setUint16(at + 2, view.getUint16(i + 2, true), true);
    if (named(tag)) out.setUint32(at + 4, view.getUint32(i + 4, true), true);
    at += named(tag) ? 8 : 4;
  }
  return bytes.subarray(0, at);
}
