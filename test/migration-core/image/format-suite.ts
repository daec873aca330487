/** What every disk format has to hold, judged by qemu-img. Each format's own test runs it. */
import { createHash } from 'node:crypto';
import { existsSync, type Stats } from 'node:fs';
import { open, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ExtentList } from '../../../migration-core/base/extents.ts';
import { copyBlocks } from '../../../migration-core/block/pipeline.ts';
import { readBytes } from '../../../migration-core/block/source.ts';
import { verifyImage } from '../../../migration-core/block/verify.ts';
import type { Compression, ImageFormat } from '../../../migration-core/image/image.ts';
import { raw } from '../../../migration-core/image/raw.ts';
import { detectFormat, openContext } from '../../../migration-core/image/table.ts';
import { run, scratchFolder, seeded, tryRun } from '../../support/tools.ts';
import { sparseRaw, type Pattern } from './patterns.ts';

export interface SuiteOptions {
  /** As qemu-img calls the format. */
  qemu: string;
  /** Whether `qemu-img check` knows the format. */
  check: boolean;
  /** Disk sizes are rounded up to this, bytes; by QEMU where the format does not. */
  rounding: number;
  thick: boolean;
  /** False where everything is always allocated. */
  thin?: boolean;
  /** Subformat.id; the format's default unless told. */
  subformat?: string;
  compression?: Compression;
}

const MIB = 2 ** 20;
const GIB = 2 ** 30;

export function imageFormatSuite(format: ImageFormat, options: SuiteOptions): void {
  const { subformat, compression, thin = true } = options;
  const layout = { subformat, compression };
  const isPacked =
    compression !== undefined || format.subformats.find(({ id }) => id === subformat)?.packed === true;
  const judge = async (image: string, pattern: Pattern): Promise<void> => {
    if (options.check) await run('qemu-img', ['check', '-f', options.qemu, image]);
    // Equal, and beyond the end of the smaller one nothing but zeros.
    await run('qemu-img', ['compare', '-f', 'raw', '-F', options.qemu, pattern.path, image]);
    const info = JSON.parse(await run('qemu-img', ['info', '--output=json', '-f', options.qemu, image])) as {
      'virtual-size': number;
    };
    expect(info['virtual-size']).toBe(Math.ceil(pattern.size / options.rounding) * options.rounding);
  };

  async function convert(
    folder: string,
    pattern: Pattern,
    allocation: 'thin' | 'thick' = thin ? 'thin' : 'thick',
  ): Promise<string> {
    const path = join(folder, `image${format.extension}`);
    const source = await raw.open(pattern.path);
    const writer = await format.create({ path, size: pattern.size, allocation, ...layout });
    const copied = await copyBlocks({ source, used: pattern.used, writer, digest: true });
    await writer.finish();
    await source.close();
    expect(copied.dataBytes + copied.zeroBytes + copied.skippedBytes).toBe(pattern.size);
    const image = await format.open(path);
    const { files } = image.facts;
    const verified = await verifyImage({ image, path, size: pattern.size, expected: copied.blocks! });
    await image.close();
    expect(files).toEqual(writer.files ?? [path]);
    if (subformat !== undefined) expect(image.facts.subformat).toBe(subformat);
    expect(verified.digest).toEqual(copied.digest);
    if (verified.fileSha256 !== null)
      expect(verified.fileSha256).toBe((await run('sha256sum', [path])).slice(0, 64));
    else if (!isPacked) expect(await sum(files, ({ size }) => size)).toBeGreaterThan(copied.dataBytes + GIB);
    return path;
  }

  const filesOf = async (path: string): Promise<readonly string[]> => {
    const image = await format.open(path);
    await image.close();
    return image.facts.files;
  };

  /** Bytes that all files of the image take on the medium. */
  const room = async (path: string): Promise<number> =>
    sum(await filesOf(path), ({ blocks }) => blocks * 512);

  describe(`${[format.id, subformat, compression].filter(Boolean).join(' ')}: written`, () => {
    const shapes = [
      { size: 512, seed: 1, runs: 1 },
      { size: 65536, seed: 2, runs: 3 },
      { size: 41_944_576, seed: 3, runs: 60 },
      // Not a whole sector, cluster or block.
      { size: 70 * MIB + 12_345, seed: 4, runs: 80 },
      // Several tables of qcow2, windows and files of VMDK, and offsets beyond 32 bits.
      { size: 9 * GIB + 512, seed: 5, runs: 250 },
    ];
    it.each(shapes.filter(({ size }) => thin || size < GIB))(
      '$size bytes hold what the raw disk holds, by the word of qemu-img',
      async (shape) => {
        const folder = await scratchFolder();
        const pattern = await sparseRaw(join(folder, 'disk'), shape);
        const path = await convert(folder, pattern);
        await judge(path, pattern);
        if (format.id !== 'raw') expect(await detectFormat(path)).toBe(format);
      },
    );

    // Allocated as a whole, these would fill the medium.
    it.runIf(thin)('an empty disk is a small file', async () => {
      const folder = await scratchFolder();
      const pattern = { path: join(folder, 'disk'), size: 3 * GIB, used: new ExtentList() };
      const file = await open(pattern.path, 'wx');
      await file.truncate(pattern.size);
      await file.close();
      const path = await convert(folder, pattern);
      await judge(path, pattern);
      expect(await room(path)).toBeLessThan(MIB);
    });

    it.runIf(thin)('takes room only for data', async () => {
      const folder = await scratchFolder();
      const pattern = await sparseRaw(join(folder, 'disk'), { size: 5 * GIB, seed: 9, runs: 10 });
      const path = await convert(folder, pattern);
      const most = pattern.used.aligned(65536, pattern.size).bytes + 2 * MIB;
      expect(await room(path)).toBeLessThan(most);
    });

    it('gives the same bytes for the same disk', async () => {
      const folder = await scratchFolder();
      const other = await scratchFolder();
      const pattern = await sparseRaw(join(folder, 'disk'), { size: 80 * MIB, seed: 10, runs: 100 });
      const [one, two] = [await convert(folder, pattern), await convert(other, pattern)];
      for (const [index, file] of (await filesOf(one)).entries())
        await run('cmp', [file, (await filesOf(two))[index]!]);
    });

    it('leaves nothing behind when it is aborted, and no valid image before it is finished', async () => {
      const folder = await scratchFolder();
      const path = join(folder, 'image');
      const allocation = thin ? 'thin' : 'thick';
      const writer = await format.create({ path, size: 10 * MIB, allocation, ...layout });
      await writer.write(new Uint8Array(65536).fill(5), 65536);
      if (options.check) {
        const opened = await tryRun('qemu-img', ['info', '-f', options.qemu, path]);
        expect(opened.status).not.toBe(0);
      }
      await writer.abort();
      await writer.abort();
      expect(await readdir(folder)).toEqual([]);
    });

    it('never writes over a file', async () => {
      const path = join(await scratchFolder(), 'image');
      await run('cp', ['/etc/hostname', path]);
      const allocation = thin ? 'thin' : 'thick';
      await expect(format.create({ path, size: MIB, allocation, ...layout })).rejects.toMatchObject({
        code: 'DESTINATION_EXISTS',
      });
      await run('cmp', ['/etc/hostname', path]);
    });

    if (options.thick) {
      it('allocates everything where that is wanted', async () => {
        const folder = await scratchFolder();
        const pattern = await sparseRaw(join(folder, 'disk'), { size: 600 * MIB + 4096, seed: 12, runs: 9 });
        const path = await convert(folder, pattern, 'thick');
        await judge(path, pattern);
        expect(await room(path)).toBeGreaterThanOrEqual(pattern.size);
      });
    } else {
      it('refuses to allocate everything', async () => {
        const path = join(await scratchFolder(), 'image');
        await expect(
          format.create({ path, size: MIB, allocation: 'thick', ...layout }),
        ).rejects.toMatchObject({
          code: 'NOT_SUPPORTED',
        });
        expect(existsSync(path)).toBe(false);
      });
    }
  });
}

