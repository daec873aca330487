import { open, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ExtentList } from '../../../migration-core/base/extents.ts';
import { faulty, type Fault } from '../../../migration-core/block/faults.ts';
import { fileSource, openReadOnly } from '../../../migration-core/block/file-source.ts';
import { memorySource } from '../../../migration-core/block/memory.ts';
import { copyBlocks } from '../../../migration-core/block/pipeline.ts';
import { retrying, type RetryOptions, type RetrySource } from '../../../migration-core/block/retry.ts';
import { readBytes, type BlockSource } from '../../../migration-core/block/source.ts';
import { verifyImage } from '../../../migration-core/block/verify.ts';
import { raw } from '../../../migration-core/image/raw.ts';
import { scratchFolder, seeded } from '../../support/tools.ts';

const MIB = 1 << 20;

function noise(size: number): Uint8Array {
  const random = seeded(size);
  return Uint8Array.from({ length: size }, () => 1 + Math.floor(random() * 255));
}

function disk(
  bytes: Uint8Array,
  faults: Fault[],
  options: Partial<RetryOptions> = {},
  sectorSize = 512,
): { source: RetrySource; below: ReturnType<typeof faulty> } {
  const below = faulty(memorySource(bytes, sectorSize), faults);
  return { below, source: retrying(below, { name: 'disk', firstWait: 0, ...options }) };
}

describe('a read that fails', () => {
  it('succeeds when the fault goes away, and nothing is noted', async () => {
    const bytes = noise(64 << 10);
    const { source, below } = disk(bytes, [{ offset: 5000, length: 10, times: 2 }]);
    expect(Buffer.compare(await readBytes(source, 0, bytes.length), bytes)).toBe(0);
    expect(below.failures).toBe(2);
    expect(source.badSectors.count).toBe(0);
  });

  it('is given up after the tries, with the first bad sector and the way out', async () => {
    const { source } = disk(noise(MIB), [{ offset: 300_000, length: 1 }]);
    await expect(readBytes(source, 1000, MIB - 1000)).rejects.toMatchObject({
      code: 'READ_FAILED',
      message: 'disk has a defect: sector 585, at byte 299520, cannot be read.',
      next: expect.stringContaining('--zero-bad-sectors') as string,
      data: { offset: 299_520, errno: 'EIO' },
    });
    // What is sound beside it can be read.
    expect(await readBytes(source, 300_032, 1000)).toHaveLength(1000);
    expect(source.badSectors.count).toBe(0);
  });

  it('waits longer each time, and not at all when it is cancelled', async () => {
    const controller = new AbortController();
    const { source } = disk(noise(4096), [{ offset: 0, length: 1 }], {
      firstWait: 60_000,
      signal: controller.signal,
    });
    const reading = readBytes(source, 0, 512);
    setTimeout(() => controller.abort(), 20);
    const begun = performance.now();
    await expect(reading).rejects.toMatchObject({ code: 'CANCELLED' });
    expect(performance.now() - begun).toBeLessThan(5000);
    const patient = disk(noise(4096), [{ offset: 0, length: 1, times: 2 }], { firstWait: 20 });
    const start = performance.now();
    await readBytes(patient.source, 0, 512);
    expect(performance.now() - start).toBeGreaterThan(55);
  });
});

