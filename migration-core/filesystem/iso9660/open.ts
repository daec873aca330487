/** Reads CD and DVD images: the tree of names of Rock Ridge, else that of Joliet, else the plain one of ISO 9660. */
import { latin1, parsing } from '../../base/bytes.ts';
import { IronliftError } from '../../base/errors.ts';
import { readBytes, type BlockSource } from '../../block/source.ts';
import { DirectoryReader, type IsoEntry } from './directory.ts';
import {
  DESCRIPTOR,
  FIRST_DESCRIPTOR,
  JOLIET_ESCAPES,
  SECTOR,
  STANDARD_ID,
  isoDamaged,
  isoNotSupported,
  readDescriptor,
  readRecord,
  type VolumeDescriptor,
} from './layout.ts';

/** There are two or three; boot records and parts of volume sets may add some. */
const MAX_DESCRIPTORS = 64;
/** Directories on the way to a file: ECMA-119 allows 8, Rock Ridge any number. */
const MAX_DEPTH = 64;
/** Directories whose entries are kept. */
const MAX_KEPT = 4096;

export interface IsoFile {
  name: string;
  type: 'file' | 'directory' | 'other';
  /** Bytes. */
  size: number;
}

/** A read-only tree of files. Paths are absolute, with slashes; names are found as they are written. */
export interface IsoImage {
  label: string;
  /** Which names are shown. */
  names: 'rock-ridge' | 'joliet' | 'iso9660';
  /** In the order of the directory. @throws NOT_FOUND, NOT_A_DIRECTORY, ISO_DAMAGED */
  list(path: string): Promise<IsoFile[]>;
  /** Bytes [offset, offset+length), shorter at the end of the file. @throws NOT_FOUND, IS_A_DIRECTORY */
  readRange(path: string, offset: number, length: number): Promise<Uint8Array<ArrayBuffer>>;
  /** The whole file. @throws FILE_TOO_LARGE above `limit` bytes */
  readFile(path: string, limit: number): Promise<Uint8Array<ArrayBuffer>>;
}

/** Reads the signature only. */
export async function isIso(source: BlockSource): Promise<boolean> {
  const at = FIRST_DESCRIPTOR * SECTOR;
  if (source.size < at + SECTOR) return false;
  const head = await readBytes(source, at, 6);
  return latin1(head, 1, 5) === STANDARD_ID || latin1(head, 1, 5) === 'BEA01';
}

/** @throws ISO_DAMAGED, ISO_NOT_SUPPORTED (images with UDF alone, interleaved files) */
export async function openIso(source: BlockSource): Promise<IsoImage> {
  const descriptors = await readDescriptors(source);
  const primary = descriptors.find(({ type }) => type === DESCRIPTOR.PRIMARY);
  if (primary === undefined) throw isoDamaged('its main description is missing');
  const joliet = descriptors.find(
    ({ type, escapes }) => type === DESCRIPTOR.SUPPLEMENTARY && JOLIET_ESCAPES.includes(escapes),
  );
  const reader = new DirectoryReader(source, primary.blockSize, 'rock-ridge');
  if (await reader.hasRockRidge(rootOf(primary))) return image(reader, primary);
  const best = joliet ?? primary;
  return image(
    new DirectoryReader(source, best.blockSize, joliet === undefined ? 'iso9660' : 'joliet'),
    best,
  );
}

async function readDescriptors(source: BlockSource): Promise<VolumeDescriptor[]> {
  const descriptors: VolumeDescriptor[] = [];
  for (let i = 0; i < MAX_DESCRIPTORS; i++) {
    const at = (FIRST_DESCRIPTOR + i) * SECTOR;
    if (at + SECTOR > source.size) break;
    const bytes = await readBytes(source, at, SECTOR);
    const id = latin1(bytes, 1, 5);
    if (i === 0 && id === 'BEA01') throw isoNotSupported('its files are in a UDF file system only');
    if (id !== STANDARD_ID) break;
    const descriptor = readDescriptor(bytes);
    if (descriptor.type === DESCRIPTOR.END) break;
    if (descriptor.type !== DESCRIPTOR.PRIMARY && descriptor.type !== DESCRIPTOR.SUPPLEMENTARY) continue;
    if (![512, 1024, 2048].includes(descriptor.blockSize))
      throw isoDamaged(`its blocks have ${descriptor.blockSize} bytes`, { descriptor: i });
    descriptors.push(descriptor);
  }
  return descriptors;
}

