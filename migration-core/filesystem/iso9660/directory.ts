/** Directories of a CD image, and the bytes of its files. */
import { parsing } from '../../base/bytes.ts';
import { readBytes, type BlockSource } from '../../block/source.ts';
import {
  FLAG,
  SECTOR,
  SUSP,
  continuationOf,
  isoDamaged,
  isoNotSupported,
  readRecord,
  systemUseEntries,
  type DirectoryRecord,
  type SystemUseEntry,
} from './layout.ts';

/** Bytes; some 100,000 names. */
const MAX_DIRECTORY = 16 << 20;
/**
 * Bytes of directories that are read of one image, those of repeated reading too: a disc with 300,000 files has some 50 MiB. Any
 * number of folders can be one and the same directory.
 */
const MAX_DIRECTORIES = 256 << 20;
/** A file of 4 GiB less a block in each: more than any disc holds. */
const MAX_EXTENTS = 256;
/** A name of 255 bytes needs two; links need more. */
const MAX_CONTINUATIONS = 16;
const MAX_NAME = 1024;

export interface IsoEntry {
  name: string;
  type: 'file' | 'directory' | 'other';
  /** Bytes. */
  size: number;
  extents: { block: number; size: number }[];
}

export class DirectoryReader {
  readonly #source: BlockSource;
  readonly #blockSize: number;
  readonly #names: 'rock-ridge' | 'joliet' | 'iso9660';
  /** Bytes before the system use fields of every record, SUSP 5.3; null until the root was looked at. */
  #skip: number | null = null;
  #left = MAX_DIRECTORIES;

  constructor(source: BlockSource, blockSize: number, names: DirectoryReader['names']) {
    this.#source = source;
    this.#blockSize = blockSize;
    this.#names = names;
  }

  get names(): 'rock-ridge' | 'joliet' | 'iso9660' {
    return this.#names;
  }

