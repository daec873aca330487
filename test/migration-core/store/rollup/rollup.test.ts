import { describe, expect, it } from 'vitest';
import { diskParts, nicParts } from '../../../../migration-core/store/rollup/parts.ts';
import { percentile, rollUpSeries } from '../../../../migration-core/store/rollup/series-rollup.ts';
import { rollUpServer } from '../../../../migration-core/store/rollup/server-rollup.ts';
import { slotSeconds, sumOf, toSlots, type Slots } from '../../../../migration-core/store/rollup/slots.ts';
import type { MetricId } from '../../../../migration-core/store/model/metrics.ts';
import { seeded } from '../../../support/tools.ts';

/** A Monday, midnight UTC. */
const MONDAY = Date.UTC(2026, 7, 31);
const MINUTE = 60_000;

const slotsOf = (
  samples: [minute: number, value: number][],
  interval = 300,
  slot = slotSeconds(interval),
): Slots =>
  toSlots(
    {
      times: Float64Array.from(samples, ([minute]) => MONDAY + minute * MINUTE),
      values: Float64Array.from(samples, ([, value]) => value),
    },
    slot,
    interval,
  );
const minutesOf = ({ slot, numbers }: Slots): number[] =>
  [...numbers].map((number) => (number * slot * 1000 - MONDAY) / MINUTE);

describe('slots', () => {
  it('take a sample for the interval that ends at its time', () => {
    const slots = slotsOf(
      [
        [1, 1],
        [4, 2],
        [5, 6],
        [6, 10],
        [10, 20],
        [11, Number.NaN],
      ],
      60,
    );
    expect(minutesOf(slots)).toEqual([5, 10]);
    expect([...slots.means]).toEqual([3, 15]);
    expect([...slots.maxima]).toEqual([6, 20]);
  });

  it('are as long as samples are apart, if that is more than five minutes', () => {
    expect([0, 15, 299, 300, 601, 3600].map(slotSeconds)).toEqual([300, 300, 300, 300, 600, 3600]);
  });

  it('have no holes where clocks are unsteady, wander, or start in the middle', () => {
    const random = seeded(1);
    for (const phase of [0, 1, 2.5, 4.9]) {
      const jittered = slotsOf(Array.from({ length: 2000 }, (_, i) => [phase + i * 5 + (random() - 0.5), i]));
      expect(jittered.numbers.length).toBe(2000);
      expect(jittered.numbers.at(-1)! - jittered.numbers[0]!).toBe(1999);
    }
    // 300.2 s apart: after 2000 samples there are 2001.3 slots, and one of them has none.
    const wandering = slotsOf(Array.from({ length: 2000 }, (_, i) => [(i * 300.2) / 60, i]));
    expect(wandering.numbers.length).toBe(2000);
    expect(wandering.numbers.at(-1)! - wandering.numbers[0]!).toBeLessThanOrEqual(2001);
    wandering.numbers.forEach((number, i) =>
      expect(Math.abs(number * 300 - (MONDAY / 1000 + i * 300.2))).toBeLessThanOrEqual(225),
    );
  });

  it('are summed where they meet, not where they peak', () => {
    const one = slotsOf([
      [5, 100],
      [10, 0],
      [15, 1],
    ]);
    const two = slotsOf([
      [10, 100],
      [15, 2],
      [20, 3],
    ]);
    const sum = sumOf([one, two])!;
    expect(minutesOf(sum)).toEqual([5, 10, 15, 20]);
    expect([...sum.means]).toEqual([100, 100, 3, 3]);
    const coarse = sumOf([
      one,
      slotsOf(
        [
          [10, 7],
          [20, 8],
        ],
        600,
      ),
    ])!;
    expect(minutesOf(coarse)).toEqual([10, 20]);
    expect([...coarse.means]).toEqual([57, 9]);
  });
});