function rootOf(descriptor: VolumeDescriptor): IsoEntry {
  const { block, size } = parsing(
    'ISO_DAMAGED',
    'The CD image',
    'Copy the image again from where it came from.',
    () => readRecord(descriptor.root, 0),
  );
  return { name: '', type: 'directory', size, extents: [{ block, size }] };
}

function image(reader: DirectoryReader, descriptor: VolumeDescriptor): IsoImage {
  const { names } = reader;
  const top = rootOf(descriptor);
  const kept = new Map<string, Promise<IsoEntry[]>>();
  const entriesOf = (path: string, entry: IsoEntry): Promise<IsoEntry[]> => {
    let entries = kept.get(path);
    if (entries === undefined) {
      if (kept.size >= MAX_KEPT) kept.clear();
      kept.set(path, (entries = reader.read(entry)));
    }
    return entries;
  };
  const find = async (path: string): Promise<IsoEntry> => {
    const parts = path.split('/').filter((part) => part !== '');
    if (parts.length > MAX_DEPTH) throw isoDamaged(`a path in it has more than ${MAX_DEPTH} parts`);
    let entry = top;
    let at = '';
    for (const part of parts) {
      if (entry.type !== 'directory') throw missing(path, 'NOT_A_DIRECTORY');
      const next = (await entriesOf(at, entry)).find(({ name }) => name === part);
      if (next === undefined) throw missing(path, 'NOT_FOUND');
      entry = next;
      at += `/${part}`;
    }
    return entry;
  };
  const readRange = async (
    path: string,
    offset: number,
    length: number,
  ): Promise<Uint8Array<ArrayBuffer>> => {
    const entry = await find(path);
    if (entry.type !== 'file') throw missing(path, 'IS_A_DIRECTORY');
    return reader.data(entry, offset, Math.max(0, Math.min(length, entry.size - offset)));
  };
  const label = names === 'joliet' ? ucs2(descriptor.label) : latin1(descriptor.label);
  return {
    label: label.trim(),
    names,
    async list(path) {
      const entry = await find(path);
      if (entry.type !== 'directory') throw missing(path, 'NOT_A_DIRECTORY');
      const entries = await entriesOf(path.replace(/\/+$/u, ''), entry);
      return entries.map(({ name, type, size }) => ({ name, type, size }));
    },
    readRange,
    async readFile(path, limit) {
      const { size, type } = await find(path);
      if (type !== 'file') throw missing(path, 'IS_A_DIRECTORY');
      if (size > limit)
        throw new IronliftError('FILE_TOO_LARGE', `${path} in the CD image is larger than expected.`, {
          next: 'Look at the image; the file should be a small one.',
          data: { path, size, limit },
        });
      return readRange(path, 0, size);
    },
  };
}

const ucs2 = (bytes: Uint8Array): string => new TextDecoder('utf-16be').decode(bytes).replace(/\0.*$/su, '');

function missing(path: string, code: 'NOT_FOUND' | 'NOT_A_DIRECTORY' | 'IS_A_DIRECTORY'): IronliftError {
  const what = {
    NOT_FOUND: 'is not in the CD image',
    NOT_A_DIRECTORY: 'is no folder in the CD image',
    IS_A_DIRECTORY: 'is no file in the CD image',
  }[code];
  return new IronliftError(code, `${path} ${what}.`, { next: 'Check the path.', data: { path } });
}
