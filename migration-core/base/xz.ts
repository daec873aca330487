/**
 * The .xz container (The .xz File Format, version 1.1.0) with its one common filter, LZMA2:
 *
 *   stream header 12: FD "7zXZ" 00, flags 2 (the second byte is the kind of check), CRC32
 *   block: header (first byte n: 4(n+1) bytes), LZMA2 chunks, padding to 4, check
 *   index: 00, number of records, records (unpadded size, uncompressed size), padding to 4, CRC32
 *   stream footer 12: CRC32, backward size 4, flags 2, "YZ"
 *
 * Blocks are independent of each other, so a reader that has the index can begin at any of them: image/compressed/xz.ts.
 */
import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { roundUp, viewOf } from './bytes.ts';
import { Crc64 } from './crc64.ts';
import { lzmaDecoder, type Damaged, type LzmaDecoder } from './lzma.ts';
import { XZ_MAGIC } from './xz-magic.ts';

/** Of the header, and of the footer, bytes. */
export const XZ_ENDS = 12;
const CHECK_SIZES = [0, 4, 4, 4, 8, 8, 8, 16, 16, 16, 32, 32, 32, 64, 64, 64];
const FILTER_LZMA2 = 0x21;
/** `xz -9` uses 64 MiB; the kernel and every initramfs tool far less. */
const MAX_DICTIONARY = 64 << 20;
/** One record a block, and a block holds at least a few KiB. */
const MAX_RECORDS = 1 << 20;

/** Where packed bytes come from, front to back. */
export interface XzFeed {
  /** Bytes taken so far. */
  readonly position: number;
  /** The next `length` bytes, fewer only at the end. Valid until the next call. */
  take(length: number): Promise<Uint8Array>;
}

/** Makes the errors of the caller, who knows whose data it is. */
export interface XzRefusals {
  damaged: Damaged;
  /** `what`: `uses an unusual filter`. */
  unsupported: (what: string, data?: Record<string, unknown>) => Error;
}

/**
 * Unpacks one stream; the feed then stands behind it. Chunks are valid until the next one is asked for.
 * @throws what `refusals` makes.
 */
export async function* unpackXz(feed: XzFeed, refusals: XzRefusals): AsyncGenerator<Uint8Array> {
  const { damaged } = refusals;
  const start = feed.position;
  const header = (await exactly(feed, XZ_ENDS, damaged)).slice();
  if (Buffer.from(header.subarray(0, 6)).toString('latin1') !== XZ_MAGIC)
    throw damaged('an xz header is broken');
  const check = header[7]! & 15;
  for (;;) {
    const first = (await exactly(feed, 1, damaged))[0]!;
    if (first === 0) break;
    yield* unpackBlock(feed, { first, check, start }, refusals);
  }
  const records = await number(feed, damaged);
  if (records > MAX_RECORDS) throw damaged('its xz index is too long', { records });
  for (let i = 0; i < 2 * records; i++) await number(feed, damaged);
  await align(feed, start, damaged);
  await exactly(feed, 4 + XZ_ENDS, damaged);
}

/**
 * Unpacks the one block that begins where the feed stands. `check`: the kind, from the flags of the stream; `length`:
 * bytes it unpacks to, beyond which a larger dictionary that its header asks for has no use; `whole`: room for as many,
 * where all of it is wanted in one piece. Then the chunks lie there.
 */
export async function* unpackXzBlock(
  feed: XzFeed,
  { check, length, whole }: { check: number; length: number; whole?: Uint8Array | undefined },
  refusals: XzRefusals,
): AsyncGenerator<Uint8Array> {
  const start = feed.position;
  const first = (await exactly(feed, 1, refusals.damaged))[0]!;
  if (first === 0) throw refusals.damaged('its xz index names a block that is none');
  yield* unpackBlock(feed, { first, check, start, length, whole }, refusals);
}

interface BlockPlace {
  /** The byte it begins with, which is read already. */
  first: number;
  check: number;
  /** Where in the feed it begins. */
  start: number;
  length?: number;
  whole?: Uint8Array | undefined;
}

async function* unpackBlock(
  feed: XzFeed,
  { first, check, start, length = Infinity, whole }: BlockPlace,
  refusals: XzRefusals,
): AsyncGenerator<Uint8Array> {
  const { damaged } = refusals;
  const dictionary = Math.min(await blockHeader(feed, first, refusals), length);
  const sum = checksum(check);
  for await (const chunk of unpackLzma2(feed, lzmaDecoder(dictionary, damaged, whole), damaged)) {
    sum?.update(chunk);
    yield chunk;
  }
  await align(feed, start, damaged);
  const stored = await exactly(feed, CHECK_SIZES[check]!, damaged);
  if (sum !== null && Buffer.compare(stored, sum.digest()) !== 0)
    throw damaged('the checksum of an xz block does not match');
}

