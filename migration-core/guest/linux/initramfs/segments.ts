/**
 * The segments of an initramfs file. The kernel takes any sequence of zero padding, uncompressed cpio archives (which
 * begin at a multiple of 4) and compressed blocks that hold cpio archives
 * (Documentation/driver-api/early-userspace/buffer-format.rst); this walks them in the same way.
 */
import { throwIfCancelled } from '../../../base/cancel.ts';
import { isIronliftError } from '../../../base/errors.ts';
import type { GuestReader } from '../../fixer.ts';
import { compressionOf, unpack, type Compression } from './compression.ts';
import { readCpio } from './cpio.ts';
import { ChunkFeed, FileFeed, damaged, type ByteFeed } from './feed.ts';
import { addToListing, type Listing } from './listing.ts';

export interface Segment {
  kind: 'cpio' | Compression | 'unknown';
  /** In the file, bytes; the padding behind a segment is not its own. */
  offset: number;
  length: number;
  /** Processor microcode, which has to be the first segment. */
  microcode: boolean;
  /** Where it cannot be unpacked here although its kind is known, in words. */
  problem: string | null;
}

export interface Initramfs {
  /** Size of the file, bytes. */
  size: number;
  segments: Segment[];
  /** Everything that was listed. */
  listing: Listing;
  /** Whether every segment was listed to its end. */
  complete: boolean;
}

/** Unpacked bytes after which an image is no initramfs any more; the largest real ones are below 1 GiB. */
const MAX_UNPACKED = 4 * 2 ** 30;
const MAX_SEGMENTS = 256;
/** Bytes of names, link targets and kept files; real images need a tenth of that. */
const MAX_LISTED = 64 << 20;
/** Small files whose content says what made the image, or must be compared. */
const MAX_KEPT = 256 << 10;
const KEPT =
  /(^|\/)(systemd\/network\/[^/]+\.link|udev\/rules\.d\/[^/]+\.rules|modprobe\.d\/[^/]+\.conf|lvm\/lvm(local)?\.conf)$|^conf\/(initramfs\.conf|conf\.d\/[^/]+)$/;

/**
 * Walks the file and lists what it holds. Content is passed over, so memory does not grow with the image.
 * What is damaged or cannot be unpacked ends in `problem` of its segment and `complete: false`, not in an error.
 */
export async function readInitramfs(
  files: GuestReader,
  path: string,
  signal?: AbortSignal,
): Promise<Initramfs> {
  const size = (await files.stat(path))?.size ?? 0;
  const result: Initramfs = { size, segments: [], listing: new Map(), complete: true };
  const feed = new FileFeed(files, path, 0, size, signal);
  while ((await passZeros(feed)) && result.segments.length < MAX_SEGMENTS) {
    const segment = await readSegment(files, path, feed, result.listing, signal);
    result.segments.push(segment);
    if (segment.problem !== null) result.complete = false;
    feed.position = segment.offset + segment.length;
  }
  if (feed.position < size || result.segments.length === 0) result.complete = false;
  return result;
}

async function readSegment(
  files: GuestReader,
  path: string,
  feed: FileFeed,
  listing: Listing,
  signal: AbortSignal | undefined,
): Promise<Segment> {
  const offset = feed.position;
  const head = await feed.take(6);
  feed.position = offset;
  const found = { offset, microcode: false, problem: null };
  const toEnd = feed.end - offset;
  const compression = compressionOf(head);
  if (/^07070[12]$/.test(Buffer.from(head).toString('latin1')) && offset % 4 === 0) {
    const names: Listing = new Map();
    const problem = await attempt(signal, () => listArchive(feed, names, signal));
    for (const [name, entry] of names) addToListing(listing, { ...entry, path: name, mode: 0 });
    const microcode =
      offset === 0 && [...names.keys()].some((name) => name.startsWith('kernel/x86/microcode'));
    const length = problem === null ? feed.position - offset : toEnd;
    return { kind: 'cpio', ...found, length, microcode, problem };
  }
  if (compression === null)
    return { kind: 'unknown', ...found, length: toEnd, problem: 'it begins with unknown bytes' };
  const block = unpack(compression, { files, path, start: offset, end: feed.end, signal });
  if (block === null)
    return { kind: compression, ...found, length: toEnd, problem: `${compression} cannot be unpacked here` };
  const chunks = new ChunkFeed(limited(block.chunks));
  const problem = await attempt(signal, async () => {
    await listArchives(chunks, listing, signal);
    await chunks.drain();
  });
  await chunks.close();
  return { kind: compression, ...found, length: problem === null ? block.end() - offset : toEnd, problem };
}

async function listArchive(feed: ByteFeed, listing: Listing, signal: AbortSignal | undefined): Promise<void> {
  let listed = 0;
  for (const [path, { target }] of listing) listed += entryCost(path, target);
  for await (const entry of readCpio(feed, { keep: (path) => (KEPT.test(path) ? MAX_KEPT : -1) })) {
    throwIfCancelled(signal);
    listed += entryCost(entry.path, entry.target) + (entry.content?.length ?? 0);
    if (listed > MAX_LISTED) throw damaged('it lists more files than any real one', { listed });
    addToListing(listing, entry);
  }
}

/** Bytes an entry takes in the list, roughly. */
const entryCost = (path: string, target: string): number => 2 * (path.length + target.length) + 100;

/** A compressed block may hold several archives with zeros between them. */
async function listArchives(
  feed: ChunkFeed,
  listing: Listing,
  signal: AbortSignal | undefined,
): Promise<void> {
  do {
    await listArchive(feed, listing, signal);
  } while (await feed.passZeros());
}

async function* limited(chunks: AsyncGenerator<Uint8Array>): AsyncGenerator<Uint8Array> {
  let total = 0;
  for await (const chunk of chunks) {
    total += chunk.length;
    if (total > MAX_UNPACKED) throw damaged('it unpacks to an unlikely size', { limit: MAX_UNPACKED });
    yield chunk;
  }
}

/** The sentence of what is wrong with a segment, or null. */
async function attempt(signal: AbortSignal | undefined, work: () => Promise<void>): Promise<string | null> {
  try {
    await work();
    return null;
  } catch (error) {
    throwIfCancelled(signal);
    if (isIronliftError(error, 'INITRAMFS_DAMAGED') || isIronliftError(error, 'NOT_SUPPORTED'))
      return error.message;
    throw error;
  }
}

/** Goes to the next byte that is not zero; false where the file ends. */
async function passZeros(feed: FileFeed): Promise<boolean> {
  for (;;) {
    const bytes = await feed.take(4096);
    if (bytes.length === 0) return false;
    const at = bytes.findIndex((byte) => byte !== 0);
    if (at < 0) continue;
    feed.position -= bytes.length - at;
    return true;
  }
}
