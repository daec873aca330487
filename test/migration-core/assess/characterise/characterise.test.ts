import { describe, expect, it } from 'vitest';
import { characterise } from '../../../../migration-core/assess/characterise/characterise.ts';
import { aboutServer } from '../../../../migration-core/assess/characterise/reader.ts';
import type { DemandProfile } from '../../../../migration-core/assess/model/demand.ts';
import {
  DAY,
  everyFive,
  inventoryOf,
  MINUTE,
  MONDAY,
  noAbout,
  readerOf,
  type TestSeries,
} from '../measured-servers.ts';

const profileFrom = (series: TestSeries[], about = noAbout()): DemandProfile =>
  characterise(readerOf(series), about)!;
const busy = (samples: TestSeries['samples']): TestSeries => ({ metric: 'cpu.busy', samples });

describe('sums', () => {
  it('disks are added slot by slot, never their peaks', () => {
    // One is busy while the other rests.
    const profile = profileFrom([
      { metric: 'disk.readOperations', instance: 'sda', samples: everyFive(4, (m) => (m < 720 ? 100 : 0)) },
      { metric: 'disk.readOperations', instance: 'sdb', samples: everyFive(4, (m) => (m < 720 ? 0 : 100)) },
      { metric: 'disk.writeOperations', instance: 'sda', samples: everyFive(4, () => 1) },
    ]);
    expect(profile.diskOperations).toMatchObject({ mean: 101, p50: 101, p99: 101, maximum: 101 });
    expect(profile.diskReadOperations?.p99).toBe(100);
    expect(profile.diskWriteOperations?.p99).toBe(1);
  });

  it('parts go before the sum of a tool, partitions and bonds are not counted twice', () => {
    const all = (instance: string, value: number): TestSeries[] => [
      { metric: 'disk.readBytes', instance, samples: everyFive(2, () => value) },
    ];
    expect(
      profileFrom([...all('*', 999), ...all('sda', 10), ...all('sda1', 10), ...all('dm-0', 10)]).diskBytes
        ?.mean,
    ).toBe(10);
    expect(profileFrom(all('*', 999)).diskBytes?.mean).toBe(999);
    const nic = (instance: string, value: number): TestSeries => ({
      metric: 'nic.receivedBytes',
      instance,
      samples: everyFive(2, () => value),
    });
    expect(
      profileFrom([nic('bond0', 30), nic('eth0', 10), nic('eth1', 20), nic('lo', 5)]).networkIn?.mean,
    ).toBe(30);
  });

  it('a disk that was not read once does not halve the sum', () => {
    const hole = everyFive(4, (m, day) => (day === 1 && m >= 600 && m < 610 ? null : 50));
    const profile = profileFrom([
      { metric: 'disk.readBytes', instance: 'sda', samples: hole },
      { metric: 'disk.readBytes', instance: 'sdb', samples: everyFive(4, () => 50) },
    ]);
    expect(profile.diskBytes).toMatchObject({ mean: 100, p50: 100, slots: 4 * 288 });
    expect(profile.weeks[0]!.values.slice(3 * 1008, 3 * 1008 + 500).every((value) => value === 100)).toBe(
      true,
    );
  });

  it('the busier direction of each slot, of the busiest uplink by its speed', () => {
    const nic = (
      metric: TestSeries['metric'],
      instance: string,
      value: (m: number) => number,
    ): TestSeries => ({
      metric,
      instance,
      samples: everyFive(4, (m) => value(m)),
    });
    const series = [
      nic('nic.receivedBytes', 'eth0', (m) => (m < 720 ? 1e6 : 0)),
      nic('nic.sentBytes', 'eth0', (m) => (m < 720 ? 0 : 3e6)),
      nic('nic.receivedBytes', 'eth1', () => 2e6),
    ];
    const about = noAbout({
      nicSpeeds: new Map([
        ['eth0', 1e9],
        ['eth1', 1e8],
      ]),
    });
    const profile = profileFrom(series, about);
    expect(profile.networkIn?.maximum).toBe(3e6);
    expect(profile.networkOut?.maximum).toBe(3e6);
    expect(profile.networkBytes).toMatchObject({ p50: 3e6, maximum: 3e6 });
    expect(profile.busiestUplink).toEqual({ name: 'eth1', p95: 0.16, speed: 1e8 });
    expect(profileFrom(series).busiestUplink).toBeNull();
  });

  it('latency is weighted by operations, the queue is that of the worst disk', () => {
    const of = (metric: TestSeries['metric'], instance: string, value: number): TestSeries => ({
      metric,
      instance,
      samples: everyFive(4, () => value),
    });
    const profile = profileFrom([
      of('disk.readOperations', 'sda', 90),
      of('disk.readLatency', 'sda', 0.01),
      of('disk.readOperations', 'sdb', 10),
      of('disk.readLatency', 'sdb', 0.11),
      of('disk.writeOperations', 'sda', 0),
      of('disk.writeLatency', 'sda', 9),
      of('disk.queue', 'sda', 1),
      of('disk.queue', 'sdb', 3),
    ]);
    // 0.9 x 10 ms + 0.1 x 110 ms; the writes that never were have no latency.
    expect(profile.diskLatency?.p95).toBeCloseTo(0.02, 12);
    expect(profile.diskQueue?.p95).toBe(3);
  });
});

