/** Damaged FAT volumes by the thousand: every answer is content or a typed error, and comes soon. */
import { describe, expect, test } from 'vitest';
import { isIronliftError } from '../../../../migration-core/base/errors.ts';
import { memorySource } from '../../../../migration-core/block/memory.ts';
import { fatDriver } from '../../../../migration-core/filesystem/fat/driver.ts';
import type { GuestFileSystem } from '../../../../migration-core/filesystem/filesystem.ts';
import { recogniseContent } from '../../../../migration-core/volume/recognise.ts';
import { seeded } from '../../../support/tools.ts';
import { blankFat, openBytes, type Shape } from './blank-fat.ts';
import { Edits } from './edits.ts';

const SHAPES: Shape[] = [
  { bits: 12, clusters: 400 },
  { bits: 16, clusters: 4200 },
  { bits: 32, clusters: 500, sectorsPerCluster: 2 },
];
const ROUNDS = 800;

async function filled(shape: Shape, seed: number): Promise<Buffer<ArrayBuffer>> {
  const image = blankFat(shape);
  const { fs } = await openBytes(image);
  const edits = new Edits(fs, seeded(seed));
  for (let n = 0; n < 60; n++) await edits.one();
  await fs.flush();
  return image;
}

/** Bytes of the boot sector, the tables and the directories are more telling than those of files. */
function damage(image: Buffer, random: () => number): void {
  const places = [64, 512, 4096, 20_000, image.length];
  const count = 1 + Math.floor(random() * 12);
  const area = places[Math.floor(random() * places.length)]!;
  const values = [0, 0xff, 0xe5, 0x0f, 0x10, 0x41, 0x7f, 0x80, Math.floor(random() * 256)];
  for (let n = 0; n < count; n++) {
    const at = Math.floor(random() * Math.min(area, image.length));
    image[at] = values[Math.floor(random() * values.length)]!;
  }
  if (random() < 0.1)
    image.copy(image, Math.floor(random() * image.length), Math.floor(random() * image.length));
}

async function typed<T>(work: () => Promise<T>): Promise<T | null> {
  try {
    return await work();
  } catch (error) {
    if (isIronliftError(error)) return null;
    throw error;
  }
}

/** Walks at most `budget` entries: a damaged tree may have folders within folders without end. */
async function walk(fs: GuestFileSystem, path: string, budget: { left: number }): Promise<string[]> {
  const found: string[] = [];
  for (const { name, type } of (await typed(() => fs.readdir(path === '' ? '/' : path))) ?? []) {
    if (--budget.left < 0) return found;
    const child = `${path}/${name}`;
    found.push(child);
    await typed(() => fs.stat(child));
    await typed(() => fs.readRange(child, 100, 5000));
    if (type === 'directory' && path.length < 2000) found.push(...(await walk(fs, child, budget)));
  }
  return found;
}

describe('damaged FAT volumes', () => {
  test.each(SHAPES)('FAT$bits', async (shape) => {
    const random = seeded(shape.clusters);
    const good = await filled(shape, shape.clusters + 1);
    let opened = 0;
    let refused = 0;
    let changed = 0;
    for (let round = 0; round < ROUNDS; round++) {
      const image = Buffer.from(good);
      damage(image, random);
      const cut = random() < 0.05 ? image.subarray(0, Math.floor(random() * image.length)) : image;
      const disk = memorySource(cut);
      await recogniseContent(disk);
      await typed(() => fatDriver.probe(disk));
      const fs = await typed(() => fatDriver.open(disk, { now: 1_700_000_000 }));
      if (fs === null) {
        refused++;
        continue;
      }
      opened++;
      await typed(() => fs.usedExtents());
      const paths = await walk(fs, '', { left: 60 });
      const path = paths[Math.floor(random() * paths.length)] ?? '/x';
      const done = [
        await typed(() => fs.writeFile('/EFI new name.conf', Buffer.alloc(3000)).then(() => true)),
        await typed(() => fs.writeRange(path, 0, Buffer.alloc(2000)).then(() => true)),
        await typed(() => fs.rename(path, '/moved away').then(() => true)),
        await typed(() => fs.mkdir('/folder').then(() => true)),
        await typed(() => fs.remove(path).then(() => true)),
        await typed(() => fs.flush().then(() => true)),
      ];
      if (done[0] === true) changed++;
    }
    // Both ways must have been gone often enough for this to mean anything.
    expect(opened).toBeGreaterThan(ROUNDS / 3);
    expect(refused).toBeGreaterThan(10);
    expect(changed).toBeGreaterThan(50);
  });
});
