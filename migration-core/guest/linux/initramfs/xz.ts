/**
 * The .xz container (The .xz File Format, version 1.1.0), as far as initramfs images and kernel modules use it: any
 * number of blocks, one LZMA2 filter.
 *
 *   stream header 12: FD "7zXZ" 00, flags 2 (the second byte is the kind of check), CRC32
 *   block: header (first byte n: 4(n+1) bytes), LZMA2 chunks, padding to 4, check
 *   index: 00, number of records, records, padding to 4, CRC32
 *   stream footer 12: CRC32, backward size 4, flags 2, "YZ"
 */
import { crc32 } from 'node:zlib';
import { roundUp, viewOf } from '../../../base/bytes.ts';
import { IronliftError } from '../../../base/errors.ts';
import { ChunkFeed, damaged, type ByteFeed } from './feed.ts';
import { lzmaDecoder, type LzmaDecoder } from './lzma.ts';

const CHECK_SIZES = [0, 4, 4, 4, 8, 8, 8, 16, 16, 16, 32, 32, 32, 64, 64, 64];
const CHECK_CRC32 = 1;
const FILTER_LZMA2 = 0x21;
/** `xz -9` uses 64 MiB; the kernel and every initramfs tool far less. */
const MAX_DICTIONARY = 64 << 20;
/** One record a block, and a block holds at least a few KiB. */
const MAX_RECORDS = 1 << 20;

/**
 * Unpacks one stream; the feed then stands behind it. Chunks are valid until the next one is asked for.
 * @throws INITRAMFS_DAMAGED; NOT_SUPPORTED for filters other than LZMA2.
 */
export async function* unpackXz(feed: ByteFeed): AsyncGenerator<Uint8Array> {
  const start = feed.position;
  const header = (await exactly(feed, 12)).slice();
  if (Buffer.from(header.subarray(0, 6)).toString('latin1') !== '\xfd7zXZ\0')
    throw damaged('an xz header is broken');
  const check = header[7]! & 15;
  for (;;) {
    const first = (await exactly(feed, 1))[0]!;
    if (first === 0) break;
    const dictionary = await blockHeader(feed, first);
    let sum = 0;
    for await (const chunk of unpackLzma2(feed, lzmaDecoder(dictionary))) {
      if (check === CHECK_CRC32) sum = crc32(chunk, sum);
      yield chunk;
    }
    await align(feed, start);
    const stored = await exactly(feed, CHECK_SIZES[check]!);
    if (check === CHECK_CRC32 && viewOf(stored).getUint32(0, true) !== sum)
      throw damaged('the checksum of an xz block does not match');
  }
  const records = await number(feed);
  if (records > MAX_RECORDS) throw damaged('its xz index is too long', { records });
  for (let i = 0; i < 2 * records; i++) await number(feed);
  await align(feed, start);
  await exactly(feed, 4 + 12);
}

/** A small file, such as a kernel module, in one piece. @throws INITRAMFS_DAMAGED also above `limit` bytes. */
export async function unpackXzWhole(bytes: Uint8Array, limit: number): Promise<Uint8Array<ArrayBuffer>> {
  const one = (async function* (): AsyncGenerator<Uint8Array> {
    yield bytes;
  })();
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of unpackXz(new ChunkFeed(one))) {
    size += chunk.length;
    if (size > limit) throw damaged('a kernel module unpacks to an unlikely size', { limit });
    parts.push(chunk.slice());
  }
  return new Uint8Array(Buffer.concat(parts));
}

/** Returns the size of the dictionary, bytes. */
async function blockHeader(feed: ByteFeed, first: number): Promise<number> {
  const header = await exactly(feed, 4 * (first + 1) - 1);
  const flags = header[0]!;
  let at = 1;
  const vli = (): number => {
    let value = 0;
    for (let shift = 1; ; shift *= 128) {
      const byte = header[at++];
      if (byte === undefined || shift > 2 ** 56) throw damaged('an xz block header is broken');
      value += (byte & 127) * shift;
      if (byte < 128) return value;
    }
  };
  if ((flags & 0x40) !== 0) vli();
  if ((flags & 0x80) !== 0) vli();
  const filter = vli();
  const properties = vli();
  if ((flags & 3) !== 0 || filter !== FILTER_LZMA2 || properties !== 1)
    throw new IronliftError('NOT_SUPPORTED', 'An xz file of the guest uses an unusual filter.', {
      next: 'Rebuild the initramfs on the server with its default compression.',
      data: { filter, flags },
    });
  const bits = header[at] ?? 255;
  const dictionary = bits > 40 ? Infinity : (2 | (bits & 1)) * 2 ** ((bits >> 1) + 11);
  if (dictionary > MAX_DICTIONARY)
    throw new IronliftError('NOT_SUPPORTED', 'An xz file of the guest needs an unusually large dictionary.', {
      next: 'Rebuild the initramfs on the server with its default compression.',
      data: { dictionary },
    });
  return dictionary;
}

/**
 * LZMA2 chunks: control byte 0 ends; 1 and 2 are stored bytes (1 forgets the dictionary), 2 bytes size - 1 follow;
 * 0x80 and above is LZMA: 5 + 16 bits unpacked size - 1, 16 bits packed size - 1, and by bits 5-6: nothing,
 * state reset, state reset with new properties, all of that and a new dictionary.
 */
async function* unpackLzma2(feed: ByteFeed, decoder: LzmaDecoder): AsyncGenerator<Uint8Array> {
  // A stream must begin with a fresh dictionary and fresh properties; until then chunks mean nothing.
  let hasDictionary = false;
  let hasProperties = false;
  for (;;) {
    const control = (await exactly(feed, 1))[0]!;
    if (control === 0) return;
    const fresh = control === 1 || control >= 0xe0;
    if ((control > 2 && control < 0x80) || !(fresh || hasDictionary))
      throw damaged('an LZMA2 chunk is broken', { control });
    if (fresh) {
      decoder.resetDictionary();
      hasDictionary = true;
      hasProperties = false;
    }
    const sizes = await exactly(feed, control < 0x80 ? 2 : 4);
    const low = viewOf(sizes).getUint16(0, false);
    if (control < 0x80) {
      yield decoder.store(await exactly(feed, low + 1));
      continue;
    }
    const packed = viewOf(sizes).getUint16(2, false) + 1;
    const length = ((control & 31) << 16) + low + 1;
    const reset = (control >> 5) & 3;
    if (reset >= 2) {
      decoder.setProperties((await exactly(feed, 1))[0]!);
      hasProperties = true;
    } else if (reset === 1) decoder.resetState();
    if (!hasProperties) throw damaged('an LZMA2 chunk comes before its properties');
    yield decoder.decode(await exactly(feed, packed), length);
  }
}

async function number(feed: ByteFeed): Promise<number> {
  let value = 0;
  for (let shift = 1; ; shift *= 128) {
    const byte = (await exactly(feed, 1))[0]!;
    if (shift > 2 ** 56) throw damaged('its xz index is broken');
    value += (byte & 127) * shift;
    if (byte < 128) return value;
  }
}

async function align(feed: ByteFeed, start: number): Promise<void> {
  const past = feed.position - start;
  await exactly(feed, roundUp(past, 4) - past);
}

async function exactly(feed: ByteFeed, length: number): Promise<Uint8Array> {
  const bytes = await feed.take(length);
  if (bytes.length < length) throw damaged('its xz stream is cut short');
  return bytes;
}