interface Checksum {
  update(bytes: Uint8Array): unknown;
  /** As it stands in the file. */
  digest(): Buffer;
}

/** Null for none, and for kinds that the specification leaves to the future. */
function checksum(kind: number): Checksum | null {
  if (kind === 4) return new Crc64();
  if (kind === 10) return createHash('sha256');
  if (kind !== 1) return null;
  let sum = 0;
  return {
    update: (bytes) => (sum = crc32(bytes, sum)),
    digest() {
      const bytes = Buffer.alloc(4);
      bytes.writeUInt32LE(sum);
      return bytes;
    },
  };
}

/** A number of 7 bits a byte, low ones first. `next` gives the next byte, or undefined past the end; null: no such number. */
export function xzNumber(next: () => number | undefined): number | null {
  let value = 0;
  for (let shift = 1; ; shift *= 128) {
    const byte = next();
    if (byte === undefined || shift > 2 ** 56) return null;
    value += (byte & 127) * shift;
    if (byte < 128) return value;
  }
}

/** Returns the size of the dictionary, bytes. */
async function blockHeader(feed: XzFeed, first: number, refusals: XzRefusals): Promise<number> {
  const { damaged, unsupported } = refusals;
  const header = await exactly(feed, 4 * (first + 1) - 1, damaged);
  const flags = header[0]!;
  let at = 1;
  const vli = (): number => {
    const value = xzNumber(() => header[at++]);
    if (value === null) throw damaged('an xz block header is broken');
    return value;
  };
  if ((flags & 0x40) !== 0) vli();
  if ((flags & 0x80) !== 0) vli();
  const filter = vli();
  const properties = vli();
  if ((flags & 3) !== 0 || filter !== FILTER_LZMA2 || properties !== 1)
    throw unsupported('uses an unusual filter', { filter, flags });
  const bits = header[at] ?? 255;
  const dictionary = bits > 40 ? Infinity : (2 | (bits & 1)) * 2 ** ((bits >> 1) + 11);
  if (dictionary > MAX_DICTIONARY) throw unsupported('needs an unusually large dictionary', { dictionary });
  return dictionary;
}

/**
 * LZMA2 chunks: control byte 0 ends; 1 and 2 are stored bytes (1 forgets the dictionary), 2 bytes size - 1 follow;
 * 0x80 and above is LZMA: 5 + 16 bits unpacked size - 1, 16 bits packed size - 1, and by bits 5-6: nothing,
 * state reset, state reset with new properties, all of that and a new dictionary.
 */
async function* unpackLzma2(
  feed: XzFeed,
  decoder: LzmaDecoder,
  damaged: Damaged,
): AsyncGenerator<Uint8Array> {
  // A stream must begin with a fresh dictionary and fresh properties; until then chunks mean nothing.
  let hasDictionary = false;
  let hasProperties = false;
  for (;;) {
    const control = (await exactly(feed, 1, damaged))[0]!;
    if (control === 0) return;
    const fresh = control === 1 || control >= 0xe0;
    if ((control > 2 && control < 0x80) || !(fresh || hasDictionary))
      throw damaged('an LZMA2 chunk is broken', { control });
    if (fresh) {
      decoder.resetDictionary();
      hasDictionary = true;
      hasProperties = false;
    }
    const sizes = await exactly(feed, control < 0x80 ? 2 : 4, damaged);
    const low = viewOf(sizes).getUint16(0, false);
    if (control < 0x80) {
      yield decoder.store(await exactly(feed, low + 1, damaged));
      continue;
    }
    const packed = viewOf(sizes).getUint16(2, false) + 1;
    const length = ((control & 31) << 16) + low + 1;
    const reset = (control >> 5) & 3;
    if (reset >= 2) {
      decoder.setProperties((await exactly(feed, 1, damaged))[0]!);
      hasProperties = true;
    } else if (reset === 1) decoder.resetState();
    if (!hasProperties) throw damaged('an LZMA2 chunk comes before its properties');
    yield decoder.decode(await exactly(feed, packed, damaged), length);
  }
}

async function number(feed: XzFeed, damaged: Damaged): Promise<number> {
  let value = 0;
  for (let shift = 1; ; shift *= 128) {
    const byte = (await exactly(feed, 1, damaged))[0]!;
    if (shift > 2 ** 56) throw damaged('its xz index is broken');
    value += (byte & 127) * shift;
    if (byte < 128) return value;
  }
}

async function align(feed: XzFeed, start: number, damaged: Damaged): Promise<void> {
  const past = feed.position - start;
  await exactly(feed, roundUp(past, 4) - past, damaged);
}

async function exactly(feed: XzFeed, length: number, damaged: Damaged): Promise<Uint8Array> {
  const bytes = await feed.take(length);
  if (bytes.length < length) throw damaged('its xz stream is cut short');
  return bytes;
}
