/**
 * Files in a ZIP whose bytes depend on nothing but the files, each packed as it comes, so that no more than one of them is
 * in memory as it was. Packed by fflate, not by zlib: builds of zlib compress differently on different processors, fflate
 * is JavaScript and does not. Only the frame is written here (APPNOTE 6.3, 4.3), with sizes before the bytes of each file:
 * what fflate writes piece by piece has them after, and not every reader of workbooks looks there.
 */
import { deflateSync } from 'fflate';
import { crc32 } from 'node:zlib';

const [LOCAL, CENTRAL, END] = [0x04034b50, 0x02014b50, 0x06054b50];
/** 2.0: deflate. */
const VERSION = 20;
/** Names are UTF-8. */
const FLAGS = 0x800;
const DEFLATE = 8;
/** ZIP keeps local time without a zone: noon of 1 January 1980, the first day that it can say, is nobody's. */
const [TIME, DATE] = [12 << 11, (1 << 5) | 1];
const LEVEL = 6;

interface Entry {
  name: string;
  /** What both headers say of it, from the version on. */
  about: Buffer;
  packed: Uint8Array;
}

export class Archive {
  readonly #entries: Entry[] = [];

  /** @param name with `/` between folders, each once */
  add(name: string, bytes: Uint8Array): void {
    const packed = deflateSync(bytes, { level: LEVEL });
    const about = Buffer.alloc(26);
    about.writeUInt16LE(VERSION, 0);
    about.writeUInt16LE(FLAGS, 2);
    about.writeUInt16LE(DEFLATE, 4);
    about.writeUInt16LE(TIME, 6);
    about.writeUInt16LE(DATE, 8);
    about.writeUInt32LE(crc32(bytes), 10);
    about.writeUInt32LE(packed.length, 14);
    about.writeUInt32LE(bytes.length, 18);
    about.writeUInt16LE(Buffer.byteLength(name), 22);
    this.#entries.push({ name, about, packed });
  }

  /** The whole, in the order in which they came. @param first names of those that stand before all others */
  bytes(first: readonly string[] = []): Uint8Array {
    const pieces: Uint8Array[] = [];
    const directory: Uint8Array[] = [];
    let offset = 0;
    const ordered = [
      ...first.flatMap((name) => this.#entries.find((entry) => entry.name === name) ?? []),
      ...this.#entries.filter(({ name }) => !first.includes(name)),
    ];
    for (const { name, about, packed } of ordered) {
      const path = Buffer.from(name, 'utf8');
      const central = Buffer.alloc(46);
      central.writeUInt32LE(CENTRAL, 0);
      central.writeUInt16LE(VERSION, 4);
      about.copy(central, 6);
      central.writeUInt32LE(offset, 42);
      directory.push(central, path);
      const local = Buffer.alloc(4);
      local.writeUInt32LE(LOCAL);
      pieces.push(local, about, path, packed);
      offset += local.length + about.length + path.length + packed.length;
    }
    const size = directory.reduce((sum, { length }) => sum + length, 0);
    const end = Buffer.alloc(22);
    end.writeUInt32LE(END, 0);
    end.writeUInt16LE(ordered.length, 8);
    end.writeUInt16LE(ordered.length, 10);
    end.writeUInt32LE(size, 12);
    end.writeUInt32LE(offset, 16);
    return Buffer.concat([...pieces, ...directory, end]);
  }
}
