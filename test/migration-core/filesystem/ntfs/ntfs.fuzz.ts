/** Damaged NTFS volumes by the thousand: every answer is content or a typed error, comes soon, and nothing is written by reading. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { isIronliftError } from '../../../../migration-core/base/errors.ts';
import { memorySource } from '../../../../migration-core/block/memory.ts';
import { Overlay } from '../../../../migration-core/block/overlay.ts';
import type { GuestFileSystem } from '../../../../migration-core/filesystem/filesystem.ts';
import { ntfsDriver } from '../../../../migration-core/filesystem/ntfs/driver.ts';
import { scratchFolder, seeded } from '../../../support/tools.ts';
import { content, fillCompressed, linkPoint, setReparse } from './fill.ts';
import { makeNtfs, NOW, withMount } from './ntfs-image.ts';
import { makeLogDirty, placesIn, type Places } from './unclean.ts';
import { ALGORITHMS, writeWof } from './wof-files.ts';

const CASES = Number(process.env['IRONLIFT_FUZZ_CASES'] ?? 60);

async function volume(options: readonly string[]): Promise<{ good: Buffer; places: Places }> {
  const folder = await scratchFolder();
  const path = await makeNtfs(folder, 'ntfs', 8, [...options]);
  await withMount(path, 'compression,streams_interface=windows', async (mount) => {
    for (let i = 0; i < 150; i++)
      await writeFile(join(mount, `a name of some length ${i}`), 'x'.repeat(i % 90));
    await writeFile(join(mount, 'link'), '');
    await setReparse(join(mount, 'link'), linkPoint('\\??\\C:\\x', 0));
    await writeFile(join(mount, 'a name of some length 3:stream'), 'y'.repeat(2000));
    await writeFile(join(mount, 'pagefile.sys'), content(30_000, 3));
    for (const algorithm of ALGORITHMS.slice(0, 2))
      await writeWof(
        folder,
        join(mount, `wof${algorithm.number}`),
        [content(60_000, 1), content(9000, 2)],
        algorithm,
      );
    await fillCompressed(mount);
  });
  const good = await readFile(path);
  return { good, places: await placesIn(path, good) };
}

/** Changes within records, index blocks and packed data, with their protection kept right most of the time. */
function damage(image: Buffer, good: Buffer, random: () => number): void {
  const below = (limit: number): number => Math.floor(random() * limit);
  const values = [0, 1, 0xff, 0x7f, 0x80, 0x10, 0x20, 0x90, below(256), below(256)];
  for (let n = 1 + below(6); n > 0; n--) {
    const kind = below(10);
    let at: number;
    if (kind === 0) at = below(512);
    else if (kind === 1) at = below(image.length);
    else {
      // Somewhere in a record or index block; its two protected bytes are left alone.
      const signature = kind < 8 ? 'FILE' : 'INDX';
      const start = good.indexOf(signature, below(good.length));
      if (start < 0) continue;
      at = start + below(kind < 5 ? 0x60 : 0x300);
      if ((at & 511) >= 510) continue;
    }
    if (random() < 0.3)
      image.writeUInt32LE(
        [0, 0xffffffff, 0x7fffffff, 0x100, below(2 ** 31)][below(5)]!,
        Math.min(at, image.length - 4) & ~3,
      );
    else image[at] = values[below(values.length)]!;
  }
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
async function walk(fs: GuestFileSystem, path: string, budget: { left: number }): Promise<number> {
  let read = 0;
  for (const { name, type } of (await typed(() => fs.readdir(path === '' ? '/' : path))) ?? []) {
    if (--budget.left < 0) return read;
    const child = `${path}/${name}`;
    await typed(() => fs.stat(child));
    if ((await typed(() => fs.readRange(child, 100, 20_000))) !== null) read++;
    await typed(() => fs.xattrs(child));
    await typed(() => fs.readlink(child));
    if (type === 'directory' && path.length < 2000) read += await walk(fs, child, budget);
  }
  return read;
}

/** Every kind of change; whether the first of them went through. */
async function change(fs: GuestFileSystem, random: () => number): Promise<boolean> {
  const name = (): string => `/a name of some length ${Math.floor(random() * 150)}`;
  const done = (work: () => Promise<void>): Promise<true | null> =>
    typed(() => work().then(() => true as const));
  const first = await done(() => fs.writeFile('/new file.sys', content(70_000, 1)));
  await done(() => fs.writeFile(name(), content(3000, 3)));
  await done(() => fs.writeRange(name(), 0, content(1000, 3)));
  await done(() => fs.truncate('/pagefile.sys', 5000));
  await done(() => fs.writeRange('/compressed/packed5.txt', 9000, content(100, 1)));
  await done(() => fs.mkdir('/folder'));
  await done(() => fs.rename(name(), '/folder/moved'));
  for (let i = 0; i < 4; i++) await done(() => fs.remove(name()));
  await done(() => fs.flush());
  await typed(() => fs.usedExtents());
  return first === true;
}

/** Maps as of another time: bits of $Bitmap and of the map of the MFT are gone or too many. */
function ageMaps(image: Buffer, places: Places, random: () => number): void {
  const length = image.length / places.clusterSize / 8;
  for (const [at, size] of [
    [places.bitmap, length],
    [places.recordMap, 24],
  ] as const)
    for (let n = Math.floor(random() * size); n > 0; n--)
      image[at + Math.floor(random() * size)] = Math.floor(random() * 256);
}

test.each([
  [['-c', '512'], false],
  [['-c', '4096'], false],
  [['-c', '512'], true],
  [['-c', '4096'], true],
] as const)('damaged NTFS volumes, mkntfs %j, not closed: %j', async (options, unclean) => {
  const { good, places } = await volume(options);
  const random = seeded(options[1].length + (unclean ? 100 : 0));
  const rounds = CASES / (unclean ? 4 : 2);
  let opened = 0;
  let refused = 0;
  let read = 0;
  let changed = 0;
  let accepted = 0;
  for (let round = 0; round < rounds; round++) {
    const image = Buffer.from(good);
    if (unclean) {
      makeLogDirty(image, places);
      ageMaps(image, places, random);
    }
    damage(image, good, random);
    const cut = round % 10 === 9 ? image.subarray(0, Math.floor(random() * image.length)) : image;
    const before = Buffer.from(cut);
    const overlay = new Overlay(memorySource(cut));
    await typed(() => ntfsDriver.probe(overlay));
    const started = performance.now();
    const fs = await typed(() =>
      ntfsDriver.open(overlay, { now: NOW, ...(unclean ? { acceptUnclean: 'any' } : {}) }),
    );
    if (fs?.findings.some(({ code }) => code === 'NTFS_UNCLEAN_ACCEPTED') === true) accepted++;
    if (fs === null) {
      refused++;
    } else {
      opened++;
      await typed(() => fs.usedExtents());
      read += await walk(fs, '', { left: 190 });
    }
    expect(performance.now() - started, `round ${round}`).toBeLessThan(5000);
    expect(overlay.dirty.count).toBe(0);
    if (fs !== null && (await change(fs, random))) changed++;
    expect(performance.now() - started, `round ${round}`).toBeLessThan(5000);
    expect(Buffer.compare(before, cut)).toBe(0);
  }
  // Both ways must have been gone often enough for this to mean anything.
  expect(opened).toBeGreaterThan(rounds / 4);
  expect(refused).toBeGreaterThan(0);
  expect(read).toBeGreaterThan(rounds * 2);
  expect(changed).toBeGreaterThan(rounds / 8);
  expect(accepted > rounds / 4).toBe(unclean);
});
