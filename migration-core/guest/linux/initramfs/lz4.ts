/**
 * The LZ4 legacy frame, the only one the kernel's initramfs code knows (lz4_Frame_format.md, "Legacy frame"):
 * magic 0x184C2102, then blocks of a 32-bit size and that many bytes, each unpacking to 8 MiB (the last to less).
 * There is no end mark: it ends where a size is impossible, is a new magic, or the file ends.
 */
import { viewOf } from '../../../base/bytes.ts';
import { damaged, type ByteFeed } from './feed.ts';

export const LZ4_MAGIC = 0x184c2102;
const BLOCK = 8 << 20;
/** The worst case of LZ4 for 8 MiB that do not compress. */
const MAX_PACKED = BLOCK + Math.ceil(BLOCK / 255) + 16;

/** Whether a block size may stand here: the next magic, zero padding or text of a cpio header may not. */
export const isLz4BlockSize = (size: number): boolean => size > 0 && size <= MAX_PACKED;

/**
 * Unpacks one frame, from its magic to where no block follows; the feed then stands behind the last block.
 * `peek` tells the next four bytes without taking them.
 * @throws INITRAMFS_DAMAGED.
 */
export async function* unpackLz4(
  feed: ByteFeed,
  peek: () => Promise<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  await feed.take(4);
  const output = new Uint8Array(BLOCK);
  for (;;) {
    const head = await peek();
    if (head.length < 4) return;
    const size = viewOf(head).getUint32(0, true);
    if (!isLz4BlockSize(size)) return;
    await feed.take(4);
    const block = await feed.take(size);
    if (block.length < size) throw damaged('an LZ4 block is cut short');
    yield output.subarray(0, unpackBlock(block, output));
  }
}

/** Sequences of: token (literal count << 4 | match length - 4), counts of 15 go on in bytes of 255, literals, 16-bit distance. */
function unpackBlock(block: Uint8Array, output: Uint8Array): number {
  let at = 0;
  let out = 0;
  const more = (start: number): number => {
    let length = start;
    if (start < 15) return length;
    for (;;) {
      const byte = block[at++];
      if (byte === undefined) throw damaged('an LZ4 block is broken');
      length += byte;
      if (byte < 255) return length;
    }
  };
  while (at < block.length) {
    const token = block[at++]!;
    const literals = more(token >> 4);
    if (at + literals > block.length || out + literals > output.length)
      throw damaged('an LZ4 block is broken');
    output.set(block.subarray(at, at + literals), out);
    at += literals;
    out += literals;
    if (at >= block.length) break;
    const distance = block[at]! | ((block[at + 1] ?? 0) << 8);
    at += 2;
    const length = more(token & 15) + 4;
    if (distance === 0 || distance > out || out + length > output.length)
      throw damaged('an LZ4 match reaches too far');
    if (distance >= length) {
      output.copyWithin(out, out - distance, out - distance + length);
      out += length;
    } else for (const end = out + length; out < end; out++) output[out] = output[out - distance]!;
  }
  return out;
}

/**
 * A frame that holds `content` uncompressed, as literals only: nothing has to be compressed, and every kernel that
 * read the LZ4 image in front of it reads this.
 */
export function packLz4(content: Uint8Array): Uint8Array<ArrayBuffer> {
  const magic = Buffer.alloc(4);
  magic.writeUInt32LE(LZ4_MAGIC);
  const parts: Uint8Array[] = [magic];
  for (let at = 0; at < content.length; at += BLOCK) {
    const literals = content.subarray(at, at + BLOCK);
    const count: number[] = [Math.min(literals.length, 15) << 4];
    if (literals.length >= 15) {
      let rest = literals.length - 15;
      for (; rest >= 255; rest -= 255) count.push(255);
      count.push(rest);
    }
    const size = Buffer.alloc(4);
    size.writeUInt32LE(count.length + literals.length);
    parts.push(size, Uint8Array.from(count), literals);
  }
  return new Uint8Array(Buffer.concat(parts));
}