describe('gaps', () => {
  it('one or two slots are bridged for the week, three are missing, and none counts as measured', () => {
    const profile = profileFrom([
      busy(
        everyFive(6, (m, day) => {
          if (day === 0 && m >= 60 && m < 70) return null;
          if (day === 1 && m >= 60 && m < 75) return null;
          if (m < 60 || m >= 75) return 10;
          return 40;
        }),
      ),
    ]);
    expect(profile.cpu?.slots).toBe(6 * 288 - 5);
    expect(profile.cpu?.coverage).toBeCloseTo((6 * 288 - 5) / (6 * 288), 12);
    const week = profile.weeks[0]!.values;
    // Monday 01:00 and 01:05 lie between 10 at 00:55 and 40 at 01:10: 20 and 30.
    expect(week[6]).toBeCloseTo(30, 2);
    // Tuesday from 01:00 to 01:15 was never seen: the first of its slots holds the p95 of all.
    expect(profile.cpu?.p95).toBe(10);
    expect(week[144 + 6]).toBeCloseTo(10, 2);
    expect(week[144 + 7]).toBeCloseTo(10, 2);
  });

  it('what was never seen in a week holds the p95, and rows that were not measured hold nothing', () => {
    const profile = profileFrom([busy(everyFive(2, (m) => (m < 144 ? 80 : 20)))]);
    const week = profile.weeks[0]!.values;
    expect(profile.cpu?.p95).toBe(80);
    expect([week[0], week[100], week[144 * 4]].map((value) => Math.round(value! * 100))).toEqual([
      8000, 2000, 8000,
    ]);
    expect(week.slice(1008).every(Number.isNaN)).toBe(true);
    expect(profile.seen).toMatchObject({ weekdayPeak: false, weekend: false });
  });
});

describe('weeks', () => {
  /** Value 10, and on the first Monday at noon a peak. */
  const weeks = (count: number): DemandProfile =>
    profileFrom([
      busy(everyFive(7 * count, (m, day) => (day === 0 && m === 725 ? 90 : m === 720 ? 30 : 10))),
    ]);

  it('holds the highest of up to three weeks, of four the second highest', () => {
    expect(weeks(3).weeks.map(({ values }) => values[0]! > 0)).toEqual([true, true, true, true]);
    const at = { '10-min-peak': 72, '15-min-peak': 48, '15-min-mean': 48, '60-min-peak': 12 };
    const noon = (count: number): number[] =>
      weeks(count).weeks.map(({ shape, values }) => Math.round(values[at[shape]]! * 100) / 100);
    expect(noon(3)).toEqual([90, 90, 43.33, 90]);
    expect(noon(4)).toEqual([30, 30, 16.67, 30]);
  });

  it('begins on Monday at midnight of the site', () => {
    // A peak at 00:00 UTC on Monday is at 05:45 in Kathmandu.
    const series = [busy(everyFive(3, (m, day) => (day === 0 && m === 0 ? 70 : 5)))];
    const week = profileFrom(series, noAbout({ utcOffsetMinutes: 345 })).weeks[0]!.values;
    expect(week.indexOf(70)).toBe(34);
    expect(profileFrom(series).weeks[0]!.values.indexOf(70)).toBe(0);
  });

  it('samples of half an hour fill each slot that they are about', () => {
    const samples = Array.from(
      { length: 7 * 48 },
      (_, i) => [MONDAY + (i + 1) * 30 * MINUTE, i === 2 ? 60 : 6] as const,
    );
    const profile = profileFrom([{ metric: 'cpu.busy', interval: 1800, samples }]);
    expect(profile.slot).toBe(1800);
    expect(Array.from(profile.weeks[0]!.values.slice(5, 10), Math.round)).toEqual([6, 60, 60, 60, 6]);
    expect(profile.remarks).toEqual([
      'Some figures are averages over 30 minutes: peaks within them cannot be seen.',
    ]);
  });
});

