import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  coreUnits,
  coresOf,
  hostScore,
  scoreCpu,
  serverScore,
  threadsOf,
} from '../../../../migration-core/assess/sizing/cpu-score.ts';
import { cpuFamily, plainCpuName } from '../../../../migration-core/assess/sizing/cpu-year.ts';
import { overheadOf, passThroughLatency } from '../../../../migration-core/assess/sizing/overhead.ts';
import { sizeVcpus } from '../../../../migration-core/assess/sizing/vcpus.ts';
import { CPU_BY_YEAR, CPU_REFERENCE_MEGAHERTZ } from '../../../../migration-core/assess/rules/cpu.ts';
import { ruleBook } from '../../../../migration-core/assess/rules/pack.ts';
import { NEEDS_SHARED, sharedPath } from '../../../support/shared.ts';
import { contextOf, factsOf, inventoryOf } from '../measured-servers.ts';

const rules = ruleBook('modern');
const INTEL = 'perf/cpu/intel_xeon_processors_v1_8.csv';

describe('the launch of a processor', () => {
  it('is told by what it calls itself', () => {
    const names: [string, number][] = [
      ['Intel(R) Xeon(R) CPU E5-2680 v4 @ 2.40GHz', 2016],
      ['Intel(R) Xeon(R) CPU E5-2670 0 @ 2.60GHz', 2012],
      ['Intel(R) Xeon(R) CPU           E5450  @ 3.00GHz', 2007],
      ['Intel(R) Xeon(R) CPU           X5570  @ 2.93GHz', 2009],
      ['Intel(R) Xeon(R) CPU            5160  @ 3.00GHz', 2006],
      ['Intel(R) Xeon(TM) CPU 3.00GHz', 2004],
      ['Intel(R) Xeon(R) Gold 6148 CPU @ 2.40GHz', 2017],
      ['Intel(R) Xeon(R) Silver 4210R CPU @ 2.40GHz', 2019],
      ['Intel(R) Xeon(R) Platinum 8480+', 2023],
      ['Dual-Core AMD Opteron(tm) Processor 2218', 2006],
      ['Quad-Core AMD Opteron(tm) Processor 2356', 2007],
      ['AMD Opteron(TM) Processor 6272', 2011],
      ['AMD Opteron(tm) Processor 248', 2004],
      ['AMD EPYC 7551 32-Core Processor', 2017],
      ['AMD EPYC 7763 64-Core Processor', 2021],
      ['AMD EPYC 9654 96-Core Processor', 2022],
    ];
    for (const [name, year] of names) expect(cpuFamily(name)?.year, name).toBe(year);
    for (const name of ['', 'QEMU Virtual CPU version 2.5+', '\u001b[31mXeonish', 'x'.repeat(1e6)])
      expect(cpuFamily(name)).toBeNull();
    expect(plainCpuName('Intel(R)  Xeon(R) CPU E5-2680 v4 @ 2.40GHz')).toBe('intel xeon e5-2680 v4');
  });

  it.skipIf(!existsSync(sharedPath(INTEL)))(`agrees with a list of all Xeons ${NEEDS_SHARED}`, () => {
    const off: string[] = [];
    let known = 0;
    let all = 0;
    for (const line of readFileSync(sharedPath(INTEL), 'utf8').split('\n').slice(1)) {
      const [name, , released = ''] = line.split(',');
      const year = /^Q\d'(\d\d)$/u.exec(released)?.[1];
      if (year === undefined) continue;
      all++;
      const family = cpuFamily(`Intel(R) ${name}`);
      if (family === null) continue;
      known++;
      if (Math.abs(family.year - 2000 - Number(year)) > 1) off.push(`${name} ${released} ${family.year}`);
    }
    expect(all).toBeGreaterThan(900);
    expect(known / all).toBeGreaterThan(0.99);
    // Late embedded parts of an old family.
    expect(off.length, off.join('; ')).toBeLessThan(all / 100);
  });
});

