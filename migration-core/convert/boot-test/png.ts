/** Screens: reads the PPM that QEMU dumps (netpbm, "P6"), writes PNG (W3C PNG Specification, third edition). */
import { promisify } from 'node:util';
import { crc32, deflate } from 'node:zlib';
import { IronliftError } from '../../base/errors.ts';

export interface Picture {
  width: number;
  height: number;
  /** 3 bytes a pixel, red, green, blue; rows from the top, no padding. */
  pixels: Uint8Array;
}

const LARGEST_SIDE = 16_384;

/** `P6 WIDTH HEIGHT 255`, one white space, then the pixels. @throws QEMU_FAILED where it is not that. */
export function parsePpm(data: Uint8Array): Picture {
  // The header is short; comments (`# ...`) are allowed between its words.
  const head = Buffer.from(data.subarray(0, 256)).toString('latin1');
  const match = /^P6(?:\s|#[^\n]*\n)+(\d{1,6})(?:\s|#[^\n]*\n)+(\d{1,6})(?:\s|#[^\n]*\n)+255\s/u.exec(head);
  const width = Number(match?.[1] ?? 0);
  const height = Number(match?.[2] ?? 0);
  const start = match?.[0].length ?? 0;
  const length = width * height * 3;
  if (
    width === 0 ||
    height === 0 ||
    width > LARGEST_SIDE ||
    height > LARGEST_SIDE ||
    start + length > data.length
  ) {
    throw new IronliftError('QEMU_FAILED', 'QEMU gave a picture of the screen that cannot be read.', {
      next: 'Use another version of QEMU with --qemu.',
      data: { bytes: data.length },
    });
  }
  return { width, height, pixels: data.subarray(start, start + length) };
}

/** The PNG file of a picture: 8 bits a channel, no alpha, each row filtered by the row above. */
export async function encodePng({ width, height, pixels }: Picture): Promise<Buffer> {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  // Bit depth 8, colour type 2 (RGB), deflate, adaptive filters, not interlaced.
  header.set([8, 2, 0, 0, 0], 8);
  const row = width * 3;
  const lines = Buffer.alloc(height * (row + 1));
  for (let y = 0; y < height; y++) {
    const at = y * (row + 1);
    // Filter 2, "Up": the difference to the pixel above; text screens are mostly empty, so mostly zeros.
    lines[at] = 2;
    for (let x = 0; x < row; x++) {
      const above = y === 0 ? 0 : pixels[(y - 1) * row + x]!;
      lines[at + 1 + x] = pixels[y * row + x]! - above;
    }
  }
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk('IHDR', header),
    chunk('IDAT', await promisify(deflate)(lines)),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

/** Length, type, data, CRC-32 of type and data. */
function chunk(type: string, data: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, sum]);
}

/** Share of pixels that differ, 0 to 1; 1 where the sizes differ. */
export function difference(one: Picture, other: Picture): number {
  if (one.width !== other.width || one.height !== other.height) return 1;
  let different = 0;
  for (let at = 0; at < one.pixels.length; at += 3) {
    if (
      one.pixels[at] !== other.pixels[at] ||
      one.pixels[at + 1] !== other.pixels[at + 1] ||
      one.pixels[at + 2] !== other.pixels[at + 2]
    )
      different++;
  }
  return different / (one.width * one.height);
}
