import { describe, expect, it } from 'vitest';
import { characterise } from '../../../../migration-core/assess/characterise/characterise.ts';
import type { ServerFacts } from '../../../../migration-core/assess/model/facts.ts';
import { monthEndOnTarget, weekOnTarget } from '../../../../migration-core/assess/sizing/on-target.ts';
import { sizeServer } from '../../../../migration-core/assess/sizing/size.ts';
import {
  contextOf,
  everyFive,
  factsOf,
  flat,
  inventoryOf,
  noAbout,
  profileOf,
  readerOf,
  textsOf,
} from '../measured-servers.ts';

const GIB = 2 ** 30;
/** Eight cores of 2007 at 50 %: 0.32 core units each. */
const old = inventoryOf({
  processors: [{ model: 'Intel(R) Xeon(R) CPU E5450 @ 3.00GHz', cores: 8, threads: 8 }],
  memoryBytes: 16 * GIB,
  disks: [{ name: 'sda', bytes: 100 * GIB, bus: 'sas' }],
  networkInterfaces: [{ name: 'eth0', kind: 'physical', addresses: [], up: true }],
});
const busy = profileOf({
  cpu: flat(10, { p95: 50, p99: 60, p90: 40 }),
  memoryUsed: flat(4 * GIB),
  diskOperations: flat(100),
  diskBytes: flat(1e6),
  networkBytes: flat(2e6),
});

describe('a server that was measured', () => {
  const sized = sizeServer(factsOf({ inventory: old, profile: busy }), contextOf())!;

  it('asks for its percentile in core units, with overhead, comfort and what input and output cost', () => {
    const units = 0.5 * 8 * 0.32 * 1.02 * 1.2;
    const io = (100 * 1.2 * 0.02) / 1000 + (2e6 * 1.2 * 0.02) / 100e6;
    expect(sized.demand.ioCpu).toBeCloseTo(io, 12);
    expect(sized.demand.cpu).toBeCloseTo(units + io, 12);
    expect(sized.demand.cpuUnitsPerPercent).toBeCloseTo(units / 50, 12);
    expect(sized.demand).toMatchObject({
      cpuUncertainty: 0.2,
      diskOperations: 120,
      diskBytes: 1.2e6,
      networkBytes: 2.4e6,
    });
    // 1.57 core units on cores of 1, at 70 %.
    expect(sized).toMatchObject({ basis: 'measured', vcpus: 3, memoryBytes: 5 * GIB, copyBytes: 100 * GIB });
    // The host spends 64 MiB, 1 % and 8 MiB for each virtual processor on it.
    expect(sized.demand.memoryBytes).toBe(Math.ceil(5 * GIB * 1.01 + (64 + 3 * 8) * 2 ** 20));
  });

  it('says each step', () => {
    expect(textsOf(sized.reasons)).toEqual([
      'The server has 8 cores of 0.32 core units each: Xeon 5400 came to market in 2007.',
      'Its processors are 50.0 % busy at p95, which is 1.57 core units with overhead and comfort.',
      'It gets 5 GiB of memory for 4 GiB in use at p99; 16 GiB are installed.',
      'It gets 3 virtual processors for 1.57 core units on cores of 1.00.',
      'The host has 40 cores of 1.00 core units each: it is of 2017.',
      'Input and output is low: 100 disk operations a second, 1.0 MB/s of disks, 2.0 MB/s of network at p95, which is 0.3 % of the storage a host may use and 0.2 % of one uplink.',
      'The space of its disks is allocated when they are made, for a server of normal criticality (nobody said how much depends on it).',
    ]);
    for (const { rules } of sized.reasons)
      for (const { source } of rules) expect(source.length).toBeGreaterThan(3);
  });

  it('by the profile that was chosen, and the growth', () => {
    const cpu = (profileName: 'conservative' | 'aggressive', growth = 1): number => {
      const { demand } = sizeServer(
        factsOf({ inventory: old, profile: busy }),
        contextOf({ profileName, growth }),
      )!;
      return (demand.cpu - demand.ioCpu) / (8 * 0.32 * 1.02);
    };
    expect(cpu('conservative')).toBeCloseTo(0.6 * 1.3, 12);
    expect(cpu('aggressive')).toBeCloseTo(0.4, 12);
    expect(cpu('aggressive', 1.5)).toBeCloseTo(0.6, 12);
    const grown = sizeServer(factsOf({ inventory: old, profile: busy }), contextOf({ growth: 1.5 }))!;
    expect(textsOf(grown.reasons)).toContain('All demand is multiplied by 1.50 for growth.');
    expect(grown.demand.diskOperations).toBeCloseTo(180, 10);
  });

  it('with disks that are the limit asks for a quarter more of them', () => {
    const slow = { ...busy, diskLatency: flat(0.05) };
    const { demand, io } = sizeServer(factsOf({ inventory: old, profile: slow }), contextOf())!;
    expect(demand.diskOperations).toBe(100 * 1.25 * 1.2);
    expect(io).toMatchObject({ operations: 100, constrained: true, latency: 0.05 });
  });

  it('as the consultant decided', () => {
    const annotations = { sizing: { vcpus: 8, reason: 'the vendor asks for eight' } };
    const by = sizeServer(factsOf({ inventory: old, profile: busy, annotations }), contextOf())!;
    expect(by).toMatchObject({ vcpus: 8, memoryBytes: 5 * GIB });
    expect(textsOf(by.reasons)).toContain(
      'Virtual processors and memory were set by hand to 8 and 5 GiB instead of 3 and 5 GiB: the vendor asks for eight',
    );
  });

  it('without a number of cores is counted with one, and says so', () => {
    const unknown = sizeServer(factsOf({ profile: busy }), contextOf())!;
    expect(unknown.reasons[0]).toMatchObject({
      tone: 'against',
      text: 'How many cores it has is not known; one is counted, which may be far too few.',
    });
    expect(unknown.demand.cpuUncertainty).toBe(0.5);
  });

  it('without memory figures is counted with one GiB, and says so', () => {
    const unknown = sizeServer(factsOf({ profile: profileOf({ cpu: flat(1) }) }), contextOf())!;
    expect(unknown.memoryBytes).toBe(GIB);
    expect(textsOf(unknown.reasons)).toContain(
      'Neither its memory nor the use of it is known; 1 GiB is counted, which may be far too little.',
    );
  });
});

