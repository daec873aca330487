/** Every format into every other through our own tool, each result judged by qemu-img against the raw disk. */
import { existsSync } from 'node:fs';
import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { startCopyWorkers } from '../../../../migration-core/block/pipeline-workers.ts';
import { compareImages } from '../../../../migration-core/convert/image/compare-images.ts';
import {
  convertImage,
  type ImageConvertResult,
} from '../../../../migration-core/convert/image/convert-image.ts';
import { sha256 } from '../../../support/hash.ts';
import { run, scratchFolder } from '../../../support/tools.ts';
import {
  defaultLayouts,
  jobFor,
  judgedByQemu,
  writableLayouts,
  type WritableLayout,
} from '../../image/layouts.ts';
import { sparseRaw } from '../../image/patterns.ts';

const MIB = 2 ** 20;
const GIB = 2 ** 30;

const workers = startCopyWorkers();
afterAll(() => workers.close());

const convert = (layout: WritableLayout, input: string, output: string): Promise<ImageConvertResult> =>
  convertImage(jobFor(layout, input, output), { now: () => 0, workers, onStep: () => undefined });

/** By qemu-img where it knows the format, else through a raw copy that our own tool makes. */
async function expectHolds(layout: WritableLayout, image: string, disk: string): Promise<void> {
  if (await judgedByQemu(layout.format, image, disk)) return;
  const copy = `${image}.raw`;
  await convert(
    defaultLayouts.find(({ format }) => format.id === 'raw')!,
    image,
    copy,
  );
  const raw = writableLayouts.find(({ format }) => format.id === 'raw')!.format;
  expect(await judgedByQemu(raw, copy, disk)).toBe(true);
  await rm(copy);
}

describe('every format and allocation', () => {
  it.each(defaultLayouts)('$name: into every other', async (from) => {
    const folder = await scratchFolder();
    const disk = await sparseRaw(join(folder, 'disk'), { size: 5 * MIB + 512, seed: 71, runs: 12 });
    const first = join(folder, `first${from.format.extension}`);
    const digest = (await convert(from, disk.path, first)).contentDigest!.value;
    for (const to of defaultLayouts) {
      const second = join(folder, `second${to.format.extension}`);
      const result = await convert(to, first, second);
      expect(result, to.name).toMatchObject({ verified: true, size: disk.size, badSectors: [] });
      expect(result.contentDigest?.value, to.name).toBe(digest);
      await expectHolds(to, second, disk.path);
      for (const { path } of result.output.files) await rm(path);
    }
  });
});

describe('every layout', () => {
  it.each(writableLayouts)('$name: disks of all sizes', async (layout) => {
    const folder = await scratchFolder();
    const sizes = [512, 12_345, 3 * MIB + 777];
    if (layout.allocation === 'thin') sizes.push(9 * GIB + 512);
    for (const size of sizes.filter((one) => one <= layout.largest)) {
      const runs = size > GIB ? 40 : 6;
      const disk = await sparseRaw(join(folder, `disk${size}`), { size, seed: size, runs });
      const image = join(folder, `image${size}${layout.format.extension}`);
      const result = await convert(layout, disk.path, image);
      expect(result.output).toMatchObject({
        path: image,
        format: layout.format.id,
        subformat: layout.subformat,
      });
      expect(result.dataBytes + result.zeroBytes + result.skippedBytes).toBe(size);
      await expectHolds(layout, image, disk.path);
      const compared = await compareImages([image, disk.path], { parents: 'folder', workers });
      expect(compared).toMatchObject({ equal: true, first: null });
      for (const { path } of result.output.files) await rm(path);
      expect(await readdir(folder)).toEqual([`disk${size}`]);
      await rm(disk.path);
    }
  });

  it.each(writableLayouts)('$name: quickly, to the same bytes', async (layout) => {
    const folder = await scratchFolder();
    const size = 33 * MIB + 12_288;
    const disk = await sparseRaw(join(folder, 'disk'), { size, seed: 5, runs: 30, longest: 3 * MIB });
    const image = join(folder, `image${layout.format.extension}`);
    const job = jobFor(layout, disk.path, image);
    const digests = async ({ output }: ImageConvertResult): Promise<string[]> => {
      const found = await Promise.all(output.files.map(({ path }) => sha256(path)));
      await Promise.all(output.files.map(({ path }) => rm(path)));
      return found;
    };
    const slow = await digests(await convertImage(job, { now: () => 0, workers, onStep: () => undefined }));
    const quick = await convertImage({ ...job, quick: true }, { now: () => 0, onStep: () => undefined });
    expect(quick).toMatchObject({ verified: false, contentDigest: null });
    expect(await digests(quick)).toEqual(slow);
  });

  it.each(writableLayouts)('$name: quickly back into raw', async (layout) => {
    const folder = await scratchFolder();
    const disk = await sparseRaw(join(folder, 'disk'), { size: 7 * MIB + 1024, seed: 6, runs: 9 });
    const image = join(folder, `image${layout.format.extension}`);
    await convert(layout, disk.path, image);
    const back = join(folder, 'back.raw');
    const raw = defaultLayouts.find(({ format }) => format.id === 'raw')!;
    await convertImage(
      { ...jobFor(raw, image, back), quick: true },
      { now: () => 0, onStep: () => undefined },
    );
    await run('qemu-img', ['compare', '-f', 'raw', '-F', 'raw', disk.path, back]);
  });

  it.each(writableLayouts)('$name: a disk without a sector is refused', async (layout) => {
    const folder = await scratchFolder();
    const [input, output] = [join(folder, 'empty'), join(folder, `image${layout.format.extension}`)];
    await writeFile(input, '');
    await expect(convert(layout, input, output)).rejects.toMatchObject({
      code: 'SOURCE_EMPTY',
      exitStatus: 3,
    });
    expect(existsSync(output)).toBe(false);
  });
});
