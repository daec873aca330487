import { describe, expect, it } from 'vitest';
import { characterise } from '../../../../migration-core/assess/characterise/characterise.ts';
import type { DemandProfile } from '../../../../migration-core/assess/model/demand.ts';
import { judgeIo, measuredLoad } from '../../../../migration-core/assess/sizing/io-class.ts';
import {
  contextOf,
  everyFive,
  factsOf,
  noAbout,
  profileOf,
  readerOf,
  type TestSeries,
} from '../measured-servers.ts';

/** A print server that is read at 300 MB/s from 01:00 to 02:30 on the nights that `when` names. */
const printServer = (days: number, when: (day: number) => boolean, from?: number): TestSeries[] => {
  const night = (usual: number, backup: number) =>
    everyFive(days, (m, day) => (m >= 60 && m < 150 && when(day) ? backup : usual), from);
  return [
    { metric: 'cpu.busy', samples: night(4, 10) },
    { metric: 'memory.used', samples: night(1e9, 1e9) },
    { metric: 'disk.readBytes', instance: 'sda', samples: night(1e5, 3e8) },
    { metric: 'disk.readOperations', instance: 'sda', samples: night(20, 1200) },
    { metric: 'nic.sentBytes', instance: 'eth0', samples: night(1e4, 3e8) },
  ];
};
const profileFrom = (series: TestSeries[], about = noAbout()): DemandProfile =>
  characterise(readerOf(series), about)!;

describe('a nightly stream', () => {
  const profile = profileFrom(printServer(14, () => true));

  it('is a backup, and not what the server does', () => {
    expect(profile.backup).toEqual([
      {
        startMinute: 60,
        endMinute: 150,
        days: [0, 1, 2, 3, 4, 5, 6],
        cpu: 6,
        diskOperations: 1180,
        diskBytes: 3e8 - 1e5,
        networkBytes: 3e8 - 1e4,
        basis: 'seen',
      },
    ]);
    expect(profile.seen.backup).toBe(true);
    // Six per cent of the time: the p95 of everything is the backup.
    expect(profile.diskBytes?.p95).toBe(3e8);
    expect(profile.production?.diskBytes).toMatchObject({ p95: 1e5, maximum: 1e5 });
    expect(profile.production?.diskOperations?.p99).toBe(20);
  });

  it('is not in the typical week, but memory is', () => {
    const week = profile.weeks[0]!.values;
    const row = (at: number): number => Math.max(...week.slice(at * 1008, (at + 1) * 1008));
    expect([0, 1, 2, 3, 4].map(row)).toEqual([4, 1e9, 20, 1e5, 1e4]);
  });

  it('does not make it a server of high input and output', () => {
    const facts = factsOf({ profile });
    expect(judgeIo(facts, measuredLoad(profile), contextOf()).io.class).toBe('low');
    const undivided = profileOf({ ...profile, production: null });
    expect(judgeIo(factsOf({ profile: undivided }), measuredLoad(undivided), contextOf()).io.class).toBe(
      'high',
    );
  });
});

describe('a weekly stream', () => {
  it('is found in three weeks, with its day', () => {
    // Saturdays.
    const profile = profileFrom(printServer(28, (day) => day % 7 === 5));
    expect(profile.backup).toMatchObject([{ startMinute: 60, endMinute: 150, days: [5], basis: 'seen' }]);
    expect(profile.production?.diskBytes?.maximum).toBe(1e5);
  });

  it('is not guessed from two', () => {
    const profile = profileFrom(printServer(14, (day) => day % 7 === 5));
    expect(profile.backup).toEqual([]);
    expect(profile.production).toBeNull();
    expect(profile.seen.backup).toBe(false);
  });

  it('of working days leaves the weekend as it is', () => {
    const profile = profileFrom(printServer(28, (day) => day % 7 < 5));
    expect(profile.backup[0]?.days).toEqual([0, 1, 2, 3, 4]);
  });
});

describe('told windows', () => {
  const told = (more: object) =>
    noAbout({ toldBackups: [{ startMinute: 60, endMinute: 150, days: [] }], ...more });

  it('that show are as large as they show, and are not found a second time', () => {
    const profile = profileFrom(
      printServer(14, () => true),
      told({ usedBytes: 1 }),
    );
    expect(profile.backup).toMatchObject([{ basis: 'told', diskBytes: 3e8 - 1e5 }]);
    expect(profile.remarks).toEqual([]);
  });

  it('that do not show are as large as the disks', () => {
    const profile = profileFrom(
      printServer(14, () => false),
      told({ usedBytes: 54e9 }),
    );
    // 54 GB in 90 minutes.
    expect(profile.backup).toMatchObject([{ basis: 'told', cpu: 0, diskBytes: 1e7, networkBytes: 1e7 }]);
    expect(profile.production).toBeNull();
    expect(profile.remarks).toEqual([
      'A backup window was told that the samples do not show; its load is that of reading all that the disks hold within it.',
    ]);
  });

  it('of unknown size count as nothing, and say so', () => {
    const profile = profileFrom(
      printServer(14, () => false),
      told({}),
    );
    expect(profile.backup).toMatchObject([{ diskBytes: 0 }]);
    expect(profile.remarks).toEqual([
      'A backup window was told, but neither do the samples show it nor is it known what the disks hold: its load is counted as nothing.',
    ]);
  });

  it('may go past midnight', () => {
    const late = everyFive(14, (m) => (m >= 1380 || m < 60 ? 2e8 : 1e5));
    const profile = profileFrom(
      [{ metric: 'disk.readBytes', instance: 'sda', samples: late }],
      noAbout({ toldBackups: [{ startMinute: 1380, endMinute: 60, days: [] }] }),
    );
    // The very first hour belongs to a window that began on the Sunday before: also one of its nights.
    expect(profile.backup).toMatchObject([{ startMinute: 1380, endMinute: 60, diskBytes: 2e8 - 1e5 }]);
    expect(profile.production?.diskBytes?.maximum).toBe(1e5);
  });
});
