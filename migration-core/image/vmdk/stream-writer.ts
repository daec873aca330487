/**
 * Writes streamOptimized VMDK, the layout of OVF packages and of "Export" in VMware products: compressed grains one after
 * another, each with a record before it that names its sector; the grain table after the grains of each 32 MiB; then
 * directory, footer (the header once more, which says where the directory is) and end of stream. (VMware, Virtual Disk
 * Format 5.0, "Stream-Optimized Compressed Sparse Extents".)
 *
 * It could be written to a pipe but for the header, which comes last here as in every format, so that a file that was not
 * finished is no image.
 */
import { crc32 } from 'node:zlib';
import { IronliftError } from '../../base/errors.ts';
import { roundUp } from '../../base/bytes.ts';
import type { Packing } from '../../block/pack.ts';
import { ascending } from '../ascending.ts';
import type { CreateImageOptions, FinishOptions, ImageWriter } from '../image.ts';
import { createImageFile, packedWrite, type ImageFile } from '../image-file.ts';
import { resumable } from '../resumable.ts';
import { finalNameOf } from '../partial.ts';
import { imageIdentity } from '../identity.ts';
import { contentIdOf, quotable, renderDescriptor } from './descriptor-text.ts';
import { ENTRIES, FLAGS, GRAIN, HEADER, MAGIC, NEWLINES, SECTOR, TABLE_BYTES } from './layout.ts';

const DESCRIPTOR_SECTOR = 1;
const DESCRIPTOR_SECTORS = 20;
const GRAIN_SECTORS = GRAIN / SECTOR;
/** Sectors before the first record. */
const OVERHEAD = GRAIN_SECTORS;
/** Before the zlib stream of a grain: u64 sector of the disk, u32 bytes that follow. */
const GRAIN_RECORD = 12;
/** Types of a marker: u64 sectors that follow it, u32 zero, u32 type. End of stream is all zeros. */
const MARKER = { table: 1, directory: 2, footer: 3 } as const;
const TOLD_BY_FOOTER = 2n ** 64n - 1n;

/** Sector numbers have 32 bits. */
const LAST_SECTOR = 2 ** 32 - 1;

/** For figures see "Packing" in test/bench/README.md. */
const PACKING: Packing = {
  unit: GRAIN,
  codec: 'zlib',
  level: 4,
  unshrunk: 'packed',
  head: GRAIN_RECORD,
  align: SECTOR,
};

export async function createStreamVmdk(options: CreateImageOptions): Promise<ImageWriter> {
  const { path, adapter = 'scsi' } = options;
  // A disk that ends within a sector is rounded up: the format counts sectors.
  const capacity = Math.ceil(options.size / SECTOR);
  const file = await createImageFile(path, options.existing);
  const stream = recordStream(file, Math.ceil(capacity / (GRAIN_SECTORS * ENTRIES)));
  const check = ascending(options.size, GRAIN);
  const packed = {
    packing: PACKING,
    place(offset: number, length: number | null) {
      check(offset, Math.min(GRAIN, options.size - offset));
      // `unshrunk` says that every grain comes packed.
      const bytes = length!;
      const head = Buffer.alloc(GRAIN_RECORD);
      head.writeBigUInt64LE(BigInt(offset / SECTOR));
      head.writeUInt32LE(bytes, 8);
      return { fd: file.fd, offset: stream.grain(offset / GRAIN, bytes), head };
    },
  };
  return {
    path,
    granularity: GRAIN,
    packed,
    write: packedWrite(file, packed),
    async finish({ durable = true }: FinishOptions = {}) {
      const end = stream.finish((directory) => header(capacity, BigInt(directory)));
      await file.truncate(end);
      const identity = imageIdentity(options);
      const name = quotable(finalNameOf(options));
      const text = renderDescriptor({
        createType: 'streamOptimized',
        extents: [{ access: 'RDONLY', sectors: capacity, type: 'SPARSE', name }],
        cid: contentIdOf(identity, stream.checksum()),
        adapter,
        identity,
      });
      await file.write(Buffer.from(text), DESCRIPTOR_SECTOR * SECTOR);
      if (durable) await file.sync();
      file.writeNow(header(capacity, TOLD_BY_FOOTER), 0);
      if (durable) await file.sync();
      await file.close();
    },
    abort: () => file.abort(),
    ...resumable([file], { packed }),
  };
}

