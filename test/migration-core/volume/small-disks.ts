/** Partitioned disks in memory, for tests without partitioning tools. */
import { crc32 } from 'node:zlib';
import { blankFat } from '../filesystem/fat/blank-fat.ts';

function mbrEntry(sector: Buffer, slot: number, type: number, first: number, count: number): void {
  const at = 446 + slot * 16;
  sector[at + 4] = type;
  sector.writeUInt32LE(first, at + 8);
  sector.writeUInt32LE(count, at + 12);
  sector.writeUInt16LE(0xaa55, 510);
}

/** One primary partition with a FAT volume, and `logicals` logical ones; `records` are the offsets of all tables. */
export function logicalsDisk(logicals: number): { image: Buffer<ArrayBuffer>; records: number[] } {
  const volume = blankFat({ bits: 12, clusters: 60 });
  const primary = volume.length / 512;
  const extended = 64 + primary;
  const each = 64;
  const image = Buffer.alloc((extended + each * logicals + 64) * 512);
  volume.copy(image, 64 * 512);
  image.writeUInt32LE(0xcafe1234, 440);
  mbrEntry(image, 0, 0x06, 64, primary);
  mbrEntry(image, 1, 0x05, extended, each * logicals);
  const records = [0];
  for (let n = 0; n < logicals; n++) {
    const ebr = (extended + n * each) * 512;
    records.push(ebr);
    const sector = image.subarray(ebr, ebr + 512);
    mbrEntry(sector, 0, 0x83, 8, each - 8);
    if (n + 1 < logicals) mbrEntry(sector, 1, 0x05, (n + 1) * each, each);
  }
  return { image, records };
}

const EFI_SYSTEM = Buffer.from('28732ac11ff8d211ba4b00a0c93ec93b', 'hex');

/** Three partitions of one type in a GPT with both copies. */
export function gptDisk(sectorSize: number, type: Uint8Array = EFI_SYSTEM): Buffer<ArrayBuffer> {
  const tableSectors = 16384 / sectorSize;
  const firstUsable = 2 + tableSectors;
  const sectors = firstUsable + 300 + 1 + tableSectors;
  const image = Buffer.alloc(sectors * sectorSize);
  const last = sectors - 1;
  mbrEntry(image, 0, 0xee, 1, last);
  const entries = Buffer.alloc(16384);
  for (let n = 0; n < 3; n++) {
    const at = n * 128;
    entries.set(type, at);
    entries.fill(n + 1, at + 16, at + 32);
    entries.writeBigUInt64LE(BigInt(firstUsable + n * 100), at + 32);
    entries.writeBigUInt64LE(BigInt(firstUsable + n * 100 + 99), at + 40);
    entries.write(`part ${n}`, at + 56, 'utf16le');
  }
  const header = (own: number, other: number, entriesAt: number): void => {
    const at = own * sectorSize;
    image.write('EFI PART', at, 'latin1');
    image.writeUInt32LE(0x00010000, at + 8);
    image.writeUInt32LE(92, at + 12);
    image.writeBigUInt64LE(BigInt(own), at + 0x18);
    image.writeBigUInt64LE(BigInt(other), at + 0x20);
    image.writeBigUInt64LE(BigInt(firstUsable), at + 0x28);
    image.writeBigUInt64LE(BigInt(last - tableSectors - 1), at + 0x30);
    image.fill(0xd1, at + 0x38, at + 0x48);
    image.writeBigUInt64LE(BigInt(entriesAt), at + 0x48);
    image.writeUInt32LE(128, at + 0x50);
    image.writeUInt32LE(128, at + 0x54);
    image.writeUInt32LE(crc32(entries), at + 0x58);
    image.writeUInt32LE(crc32(image.subarray(at, at + 92)), at + 0x10);
    entries.copy(image, entriesAt * sectorSize);
  };
  header(1, last, 2);
  header(last, 1, last - tableSectors);
  return image;
}
