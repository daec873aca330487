import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { ExtentList } from '../../../migration-core/base/extents.ts';
import type { CopiedBlock, CopiedSoFar } from '../../../migration-core/block/copied.ts';
import { memorySource } from '../../../migration-core/block/memory.ts';
import { copyBlocks } from '../../../migration-core/block/pipeline.ts';
import { startCopyWorkers } from '../../../migration-core/block/pipeline-workers.ts';
import {
  CopyLogFile,
  encodeRecord,
  lastCheckpoint,
  readCopyLog,
} from '../../../migration-core/convert/copy-log.ts';
import type { Checkpoint } from '../../../migration-core/convert/job-record.ts';
import type { CreateImageOptions } from '../../../migration-core/image/image.ts';
import { scratchFolder, seeded } from '../../support/tools.ts';
import { writableLayouts, type WritableLayout } from '../image/layouts.ts';

const MIB = 1 << 20;
const SIZE = 5 * MIB + 4096;
/** MiB after which the image is left. */
const CUTS = [2, 4];

/** Runs of noise, text and zeros from 4 KiB to a MiB. */
function contents(seed: number): Buffer {
  const random = seeded(seed);
  const bytes = Buffer.alloc(SIZE);
  for (let at = 0; at < SIZE;) {
    const length = 4096 * (1 + Math.floor(random() * 256));
    const part = bytes.subarray(at, at + length);
    const kind = random();
    if (kind < 0.3) for (let i = 0; i < part.length; i += 4) part.writeUInt32LE(random() * 2 ** 32, i);
    else if (kind < 0.6) part.fill(`line ${at} of a file, and another one; `);
    at += length;
  }
  return bytes;
}

const request = (layout: WritableLayout, folder: string): CreateImageOptions => ({
  path: join(folder, `disk${layout.format.extension}.partial`),
  size: SIZE,
  allocation: layout.allocation,
  subformat: layout.subformat,
  compression: layout.compression ?? undefined,
  finalName: `disk${layout.format.extension}`,
});

const disk = contents(1);
const otherDisk = contents(2);
const whole = ExtentList.of([{ offset: 0, length: SIZE }]);

async function filesOf(folder: string): Promise<Map<string, Buffer>> {
  const files = new Map<string, Buffer>();
  for (const name of (await readdir(folder)).sort()) files.set(name, await readFile(join(folder, name)));
  return files;
}

describe('an image that was left behind', () => {
  const workers = startCopyWorkers({ threads: 2 });
  afterAll(() => workers.close());

  it.each(writableLayouts)(
    '$name: is gone on with to the same bytes, wherever it was left',
    async (layout) => {
      const source = memorySource(disk);
      const first = await scratchFolder();
      const writer = await layout.format.create(request(layout, first));
      const copied = await copyBlocks({ source, used: whole, writer, digest: true, workers });
      await writer.finish({ durable: false });
      const expected = await filesOf(first);

      for (const cut of CUTS) {
        const folder = await scratchFolder();
        const logPath = join(await scratchFolder(), 'log');
        const left = await layout.format.create(request(layout, folder));
        const log = await CopyLogFile.create(logPath);
        const so = { next: 0, dataBytes: 0, zeroBytes: 0 };
        let held = { logBytes: 0, logDigest: '' };
        // Behind the checkpoint another disk is copied: what it has where this one has none must go again.
        const other = memorySource(
          Buffer.concat([disk.subarray(0, cut * MIB), otherDisk.subarray(cut * MIB)]),
        );
        const records: Buffer[] = [];
        const onCopied = (block: CopiedBlock): void => {
          if (block.offset >= cut * MIB) return;
          if (block.places.length > 0) records.push(encodeRecord(block));
          so.next = block.offset + block.length;
          so.dataBytes += block.dataBytes;
          so.zeroBytes += block.zeroBytes;
        };
        await copyBlocks({ source: other, used: whole, writer: left, digest: true, workers, onCopied });
        held = await log.append(Buffer.concat(records));
        await log.close();
        // Killed while it was completed, some layouts have their headers already.
        if (cut === CUTS.at(-1)) await left.finish({ durable: false });
        else await left.suspend!();

        const checkpoint: Checkpoint = { ...so, ...held, badSectors: [] };
        const found = await lastCheckpoint(logPath, [checkpoint]);
        expect(found?.checkpoint).toEqual(checkpoint);
        const again = await layout.format.create({ ...request(layout, folder), existing: true });
        const { blocks, pieces } = readCopyLog(logPath, checkpoint, {
          size: SIZE,
          unit: again.granularity,
          packing: again.packed?.packing ?? null,
        });
        await again.resume!(pieces);
        const resumed: CopiedSoFar = { ...so, blocks };
        const rest = await copyBlocks({ source, used: whole, writer: again, digest: true, workers, resumed });
        await again.finish({ durable: false });
        expect({ ...rest, blocks: null }).toEqual({ ...copied, blocks: null });
        const files = await filesOf(folder);
        expect([...files.keys()]).toEqual([...expected.keys()]);
        for (const [name, bytes] of expected)
          expect(bytes.equals(files.get(name)!), `${name} at ${cut}`).toBe(true);
      }
    },
  );

  it('is damaged where it is shorter than the data it is said to have', async () => {
    const [layout] = writableLayouts;
    const folder = await scratchFolder();
    const left = await layout!.format.create(request(layout!, folder));
    await left.write(disk.subarray(0, MIB), 0);
    await left.suspend!();
    const again = await layout!.format.create({ ...request(layout!, folder), existing: true });

    async function* pieces() {
      yield [
        { offset: 0, length: MIB },
        { offset: 2 * MIB, length: MIB },
      ];
    }
    await expect(again.resume!(pieces())).rejects.toMatchObject({
      code: 'IMAGE_DAMAGED',
      message: expect.stringContaining('it ends at byte') as string,
    });
    await again.abort();
    expect(await readdir(folder)).toEqual([]);
  });
});
