/**
 * Cabinets (.cab), read only: the driver cache of XP and 2003 is made of them. Stored, MSZIP and LZX; one cabinet, no sets.
 * Source: Microsoft's [MS-CAB] and [MS-MCI].
 */
import { inflateRawSync } from 'node:zlib';
import { latin1, viewOf } from '../../../../base/bytes.ts';
import { throwIfCancelled } from '../../../../base/cancel.ts';
import { damaged, notSupported, parsingCabinet } from './errors.ts';
import { FRAME, LzxFolder } from './lzx.ts';

/** Bytes `length` at `offset`, or fewer at the end. */
export type ReadAt = (offset: number, length: number) => Promise<Uint8Array>;

export interface CabinetFile {
  name: string;
  /** Bytes. */
  size: number;
}

export interface Cabinet {
  files: readonly CabinetFile[];
  /** The content of one of `files`. @throws CABINET_DAMAGED, CABINET_NOT_SUPPORTED, CANCELLED */
  extract(file: CabinetFile, signal?: AbortSignal): Promise<Uint8Array<ArrayBuffer>>;
}

interface Entry extends CabinetFile {
  folder: number;
  /** Where it begins in the unpacked folder. */
  start: number;
}

interface Folder {
  /** Of its first block of data in the cabinet. */
  offset: number;
  blocks: number;
  compression: number;
}

const HEADER = 36;
const FOLDER = 8;
const FILE = 16;
const DATA = 8;
const HAS_PREVIOUS = 1;
const HAS_NEXT = 2;
const HAS_RESERVE = 4;
/** Bytes of the tables before the data: 65535 files with names of 256 bytes would be 18 MiB; the largest driver cache has 1 MiB. */
const LARGEST_TABLES = 32 << 20;
/** Bytes; a driver, not an image. */
const LARGEST_FILE = 64 << 20;
/** Bytes of a folder that are unpacked to get at a file: the driver caches of XP and 2003 hold some 200 MB. */
const MOST_UNPACKED = 1 << 30;
const LONGEST_NAME = 256;
/** Of the block that MSZIP packs for itself, "CK" in front. */
const MSZIP_MAGIC = 0x4b43;
const STORED = 0;
const MSZIP = 1;
const QUANTUM = 2;
const LZX = 3;
/** What a block of data can measure packed: the unpacked size and what a packer may add to it ([MS-CAB]). */
const LARGEST_BLOCK = FRAME + 6144;

/** @throws CABINET_DAMAGED, CABINET_NOT_SUPPORTED */
export async function openCabinet(read: ReadAt): Promise<Cabinet> {
  const fixed = await read(0, HEADER);
  const filesAt = parsingCabinet(() => {
    const view = viewOf(fixed);
    if (latin1(fixed, 0, 4) !== 'MSCF') throw damaged('it does not begin as cabinets do');
    return view.getUint32(16, true);
  });
  const count = parsingCabinet(() => viewOf(fixed).getUint16(28, true));
  const tablesEnd = filesAt + count * (FILE + LONGEST_NAME);
  if (filesAt > LARGEST_TABLES || tablesEnd > LARGEST_TABLES) throw damaged('its tables are too large');
  const head = await read(0, tablesEnd);
  const { folders, entries, blockReserve } = parsingCabinet(() => readTables(head, filesAt, count));
  return {
    files: entries,
    async extract(file, signal) {
      const entry = entries.find((one) => one === file);
      if (entry === undefined) throw new TypeError('a file of another cabinet');
      const folder = folders[entry.folder];
      if (folder === undefined) throw notSupported('A file of the cabinet lies in two cabinets');
      if (entry.size > LARGEST_FILE) throw damaged('a file in it is larger than a driver can be');
      if (entry.start + entry.size > MOST_UNPACKED) throw damaged('a file in it lies too far behind');
      return unpack(read, folder, entry, blockReserve, signal);
    },
  };
}

