import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import type { CollectedItem } from '../../../migration-core/collect/collector.ts';
import { keep } from '../../../migration-core/collect/keep.ts';
import type { ServerInventory } from '../../../migration-core/store/model/inventory.ts';
import { batch, named, newFile, now, T0, wait } from '../store/support.ts';

const ABOUT = { collector: 'test', source: 'test', digest: 'ff' };
const HOUR = 3_600_000;

async function* all(...items: (CollectedItem | Error | number)[]): AsyncGenerator<CollectedItem> {
  for (const item of items) {
    if (item instanceof Error) throw item;
    else if (typeof item === 'number') await wait(item);
    else yield item;
  }
}

const samples = (
  name: string,
  values: number[],
  more: Parameters<typeof batch>[2] = {},
  identity: Parameters<typeof named>[1] = {},
): CollectedItem => ({
  kind: 'samples',
  server: named(name, identity),
  batches: [
    batch(
      values.map((_, i) => T0 + i * 300_000),
      values,
      more,
    ),
  ],
});

const inventory = (more: Partial<ServerInventory>): CollectedItem => ({
  kind: 'inventory',
  inventory: { identity: named('a'), gaps: [], ...more },
  observedAt: T0,
});

const cpuOf = (file: Awaited<ReturnType<typeof newFile>>): (number | null | undefined)[] =>
  file.servers().map(({ rollup }) => rollup?.cpuMaximum);

describe('what is collected', () => {
  it('is summed up although the samples of another server, left by a program that was killed, are damaged', async () => {
    const file = await newFile();
    const { id } = file.server(named('damaged'), T0);
    file.appendSamples(id, batch([T0], [1]));
    expect(file.outdated()).toEqual([id]);
    const behind = new Database(file.path);
    behind.prepare("UPDATE chunk SET data = x'00'").run();
    behind.close();
    await keep(all(samples('sound', [5, 7])), file, ABOUT, { now });
    expect(file.collections().at(-1)!.finishedAt).not.toBeNull();
    expect(cpuOf(file)).toEqual([undefined, 7]);
    // Its own damage stops a collection.
    await expect(keep(all(samples('damaged', [3])), file, ABOUT, { now })).rejects.toMatchObject({
      code: 'ENGAGEMENT_DAMAGED',
    });
  });

  it('that could not be written while the source was silent fails the collection', async () => {
    const file = await newFile();
    const unwritable: CollectedItem = { kind: 'samples', server: named('a'), batches: [batch([NaN], [1])] };
    // It is written after two seconds, and the source says no more after that.
    await expect(keep(all(unwritable, 2500), file, ABOUT, { now })).rejects.toMatchObject({
      code: 'INTERNAL',
    });
    expect(file.collections()[0]!.finishedAt).toBeNull();
  });

  it('of many servers is summed up many at a time: each transaction waits for the medium', async () => {
    const file = await newFile();
    const servers = Array.from({ length: 200 }, (_, i) => samples(`s${i}`, [i]));
    const transaction = file.transaction.bind(file);
    let count = 0;
    file.transaction = (work) => {
      count++;
      return transaction(work);
    };
    await keep(all(...servers), file, ABOUT, { now });
    expect(cpuOf(file).toSorted((a, b) => a! - b!)).toEqual(servers.map((_, i) => i));
    expect(count).toBeLessThan(20);
  });

  it('for weeks is summed up a little at a time, for nothing else goes on meanwhile', async () => {
    const file = await newFile();
    const rollUp = file.rollUp.bind(file);
    let count = 0;
    file.rollUp = (id) => {
      count++;
      return rollUp(id);
    };
    const problem: CollectedItem = { kind: 'problem', problem: { at: 1, unit: 'record', message: 'No.' } };
    const seen: number[] = [];
    const source = async function* (): AsyncGenerator<CollectedItem> {
      for (let i = 0; i < 10; i++) yield samples(`s${i}`, [i]);
      // So many are written at once.
      for (let i = 0; i < 9990; i++) yield problem;
      seen.push(count);
      await wait(2300);
      seen.push(count);
    };
    // A second goes by whenever somebody looks at the clock.
    let clock = T0;
    await keep(source(), file, ABOUT, { now: () => (clock += 1000), sumUpEvery: 1 });
    expect(seen).toEqual([1, 2]);
    // Also where nothing was measured.
    await keep(all(inventory({})), file, ABOUT, { now: () => (clock += 1000), sumUpEvery: 1 });
    expect(file.outdated()).toEqual([]);
  });

  it('is summed up where the source breaks off', async () => {
    const file = await newFile();
    await expect(keep(all(samples('a', [1, 2]), new Error('cut')), file, ABOUT, { now })).rejects.toThrow(
      'cut',
    );
    expect(cpuOf(file)).toEqual([2]);
    expect(file.collections()[0]!.finishedAt).toBeNull();
  });

  it('is summed up by the next collection where the program was killed', async () => {
    const file = await newFile();
    await keep(all(samples('a', [1, 2])), file, ABOUT, { now });
    // What a killed program leaves: samples of known and of new servers, without a summary.
    file.appendSamples(file.server(named('a'), T0).id, batch([T0 + HOUR], [50]));
    file.appendSamples(file.server(named('b'), T0).id, batch([T0], [70]));
    await keep(all(samples('c', [9])), file, ABOUT, { now });
    expect(cpuOf(file)).toEqual([50, 70, 9]);
  });

  it('is summed up anew by an inventory that says what carries what, and merges servers', async () => {
    const file = await newFile();
    const reads = { metric: 'disk.readOperations' as const };
    await keep(
      all(
        samples('a', [10], { ...reads, instance: 'sda' }),
        samples('a', [10], { ...reads, instance: 'vg' }),
        samples('10.0.0.5', [30]),
      ),
      file,
      ABOUT,
      { now },
    );
    expect(file.servers().find(({ identity }) => identity.name === 'a')?.rollup?.diskOperationsP95).toBe(20);
    const mac = '00:1b:21:aa:bb:cc';
    await keep(
      all(
        inventory({
          identity: named('a', { macs: [mac] }),
          volumes: [{ name: 'vg', disks: ['sda'] }],
        }),
        inventory({
          identity: named('10.0.0.5', { macs: [mac] }),
          volumes: [{ name: 'vg', disks: ['sda'] }],
        }),
        inventory({ identity: named('empty') }),
      ),
      file,
      { ...ABOUT, digest: 'fe' },
      { now },
    );
    expect(file.servers().map(({ rollup }) => rollup?.diskOperationsP95 ?? null)).toEqual([10, null]);
    expect(cpuOf(file)).toEqual([30, undefined]);
  });
});