interface RecordStream {
  /** Room for a grain that was packed to so many bytes, its record included; bytes from the start of the file. */
  grain(index: number, bytes: number): number;
  /** Writes what comes after the last grain. `footer`: for a directory at that sector. Returns the bytes of the file. */
  finish(footer: (directory: number) => Buffer): number;
  /** CRC-32 of all grain tables. */
  checksum(): number;
}

function recordStream(file: ImageFile, tables: number): RecordStream {
  const table = Buffer.alloc(TABLE_BYTES);
  const directory = Buffer.alloc(roundUp(tables * 4, SECTOR));
  let current = -1;
  let next = OVERHEAD;
  let checksum = 0;

  function advance(sectors: number): number {
    const at = next;
    next += sectors;
    if (next <= LAST_SECTOR) return at;
    throw new IronliftError(
      'IMAGE_TOO_LARGE',
      `${file.path} became larger than a VMDK in one file can be, 2 TiB.`,
      {
        next: 'Choose another format for this disk.',
      },
    );
  }

  /** A marker and what follows it; returns the sector of the latter. */
  function record(type: number, payload: Buffer): number {
    const bytes = Buffer.alloc(SECTOR + payload.length);
    bytes.writeBigUInt64LE(BigInt(payload.length / SECTOR));
    bytes.writeUInt32LE(type, 12);
    payload.copy(bytes, SECTOR);
    const at = advance(bytes.length / SECTOR);
    file.writeNow(bytes, at * SECTOR);
    return at + 1;
  }

  function flush(): void {
    if (current < 0) return;
    directory.writeUInt32LE(record(MARKER.table, table), current * 4);
    checksum = crc32(table, checksum);
    table.fill(0);
  }

  return {
    grain(index, bytes) {
      const number = Math.floor(index / ENTRIES);
      if (number !== current) {
        flush();
        current = number;
      }
      const at = advance(Math.ceil((GRAIN_RECORD + bytes) / SECTOR));
      table.writeUInt32LE(at, (index % ENTRIES) * 4);
      return at * SECTOR;
    },
    finish(footer) {
      flush();
      const at = record(MARKER.directory, directory);
      record(MARKER.footer, footer(at));
      // End of stream: zeros.
      file.writeNow(Buffer.alloc(SECTOR), advance(1) * SECTOR);
      return next * SECTOR;
    },
    checksum: () => checksum,
  };
}

function header(capacity: number, directory: bigint): Buffer {
  const bytes = Buffer.alloc(SECTOR);
  bytes.writeUInt32LE(MAGIC, HEADER.magic);
  // ESX takes no stream of version 1.
  bytes.writeUInt32LE(3, HEADER.version);
  bytes.writeUInt32LE(FLAGS.newlineCheck | FLAGS.compressed | FLAGS.markers, HEADER.flags);
  bytes.writeBigUInt64LE(BigInt(capacity), HEADER.capacity);
  bytes.writeBigUInt64LE(BigInt(GRAIN_SECTORS), HEADER.grainSize);
  bytes.writeBigUInt64LE(BigInt(DESCRIPTOR_SECTOR), HEADER.descriptorOffset);
  bytes.writeBigUInt64LE(BigInt(DESCRIPTOR_SECTORS), HEADER.descriptorSize);
  bytes.writeUInt32LE(ENTRIES, HEADER.entriesPerTable);
  bytes.writeBigUInt64LE(directory, HEADER.directory);
  bytes.writeBigUInt64LE(BigInt(OVERHEAD), HEADER.overhead);
  bytes.write(NEWLINES, HEADER.newlines, 'latin1');
  bytes.writeUInt16LE(1, HEADER.compression);
  return bytes;
}