async function sum(files: readonly string[], of: (stats: Stats) => number): Promise<number> {
  let total = 0;
  for (const file of files) total += of(await stat(file));
  return total;
}

/** Reads an image of another program's making at both ends, at random, and as a whole, and compares with the raw disk. */
export async function expectSameDisk(
  format: Pick<ImageFormat, 'open'>,
  path: string,
  disk: string,
): Promise<void> {
  const image = await format.open(path, openContext(path));
  const original = await raw.open(disk);
  try {
    expect(image.size - original.size).toBeGreaterThanOrEqual(0);
    expect(image.size - original.size).toBeLessThan(512);
    const random = seeded(image.size);
    for (let i = 0; i < 200; i++) {
      const length = 1 + Math.floor(random() * 200_000);
      const offset = Math.max(0, Math.floor(random() * (original.size - length)));
      const bytes = await readBytes(image, offset, Math.min(length, original.size - offset));
      expect(Buffer.compare(bytes, await readBytes(original, offset, bytes.length))).toBe(0);
    }
    expect(await treeDigest(image.size, (into, at) => image.read(into, at))).toBe(
      await treeDigest(image.size, (into, at) => readPadded(original, into, at)),
    );
    await expectExtents(image);
    const { value } = (
      await verifyImage({ image, size: image.size, expected: await leafDigest(original, image.size) })
    ).digest;
    expect(value).toBe(await leafDigest(original, image.size));
  } finally {
    await image.close();
    await original.close();
  }
}

type Reader = Awaited<ReturnType<ImageFormat['open']>>;

/** Extents cover the disk without gap or overlap, and what they call zero is zero. */
async function expectExtents(image: Reader): Promise<void> {
  let at = 0;
  for await (const { offset, length, kind } of image.extents!(0, image.size)) {
    expect(offset).toBe(at);
    at += length;
    if (kind === 'zero') {
      const piece = await readBytes(image, offset, Math.min(length, MIB));
      expect(piece.every((byte) => byte === 0)).toBe(true);
    }
  }
  expect(at).toBe(image.size);
}

async function readPadded(source: Reader, into: Uint8Array, offset: number): Promise<void> {
  const length = Math.min(into.length, source.size - offset);
  into.fill(0, length);
  await source.read(into.subarray(0, length), offset);
}

async function treeDigest(
  size: number,
  read: (into: Uint8Array, at: number) => Promise<void>,
): Promise<string> {
  const hash = createHash('sha256');
  for (let at = 0; at < size; at += MIB) {
    const bytes = new Uint8Array(Math.min(MIB, size - at));
    await read(bytes, at);
    hash.update(bytes);
  }
  return hash.digest('hex');
}

/** The content digest, computed the plain way. */
async function leafDigest(source: Reader, size: number): Promise<string> {
  const root = createHash('sha256');
  for (let at = 0; at < size; at += MIB) {
    const bytes = new Uint8Array(Math.min(MIB, size - at));
    await readPadded(source, bytes, at);
    root.update(createHash('sha256').update(bytes).digest());
  }
  return root.digest('hex');
}
