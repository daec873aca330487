/** The invented customer: the same on every machine, and what it is meant to show. */
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { readCast } from '../../../../migration-core/collect/sample/cast.ts';
import { simulate, type ServerLoad } from '../../../../migration-core/collect/sample/load.ts';
import { sampleEstate, SAMPLE_START } from '../../../../migration-core/collect/sample/make.ts';
import { serverInventory } from '../../../../migration-core/store/model/inventory.ts';

const LOAD: ServerLoad = {
  shape: 'office',
  weekend: 0,
  monthEnd: 2,
  growth: 0,
  noise: 0,
  bursts: 0,
  cpu: [0, 40],
  memoryBytes: 2 ** 34,
  memory: [0.5, 0.5],
  reads: [0, 100],
  writes: [0, 50],
  readSize: 8192,
  writeSize: 8192,
  latency: 0.005,
  received: [0, 1e6],
  sent: [0, 1e6],
  backup: { startMinute: 60, minutes: 30, bytesPerSecond: 5e7, days: [0] },
};
const ABOUT = {
  from: SAMPLE_START,
  days: 30,
  interval: 300,
  utcOffsetMinutes: 0,
  seed: 5,
  disks: ['sda', 'sdb'],
  nics: ['eth0'],
  gaps: [],
};
const valuesOf = (batches: ReturnType<typeof simulate>, metric: string, instance = ''): Float64Array =>
  batches.find((batch) => batch.metric === metric && batch.instance === instance)!.values;
/** Monday is day 0. */
const at = (day: number, hour: number, minute = 0): number => day * 288 + hour * 12 + minute / 5;

describe('invented load', () => {
  const batches = simulate(LOAD, ABOUT);
  const cpu = valuesOf(batches, 'cpu.busy');

  it('is busy at ten on a working day, idle at night and at the week-end, and busier at the end of a month', () => {
    expect(cpu[at(1, 10)]).toBeGreaterThan(30);
    expect(cpu[at(1, 3)]).toBeLessThan(3);
    expect(cpu[at(5, 10)]).toBeLessThan(1);
    // The 14th of September is day 0, so the 30th is day 16.
    expect(cpu[at(16, 14)]! / cpu[at(9, 14)]!).toBeGreaterThan(1.2);
  });

  it('has the backup in its window and on its day alone', () => {
    const read = valuesOf(batches, 'disk.readBytes', 'sda');
    expect(read[at(0, 1, 15)]).toBeGreaterThan(20e6);
    expect(read[at(0, 2)]).toBeLessThan(2e6);
    expect(read[at(1, 1, 15)]).toBeLessThan(2e6);
  });

  it('leaves gaps out, and is the same for the same seed only', () => {
    const holes = simulate(LOAD, { ...ABOUT, gaps: [[0.5, 0.6]] });
    expect(holes[0]!.times.length).toBe(8640 - 864);
    expect(simulate(LOAD, ABOUT)).toEqual(batches);
    expect(valuesOf(simulate(LOAD, { ...ABOUT, seed: 6 }), 'cpu.busy')).not.toEqual(cpu);
  });
});

describe('the invented customer', () => {
  it('has inventories as collectors would write them, and names that are servers of his', async () => {
    const cast = readCast();
    const names = new Set(cast.servers.map(({ name }) => name));
    expect(names.size).toBe(cast.servers.length);
    for (const { talksTo, annotations } of cast.servers) {
      for (const [name] of talksTo) expect(names).toContain(name);
      for (const name of annotations.dependsOn ?? []) expect(names).toContain(name);
    }
    const hash = createHash('sha256');
    let measured = 0;
    for await (const item of sampleEstate(
      { ...cast, servers: cast.servers.filter(({ name }) => /01$|^wiki$|^gate/u.test(name)).slice(0, 4) },
      new AbortController().signal,
    )) {
      if (item.kind === 'inventory') {
        expect(serverInventory.parse(item.inventory)).toEqual(item.inventory);
        hash.update(JSON.stringify(item.inventory));
      }
      if (item.kind === 'samples') {
        measured++;
        for (const { values } of item.batches) {
          expect(values.every((value) => Number.isFinite(value) && value >= 0)).toBe(true);
          hash.update(Buffer.from(values.buffer));
        }
      }
    }
    expect(measured).toBe(4);
    // Pinned: additions and products alone give the same bits everywhere.
    expect(hash.digest('hex')).toMatchInlineSnapshot(
      `"feb3fd81d9f01eb05aa0d84dbd75125671b011e2decdef848a326e1b2c3cd8f5"`,
    );
  });
});
