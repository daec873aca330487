import type { Finding } from '../base/finding.ts';
import type { ProgressListener } from '../base/progress.ts';
import type { BlockSink } from '../block/sink.ts';
import type { BlockSource } from '../block/source.ts';

export type Allocation = 'thin' | 'thick';

/** How the data of an image is packed; null is not at all. */
export type Compression = 'zlib' | 'zstd';

/** One of the layouts a format can have; the first of a format that fits the allocation asked for is its default. */
export interface Subformat {
  /** The format's own name of it where it has one: `monolithicSparse`, `dynamic`. */
  readonly id: string;
  /** For people. */
  readonly name: string;
  /** Grows as needed (`thin`), or all of it allocated (`thick`). */
  readonly allocations: readonly Allocation[];
  /** What it can be packed with; empty where it cannot. A subformat that is always packed says so with `packed`. */
  readonly compressions: readonly Compression[];
  readonly packed?: boolean;
  /** Whether no file of it is larger than 2 GB, so that it fits media that hold no larger ones (FAT32). */
  readonly split?: boolean;
  /** Largest disk, bytes. */
  readonly largest: number;
  /** What disk sizes are rounded up to, bytes; at most a sector (512) unless told. */
  readonly rounding?: number;
}

export interface CreateImageOptions {
  /** Path of the (main) file. It must not exist. */
  path: string;
  /** Virtual size, bytes. */
  size: number;
  allocation: Allocation;
  /** Subformat.id; the format's default for the allocation unless told. */
  subformat?: string | undefined;
  /** Packs the data; not at all unless told. */
  compression?: Compression | undefined;
  /** The kind of controller a format that notes it is told; SCSI unless told. */
  adapter?: 'scsi' | 'ide';
  /**
   * 16 random bytes that tell this image from every other, for formats that keep such an identity; derived from path and
   * size unless told, which is enough for images that are never used side by side.
   */
  identity?: Uint8Array | undefined;
  /** Name of the image once it is finished, without folder, where that is not the name in `path`; some formats note it. */
  finalName?: string | undefined;
  /** The files are there, left by an interrupted job; ImageWriter.resume comes before anything else. */
  existing?: boolean | undefined;
}

/** Data that an image has: what `place` was told of it. */
export interface PlacedPiece {
  /** Bytes from the start of the disk, and of the disk. */
  offset: number;
  length: number;
  /** Of a packed image: bytes the unit has become; null where it stayed as it is. */
  packed?: number | null;
}

export interface FinishOptions {
  /** Wait until the medium has it all, so that a power cut loses nothing; true unless told. */
  durable?: boolean;
  signal?: AbortSignal | undefined;
}

/**
 * Writes one image for a known virtual size. Data arrives in ascending order and never twice; what never arrives reads
 * as zeros. `finish` makes it durable, `abort` leaves no file behind.
 */
export interface ImageWriter extends BlockSink {
  /**
   * All files of the image as they are called now, the main one first; absent where there is just the one at `path`.
   * Where `path` ends in `.partial` all of them do, and the image knows them by their final names: whoever finishes it
   * renames them all, the main one last (image/partial.ts).
   */
  readonly files?: readonly string[];
  /** Completes the file. Fails with DESTINATION_FULL, WRITE_FAILED or CANCELLED; then it is up to the caller to abort. */
  finish(options?: FinishOptions): Promise<void>;
  /** Takes the file away. May come at any time when no write is under way, more than once, and never throws. */
  abort(): Promise<void>;
  /** Waits until the medium has all that was written so far; other writes may be under way. @throws as finish */
  flush?(): Promise<void>;
  /**
   * Of a writer made with `existing`: takes up an image that has exactly these pieces, all that were placed before a
   * `flush`, in their order. Whatever else the files hold is removed. Absent where a disk can only be begun again.
   * @throws IMAGE_DAMAGED when the files are too short to hold them
   */
  resume?(pieces: AsyncIterable<readonly PlacedPiece[]>): Promise<void>;
  /** Closes the files and leaves them as they are, to be taken up later; never throws. */
  suspend?(): Promise<void>;
}