describe('the roll-up of a series', () => {
  it('of four slots, by hand', () => {
    const rollup = rollUpSeries(
      slotsOf([
        [5, 4],
        [10, 1],
        [15, 3],
        [40, 2],
      ]),
      0,
    )!;
    expect(rollup).toMatchObject({
      slot: 300,
      first: MONDAY + 5 * MINUTE,
      last: MONDAY + 40 * MINUTE,
      slots: 4,
      coverage: 0.5,
      gaps: [{ from: MONDAY + 15 * MINUTE, to: MONDAY + 35 * MINUTE }],
      mean: 2.5,
      minimum: 1,
      maximum: 4,
      p50: 2,
      p90: 4,
      p95: 4,
      p99: 4,
      percentilesAreMaxima: { p95: true, p99: true },
    });
    expect(rollup.week[0]).toBe(2.5);
    expect(rollup.week.slice(1).every(Number.isNaN)).toBe(true);
  });

  it('knows its percentiles by rank', () => {
    const hundred = Float64Array.from({ length: 100 }, (_, i) => i + 1);
    expect([1, 50, 90, 95, 99, 100].map((percent) => percentile(hundred, percent))).toEqual([
      1, 50, 90, 95, 99, 100,
    ]);
    expect(percentile(Float64Array.of(1, 2, 3), 50)).toBe(2);
    expect(percentile(Float64Array.of(1, 2, 3, 4), 50)).toBe(2);
    const day = rollUpSeries(slotsOf(Array.from({ length: 288 }, (_, i) => [5 * (i + 1), i + 1])), 0)!;
    expect([day.p95, day.p99, day.percentilesAreMaxima]).toEqual([274, 288, { p95: false, p99: true }]);
    const week = rollUpSeries(slotsOf(Array.from({ length: 1000 }, (_, i) => [5 * (i + 1), i + 1])), 0)!;
    expect([week.p95, week.p99, week.percentilesAreMaxima]).toEqual([950, 990, { p95: false, p99: false }]);
  });

  it('has the week of the site', () => {
    // The hour that ends at 01:00 UTC on Monday is 02:00 to 03:00 in a place 120 minutes east, and Sunday evening west.
    const slots = slotsOf(Array.from({ length: 12 }, (_, i) => [5 * (i + 1), 7]));
    expect(rollUpSeries(slots, 120)!.week.findIndex((mean) => mean === 7)).toBe(2);
    expect(rollUpSeries(slots, -60)!.week.findIndex((mean) => mean === 7)).toBe(167);
    const long = rollUpSeries(slotsOf([[120, 5]], 7200), 0)!.week;
    expect(long.slice(0, 3)).toEqual([5, 5, Number.NaN]);
  });

  it('has gaps only where more than two slots are missing, and the hundred longest', () => {
    const times: [number, number][] = [];
    let minute = 0;
    for (let gap = 0; gap < 150; gap++) times.push([(minute += 5 * (1 + gap)), 1]);
    const { gaps } = rollUpSeries(slotsOf(times), 0)!;
    expect(gaps).toHaveLength(100);
    expect(gaps[0]!.to - gaps[0]!.from).toBe(50 * 5 * MINUTE);
    expect(
      rollUpSeries(
        slotsOf([
          [5, 1],
          [20, 1],
        ]),
        0,
      )!.gaps,
    ).toEqual([]);
    expect(
      rollUpSeries(
        slotsOf([
          [5, 1],
          [25, 1],
        ]),
        0,
      )!.gaps,
    ).toHaveLength(1);
  });

  it('of nothing is nothing; a wrong clock and infinite values do no harm', () => {
    expect(rollUpSeries(slotsOf([[5, Number.NaN]]), 0)).toBeUndefined();
    const slots = toSlots(
      {
        times: Float64Array.of(0, MONDAY, MONDAY + 300_000, 8e15),
        values: Float64Array.of(1, 2, Infinity, 3),
      },
      300,
      300,
    );
    expect(rollUpSeries(slots, 0)).toMatchObject({ slots: 3, maximum: 3 });
  });
});

describe('the parts of a server', () => {
  it('are disks, each once', () => {
    expect(diskParts(['*', 'sda', 'sda1', 'sda2', 'sdb', 'dm-0', 'md127', 'sr0', 'loop3'])).toEqual([
      'sda',
      'sdb',
    ]);
    expect(diskParts(['nvme0n1', 'nvme0n1p1', 'nvme1n1', 'mmcblk0', 'mmcblk0p1'])).toEqual([
      'nvme0n1',
      'nvme1n1',
      'mmcblk0',
    ]);
    expect(diskParts(['0 C: D:', '1', 'C:', 'D:', 'HarddiskVolume1'])).toEqual(['0 C: D:', '1']);
    expect(diskParts(['C:', 'D:'])).toEqual(['C:', 'D:']);
    // Only what is stacked was measured.
    expect(diskParts(['dm-0', 'dm-1'])).toEqual(['dm-0', 'dm-1']);
    expect(diskParts(['sda1', 'sda2'])).toEqual(['sda1', 'sda2']);
    expect(diskParts(['*'])).toEqual(['*']);
    const inventory = {
      identity: { name: 'a', macs: [] },
      disks: [{ name: 'mpatha', paths: ['sda', 'sdb'] }],
      volumes: [{ name: 'vg0-root', disks: ['sda'] }],
      gaps: [],
    };
    expect(diskParts(['mpatha', 'sda', 'sdb', 'vg0-root'], inventory)).toEqual(['sda', 'sdb']);
  });

  it('are network cards, each once', () => {
    expect(
      nicParts(['lo', 'eth0', 'eth1', 'bond0', 'eth0.100', 'docker0', 'veth12ab', 'br-0011', '*']),
    ).toEqual(['eth0', 'eth1']);
    expect(nicParts(['bond0', 'lo'])).toEqual(['bond0']);
    expect(nicParts(['lo', '*'])).toEqual(['*']);
    expect(nicParts(['lo'])).toEqual([]);
    const inventory = {
      identity: { name: 'a', macs: [] },
      networkInterfaces: [
        { name: 'lan', kind: 'physical' as const, addresses: [] },
        { name: 'team', kind: 'bond' as const, addresses: [] },
      ],
      gaps: [],
    };
    expect(nicParts(['lan', 'team'], inventory)).toEqual(['lan']);
  });
});