describe('what cannot be', () => {
  it('is left out, and said', () => {
    const samples = everyFive(4, (m) => (m === 0 ? -5 : m === 5 ? 250 : 50));
    const profile = profileFrom([
      busy(samples),
      { metric: 'disk.readBytes', instance: 'sda', samples: everyFive(4, (m) => (m === 0 ? 1e200 : 10)) },
    ]);
    expect(profile.cpu).toMatchObject({ maximum: 100, slots: 4 * 287 });
    expect(profile.diskBytes?.maximum).toBe(10);
    expect(profile.remarks).toEqual([
      '8 figures were below zero, beyond what any server does or of an impossible time; they count as missing.',
      'The processor was said to be more than 100 % busy 4 times; 100 % was used.',
    ]);
  });

  it('a clock that was wrong once does not stretch the window', () => {
    const samples = [
      [Date.UTC(1990, 0, 1), 99] as const,
      ...everyFive(10, () => 10),
      [Date.UTC(2038, 0, 1), 99] as const,
    ];
    const profile = profileFrom([busy(samples)]);
    expect(profile.days).toBeCloseTo(10, 1);
    expect(profile.cpu).toMatchObject({ coverage: 1, maximum: 10 });
    expect(profile.remarks).toEqual([
      '2 figures lie far outside the time of all others and were left out: a clock was wrong, or they are more than 400 days old.',
    ]);
  });

  it('a server without samples has no profile', () => {
    expect(characterise(readerOf([]), noAbout())).toBeNull();
    expect(characterise(readerOf([busy([[MONDAY, Number.NaN]])]), noAbout())).toBeNull();
  });
});

describe('memory', () => {
  it('used is what is installed less what is available where nothing else tells', () => {
    const profile = profileFrom([
      { metric: 'memory.total', samples: everyFive(4, () => 8e9) },
      { metric: 'memory.available', samples: everyFive(4, (m) => (m < 100 ? 1e9 : 5e9)) },
    ]);
    expect(profile.memoryUsed).toMatchObject({ p50: 3e9, maximum: 7e9 });
    expect(profile.memoryAvailable).toEqual({ minimum: 1e9, p5: 1e9 });
  });

  it('privileged time is a share of all', () => {
    const profile = profileFrom([
      busy(everyFive(2, () => 40)),
      { metric: 'cpu.privileged', samples: everyFive(2, () => 10) },
    ]);
    expect(profile.privilegedShare).toBe(0.25);
  });
});

describe('seasons and growth', () => {
  it('knows the turn of a month by working days', () => {
    // Monday 31 August and Tuesday 1 September 2026.
    const profile = profileFrom([busy(everyFive(21, (_m, day) => (day === 1 ? 50 : 10)))]);
    expect(profile.seen).toEqual({
      weekdayPeak: true,
      weekend: true,
      monthEnd: true,
      quarterEnd: false,
      backup: false,
    });
    expect(profile.monthEnd?.length).toBe(5 * 144);
    expect(profile.monthEnd!.slice(0, 144).every((value) => value === 50)).toBe(true);
    expect(profile.monthEnd!.slice(144).every(Number.isNaN)).toBe(true);
    const middle = profileFrom([busy(everyFive(14, () => 10, Date.UTC(2026, 8, 7)))]);
    expect(middle.seen).toMatchObject({ monthEnd: false, weekend: true });
    expect(middle.monthEnd).toBeNull();
    // The last two working days of September are Tuesday 29 and Wednesday 30.
    const quarter = profileFrom([busy(everyFive(1, () => 10, Date.UTC(2026, 8, 29)))]);
    expect(quarter.seen).toMatchObject({ monthEnd: true, quarterEnd: true, weekdayPeak: false });
  });

  it('growth is per cent a month of daily p95, and asks for fourteen days', () => {
    const rising = (days: number): DemandProfile =>
      profileFrom([busy(everyFive(days, (_m, day) => (day % 7 === 6 ? 90 : 20 + 0.1 * day)))]);
    // 0.1 a day is 3 a month of a middle level of about 21.5.
    expect(rising(28).growth.cpu).toBeCloseTo((3 / 21.4) * 100, 0);
    expect(rising(13).growth.cpu).toBeNull();
    expect(rising(28).growth.memory).toBeNull();
  });

  it('a restart inside the window is told by the last start', () => {
    const restarts = (bootedAt: number | null): number | null =>
      profileFrom([busy(everyFive(3, () => 1))], noAbout({ bootedAt })).restarts;
    expect([MONDAY + DAY, MONDAY - DAY, MONDAY + 9 * DAY, null].map(restarts)).toEqual([1, 0, null, null]);
  });
});

describe('what is known of a server', () => {
  it('speeds, windows and used space come from inventory and annotations', () => {
    const about = aboutServer(
      inventoryOf({
        networkInterfaces: [
          { name: 'eth0', addresses: [], speed: 1e9 },
          { name: 'eth1', addresses: [], speed: 0 },
        ],
        volumes: [{ name: 'a', usedBytes: 5 }, { name: 'b' }, { name: 'c', usedBytes: 7 }],
      }),
      { backup: { windows: [{ startMinute: 60, endMinute: 120, days: [] }] } },
      120,
    );
    expect([...about.nicSpeeds]).toEqual([['eth0', 1e9]]);
    expect(about.usedBytes).toBe(12);
    expect(about.toldBackups).toHaveLength(1);
    expect(
      aboutServer(
        null,
        { backup: { method: 'none', windows: [{ startMinute: 0, endMinute: 9, days: [] }] } },
        0,
      ),
    ).toMatchObject({ toldBackups: [], usedBytes: null });
  });
});