describe('a server that was not measured', () => {
  it('keeps what it has', () => {
    const sized = sizeServer(factsOf({ inventory: old }), contextOf())!;
    expect(sized).toMatchObject({
      basis: 'as-configured',
      vcpus: 8,
      memoryBytes: 16 * GIB,
      io: { class: 'moderate' },
    });
    expect(sized.demand.cpu).toBeCloseTo(8 * 0.32 * 1.02, 12);
    expect(textsOf(sized.reasons)).toContain(
      'Its processor use was never measured, so it gets as many virtual processors as it has cores and counts as fully used.',
    );
  });

  it('is sized by what it is for where that was told', () => {
    const sized = sizeServer(
      factsOf({
        inventory: inventoryOf({ operatingSystem: { family: 'windows', name: 'Windows' } }),
        annotations: { sizedBy: [{ card: 'file', clients: 1000 }] },
      }),
      contextOf(),
    )!;
    // 0.1 and 0.0005 for each of 1000, and 110 operations a second.
    const io = (110 * 1.2 * 0.02) / 1000 + (1e7 * 1.2 * 0.02) / 100e6;
    expect(sized.demand.cpu).toBeCloseTo(0.6 * 1.2 * 1.02 + io, 12);
    expect(sized).toMatchObject({ basis: 'application', memoryBytes: 4 * GIB, vcpus: 2 });
    expect(sized.demand.diskOperations).toBeCloseTo(110 * 1.2, 10);
  });

  it('and of which nothing is known is not sized', () => {
    expect(sizeServer(factsOf(), contextOf())).toBeNull();
    expect(
      sizeServer(
        factsOf({ inventory: inventoryOf(), annotations: { sizedBy: [{ card: 'no such', clients: 1 }] } }),
        contextOf(),
      ),
    ).toBeNull();
    expect(sizeServer(factsOf({ inventory: inventoryOf({ memoryBytes: GIB }) }), contextOf())?.basis).toBe(
      'as-configured',
    );
  });
});

describe('a week on the target', () => {
  const profile = characterise(
    readerOf([
      { metric: 'cpu.busy', samples: everyFive(14, (m) => (m < 720 ? 80 : 20)) },
      { metric: 'memory.used', samples: everyFive(14, () => 4 * GIB) },
      { metric: 'disk.readOperations', instance: 'sda', samples: everyFive(14, (m) => (m < 720 ? 1000 : 0)) },
      { metric: 'nic.sentBytes', instance: 'eth0', samples: everyFive(14, () => 1e6) },
    ]),
    noAbout(),
  )!;
  const facts: ServerFacts = factsOf({ inventory: old, profile });
  const sized = sizeServer(facts, contextOf())!;

  it('is the week of the source in units of the host', () => {
    const week = weekOnTarget(facts, sized, '60-min-peak');
    expect(week).toHaveLength(5 * 168);
    const at = (row: number, hour: number): number => week[row * 168 + hour]!;
    const units = (percent: number, operations: number): number =>
      percent * sized.demand.cpuUnitsPerPercent + (operations * 1.2 * 0.02) / 1000 + (1.2e6 * 0.02) / 100e6;
    expect(at(0, 3)).toBeCloseTo(units(80, 1000), 4);
    expect(at(0, 15)).toBeCloseTo(units(20, 0), 4);
    // By day as the sizing has it: p95 is the busy half.
    expect(at(0, 3)).toBeCloseTo(sized.demand.cpu, 4);
    expect([at(1, 3), at(1, 15)]).toEqual([1, 1].map(() => Math.fround(sized.demand.memoryBytes)));
    expect([at(2, 3), at(2, 15)].map(Math.round)).toEqual([1200, 0]);
    expect(Math.round(at(4, 15))).toBe(1_200_000);
    // Bytes were not measured: constant, and nothing.
    expect(week.slice(3 * 168, 4 * 168).every((value) => value === 0)).toBe(true);
  });

  it('is constant where only totals are known', () => {
    const unmeasured = factsOf({ inventory: old });
    const { demand, ...rest } = sizeServer(unmeasured, contextOf())!;
    const week = weekOnTarget(unmeasured, { ...rest, demand }, '10-min-peak');
    expect(week).toHaveLength(5 * 1008);
    expect(week.slice(0, 1008).every((value) => value === Math.fround(demand.cpu))).toBe(true);
    expect(monthEndOnTarget(unmeasured, { ...rest, demand })).toBeNull();
  });

  it('and the end of a month is the same for a day', () => {
    const day = monthEndOnTarget(facts, sized)!;
    expect(day).toHaveLength(5 * 144);
    expect(day[0]).toBeCloseTo(sized.demand.cpu, 4);
  });
});
