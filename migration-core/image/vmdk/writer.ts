/**
 * Writes monolithicSparse VMDK: one file that VMware Workstation, VirtualBox and QEMU open.
 *
 * Layout, in sectors: header 0, descriptor 1..20, redundant grain directory at 21 and all of its grain tables, then
 * directory and tables once more, grains from the next multiple of 128 on. All grain tables have their room from the
 * beginning; those of empty parts of the disk stay holes of the file. A finished stretch of tables is written and
 * forgotten, so memory stays flat. The header comes last.
 */
import { basename } from 'node:path';
import { crc32 } from 'node:zlib';
import { roundUp } from '../../base/bytes.ts';
import { ascending } from '../ascending.ts';
import type { CreateImageOptions, FinishOptions, ImageWriter } from '../image.ts';
import { createImageFile, placedWrite, type ImageFile } from '../image-file.ts';
import { renderDescriptor } from './descriptor.ts';
import { ENTRIES, FLAGS, GRAIN, HEADER, MAGIC, NEWLINES, SECTOR, TABLE_BYTES } from './layout.ts';

const DESCRIPTOR_SECTOR = 1;
const DESCRIPTOR_SECTORS = 20;
const TABLE_SECTORS = TABLE_BYTES / SECTOR;
const GRAIN_SECTORS = GRAIN / SECTOR;
/** Sector numbers in the tables have 32 bits: 2 TiB of grains, less the tables themselves (two copies, 4 KiB for 32 MiB). */
export const LARGEST_SPARSE_DISK = 2 ** 41 - 2 ** 29;
/** Tables that are written at once: 2 KiB for 32 MiB of disk each, so this is 4 GiB of disk. */
const TABLES_AT_ONCE = 128;

/** All in sectors. */
interface Layout {
  capacity: number;
  tables: number;
  redundantDirectory: number;
  redundantTables: number;
  directory: number;
  grainTables: number;
  overhead: number;
}

export async function createVmdk(options: CreateImageOptions): Promise<ImageWriter> {
  const { path, adapter = 'scsi' } = options;
  const layout = layoutFor(options);
  // A disk that ends within a sector is rounded up: the format counts sectors.
  const size = layout.capacity * SECTOR;
  const file = await createImageFile(path);
  const tables = grainTables(file, layout);
  const check = ascending(options.size, GRAIN);
  let next = layout.overhead;
  const place = (offset: number, length: number): { fd: number; offset: number } => {
    check(offset, length);
    const first = offset / GRAIN;
    const count = Math.ceil(length / GRAIN);
    const at = next;
    next += count * GRAIN_SECTORS;
    for (let i = 0; i < count; i++) tables.set(first + i, at + i * GRAIN_SECTORS);
    return { fd: file.fd, offset: at * SECTOR };
  };
  return {
    path,
    granularity: GRAIN,
    place,
    write: placedWrite(file, place),
    async finish({ durable = true }: FinishOptions = {}) {
      tables.flush();
      writeDirectories(file, layout);
      await file.truncate(next * SECTOR);
      const name = options.finalName ?? basename(path);
      // Two images of the same name differ in their tables or have the same data where a snapshot would look.
      const cid = (crc32(name, tables.checksum()) & 0x7fffffff) >>> 0;
      const text = renderDescriptor({ name, sectors: size / SECTOR, cid, adapter });
      await file.write(Buffer.from(text), DESCRIPTOR_SECTOR * SECTOR);
      if (durable) await file.sync();
      file.writeNow(header(layout), 0);
      if (durable) await file.sync();
      await file.close();
    },
    abort: () => file.abort(),
  };
}

function layoutFor({ size }: CreateImageOptions): Layout {
  const capacity = Math.ceil(size / SECTOR);
  const tables = Math.ceil(capacity / (GRAIN_SECTORS * ENTRIES));
  const directorySectors = Math.ceil((tables * 4) / SECTOR);
  const redundantDirectory = DESCRIPTOR_SECTOR + DESCRIPTOR_SECTORS;
  const redundantTables = redundantDirectory + directorySectors;
  const directory = redundantTables + tables * TABLE_SECTORS;
  const grainTables = directory + directorySectors;
  const overhead = roundUp(grainTables + tables * TABLE_SECTORS, GRAIN_SECTORS);
  return { capacity, tables, redundantDirectory, redundantTables, directory, grainTables, overhead };
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
  const window = Buffer.alloc(TABLES_AT_ONCE * TABLE_BYTES);
  const perWindow = TABLES_AT_ONCE * ENTRIES;
  let current = -1;
  let checksum = 0;
  const flush = (): void => {
    if (current < 0) return;
    const first = current * TABLES_AT_ONCE;
    const bytes = window.subarray(0, Math.min(TABLES_AT_ONCE, layout.tables - first) * TABLE_BYTES);
    for (const copy of [layout.redundantTables, layout.grainTables])
      file.writeNow(bytes, (copy + first * TABLE_SECTORS) * SECTOR);
    checksum = crc32(bytes, checksum);
    window.fill(0);
  };
  return {
    set(grain, sector) {
      const index = Math.floor(grain / perWindow);
      if (index !== current) {
        flush();
        current = index;
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
  bytes.writeBigUInt64LE(BigInt(DESCRIPTOR_SECTOR), HEADER.descriptorOffset);
  bytes.writeBigUInt64LE(BigInt(DESCRIPTOR_SECTORS), HEADER.descriptorSize);
  bytes.writeUInt32LE(ENTRIES, HEADER.entriesPerTable);
  bytes.writeBigUInt64LE(BigInt(layout.redundantDirectory), HEADER.redundantDirectory);
  bytes.writeBigUInt64LE(BigInt(layout.directory), HEADER.directory);
  bytes.writeBigUInt64LE(BigInt(layout.overhead), HEADER.overhead);
  bytes.write(NEWLINES, HEADER.newlines, 'latin1');
  return bytes;
}