  /** Whether any of the first names in the main directory is one of Rock Ridge. `root`: of the volume descriptor. */
  async hasRockRidge(root: IsoEntry): Promise<boolean> {
    const records = await this.#records(root);
    this.#skip = suspSkip(records[0]);
    for (const record of records.slice(0, 64))
      if ((await this.#systemUse(record)).some(({ signature }) => signature === SUSP.NAME)) return true;
    return false;
  }

  /** @throws ISO_DAMAGED, ISO_NOT_SUPPORTED */
  async read(directory: IsoEntry): Promise<IsoEntry[]> {
    const records = await this.#records(directory);
    const entries: IsoEntry[] = [];
    const seen = new Set<string>();
    let open: IsoEntry | null = null;
    for (const record of records) {
      if (isSelfOrParent(record) || (record.flags & FLAG.ASSOCIATED) !== 0) continue;
      const extent = { block: record.block, size: record.size };
      if (open !== null) {
        open.extents.push(extent);
        open.size += record.size;
        if (open.extents.length > MAX_EXTENTS) throw isoDamaged('one of its files has too many parts');
      } else {
        const entry = await this.#entry(record, extent);
        if (entry !== null && !seen.has(entry.name)) {
          seen.add(entry.name);
          entries.push(entry);
        }
        open = entry;
      }
      if (record.interleaved && record.size > 0) throw isoNotSupported('files in it are interleaved');
      if ((record.flags & FLAG.MORE_EXTENTS) === 0) open = null;
    }
    return entries;
  }

  /** The bytes [offset, offset+length) of a file, within its size. @throws ISO_DAMAGED where they are not in the image */
  async data(entry: IsoEntry, offset: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
    const result = new Uint8Array(length);
    let before = 0;
    for (const { block, size } of entry.extents) {
      const from = Math.max(offset, before);
      const until = Math.min(offset + length, before + size);
      if (from < until) {
        const at = block * this.#blockSize + (from - before);
        this.#check(at, until - from, entry.name);
        await this.#source.read(result.subarray(from - offset, until - offset), at);
      }
      before += size;
    }
    return result;
  }

  #check(at: number, length: number, name: string): void {
    if (at + length > this.#source.size)
      throw isoDamaged(`it ends before the data of ${name === '' ? 'its main directory' : name}`, {
        at,
        length,
        size: this.#source.size,
      });
  }

  #spend(bytes: number): void {
    this.#left -= bytes;
    if (this.#left < 0) throw isoDamaged('its directories are larger than those of any disc');
  }

  async #records(directory: IsoEntry): Promise<DirectoryRecord[]> {
    if (directory.size > MAX_DIRECTORY)
      throw isoDamaged('one of its directories is larger than any', { size: directory.size });
    this.#spend(directory.size);
    const bytes = await this.data(directory, 0, directory.size);
    const records: DirectoryRecord[] = [];
    for (let at = 0; at < bytes.length;) {
      // Records do not cross sectors; the rest of one is zeros.
      if (bytes[at] === 0) {
        at = (Math.floor(at / SECTOR) + 1) * SECTOR;
        continue;
      }
      const record = parsing('ISO_DAMAGED', 'The CD image', 'Copy the image again.', () =>
        readRecord(bytes, at),
      );
      records.push(record);
      at += record.length;
    }
    return records;
  }

  async #entry(record: DirectoryRecord, extent: IsoEntry['extents'][0]): Promise<IsoEntry | null> {
    const isDirectory = (record.flags & FLAG.DIRECTORY) !== 0;
    const entry: IsoEntry = {
      name: this.#plainName(record, isDirectory),
      type: isDirectory ? 'directory' : 'file',
      size: record.size,
      extents: [extent],
    };
    if (this.#names === 'rock-ridge') {
      const fields = await this.#systemUse(record);
      // Directories too deep for ISO 9660 are kept elsewhere, and are shown where they belong.
      if (fields.some(({ signature }) => signature === SUSP.MOVED)) return null;
      const name = rockRidgeName(fields);
      if (name !== null) entry.name = name;
      const mode = fields.find(({ signature, data }) => signature === SUSP.MODE && data.length >= 4);
      const kind = mode === undefined ? 0 : (mode.data[1]! << 8) & 0o170000;
      const child = fields.find(({ signature, data }) => signature === SUSP.CHILD && data.length >= 4);
      if (child !== undefined) {
        const block = Buffer.from(child.data).readUInt32LE(0);
        const [self] = await this.#records({
          name: entry.name,
          type: 'directory',
          size: SECTOR,
          extents: [{ block, size: SECTOR }],
        });
        const size = self?.size ?? 0;
        return { ...entry, type: 'directory', size, extents: [{ block, size }] };
      }
      if (kind !== 0 && kind !== 0o100000 && kind !== 0o040000) entry.type = 'other';
    }
    // What cannot be named in a path cannot be asked for.
    return entry.name === '' || entry.name.includes('/') || entry.name === '.' || entry.name === '..'
      ? null
      : entry;
  }

  #plainName(record: DirectoryRecord, isDirectory: boolean): string {
    const text =
      this.#names === 'joliet'
        ? new TextDecoder('utf-16be').decode(record.name)
        : Buffer.from(record.name).toString('latin1');
    if (isDirectory) return text;
    // The version, and the dot of a name without an ending.
    const name = text.replace(/;\d{1,5}$/u, '');
    return this.#names !== 'joliet' ? name.replace(/\.$/u, '') : name;
  }

  async #systemUse(record: DirectoryRecord): Promise<SystemUseEntry[]> {
    const self = record.name.length === 1 && record.name[0] === 0;
    const fields = systemUseEntries(record.systemUse.subarray(self ? 0 : (this.#skip ?? 0)));
    for (let i = 0; i < fields.length && i < 4096; i++) {
      const { signature, data } = fields[i]!;
      if (signature !== SUSP.CONTINUATION) continue;
      if (fields.filter((field) => field.signature === SUSP.CONTINUATION).length > MAX_CONTINUATIONS) break;
      const more = continuationOf(data);
      if (more === null || more.length > SECTOR) break;
      const at = more.block * this.#blockSize + more.offset;
      this.#check(at, more.length, 'a name');
      this.#spend(more.length);
      fields.push(...systemUseEntries(await readBytes(this.#source, at, more.length)));
    }
    return fields;
  }
}

const isSelfOrParent = ({ name }: DirectoryRecord): boolean => name.length === 1 && name[0]! <= 1;

/** SP in the first record of the main directory says how many bytes of others stand before the fields of SUSP. */
function suspSkip(self: DirectoryRecord | undefined): number {
  const sp =
    self === undefined ? undefined : systemUseEntries(self.systemUse).find((one) => one.signature === 'SP');
  return sp?.data[2] ?? 0;
}

/** The parts of the name put together; null where there is none. Flags 2 and 4 stand for `.` and `..`. */
function rockRidgeName(fields: readonly SystemUseEntry[]): string | null {
  const parts = fields.filter(
    ({ signature, data }) => signature === SUSP.NAME && data.length >= 1 && (data[0]! & 6) === 0,
  );
  if (parts.length === 0) return null;
  const bytes = Buffer.concat(parts.map(({ data }) => data.subarray(1)));
  return bytes.length > MAX_NAME ? null : bytes.toString('utf8');
}
