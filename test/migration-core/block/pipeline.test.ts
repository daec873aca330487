import { createHash } from 'node:crypto';
import { open, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { IronliftError } from '../../../migration-core/base/errors.ts';
import { ExtentList } from '../../../migration-core/base/extents.ts';
import type { Progress } from '../../../migration-core/base/progress.ts';
import { memorySource } from '../../../migration-core/block/memory.ts';
import { Overlay } from '../../../migration-core/block/overlay.ts';
import { copyBlocks } from '../../../migration-core/block/pipeline.ts';
import { startCopyWorkers } from '../../../migration-core/block/pipeline-workers.ts';
import type { BlockSink } from '../../../migration-core/block/sink.ts';
import type { BlockSource, SourceExtent } from '../../../migration-core/block/source.ts';
import { verifyImage } from '../../../migration-core/block/verify.ts';
import { raw } from '../../../migration-core/image/raw.ts';
import { scratchFolder, seeded } from '../../support/tools.ts';

const MIB = 1 << 20;
const PAGE = 4096;

function noise(seed: number, length: number): Uint8Array {
  const words = new Uint32Array(Math.ceil(length / 4));
  let state = seed + 1;
  for (let i = 0; i < words.length; i++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    words[i] = state ^ (state >>> 15);
  }
  return new Uint8Array(words.buffer, 0, length);
}

/** A sink without places: takes the bytes themselves, as a compressing writer does. */
function memorySink(size: number, granularity: number): BlockSink & { bytes: Uint8Array; pieces: number[] } {
  const bytes = new Uint8Array(size);
  const pieces: number[] = [];
  let end = 0;
  return {
    path: 'memory',
    granularity,
    bytes,
    pieces,
    async write(data, offset) {
      expect(offset).toBeGreaterThanOrEqual(end);
      expect(offset % granularity).toBe(0);
      bytes.set(data, offset);
      end = offset + data.length;
      pieces.push(offset);
      // A slow writer must not see its buffer change.
      await new Promise((resolve) => setTimeout(resolve, 1));
      expect(Buffer.compare(bytes.subarray(offset, end), data)).toBe(0);
    },
  };
}

function treeDigest(bytes: Uint8Array): string {
  const root = createHash('sha256');
  for (let at = 0; at < bytes.length; at += MIB)
    root.update(
      createHash('sha256')
        .update(bytes.subarray(at, at + MIB))
        .digest(),
    );
  return root.digest('hex');
}

const all = (size: number): ExtentList => ExtentList.of([{ offset: 0, length: size }]);

describe('copyBlocks', () => {
  it('copies used pages and nothing else, in order, and digests what was written', async () => {
    const size = 20 * MIB + 5000;
    const disk = noise(1, size);
    disk.fill(0, 3 * MIB, 6 * MIB);
    const used = ExtentList.of([
      { offset: 0, length: 100_000 },
      { offset: 2 * MIB, length: 9 * MIB },
      { offset: 15 * MIB + PAGE, length: PAGE },
      { offset: size - 4000, length: 4000 },
    ]);
    const sink = memorySink(size, 65536);
    const copied = await copyBlocks({ source: memorySource(disk), used, writer: sink, digest: true });
    const wanted = new Uint8Array(size);
    for (const { offset, length } of used.aligned(PAGE, size))
      wanted.set(disk.subarray(offset, offset + length), offset);
    expect(Buffer.compare(sink.bytes, wanted)).toBe(0);
    expect(copied.digest).toEqual({ algorithm: 'sha256-tree-1MiB', value: treeDigest(wanted) });
    expect(copied.zeroBytes).toBe(3 * MIB);
    expect(copied.dataBytes + copied.zeroBytes).toBe(used.aligned(65536, size).bytes);
    expect(copied.skippedBytes).toBe(size - used.aligned(65536, size).bytes);
  });

  it('does not read what the source knows to be zero or free', async () => {
    const size = 8 * MIB;
    const below = memorySource(noise(2, size));
    const readable = ExtentList.of([{ offset: MIB, length: 3 * MIB + PAGE }]);
    const source: BlockSource = {
      ...below,
      async *extents(): AsyncGenerator<SourceExtent> {
        yield { offset: 0, length: MIB, kind: 'unused' };
        yield { offset: MIB, length: 3 * MIB + PAGE, kind: 'data' };
        yield { offset: 4 * MIB + PAGE, length: 4 * MIB - PAGE, kind: 'zero' };
      },
      async read(into, offset) {
        expect(all(size).intersect(readable).gaps(offset, into.length).bytes).toBe(0);
        await below.read(into, offset);
      },
    };
    const sink = memorySink(size, PAGE);
    const copied = await copyBlocks({ source, used: all(size), writer: sink });
    expect(copied).toMatchObject({ dataBytes: 3 * MIB + PAGE, zeroBytes: 0, digest: null, blocks: null });
    expect(sink.bytes.findIndex((byte) => byte !== 0)).toBeGreaterThanOrEqual(MIB);
  });

  it('reads changes through the overlay and the rest straight from the file, which stays as it was', async () => {
    const folder = await scratchFolder();
    const size = 12 * MIB;
    const disk = noise(3, size);
    await writeFile(join(folder, 'disk'), disk);
    const below = await raw.open(join(folder, 'disk'));
    const overlay = new Overlay(below);
    const model = disk.slice();
    const random = seeded(4);
    for (let i = 0; i < 12; i++) {
      const change = noise(i, 1 + Math.floor(random() * 9000));
      const offset = Math.floor(random() * (size - change.length));
      await overlay.write(change, offset);
      model.set(change, offset);
    }
    const writer = await raw.create({ path: join(folder, 'out'), size, allocation: 'thin' });
    const copied = await copyBlocks({ source: overlay, used: all(size), writer, digest: true });
    await writer.finish();
    await overlay.close();
    await below.close();
    expect(Buffer.compare(await readFile(join(folder, 'out')), model)).toBe(0);
    expect(copied.digest!.value).toBe(treeDigest(model));
    expect(Buffer.compare(await readFile(join(folder, 'disk')), disk)).toBe(0);
  });

  it('serves several copies with the same threads, in memory of a few slots', async () => {
    const workers = startCopyWorkers({ threads: 2, memory: 3 * MIB });
    try {
      for (const seed of [5, 6, 7]) {
        const size = 6 * MIB + seed;
        const disk = noise(seed, size);
        const sink = memorySink(size, 65536);
        const copied = await copyBlocks({
          source: memorySource(disk),
          used: all(size),
          writer: sink,
          digest: true,
          workers,
        });
        expect(Buffer.compare(sink.bytes, disk)).toBe(0);
        expect(copied.digest!.value).toBe(treeDigest(disk));
      }
    } finally {
      await workers.close();
    }
  });

  it('tells how far it is', async () => {
    const size = 30 * MIB;
    const events: Progress[] = [];
    await copyBlocks({
      source: memorySource(noise(8, size)),
      used: ExtentList.of([{ offset: 10 * MIB, length: 20 * MIB }]),
      writer: memorySink(size, 65536),
      onProgress: (event) => events.push(event),
    });
    expect(events.at(-1)).toMatchObject({
      phase: 'copy',
      doneBytes: 20 * MIB,
      totalBytes: 20 * MIB,
      skippedBytes: 10 * MIB,
      etaSeconds: 0,
    });
    const done = events.map(({ doneBytes }) => doneBytes);
    expect(done).toEqual(done.toSorted((a, b) => a - b));
  });

  it('copies nothing of an empty disk', async () => {
    const copied = await copyBlocks({
      source: memorySource(new Uint8Array(5 * MIB + 1)),
      used: new ExtentList(),
      writer: memorySink(5 * MIB + 1, PAGE),
      digest: true,
    });
    expect(copied).toMatchObject({ dataBytes: 0, zeroBytes: 0, skippedBytes: 5 * MIB + 1 });
    expect(copied.digest!.value).toBe(treeDigest(new Uint8Array(5 * MIB + 1)));
  });
});

describe('copyBlocks ends', () => {
  /** A source that counts what is under way in it. */
  function counting(
    size: number,
    read: (offset: number) => Promise<void>,
  ): BlockSource & { underWay: number } {
    const source = {
      size,
      sectorSize: 512,
      underWay: 0,
      async read(into: Uint8Array, offset: number): Promise<void> {
        source.underWay++;
        try {
          await new Promise((resolve) => setTimeout(resolve, 2));
          await read(offset);
          into.fill(1);
        } finally {
          source.underWay--;
        }
      },
      close: async () => undefined,
    };
    return source;
  }

  it('when it is cancelled: before it begins, and in the middle', async () => {
    const size = 200 * MIB;
    const stop = new AbortController();
    let reads = 0;
    const source = counting(size, async () => {
      if (++reads === 20) stop.abort();
    });
    const copying = copyBlocks({
      source,
      used: all(size),
      writer: memorySink(size, 65536),
      signal: stop.signal,
    });
    await expect(copying).rejects.toMatchObject({ code: 'CANCELLED', exitStatus: 130 });
    expect(source.underWay).toBe(0);
    expect(reads).toBeLessThan(60);
    const again = copyBlocks({
      source,
      used: all(size),
      writer: memorySink(size, 65536),
      signal: stop.signal,
    });
    await expect(again).rejects.toMatchObject({ code: 'CANCELLED' });
  });

  it('when the source fails, with the offset', async () => {
    const size = 40 * MIB;
    const source = counting(size, async (offset) => {
      if (offset === 17 * MIB) throw Object.assign(new Error('EIO: i/o error, read'), { code: 'EIO' });
    });
    const sink = memorySink(size, 65536);
    const copying = copyBlocks({ source, used: all(size), writer: sink });
    await expect(copying).rejects.toMatchObject({
      code: 'READ_FAILED',
      data: { offset: 17 * MIB, errno: 'EIO' },
    });
    expect(source.underWay).toBe(0);
    expect(Math.max(...sink.pieces)).toBeLessThan(17 * MIB);
  });

  it('when the file below becomes shorter than it was', async () => {
    const folder = await scratchFolder();
    const path = join(folder, 'disk');
    await writeFile(path, noise(9, 4 * MIB));
    const source = await raw.open(path);
    const file = await open(path, 'r+');
    await file.truncate(2 * MIB + 5);
    await file.close();
    const copying = copyBlocks({ source, used: all(4 * MIB), writer: memorySink(4 * MIB, 65536) });
    await expect(copying).rejects.toMatchObject({ code: 'READ_FAILED' });
    await source.close();
  });

  it('when the writer fails', async () => {
    const size = 40 * MIB;
    const sink = memorySink(size, 65536);
    const writer: BlockSink = {
      ...sink,
      async write(data, offset) {
        if (offset >= 9 * MIB) throw Object.assign(new Error('EDQUOT'), { code: 'EDQUOT' });
        await sink.write(data, offset);
      },
    };
    const copying = copyBlocks({ source: memorySource(noise(10, size)), used: all(size), writer });
    await expect(copying).rejects.toMatchObject({ code: 'DESTINATION_FULL' });
    const error = await copying.catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(IronliftError);
  });
});

describe('verifyImage', () => {
  const size = 9 * MIB + 4096;

  async function written(): Promise<{ path: string; disk: Uint8Array; digest: string }> {
    const path = join(await scratchFolder(), 'image.raw');
    const disk = noise(12, size);
    disk.fill(0, 2 * MIB, 7 * MIB);
    const writer = await raw.create({ path, size, allocation: 'thin' });
    const copied = await copyBlocks({ source: memorySource(disk), used: all(size), writer, digest: true });
    await writer.finish();
    return { path, disk, digest: copied.digest!.value };
  }

  async function verify(path: string, expected: string): Promise<string | null> {
    const image = await raw.open(path);
    try {
      return (await verifyImage({ image, path, size, expected })).fileSha256;
    } finally {
      await image.close();
    }
  }

  it('is satisfied with what was written, and tells the SHA-256 of the file', async () => {
    const { path, disk, digest } = await written();
    expect(await verify(path, digest)).toBe(createHash('sha256').update(disk).digest('hex'));
  });

  it.each([0, 1_234_567, 7 * MIB, size - 1])('finds one flipped bit at %i', async (at) => {
    const { path, disk, digest } = await written();
    const file = await open(path, 'r+');
    await file.write(Uint8Array.of(disk[at]! ^ 16), 0, 1, at);
    await file.close();
    await expect(verify(path, digest)).rejects.toMatchObject({ code: 'VERIFY_FAILED' });
  });

  it('finds data where zeros should be, and zeros where data should be', async () => {
    const { path, digest } = await written();
    const file = await open(path, 'r+');
    await file.write(Uint8Array.of(1), 0, 1, 4 * MIB + 3);
    await expect(verify(path, digest)).rejects.toMatchObject({ code: 'VERIFY_FAILED' });
    await file.write(Uint8Array.of(0), 0, 1, 4 * MIB + 3);
    expect(await verify(path, digest)).not.toBeNull();
    await file.write(new Uint8Array(65536), 0, 65536, 8 * MIB);
    await file.close();
    await expect(verify(path, digest)).rejects.toMatchObject({ code: 'VERIFY_FAILED' });
  });

  it('finds an image of another size', async () => {
    const { path, digest } = await written();
    const file = await open(path, 'r+');
    await file.truncate(size - 512);
    await expect(verify(path, digest)).rejects.toMatchObject({ code: 'VERIFY_FAILED' });
    await file.truncate(size + 512);
    await expect(verify(path, digest)).rejects.toMatchObject({ code: 'VERIFY_FAILED' });
    await file.close();
  });

  it('names the first MiB that differs when it knows all of them', async () => {
    const { path, disk } = await written();
    const writer = await raw.create({ path: `${path}.again`, size, allocation: 'thin' });
    const { blocks } = await copyBlocks({
      source: memorySource(disk),
      used: all(size),
      writer,
      digest: true,
    });
    await writer.abort();
    const file = await open(path, 'r+');
    await file.write(Uint8Array.of(disk[8 * MIB + 99]! ^ 1), 0, 1, 8 * MIB + 99);
    await file.close();
    const image = await raw.open(path);
    const verifying = verifyImage({ image, size, expected: blocks! });
    await expect(verifying).rejects.toMatchObject({ code: 'VERIFY_FAILED', data: { offset: 8 * MIB } });
    await image.close();
  });

  it('can be cancelled', async () => {
    const { path, digest } = await written();
    const image = await raw.open(path);
    const stop = new AbortController();
    const verifying = verifyImage({
      image,
      path,
      size,
      expected: digest,
      signal: stop.signal,
      onProgress: () => stop.abort(),
    });
    await expect(verifying).rejects.toMatchObject({ code: 'CANCELLED' });
    await image.close();
  });
});
