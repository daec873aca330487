import { describe, expect, it } from 'vitest';
import { judgeConfidence } from '../../../migration-core/assess/confidence.ts';
import type { Confidence } from '../../../migration-core/assess/model/assessment.ts';
import type { DemandProfile } from '../../../migration-core/assess/model/demand.ts';
import { sizeServer } from '../../../migration-core/assess/sizing/size.ts';
import type { ServerAnnotations } from '../../../migration-core/store/model/annotations.ts';
import type { ServerInventory } from '../../../migration-core/store/model/inventory.ts';
import { contextOf, factsOf, flat, inventoryOf, profileOf } from './measured-servers.ts';

const known: Partial<ServerInventory> = {
  processors: [{ model: 'AMD EPYC 7551', cores: 8 }],
  memoryBytes: 2 ** 34,
  disks: [{ name: 'sda', bytes: 1e9, bus: 'sas' }],
};
const whole: Partial<DemandProfile> = {
  cpu: flat(1),
  memoryUsed: flat(1e9),
  pagingIn: flat(0),
  diskOperations: flat(1),
  diskBytes: flat(1),
  diskLatency: flat(0.01),
  diskQueue: flat(0),
  networkBytes: flat(1),
};
const judge = (
  profile: Partial<DemandProfile> | null,
  inventory = known,
  annotations: ServerAnnotations = {},
): Confidence => {
  const facts = factsOf({
    inventory: inventoryOf(inventory),
    profile: profile === null ? null : profileOf({ ...whole, ...profile }),
    annotations,
  });
  return judgeConfidence(facts, sizeServer(facts, contextOf()), contextOf());
};
const limits = ({ caps }: Confidence): number[] =>
  caps.filter(({ limit }) => limit < 100).map(({ limit }) => limit);

describe('confidence', () => {
  it('of thirty days without a gap, with all that is wanted, is 100', () => {
    expect(judge({})).toEqual({
      value: 100,
      stars: 5,
      parts: { coverage: 1, duration: 1, metrics: 1, cycle: 1 },
      caps: [],
    });
  });

  it('is 40 parts coverage, 25 duration, 20 metrics, 15 cycle', () => {
    const seen = { weekdayPeak: true, weekend: true, monthEnd: false, quarterEnd: false, backup: false };
    const { value, parts, stars, caps } = judge({
      days: 15,
      cpu: flat(1, { coverage: 0.9 }),
      memoryUsed: flat(1, { coverage: 0.8 }),
      pagingIn: null,
      diskQueue: null,
      seen,
    });
    expect(parts).toEqual({ coverage: 0.8, duration: 0.5, metrics: 0.75, cycle: 0.5 });
    expect(value).toBe(Math.round(100 * (0.4 * 0.8 + 0.25 * 0.5 + 0.2 * 0.75 + 0.15 * 0.5)));
    expect(stars).toBe(4);
    expect(caps.map(({ why }) => why)).toEqual([
      'Not measured: paging, disk queues.',
      'The measurements do not show the end of a month, a backup.',
      '20.0 % of the time is missing from the measurements.',
    ]);
  });

  it('coverage is the least of processor, memory and the mean of disks and network', () => {
    expect(
      judge({ diskBytes: flat(1, { coverage: 0.5 }), networkBytes: flat(1, { coverage: 0.7 }) }).parts
        .coverage,
    ).toBe(0.6);
    expect(judge({ networkBytes: null }).parts.coverage).toBe(0.5);
    expect(judge({ memoryUsed: null }).parts.coverage).toBe(0);
  });

  it('of short measurements is held down', () => {
    expect(limits(judge({ days: 0.99 }))).toEqual([40]);
    expect(limits(judge({ days: 1 }))).toEqual([60]);
    expect(limits(judge({ days: 7 }))).toEqual([]);
    expect(judge({ days: 0.9 }).caps[0]).toEqual({
      limit: 40,
      why: 'It was measured for 21 hours only.',
      next: 'Measure for 24 hours at least, and better for 30 days.',
    });
    expect(judge({ days: 5 }).caps[0]).toEqual({
      limit: 60,
      why: 'It was measured for 5 days only.',
      next: 'Measure for 7 days at least, and better for 30 days.',
    });
    expect(judge({ days: 5 }).stars).toBe(3);
  });

  it('without series is one star', () => {
    expect(judge(null)).toMatchObject({
      value: 0,
      stars: 1,
      caps: [
        {
          limit: 20,
          why: 'Nothing was measured over time.',
          next: 'Collect its performance for 30 days, or import what a monitoring system has of it.',
        },
      ],
    });
  });

  it('by application is two stars at most', () => {
    expect(judge(null, known, { sizedBy: [{ card: 'web', clients: 5 }] })).toMatchObject({
      value: 40,
      stars: 2,
      caps: [
        {
          limit: 40,
          why: 'It was sized by what it is for, not by what it does.',
          next: 'Measure it, if only for a week.',
        },
      ],
    });
  });

  it('is held down by a processor that is known by its clock only', () => {
    for (const processors of [
      [{ model: 'Mystery', cores: 4, megahertz: 2000 }],
      [{ model: 'Mystery', cores: 4 }],
      [],
    ]) {
      const confidence = judge({}, { ...known, processors });
      expect(limits(confidence)).toEqual([70]);
      expect(confidence.caps[0]).toEqual({
        limit: 70,
        why: 'How fast its processor is could only be guessed from its clock, or not at all.',
        next: 'Enter its SPECrate2017_int_base or its year of launch.',
      });
    }
    expect(
      limits(judge({}, { ...known, processors: [{ model: 'Mystery', cores: 4 }] }, { launchYear: 2012 })),
    ).toEqual([]);
  });

  it('is held down by storage that cannot be seen', () => {
    expect(judge({}, { ...known, disks: [] }).caps[0]).toEqual({
      limit: 80,
      why: 'What its disks are and what they hang on is not known.',
      next: 'Collect its inventory.',
    });
    const san = {
      limit: 80,
      why: 'Its disks are on a storage network, whose arrays and switches cannot be seen from the server.',
      next: 'Add what is known of arrays, switches and adapters to the assessment.',
    };
    expect(judge({}, { ...known, disks: [{ name: 'sdb', bus: 'fc' }] }).caps).toEqual([san]);
    const adapter = judge({}, { ...known, hostBusAdapters: [{ name: 'host1', kind: 'fc', wwpns: [] }] });
    expect(adapter).toMatchObject({ value: 80, stars: 4, caps: [san] });
  });
});
