/**
 * Writes one hosted sparse extent: the whole disk (monolithicSparse) or a part of it (twoGbMaxExtentSparse).
 *
 * Layout, in sectors: header 0, room for a descriptor (whole disks only), redundant grain directory and all of its grain
 * tables, then directory and tables once more, grains from the next multiple of 128 on. All grain tables have their room
 * from the beginning; those of empty parts of the disk stay holes of the file. A finished stretch of tables is written
 * and forgotten, so memory stays flat. The header comes last.
 */
import { crc32 } from 'node:zlib';
import { roundUp } from '../../base/bytes.ts';
import type { FilePlace } from '../../block/sink.ts';
import type { ImageFile } from '../image-file.ts';
import { ENTRIES, FLAGS, GRAIN, HEADER, MAGIC, NEWLINES, SECTOR, TABLE_BYTES } from './layout.ts';

const TABLE_SECTORS = TABLE_BYTES / SECTOR;
const GRAIN_SECTORS = GRAIN / SECTOR;
/** Where the descriptor of a whole disk lies, sectors. */
export const DESCRIPTOR = { sector: 1, sectors: 20 } as const;
/** Tables that are written at once: 2 KiB for 32 MiB of disk each, so this is 4 GiB of disk. */
const TABLES_AT_ONCE = 128;

export interface SparseExtentOptions {
  /** Sectors of the disk that the extent holds. */
  capacity: number;
  /** Whether it has room for a descriptor. */
  descriptor: boolean;
}

export interface SparseExtentWriter {
  /** Room for bytes of the extent (not of the disk): whole grains, ascending. */
  place(offset: number, length: number): FilePlace;
  /** Writes all but the header, which makes it valid. Returns a checksum of its tables. */
  complete(): Promise<number>;
  /** Writes the header. */
  seal(): void;
}

/** All in sectors. */
interface Layout {
  capacity: number;
  descriptor: boolean;
  tables: number;
  redundantDirectory: number;
  redundantTables: number;
  directory: number;
  grainTables: number;
  overhead: number;
}

export function sparseExtentWriter(file: ImageFile, options: SparseExtentOptions): SparseExtentWriter {
  const layout = layoutFor(options);
  const tables = grainTables(file, layout);
  let next = layout.overhead;
  return {
    place(offset, length) {
      const first = offset / GRAIN;
      const count = Math.ceil(length / GRAIN);
      const at = next;
      next += count * GRAIN_SECTORS;
      for (let i = 0; i < count; i++) tables.set(first + i, at + i * GRAIN_SECTORS);
      return { fd: file.fd, offset: at * SECTOR };
    },
    async complete() {
      tables.flush();
      writeDirectories(file, layout);
      await file.truncate(next * SECTOR);
      return tables.checksum();
    },
    seal: () => file.writeNow(header(layout), 0),
  };
}

function layoutFor({ capacity, descriptor }: SparseExtentOptions): Layout {
  const tables = Math.ceil(capacity / (GRAIN_SECTORS * ENTRIES));
  const directorySectors = Math.ceil((tables * 4) / SECTOR);
  const redundantDirectory = descriptor ? DESCRIPTOR.sector + DESCRIPTOR.sectors : 1;
  const redundantTables = redundantDirectory + directorySectors;
  const directory = redundantTables + tables * TABLE_SECTORS;
  const grainTables = directory + directorySectors;
  const overhead = roundUp(grainTables + tables * TABLE_SECTORS, GRAIN_SECTORS);
  return {
    capacity,
    descriptor,
    tables,
    redundantDirectory,
    redundantTables,
    directory,
    grainTables,
    overhead,
  };
}

interface GrainTables {
  /** Notes the sector of a grain; grains come in ascending order. */
  set(grain: number, sector: number): void;
  flush(): void;
  /** CRC-32 of all tables that were flushed. */
  checksum(): number;
}

/** A window of tables in memory, written to both copies when it has been passed. */
function grainTables(file: ImageFile, layout: Layout): GrainTables {
  const perWindow = TABLES_AT_ONCE * ENTRIES;
  // A disk in thousands of extents has a window in memory only where data came.
  let window = Buffer.alloc(0);
  let current = -1;
  let checksum = 0;
  const flush = (): void => {
    if (current < 0) return;
    const first = current * TABLES_AT_ONCE;
    for (const copy of [layout.redundantTables, layout.grainTables])
      file.writeNow(window, (copy + first * TABLE_SECTORS) * SECTOR);
    checksum = crc32(window, crc32(`${current} `, checksum));
    current = -1;
    window = Buffer.alloc(0);
  };
  return {
    set(grain, sector) {
      const index = Math.floor(grain / perWindow);
      if (index !== current) {
        flush();
        current = index;
        window = Buffer.alloc(Math.min(TABLES_AT_ONCE, layout.tables - index * TABLES_AT_ONCE) * TABLE_BYTES);
      }
      window.writeUInt32LE(sector, (grain % perWindow) * 4);
    },
    flush,
    checksum: () => checksum,
  };
}

function writeDirectories(file: ImageFile, layout: Layout): void {
  const bytes = Buffer.alloc(layout.tables * 4);
  for (const [directory, tables] of [
    [layout.redundantDirectory, layout.redundantTables],
    [layout.directory, layout.grainTables],
  ] as const) {
    for (let i = 0; i < layout.tables; i++) bytes.writeUInt32LE(tables + i * TABLE_SECTORS, i * 4);
    file.writeNow(bytes, directory * SECTOR);
  }
}

function header(layout: Layout): Buffer {
  const bytes = Buffer.alloc(SECTOR);
  bytes.writeUInt32LE(MAGIC, HEADER.magic);
  bytes.writeUInt32LE(1, HEADER.version);
  bytes.writeUInt32LE(FLAGS.newlineCheck | FLAGS.redundantTables, HEADER.flags);
  bytes.writeBigUInt64LE(BigInt(layout.capacity), HEADER.capacity);
  bytes.writeBigUInt64LE(BigInt(GRAIN_SECTORS), HEADER.grainSize);
  if (layout.descriptor) {
    bytes.writeBigUInt64LE(BigInt(DESCRIPTOR.sector), HEADER.descriptorOffset);
    bytes.writeBigUInt64LE(BigInt(DESCRIPTOR.sectors), HEADER.descriptorSize);
  }
  bytes.writeUInt32LE(ENTRIES, HEADER.entriesPerTable);
  bytes.writeBigUInt64LE(BigInt(layout.redundantDirectory), HEADER.redundantDirectory);
  bytes.writeBigUInt64LE(BigInt(layout.directory), HEADER.directory);
  bytes.writeBigUInt64LE(BigInt(layout.overhead), HEADER.overhead);
  bytes.write(NEWLINES, HEADER.newlines, 'latin1');
  return bytes;
}
