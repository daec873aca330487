/**
 * The binary module indexes of kmod (modules.dep.bin, modules.alias.bin, modules.builtin.bin): a prefix tree
 * (kmod, libkmod/libkmod-index.c). modprobe and udev read these only, never the text files beside them.
 *
 *   header: magic B007F457, version 00020001, offset of the root node; all integers are 32-bit big-endian
 *   offset: the upper 4 bits say what its node has (8 prefix, 4 values, 2 children), the rest is the place in the file
 *   node: prefix up to NUL; first and last byte of the children and one offset for each in between (0: none);
 *         number of values, each a priority and a text up to NUL
 */
import { parsing, utf8, viewOf } from '../../../base/bytes.ts';
import { damaged } from './feed.ts';

const MAGIC = 0xb007f457;
const VERSION = 0x00020001;
const PREFIX = 0x80000000;
const VALUES = 0x40000000;
const CHILDREN = 0x20000000;
const OFFSET = 0x0fffffff;

/** A tree as deep as the longest alias; a circle in a damaged file ends here. */
const MAX_DEPTH = 1024;
const MAX_NODES = 2_000_000;

/** All keys with their values. @throws INITRAMFS_DAMAGED. */
export function readKmodIndex(bytes: Uint8Array): Map<string, string[]> {
  const broken = (): never => {
    throw damaged('an index of its kernel modules is broken');
  };
  return parsing('INITRAMFS_DAMAGED', 'An index of kernel modules', 'Run depmod -a on the server.', () => {
    const view = viewOf(bytes);
    const result = new Map<string, string[]>();
    if (view.getUint32(0) !== MAGIC || view.getUint32(4) >>> 16 !== VERSION >>> 16) broken();
    const textAt = (at: number): { text: string; end: number } => {
      const end = bytes.indexOf(0, at);
      if (end < 0 || at >= bytes.length) return broken();
      return { text: utf8(bytes, at, end - at), end: end + 1 };
    };
    let nodes = 0;
    const walk = (offset: number, key: string, depth: number): void => {
      if ((offset & OFFSET) === 0) return;
      if (depth > MAX_DEPTH || ++nodes > MAX_NODES || key.length > 4096) broken();
      let at = offset & OFFSET;
      let here = key;
      if ((offset & PREFIX) !== 0) {
        const prefix = textAt(at);
        here += prefix.text;
        at = prefix.end;
      }
      if ((offset & CHILDREN) !== 0) {
        const first = view.getUint8(at);
        const last = view.getUint8(at + 1);
        at += 2;
        for (let byte = first; byte <= last; byte++, at += 4)
          walk(view.getUint32(at), here + String.fromCharCode(byte), depth + 1);
      }
      if ((offset & VALUES) === 0) return;
      const count = view.getUint32(at);
      at += 4;
      if (count > bytes.length) broken();
      const values: string[] = [];
      for (let i = 0; i < count; i++) {
        const value = textAt(at + 4);
        values.push(value.text);
        at = value.end;
      }
      result.set(here, values);
    };
    walk(view.getUint32(8), '', 0);
    return result;
  });
}

interface Node {
  values: string[];
  children: Map<number, Node>;
}

/** An index of these keys, which are ASCII; one value each is what modules.dep.bin has. */
export function writeKmodIndex(entries: Iterable<readonly [string, string]>): Uint8Array<ArrayBuffer> {
  const root: Node = { values: [], children: new Map() };
  for (const [key, value] of entries) {
    let node = root;
    for (const byte of Buffer.from(key, 'latin1')) {
      let child = node.children.get(byte);
      if (child === undefined) node.children.set(byte, (child = { values: [], children: new Map() }));
      node = child;
    }
    node.values.push(value);
  }
  const parts: Uint8Array[] = [];
  let size = 12;
  const put = (part: Uint8Array): void => {
    parts.push(part);
    size += part.length;
  };
  /** Children are written before their parent, which holds their offsets. */
  const write = (start: Node): number => {
    const prefix: number[] = [];
    let node = start;
    while (node.values.length === 0 && node.children.size === 1) {
      const [byte, child] = [...node.children][0]!;
      prefix.push(byte);
      node = child;
    }
    const bytes = [...node.children.keys()].sort((a, b) => a - b);
    const offsets = new Map(bytes.map((byte) => [byte, write(node.children.get(byte)!)]));
    const at = size;
    let flags = 0;
    if (prefix.length > 0) {
      flags |= PREFIX;
      put(Uint8Array.from([...prefix, 0]));
    }
    if (bytes.length > 0) {
      flags |= CHILDREN;
      const first = bytes[0]!;
      const last = bytes.at(-1)!;
      const table = Buffer.alloc(2 + 4 * (last - first + 1));
      table[0] = first;
      table[1] = last;
      for (const byte of bytes) table.writeUInt32BE(offsets.get(byte)!, 2 + 4 * (byte - first));
      put(table);
    }
    if (node.values.length > 0) {
      flags |= VALUES;
      put(numbers(node.values.length));
      for (const value of node.values) {
        put(numbers(0));
        put(Buffer.from(`${value}\0`));
      }
    }
    return (at | flags) >>> 0;
  };
  const rootOffset = write(root);
  return new Uint8Array(Buffer.concat([numbers(MAGIC, VERSION, rootOffset), ...parts]));
}

function numbers(...values: number[]): Uint8Array {
  const bytes = Buffer.alloc(4 * values.length);
  values.forEach((value, i) => bytes.writeUInt32BE(value, 4 * i));
  return bytes;
}
