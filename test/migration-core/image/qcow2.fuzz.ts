import { copyFile, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isIronliftError } from '../../../migration-core/base/errors.ts';
import { ExtentList } from '../../../migration-core/base/extents.ts';
import { copyBlocks } from '../../../migration-core/block/pipeline.ts';
import { startCopyWorkers, type CopyWorkers } from '../../../migration-core/block/pipeline-workers.ts';
import { CHECK_LIMIT, type DiskImage, type ImageFormat } from '../../../migration-core/image/image.ts';
import { qcow2 } from '../../../migration-core/image/qcow2/format.ts';
import { openContext } from '../../../migration-core/image/table.ts';
import { run, scratchFolder } from '../../support/tools.ts';
import { crafted, expectWordsOnly } from './hostile.ts';
import { sparseRaw } from './patterns.ts';

const MIB = 2 ** 20;

const rounds = (few: number): number => Number(process.env['IRONLIFT_FUZZ_CASES'] ?? few);

/** Checks the image too, and has it read by threads: they unpack by themselves. `beside` comes into the folder of the image. */
function alsoChecked({ beside = [] }: { beside?: string[] } = {}): ImageFormat {
  let turns = 0;
  return {
    ...qcow2,
    async open(path) {
      for (const file of beside) await copyFile(file, join(dirname(path), basename(file)));
      const { problems } = await qcow2.check!(path).catch(inWords);
      expect(problems.length).toBeLessThanOrEqual(CHECK_LIMIT);
      const image = await qcow2.open(path, openContext(path));
      if (++turns % 10 === 0) await copyAll(image).catch(inWords);
      return image;
    },
  };
}
const checked = alsoChecked();

function inWords(error: unknown): { problems: [] } {
  if (!isIronliftError(error)) throw error;
  return { problems: [] };
}

let workers: CopyWorkers;
beforeAll(() => void (workers = startCopyWorkers({ threads: 1 })));
afterAll(() => workers.close());

async function copyAll(source: DiskImage): Promise<void> {
  const size = Math.min(source.size, 8 * MIB);
  const writer = { path: 'nowhere', granularity: 65536, write: async () => undefined };
  await copyBlocks({ source, used: ExtentList.of([{ offset: 0, length: size }]), writer, workers });
}

describe('damaged qcow2', () => {
  it.each([
    { what: 'plain', settings: [] },
    { what: 'with subclusters', settings: ['-o', 'extended_l2=on,cluster_size=16k'] },
    { what: 'with clusters of 4 KiB', settings: ['-o', 'cluster_size=4096'] },
    { what: 'with zlib', settings: ['-c'] },
    { what: 'with zstd', settings: ['-c', '-o', 'compression_type=zstd'] },
  ])('$what ends in words', async ({ settings }) => {
    const folder = await scratchFolder();
    const disk = await sparseRaw(join(folder, 'disk'), { size: 6 * MIB, seed: 51, runs: 5, longest: 60_000 });
    const image = join(folder, 'image');
    await run('qemu-img', ['convert', '-f', 'raw', '-O', 'qcow2', ...settings, disk.path, image]);
    // Header, then every table: with few clusters of data they lie within the first half MiB.
    const tables = [
      { offset: 0, length: 112 },
      { offset: 3 * 65536, length: 64 },
      { offset: 4 * 65536, length: 1024 },
      { offset: 4096, length: 200_000 },
    ];
    const result = await expectWordsOnly({ format: checked, image, tables, rounds: rounds(300), seed: 52 });
    expect(result.refused).toBeGreaterThan(40);
    expect(result.opened).toBeGreaterThan(20);
  });

  it('with a parent, a snapshot, bitmaps or a data file ends in words', async () => {
    const folder = await scratchFolder();
    const qemuImg = (...args: string[]): Promise<string> => run('qemu-img', args, { cwd: folder });
    const io = ['-c', 'write -P 1 100k 70k', '-c', 'write -P 2 2M 64k', '-c', 'write -c -P 3 3M 64k'];
    await qemuImg('create', '-f', 'qcow2', 'base', '5M');
    await run('qemu-io', ['-f', 'qcow2', ...io, 'base'], { cwd: folder });
    await qemuImg('create', '-f', 'qcow2', '-b', 'base', '-F', 'qcow2', 'child', '6M');
    await qemuImg('snapshot', '-c', 'one', 'child');
    await run('qemu-io', ['-f', 'qcow2', '-c', 'write -P 4 150k 90k', 'child'], { cwd: folder });
    await qemuImg('bitmap', '--add', 'child', 'map');
    await qemuImg('create', '-f', 'qcow2', '-o', 'data_file=data', 'split', '6M');
    await run('qemu-io', ['-f', 'qcow2', ...io.slice(0, 4), 'split'], { cwd: folder });
    for (const [name, other] of [
      ['child', 'base'],
      ['split', 'data'],
    ] as const) {
      const image = join(folder, name);
      const { size } = await stat(image);
      const tables = [
        { offset: 0, length: 700 },
        { offset: 65536, length: size - 65536 },
        ...Array.from({ length: Math.floor(size / 65536) }, (_, i) => ({ offset: i * 65536, length: 512 })),
      ];
      const format = alsoChecked({ beside: [join(folder, other)] });
      const result = await expectWordsOnly({ format, image, tables, rounds: rounds(200), seed: 53 });
      expect(result.refused).toBeGreaterThan(30);
      expect(result.opened).toBeGreaterThan(30);
    }
  });

  it('with one L2 table for a disk of petabytes is refused, not walked', async () => {
    const folder = await scratchFolder();
    const path = await crafted(join(folder, 'image'), 64 * MIB, (bytes) => {
      bytes.write('QFI\xfb', 0, 'latin1');
      bytes.writeUInt32BE(2, 4);
      bytes.writeUInt32BE(16, 20);
      bytes.writeBigUInt64BE(2n ** 50n, 24);
      bytes.writeUInt32BE(2 ** 21, 36);
      bytes.writeBigUInt64BE(65536n, 40);
      for (let at = 65536; at < bytes.length; at += 8) bytes.writeBigUInt64BE(0x8000_0000_0200_0000n, at);
    });
    const began = performance.now();
    await expect(qcow2.open(path)).rejects.toMatchObject({ code: 'IMAGE_DAMAGED' });
    expect(performance.now() - began).toBeLessThan(5000);
  });

  it('with a size beyond all bounds is refused', async () => {
    const folder = await scratchFolder();
    for (const size of [2n ** 63n, 2n ** 64n - 1n, 2n ** 53n]) {
      const path = await crafted(join(folder, 'image'), MIB, (bytes) => {
        bytes.write('QFI\xfb', 0, 'latin1');
        bytes.writeUInt32BE(3, 4);
        bytes.writeUInt32BE(16, 20);
        bytes.writeBigUInt64BE(size, 24);
        bytes.writeUInt32BE(0xffffffff, 36);
        bytes.writeUInt32BE(104, 100);
      });
      await expect(qcow2.open(path)).rejects.toMatchObject({ code: 'IMAGE_DAMAGED' });
    }
  });
});