function readTables(
  head: Uint8Array,
  filesAt: number,
  count: number,
): { folders: Folder[]; entries: Entry[]; blockReserve: number } {
  const view = viewOf(head);
  const folderCount = view.getUint16(26, true);
  const flags = view.getUint16(30, true);
  let at = HEADER;
  let folderReserve = 0;
  let blockReserve = 0;
  if ((flags & HAS_RESERVE) !== 0) {
    folderReserve = view.getUint8(at + 2);
    blockReserve = view.getUint8(at + 3);
    at += 4 + view.getUint16(at, true);
  }
  const texts = ((flags & HAS_PREVIOUS) !== 0 ? 2 : 0) + ((flags & HAS_NEXT) !== 0 ? 2 : 0);
  for (let i = 0; i < texts; i++) at = textEnd(head, at);
  const folders: Folder[] = [];
  for (let i = 0; i < folderCount; i++, at += FOLDER + folderReserve)
    folders.push({
      offset: view.getUint32(at, true),
      blocks: view.getUint16(at + 4, true),
      compression: view.getUint16(at + 6, true),
    });
  const entries: Entry[] = [];
  at = filesAt;
  for (let i = 0; i < count; i++) {
    const end = textEnd(head, at + FILE);
    entries.push({
      name: latin1(head, at + FILE, end - 1 - (at + FILE)),
      size: view.getUint32(at, true),
      start: view.getUint32(at + 4, true),
      folder: view.getUint16(at + 8, true),
    });
    at = end;
  }
  return { folders, entries, blockReserve };
}

/** Behind the NUL of a text. */
function textEnd(bytes: Uint8Array, at: number): number {
  const end = bytes.indexOf(0, at);
  if (end < 0 || end - at > LONGEST_NAME) throw damaged('a name in it does not end');
  return end + 1;
}

/** Everything of the folder up to the end of the file is unpacked: later blocks build on the ones before. */
async function unpack(
  read: ReadAt,
  folder: Folder,
  { start, size }: Entry,
  reserve: number,
  signal?: AbortSignal,
): Promise<Uint8Array<ArrayBuffer>> {
  const content = new Uint8Array(size);
  const next = unpacker(folder.compression);
  let offset = folder.offset;
  let position = 0;
  for (let block = 0; block < folder.blocks && position < start + size; block++) {
    throwIfCancelled(signal);
    const head = await read(offset, DATA);
    if (head.length < DATA) throw damaged('it is cut short');
    const packedSize = viewOf(head).getUint16(4, true);
    const plainSize = viewOf(head).getUint16(6, true);
    if (packedSize > LARGEST_BLOCK || plainSize > FRAME || plainSize === 0)
      throw damaged('a block of data has an impossible size');
    const packed = await read(offset + DATA + reserve, packedSize);
    if (packed.length < packedSize) throw damaged('it is cut short');
    const sum = viewOf(head).getUint32(0, true);
    if (sum !== 0 && reserve === 0 && sum !== checksum(head.subarray(4), checksum(packed, 0)))
      throw damaged('a block of data has another checksum than it should have');
    const plain = parsingCabinet(() => next(packed, plainSize));
    const from = Math.max(start, position);
    const to = Math.min(start + size, position + plain.length);
    if (from < to) content.set(plain.subarray(from - position, to - position), from - start);
    position += plain.length;
    offset += DATA + reserve + packedSize;
  }
  if (position < start + size) throw damaged('a file in it is cut short');
  return content;
}

/** Unpacks one block after the other. */
function unpacker(compression: number): (packed: Uint8Array, size: number) => Uint8Array {
  switch (compression & 15) {
    case STORED:
      return (packed, size) => {
        if (packed.length !== size) throw damaged('a stored block has two sizes');
        return packed;
      };
    case MSZIP:
      return mszip();
    case LZX: {
      const folder = new LzxFolder((compression >> 8) & 31);
      return (packed, size) => folder.unpack(packed, size);
    }
    case QUANTUM:
      throw notSupported('The cabinet is packed with Quantum, which no Windows used');
    default:
      throw damaged('it is packed by a method that cabinets do not have');
  }
}

/** Each block is a whole deflate stream whose window starts with the block before. */
function mszip(): (packed: Uint8Array, size: number) => Uint8Array {
  let before: Uint8Array = new Uint8Array(0);
  return (packed, size) => {
    if (packed.length < 2 || viewOf(packed).getUint16(0, true) !== MSZIP_MAGIC)
      throw damaged('a block of data does not begin as MSZIP does');
    let plain: Uint8Array;
    try {
      plain = inflateRawSync(packed.subarray(2), {
        maxOutputLength: FRAME,
        ...(before.length === 0 ? {} : { dictionary: before }),
      });
    } catch {
      throw damaged('a block of data cannot be unpacked');
    }
    if (plain.length !== size) throw damaged('a block of data has another size than it should have');
    before = plain;
    return plain;
  };
}

/** The bytes as 32-bit numbers, exclusive-ored; what is left over counts with its first byte highest. */
function checksum(bytes: Uint8Array, seed: number): number {
  const view = viewOf(bytes);
  let sum = seed;
  let at = 0;
  for (; at + 4 <= bytes.length; at += 4) sum ^= view.getUint32(at, true);
  let rest = 0;
  for (; at < bytes.length; at++) rest = (rest << 8) | bytes[at]!;
  return (sum ^ rest) >>> 0;
}