describe('work of a core by year', () => {
  const POWER = 'perf/cpu/SPECpower_ssj2008-full-results.csv';
  it.skipIf(!existsSync(sharedPath(POWER)))(`is the median of published results ${NEEDS_SHARED}`, () => {
    const lines = readFileSync(sharedPath(POWER), 'utf8').split('\n').map(cellsOf);
    const column = (name: string): number => lines[0]!.indexOf(name);
    const years = new Map<string, { perCore: number[]; megahertz: number[] }>();
    for (const cells of lines.slice(1)) {
      const of = (name: string): number => Number((cells[column(name)] ?? '').replaceAll(',', ''));
      if (of('Nodes') !== 1 || of('Chips') !== 2 || !(of('ssj_ops @ 100%') > 0)) continue;
      const year = cells[column('Date Submitted')]!.slice(-4);
      const own = years.get(year) ?? { perCore: [], megahertz: [] };
      own.perCore.push(of('ssj_ops @ 100%') / of('Cores'));
      own.megahertz.push(of('MHz'));
      years.set(year, own);
    }
    const reference = middle(years.get('2017')!.perCore);
    const ours = rules.value(CPU_BY_YEAR);
    expect(Object.keys(ours)).toEqual([...years.keys()].sort());
    for (const [year, { perCore }] of years)
      expect(Math.abs(ours[year]! - middle(perCore) / reference), year).toBeLessThan(0.0051);
    expect(rules.value(CPU_REFERENCE_MEGAHERTZ)).toBe(middle(years.get('2017')!.megahertz));
  });

  const cellsOf = (line: string): string[] =>
    [...line.matchAll(/(?:"([^"]*)"|([^,]*))(?:,|$)/gu)].map((match) => match[1] ?? match[2] ?? '');
  const middle = (values: number[]): number => {
    const sorted = values.toSorted((a, b) => a - b);
    return (sorted[(sorted.length - 1) >> 1]! + sorted[sorted.length >> 1]!) / 2;
  };
});

describe('core units', () => {
  const score = (more: object) => scoreCpu('The server', { cores: 8, ...more }, rules);

  it('come from what was entered, else the year, else the clock, else nothing', () => {
    const everything = {
      score: 80,
      launchYear: 2007,
      model: 'Intel(R) Xeon(R) CPU E5-2680 v4',
      megahertz: 3000,
    };
    expect(score(everything)).toMatchObject({ basis: 'entered', perCore: 2, uncertainty: 0.1 });
    expect(score({ ...everything, score: undefined })).toMatchObject({
      basis: 'launch-year',
      perCore: 0.32,
      uncertainty: 0.2,
    });
    expect(score({ model: everything.model, megahertz: 3000 })).toMatchObject({
      basis: 'launch-year',
      year: 2016,
      perCore: 0.77,
    });
    expect(score({ model: 'Mystery', megahertz: 3000 })).toMatchObject({
      basis: 'megahertz',
      perCore: 1.2,
      uncertainty: 0.35,
    });
    expect(score({ model: 'Mystery' })).toMatchObject({ basis: 'unknown', perCore: 1, uncertainty: 0.5 });
  });

  it('say what they rest on', () => {
    expect(score({ score: 80 }).reason.text).toBe(
      'The server has 8 cores of 2.00 core units each: its SPECrate2017_int_base of 80 was entered.',
    );
    expect(score({ launchYear: 2003 }).reason.text).toBe(
      'The server has 8 cores of 0.32 core units each: it is of 2003, and 2007 is the nearest year that there are figures of.',
    );
    expect(score({ model: 'AMD EPYC 7551 32-Core Processor' }).reason.text).toBe(
      'The server has 8 cores of 1.00 core units each: EPYC, first generation came to market in 2017.',
    );
    expect(score({ megahertz: 3000 }).reason.text).toBe(
      'The server has 8 cores of 1.20 core units each: its processor is not known by name, so the clock of 3000 MHz was compared.',
    );
    expect(score({}).reason.text).toBe(
      'The server has 8 cores of 1.00 core units each: neither a score nor year, name or clock of its processor is known.',
    );
    expect(score({}).reason.rules.map(({ rule }) => rule)).toEqual([
      'cpu.unknownPerCore',
      'cpu.uncertainty.unknown',
    ]);
  });

  it('of ten per cent of a box of 2007 with eight cores are a quarter of one', () => {
    expect(coreUnits(10, score({ launchYear: 2007 }))).toBeCloseTo(0.256, 12);
  });

  it('never count threads, unless there is nothing else', () => {
    const facts = factsOf({
      inventory: inventoryOf({
        processors: [{ model: 'Intel(R) Xeon(R) Gold 6148 CPU', cores: 40, threads: 80 }],
      }),
    });
    expect([coresOf(facts), threadsOf(facts)]).toEqual([40, 80]);
    expect(serverScore(facts, rules)).toMatchObject({ cores: 40, perCore: 1 });
    expect(coresOf(factsOf({ inventory: inventoryOf({ processors: [{ model: '', threads: 4 }] }) }))).toBe(4);
    expect(serverScore(factsOf(), rules)).toBeNull();
    expect(hostScore(contextOf().host, rules)).toMatchObject({ cores: 40, perCore: 1, basis: 'launch-year' });
  });

  it('the worked examples of Azure Migrate: 10 cores at 20 % are 2, with comfort 2 they are 4; 4 at 20 % with 1.3 are 1.04', () => {
    const modern = (cores: number) => ({ cores, perCore: 1 });
    expect(coreUnits(20, modern(10))).toBe(2);
    expect(coreUnits(20, modern(10)) * 2).toBe(4);
    expect(coreUnits(20, modern(4)) * 1.3).toBeCloseTo(1.04, 12);
  });
});

describe('overhead', () => {
  const book = (pack: string) => ruleBook(pack);
  const of = (more: object, share: number | null = 0.2, pack = 'modern', host = true) =>
    overheadOf(
      { architecture: 'hardware-assisted', nestedPaging: true, devices: 'paravirtual', ...more },
      host,
      share,
      book(pack),
    );

  it('with hardware assistance, nested paging and paravirtual drivers is small', () => {
    expect(of({})).toMatchObject({
      cpu: { low: 0, middle: 0.02, high: 0.05 },
      latency: { high: 0.02 },
      memory: { high: 0 },
      cpuPerOperation: 0.02 / 1000,
    });
    expect(of({}, 0.2, 'seed-2007').cpu.middle).toBe(0);
  });

  it('shadow page tables cost 25 to 75 % of paging, if platform or host lacks nested paging', () => {
    for (const one of [of({ nestedPaging: false }, 0.4), of({}, 0.4, 'modern', false)]) {
      expect(one.cpu.low).toBeCloseTo(0.25 * 0.4, 12);
      expect(one.cpu.middle).toBeCloseTo(0.02 + 0.5 * 0.4, 12);
      expect(one.cpu.high).toBeCloseTo(0.05 + 0.75 * 0.4, 12);
    }
    expect(of({ nestedPaging: false }, null).cpu.middle).toBeCloseTo(0.02 + 0.5 * 0.2, 12);
    expect(of({ nestedPaging: false }, null).rules.map(({ rule }) => rule)).toContain(
      'cpu.pagingShare.unknown',
    );
  });

  it('full virtualization: emulated devices add 8 to 20 % latency and up to 2 % memory', () => {
    const full = of({ architecture: 'full', nestedPaging: false, devices: 'emulated' }, 0, 'seed-2007');
    expect(full.cpu.middle).toBe(0.1);
    expect(full.latency).toEqual({ low: 0.08, middle: 0.14, high: 0.2 });
    expect(full.memory).toEqual({ low: 0.005, middle: 0.02, high: 0.02 });
    expect(full.cpuPerOperation).toBe(0.1 / 1000);
    expect(full.cpuPerNetworkByte).toBe(0.1 / 100e6);
  });

  it('paravirtual kernels have no shadow tables; OS virtualization and devices passed through add nothing', () => {
    expect(of({ architecture: 'paravirtual', nestedPaging: false }, 0.9).cpu.middle).toBe(0.02);
    expect(of({ architecture: 'os', devices: 'emulated' })).toMatchObject({
      cpu: { high: 0 },
      latency: { high: 0 },
      memory: { high: 0 },
      cpuPerOperation: 0,
      cpuPerNetworkByte: 0,
    });
    expect(passThroughLatency(rules)).toEqual({ low: 0, middle: 0, high: 0 });
  });
});

describe('virtual processors', () => {
  const context = contextOf();
  const host = hostScore(context.host, rules);
  const facts = (family: 'linux' | 'windows', cores: number) =>
    factsOf({
      inventory: inventoryOf({
        processors: [{ model: '', cores, threads: cores }],
        operatingSystem: { family, name: family },
      }),
    });
  const vcpus = (units: number, percent = 50, family: 'linux' | 'windows' = 'linux', cores = 8) =>
    sizeVcpus(facts(family, cores), units, percent, host, context);

  it('are laid out for 70 % use', () => {
    expect(vcpus(0).vcpus).toBe(1);
    expect(vcpus(0.7).vcpus).toBe(1);
    expect(vcpus(0.71).vcpus).toBe(2);
    expect(vcpus(2.1).reasons[0]!.text).toBe(
      'It gets 3 virtual processors for 2.10 core units on cores of 1.00.',
    );
  });

  it('are no more than the server has, unless it is full', () => {
    expect(vcpus(4, 90, 'linux', 4)).toMatchObject({
      vcpus: 4,
      reasons: [
        {
          text: 'It gets 4 virtual processors for 4.00 core units on cores of 1.00, no more than the 4 it has.',
        },
      ],
    });
    expect(vcpus(4, 101, 'linux', 4).vcpus).toBe(6);
  });

  it('of Windows are two at least', () => {
    expect(vcpus(0.1, 5, 'windows')).toMatchObject({
      vcpus: 2,
      reasons: [
        { text: 'It gets 2 virtual processors for 0.10 core units on cores of 1.00, the least for Windows.' },
      ],
    });
  });
});