const DAYS = 14;
/** Slots of 5 minutes over two weeks. */
const profile = (value: (minuteOfDay: number, day: number) => number): Slots =>
  slotsOf(
    Array.from({ length: DAYS * 288 }, (_, i) => [5 * (i + 1), value((i % 288) * 5, Math.floor(i / 288))]),
  );
const series = (metric: MetricId, slots: Slots, instance = '') => ({ metric, instance, slots });
const isNight = (minute: number): boolean => minute >= 23 * 60 + 30 || minute < 2 * 60;

describe('the roll-up of a server', () => {
  it('adds disks up slot by slot, and uses their sum only without them', () => {
    const disk = (instance: string, even: number, odd: number) =>
      series(
        'disk.readOperations',
        profile((minute) => ((minute / 5) % 2 === 0 ? even : odd)),
        instance,
      );
    const all = [disk('sda', 10, 0), disk('sdb', 0, 10), disk('sda1', 10, 0), disk('*', 1000, 1000)];
    expect(rollUpServer(all, null, undefined, 0).diskOperationsP95).toBe(10);
    expect(rollUpServer(all.slice(3), null, undefined, 0).diskOperationsP95).toBe(1000);
    expect(rollUpServer([], null, undefined, 0)).toEqual({
      cpuMean: null,
      cpuP95: null,
      cpuMaximum: null,
      memoryUsedP95: null,
      diskOperationsP95: null,
      diskBytesP95: null,
      networkBytesP95: null,
      days: 0,
      coverage: 0,
      backupWindow: null,
    });
  });

  it('takes memory in use from what is available, where a tool tells only that', () => {
    const available = series(
      'memory.available',
      profile(() => 30),
    );
    expect(
      rollUpServer(
        [
          available,
          series(
            'memory.total',
            profile(() => 100),
          ),
        ],
        null,
        undefined,
        0,
      ).memoryUsedP95,
    ).toBe(70);
  });

  it('sees when backups run, across midnight, in the time of the site', () => {
    const reads = series(
      'disk.readBytes',
      profile((minute) => (isNight(minute) ? 80e6 : 1e6)),
      'sda',
    );
    const cpu = series(
      'cpu.busy',
      profile((minute) => (isNight(minute) ? 12 : 10)),
    );
    const sent = series(
      'nic.sentBytes',
      profile((minute) => (isNight(minute) ? 80e6 : 1e6)),
      'eth0',
    );
    const found = (offset: number, ...all: ReturnType<typeof series>[]) =>
      rollUpServer(all, null, undefined, offset).backupWindow;
    // Of the last night only the beginning was measured.
    expect(found(0, reads, cpu, sent)).toEqual({ startMinute: 1410, endMinute: 120, nights: DAYS - 1 });
    expect(found(120, reads, cpu, sent)).toMatchObject({ startMinute: 90, endMinute: 240 });
    // Processor and network rise as well: work.
    const busy = series(
      'cpu.busy',
      profile((minute) => (isNight(minute) ? 95 : 1.5)),
    );
    expect(found(0, reads, busy, sent)).toBeNull();
    expect(
      found(
        0,
        series(
          'disk.readBytes',
          profile(() => 80e6),
          'sda',
        ),
        cpu,
        sent,
      ),
    ).toBeNull();
    // Too little to speak of, and once only.
    expect(
      found(
        0,
        series(
          'disk.readBytes',
          profile((minute) => (isNight(minute) ? 1e6 : 1e3)),
          'sda',
        ),
        cpu,
      ),
    ).toBeNull();
    expect(
      found(
        0,
        series(
          'disk.readBytes',
          profile((minute, day) => (day === 3 && isNight(minute) ? 80e6 : 1e6)),
          'sda',
        ),
        cpu,
      ),
    ).toBeNull();
  });
});