describe('bad sectors as zeros', () => {
  it.each([512, 4096])('are whole sectors of %i bytes, and all else is read', async (sectorSize) => {
    const bytes = noise(MIB + 100);
    const faults = [
      { offset: 10_000, length: 1 },
      { offset: 500_000, length: 9000 },
      { offset: MIB + 99, length: 1 },
    ];
    const { source } = disk(bytes, faults, { zeroBadSectors: true }, sectorSize);
    const expected = bytes.slice();
    const bad = ExtentList.of(faults).aligned(sectorSize, bytes.length);
    for (const { offset, length } of bad) expected.fill(0, offset, offset + length);
    // Odd borders: sectors that are read in part are bad as a whole.
    for (const [from, to] of [
      [10_001, 10_500],
      [0, 700_000],
      [500_001, bytes.length],
      [0, bytes.length],
    ] as const)
      expect(Buffer.compare(await readBytes(source, from, to - from), expected.subarray(from, to))).toBe(0);
    expect([...source.badSectors]).toEqual([...bad]);
  });

  it('stay zeros when the medium comes to its senses', async () => {
    const { source } = disk(noise(8192), [{ offset: 1024, length: 1, times: 20 }], { zeroBadSectors: true });
    const once = await readBytes(source, 0, 8192);
    for (let i = 0; i < 30; i++) expect(await readBytes(source, 0, 8192)).toEqual(once);
    expect([...source.badSectors]).toEqual([{ offset: 1024, length: 512 }]);
  });

  it.each([
    { what: 'a disk that went away', fault: { errno: 'ENODEV' } },
    { what: 'a file that became shorter', fault: { short: true } },
  ])('are not made of $what', async ({ fault }) => {
    const { source } = disk(noise(MIB), [{ offset: 4096, length: MIB - 4096, ...fault }], {
      zeroBadSectors: true,
    });
    await expect(readBytes(source, 0, MIB)).rejects.toMatchObject({ code: 'READ_FAILED' });
    expect(source.badSectors.count).toBe(0);
  });

  it('end when a whole stretch of the disk is dead', async () => {
    const size = 64 * MIB;
    const zeros: BlockSource = {
      size,
      sectorSize: 4096,
      read: async (into) => void into.fill(0),
      close: async () => undefined,
    };
    const source = retrying(faulty(zeros, [{ offset: 2 * MIB, length: 40 * MIB }]), {
      name: 'disk',
      firstWait: 0,
      tries: 1,
      zeroBadSectors: true,
    });
    await expect(readBytes(source, 0, size)).rejects.toMatchObject({
      code: 'READ_FAILED',
      message: expect.stringContaining('More than 16 MiB of disk cannot be read') as string,
    });
  });

  it('leave places that threads may read by themselves alone', async () => {
    const path = join(await scratchFolder(), 'disk');
    await writeFile(path, noise(8192));
    const below = faulty(
      fileSource(await openReadOnly(path), path, { size: 8192, sectorSize: 512, sparse: true }),
      [{ offset: 512, length: 1, times: 1000 }],
    );
    const source = retrying(below, { name: path, firstWait: 0, zeroBadSectors: true });
    expect(source.fileRange!(4096, 512)).toMatchObject({ offset: 4096 });
    await readBytes(source, 0, 4096);
    expect(source.fileRange!(0, 4096)).toBeNull();
    expect(source.fileRange!(1024, 4096)).toMatchObject({ offset: 1024 });
    expect('extents' in source).toBe(true);
    await source.close();
  });
});

describe('a copy of a disk with faults', () => {
  /** Says that everything lies in a file that ends early: the thread fails there and this side has to step in. */
  async function copyOf(bytes: Uint8Array, faults: Fault[], zeroBadSectors: boolean, direct: boolean) {
    const folder = await scratchFolder();
    const stub = join(folder, 'stub');
    await writeFile(stub, '');
    const short = await open(stub, 'r');
    const below = faulty(memorySource(bytes), faults);
    const { size, sectorSize } = below;
    const everywhere: BlockSource = {
      size,
      sectorSize,
      read: (into, offset) => below.read(into, offset),
      fileRange: () => ({ fd: short.fd, offset: 0 }),
      close: () => below.close(),
    };
    const source = retrying(direct ? everywhere : below, { name: 'disk', firstWait: 0, zeroBadSectors });
    const path = join(folder, 'copy');
    const writer = await raw.create({ path, size: bytes.length, allocation: 'thin' });
    try {
      const used = ExtentList.of([{ offset: 0, length: bytes.length }]);
      const copied = await copyBlocks({ source, used, writer, digest: true });
      await writer.finish();
      const image = await raw.open(path);
      await verifyImage({ image, size: bytes.length, expected: copied.blocks! });
      const written = await readBytes(image, 0, bytes.length);
      await image.close();
      return { written, bad: [...source.badSectors] };
    } catch (error) {
      await writer.abort();
      throw error;
    } finally {
      await short.close();
    }
  }

  it.each([false, true])(
    'has zeros there and its digest is that of the copy (threads: %s)',
    async (direct) => {
      const bytes = noise(5 * MIB + 512);
      const faults = [
        { offset: MIB - 512, length: 1024 },
        { offset: 3 * MIB, length: 700, times: 1_000_000 },
        { offset: 4 * MIB, length: 1, times: 1 },
      ];
      const { written, bad } = await copyOf(bytes, faults, true, direct);
      const expected = bytes.slice();
      expected.fill(0, MIB - 512, MIB + 512).fill(0, 3 * MIB, 3 * MIB + 1024);
      expect(Buffer.compare(written, expected)).toBe(0);
      expect(bad).toEqual([
        { offset: MIB - 512, length: 1024 },
        { offset: 3 * MIB, length: 1024 },
      ]);
    },
  );

  it.each([false, true])('is not made unless zeros were asked for (threads: %s)', async (direct) => {
    await expect(copyOf(noise(2 * MIB), [{ offset: MIB, length: 1 }], false, direct)).rejects.toMatchObject({
      code: 'READ_FAILED',
      data: { offset: MIB },
    });
  });
});
