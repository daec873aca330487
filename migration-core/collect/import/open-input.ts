/**
 * A path as something importers read: a file, unpacked on the way where it is packed (gzip, zstd, xz), or a folder.
 * Nothing is kept in memory but the first 64 KiB.
 */
import { open, readdir, stat } from 'node:fs/promises';
import { basename, join, resolve, sep } from 'node:path';
import { Readable } from 'node:stream';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { IronliftError } from '../../base/errors.ts';
import { XZ_MAGIC } from '../../base/xz-magic.ts';
import { unpackXz, type XzFeed, type XzRefusals } from '../../base/xz.ts';
import type { ImportInput } from '../collector.ts';

const HEAD = 64 << 10;
/** Of a folder; a sosreport has some ten thousand. */
const MAX_ENTRIES = 10_000;
/** A month of everything of a large site, unpacked; what goes on beyond is a bomb. */
const MAX_UNPACKED = 256 * 2 ** 30;
const PIECE = 256 << 10;

type Packing = 'gzip' | 'zstd' | 'xz' | 'bzip2';

const PACKINGS: readonly { packing: Packing; magic: string }[] = [
  { packing: 'gzip', magic: '\x1f\x8b' },
  { packing: 'zstd', magic: '\x28\xb5\x2f\xfd' },
  { packing: 'xz', magic: XZ_MAGIC },
  { packing: 'bzip2', magic: 'BZh' },
];

export interface OpenedInput extends ImportInput {
  position: () => number;
  /** The folder has more files than `entries`. */
  hasMore: boolean;
  /** Folders inside that could not be looked into. */
  unread: readonly { path: string; error: IronliftError }[];
}

/**
 * Looks at a path. `read` of what it returns may be called again and begins anew; `position` tells how many bytes of the
 * file or files the last one has taken, packed as they are.
 * @throws SOURCE_NOT_FOUND, SOURCE_NOT_READABLE, SOURCE_EMPTY, IMPORT_NOT_SUPPORTED (bzip2), IMPORT_DAMAGED
 */
export async function openInput(path: string): Promise<OpenedInput> {
  const absolute = resolve(path);
  const about = await stat(absolute).catch((error: unknown) => {
    throw notReadable(absolute, error);
  });
  return about.isDirectory() ? openFolder(absolute) : openFile(absolute, about.size);
}

async function openFile(path: string, size: number): Promise<OpenedInput> {
  const name = basename(path);
  if (size === 0)
    throw new IronliftError('SOURCE_EMPTY', `${name} is empty.`, {
      next: 'Export the data again and check that the tool wrote something.',
    });
  const taken = { bytes: 0 };
  const head = await firstBytes(unpacked(path, { bytes: 0 }), HEAD);
  return {
    path,
    name,
    isFolder: false,
    size,
    head,
    entries: [],
    hasMore: false,
    unread: [],
    position: () => taken.bytes,
    read() {
      taken.bytes = 0;
      return unpacked(path, taken);
    },
  };
}

async function openFolder(path: string): Promise<OpenedInput> {
  const entries: string[] = [];
  let size = 0;
  let hasMore = false;
  const unread: { path: string; error: IronliftError }[] = [];
  const waiting = [''];
  while (waiting.length > 0 && entries.length < MAX_ENTRIES) {
    const folder = waiting.shift()!;
    const inside = await readdir(join(path, folder), { withFileTypes: true }).catch((cause: unknown) => {
      const error = notReadable(join(path, folder), cause);
      if (folder === '') throw error;
      unread.push({ path: join(path, folder), error });
      return [];
    });
    for (const entry of inside.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const inFolder = folder === '' ? entry.name : `${folder}/${entry.name}`;
      // Links may lead out of the folder or in circles.
      if (entry.isDirectory() && waiting.length < MAX_ENTRIES) waiting.push(inFolder);
      else if (entry.isDirectory() || (entry.isFile() && entries.length === MAX_ENTRIES)) hasMore = true;
      else if (entry.isFile()) {
        entries.push(inFolder);
        size += (await stat(join(path, inFolder)).catch(() => ({ size: 0 }))).size;
      }
    }
  }
  const known = new Set(entries);
  const taken = { bytes: 0 };
  return {
    path,
    name: basename(path),
    isFolder: true,
    size,
    head: new Uint8Array(0),
    entries,
    unread,
    hasMore: hasMore || waiting.length > 0,
    position: () => taken.bytes,
    read(entry) {
      if (entry === undefined || !known.has(entry))
        throw new IronliftError('SOURCE_NOT_READABLE', `${basename(path)} holds no file ${entry ?? ''}.`, {
          next: 'Check the folder.',
        });
      return unpacked(join(path, ...entry.split('/').filter((part) => part !== '..' && part !== sep)), taken);
    },
  };
}

async function firstBytes(pieces: AsyncIterable<Uint8Array>, length: number): Promise<Uint8Array> {
  const head = new Uint8Array(length);
  let filled = 0;
  for await (const piece of pieces) {
    const part = piece.subarray(0, length - filled);
    head.set(part, filled);
    filled += part.length;
    if (filled === length) break;
  }
  return head.slice(0, filled);
}