/** What an image tells of itself, for `image info`. */
export interface ImageFacts {
  /** ImageFormat.id. */
  format: string;
  /** Subformat.id, or the name of a layout that is read and not written. */
  subformat: string;
  /** What a child notes of this image, to find out later whether it is still the same: a content id or GUID, lower case. */
  contentId: string | null;
  /** All files the image consists of, without its parent's, the one it was opened by first. */
  files: readonly string[];
  /** The image this one holds the changes to. */
  parent: DiskImage | null;
  /** What was found wrong and made good while reading, so far; of this image alone. */
  readonly findings?: readonly Finding[];
  /** Anything else worth showing, in order: `{ 'Cluster size': '64 KiB' }`. */
  details: Readonly<Record<string, string>>;
}

/** A disk in an image, open for reading. Closing it closes its parent. */
export interface DiskImage extends BlockSource {
  readonly facts: ImageFacts;
}

/** What a format needs of its surroundings to open an image. */
export interface OpenContext {
  /**
   * Opens the image that the one at `child` holds the changes to.
   * `names`: as they are written in the child, the best first. `format`: ImageFormat.id where the child says it.
   * @throws IMAGE_HAS_BACKING when it cannot be found or must not be followed, and whatever opening it throws
   */
  openParent(child: string, names: readonly string[], format?: string): Promise<DiskImage>;
  /**
   * Opens an image of any format that lies inside the one being opened: a disk of a package, or what a compressed file
   * was unpacked to. It may have no parent. Absent: only a raw disk is taken from inside.
   * @throws as detectFormat and ImageFormat.open
   */
  openInner?(path: string): Promise<DiskImage>;
  /** Whether these first and last bytes are of anything but a raw disk (as detectFormat sees it). */
  isNamed?(head: Uint8Array, tail: Uint8Array): boolean;
  /** Where opening takes long (a file that has to be unpacked); reads of such an image fail with CANCELLED as well. */
  signal?: AbortSignal | undefined;
  /** Hears of that work, in bytes of the file that is unpacked. */
  onProgress?: ProgressListener | undefined;
}

export interface ImageProblem {
  /** `error`: contents may be wrong or lost; `leak`: room is wasted, contents are right; `note`: repaired while reading. */
  severity: 'error' | 'leak' | 'note';
  /** One sentence that names the field. */
  message: string;
  /** Bytes from the start of the file, where that is known. */
  offset?: number;
}

export interface ImageCheck {
  problems: ImageProblem[];
  /** Problems that were found beyond those listed: a list is cut at CHECK_LIMIT. */
  more: number;
  /** Bytes of the disk that have room in the file; null where the format does not tell. */
  allocatedBytes: number | null;
}

export const CHECK_LIMIT = 1000;

export interface CheckOptions {
  signal?: AbortSignal | undefined;
  /** Work done and in all, in a unit of the format's choice. */
  onProgress?: ((done: number, total: number) => void) | undefined;
}

/** One disk format: reader and writer. The table is image/table.ts. */
export interface ImageFormat {
  readonly id: string;
  /** With the dot: `.qcow2`. */
  readonly extension: string;
  /** For people. */
  readonly name: string;
  /** What can be written, the default first; empty where the format is only read. */
  readonly subformats: readonly Subformat[];
  /** Whether the first bytes (up to 64 KiB) and the last 512 are this format's. Raw never says yes. */
  detect(head: Uint8Array, tail: Uint8Array): boolean;
  /** Opens for reading. Without `context` an image that has a parent is refused with IMAGE_HAS_BACKING. */
  open(path: string, context?: OpenContext): Promise<DiskImage>;
  /** @throws NOT_SUPPORTED for a subformat, allocation or compression it does not have, IMAGE_TOO_LARGE, DESTINATION_EXISTS */
  create(options: CreateImageOptions): Promise<ImageWriter>;
  /** Looks at all structures of the file, beyond what opening it does. Absent where there is nothing to look at. */
  check?(path: string, options?: CheckOptions): Promise<ImageCheck>;
}
