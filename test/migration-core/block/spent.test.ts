/** What holds a copy up, of copies that are held up on purpose. */
import { setTimeout as sleep } from 'node:timers/promises';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ExtentList } from '../../../migration-core/base/extents.ts';
import type { Progress } from '../../../migration-core/base/progress.ts';
import { memorySource } from '../../../migration-core/block/memory.ts';
import { copyBlocks } from '../../../migration-core/block/pipeline.ts';
import { progressMeter } from '../../../migration-core/block/progress-meter.ts';
import { bottleneckOf, NOTHING_SPENT } from '../../../migration-core/block/spent.ts';
import { scratchFolder } from '../../support/tools.ts';

const MIB = 1 << 20;

describe('what holds a copy up', () => {
  it('is what took more than half of the time, once there was enough of it', () => {
    expect(bottleneckOf(NOTHING_SPENT, { source: 100, target: 10, processor: 10 })).toBeUndefined();
    expect(bottleneckOf(NOTHING_SPENT, { source: 400, target: 10, processor: 10 })).toBe('source');
    expect(bottleneckOf(NOTHING_SPENT, { source: 400, target: 300, processor: 300 })).toBeUndefined();
    const before = { source: 9000, target: 0, processor: 0 };
    expect(bottleneckOf(before, { source: 9010, target: 20, processor: 900 })).toBe('processor');
  });

  it('is told with the progress, of the last seconds and not of the whole', () => {
    const clock = { now: 0 };
    const spent = { ...NOTHING_SPENT };
    const events: Progress[] = [];
    const meter = progressMeter((event) => events.push(event), {
      ...{ phase: 'copy', totalBytes: 1000, skippedBytes: 0 },
      now: () => clock.now,
      spent: () => ({ ...spent }),
    });
    const run = (what: keyof typeof spent): void => {
      for (let i = 0; i < 50; i++) {
        clock.now += 100;
        spent[what] += 100;
        meter.add(1);
      }
    };
    run('source');
    expect(events.at(-1)!.bottleneck).toBe('source');
    run('target');
    expect(events.at(-1)!.bottleneck).toBe('target');
  });

  it('is a source that is slow', async () => {
    const size = 24 * MIB;
    const memory = memorySource(new Uint8Array(size).fill(7));
    // Not in a file: as a helper or a packed archive hands it out.
    const slow = {
      ...{ size, sectorSize: 512 },
      read: async (into: Uint8Array, offset: number) => {
        await sleep(60);
        await memory.read(into, offset);
      },
      close: async () => undefined,
    };
    const events: Progress[] = [];
    const handle = await open(join(await scratchFolder(), 'out'), 'w+');
    try {
      await copyBlocks({
        source: slow,
        used: ExtentList.of([{ offset: 0, length: size }]),
        writer: {
          path: 'out',
          granularity: 4096,
          write: async (bytes, offset) => void (await handle.write(bytes, 0, bytes.length, offset)),
          place: (offset) => ({ fd: handle.fd, offset }),
        },
        onProgress: (event) => events.push(event),
      });
    } finally {
      await handle.close();
    }
    expect(events.at(-1)!.bottleneck).toBe('source');
  });
});
