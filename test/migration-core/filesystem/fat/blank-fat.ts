/** Empty FAT volumes in memory, for tests without mkfs.fat. */
import { memorySource } from '../../../../migration-core/block/memory.ts';
import type { WritableBlocks } from '../../../../migration-core/block/source.ts';
import type { GuestFileSystem } from '../../../../migration-core/filesystem/filesystem.ts';
import { fatDriver } from '../../../../migration-core/filesystem/fat/driver.ts';

export interface Shape {
  bits: 12 | 16 | 32;
  clusters: number;
  sectorsPerCluster?: number;
  rootEntries?: number;
}

export function blankFat({
  bits,
  clusters,
  sectorsPerCluster = 1,
  rootEntries = 64,
}: Shape): Buffer<ArrayBuffer> {
  const reserved = bits === 32 ? 8 : 1;
  const fatSectors = Math.ceil(((clusters + 2) * bits) / 8 / 512);
  const rootSectors = bits === 32 ? 0 : (rootEntries * 32) / 512;
  const sectors = reserved + 2 * fatSectors + rootSectors + clusters * sectorsPerCluster;
  const image = Buffer.alloc(sectors * 512);
  image.writeUInt16LE(512, 0x0b);
  image[0x0d] = sectorsPerCluster;
  image.writeUInt16LE(reserved, 0x0e);
  image[0x10] = 2;
  image.writeUInt16LE(bits === 32 ? 0 : rootEntries, 0x11);
  image[0x15] = 0xf8;
  image.writeUInt16LE(bits === 32 ? 0 : fatSectors, 0x16);
  image.writeUInt32LE(sectors, 0x20);
  if (bits === 32) {
    image.writeUInt32LE(fatSectors, 0x24);
    image.writeUInt32LE(2, 0x2c);
    image.writeUInt16LE(1, 0x30);
    image.writeUInt32LE(0x41615252, 512);
    image.writeUInt32LE(0x61417272, 512 + 0x1e4);
  }
  const extended = bits === 32 ? 0x42 : 0x26;
  image[extended] = 0x29;
  image.writeUInt32LE(0x12345678, extended + 1);
  image.write('NO NAME    ', extended + 5);
  image.writeUInt16LE(0xaa55, 510);
  for (let copy = 0; copy < 2; copy++) {
    const at = (reserved + copy * fatSectors) * 512;
    if (bits === 12) image.set([0xf8, 0xff, 0xff], at);
    else if (bits === 16) image.set([0xf8, 0xff, 0xff, 0xff], at);
    else image.set([0xf8, 0xff, 0xff, 0x0f, 0xff, 0xff, 0xff, 0x0f, 0xff, 0xff, 0xff, 0x0f], at);
  }
  return image;
}

/** Byte offset of the entry of a cluster in the first table; not for FAT12. */
export const fatEntry = (bits: 16 | 32, cluster: number): number =>
  (bits === 32 ? 8 : 1) * 512 + (cluster * bits) / 8;

export async function openBytes(
  image: Buffer<ArrayBuffer>,
): Promise<{ fs: GuestFileSystem; disk: WritableBlocks }> {
  const disk = memorySource(image);
  return { disk, fs: await fatDriver.open(disk, { now: 1_700_000_000 }) };
}