/** The contents of a file; `taken` counts bytes of the file itself. */
async function* unpacked(path: string, taken: { bytes: number }): AsyncGenerator<Uint8Array> {
  const packing = await packingOf(path);
  const name = basename(path);
  const packed = pieces(path, taken);
  if (packing === null) {
    yield* packed;
    return;
  }
  if (packing === 'bzip2')
    throw new IronliftError('IMPORT_NOT_SUPPORTED', `${name} is packed with bzip2.`, {
      next: `Unpack it first: bunzip2 -k ${name}`,
    });
  let total = 0;
  const plain = packing === 'xz' ? unpackXzStreams(packed, name) : unpackZlib(packed, packing, name);
  for await (const piece of plain) {
    total += piece.length;
    if (total > MAX_UNPACKED)
      throw damaged(name, 'unpacks to more than 256 GiB', 'Split it, or check that it is what it should be.');
    yield piece;
  }
}

async function packingOf(path: string): Promise<Packing | null> {
  const magic = new Uint8Array(6);
  try {
    await using file = await open(path);
    await file.read(magic, 0, magic.length, 0);
  } catch (error) {
    throw notReadable(path, error);
  }
  const text = Buffer.from(magic).toString('latin1');
  return PACKINGS.find((known) => text.startsWith(known.magic))?.packing ?? null;
}

/** A piece is valid until the next is asked for. */
async function* pieces(path: string, taken: { bytes: number }): AsyncGenerator<Uint8Array> {
  try {
    await using file = await open(path);
    const buffer = new Uint8Array(PIECE);
    for (;;) {
      const { bytesRead } = await file.read(buffer, 0, PIECE);
      if (bytesRead === 0) return;
      taken.bytes += bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
  } catch (error) {
    throw notReadable(path, error);
  }
}

/** For streams, which hold on to what they are given. */
async function* copies(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const piece of pieces) yield new Uint8Array(piece);
}

async function* unpackZlib(
  packed: AsyncIterable<Uint8Array>,
  packing: 'gzip' | 'zstd',
  name: string,
): AsyncGenerator<Uint8Array> {
  const source = Readable.from(copies(packed), { objectMode: false, highWaterMark: PIECE });
  const unpacker = packing === 'gzip' ? createGunzip() : createZstdDecompress();
  source.on('error', (error) => unpacker.destroy(error));
  try {
    yield* source.pipe(unpacker) as AsyncIterable<Uint8Array>;
  } catch (error) {
    if (error instanceof IronliftError) throw error;
    throw damaged(name, 'cannot be unpacked', 'Copy the file again from where it was made.', error);
  } finally {
    source.destroy();
    unpacker.destroy();
  }
}

/** All streams of the file one after another, as xz itself does. */
async function* unpackXzStreams(
  packed: AsyncGenerator<Uint8Array>,
  name: string,
): AsyncGenerator<Uint8Array> {
  const feed = new PieceFeed(packed);
  const next = 'Copy the file again from where it was made.';
  const refusals: XzRefusals = {
    damaged: (what) => damaged(name, `cannot be unpacked: ${what}`, next),
    unsupported: (what) => damaged(name, what, `Unpack it first: xz -dk ${name}`),
  };
  try {
    do {
      yield* unpackXz(feed, refusals);
      await feed.skipZeros();
    } while (!(await feed.atEnd()));
  } finally {
    await packed.return(undefined);
  }
}

class PieceFeed implements XzFeed {
  position = 0;
  readonly #pieces: AsyncIterator<Uint8Array>;
  #held: Uint8Array = new Uint8Array(0);

  constructor(pieces: AsyncIterable<Uint8Array>) {
    this.#pieces = pieces[Symbol.asyncIterator]();
  }

  async take(length: number): Promise<Uint8Array> {
    await this.#hold(length);
    const part = this.#held.subarray(0, length);
    this.#held = this.#held.subarray(part.length);
    this.position += part.length;
    return part;
  }

  async atEnd(): Promise<boolean> {
    await this.#hold(1);
    return this.#held.length === 0;
  }

  /** Streams may be padded with zeros. */
  async skipZeros(): Promise<void> {
    while (!(await this.atEnd()) && this.#held[0] === 0) await this.take(1);
  }

  async #hold(length: number): Promise<void> {
    while (this.#held.length < length) {
      // The next piece takes the place of this one.
      if (this.#held.length > 0) this.#held = new Uint8Array(this.#held);
      const next = await this.#pieces.next();
      if (next.done === true) return;
      this.#held = this.#held.length === 0 ? next.value : Buffer.concat([this.#held, next.value]);
    }
  }
}

function damaged(name: string, what: string, next: string, cause?: unknown): IronliftError {
  return new IronliftError('IMPORT_DAMAGED', `${name} ${what}.`, { next, cause });
}

function notReadable(path: string, error: unknown): IronliftError {
  if (error instanceof IronliftError) return error;
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'ENOENT')
    return new IronliftError('SOURCE_NOT_FOUND', `There is no ${path}.`, {
      next: 'Check the path.',
      cause: error,
    });
  return new IronliftError('SOURCE_NOT_READABLE', `${basename(path)} cannot be read.`, {
    next: 'Check that you may read it and that the medium is sound.',
    cause: error,
  });
}
