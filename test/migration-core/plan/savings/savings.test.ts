import { describe, expect, it } from 'vitest';
import { ruleBook } from '../../../../migration-core/assess/rules/pack.ts';
import { LICENCE_RULES, POWER_RULES, SAVINGS_RULES } from '../../../../migration-core/plan/rules/savings.ts';
import {
  licenceGroups,
  licenseWindows,
  windowsBreakEven,
  windowsCores,
  worstDay,
} from '../../../../migration-core/plan/savings/licences.ts';
import { shippedPowerData } from '../../../../migration-core/plan/savings/power-data.ts';
import { serverPower, wattsAt } from '../../../../migration-core/plan/savings/power.ts';
import { computeSavings } from '../../../../migration-core/plan/savings/savings.ts';
import type { Savings, SavingsLine } from '../../../../migration-core/plan/model/waves.ts';
import { estate, facts, template, type EstateShape } from '../estates.ts';

const rules = ruleBook('modern');
const data = shippedPowerData();

const compute = (shape: EstateShape, host: Parameters<typeof template>[0] = {}, more = {}): Savings =>
  computeSavings({
    ...estate(shape),
    rules,
    today: '2026-11-25',
    templates: new Map([['modern-2u', template({ launchYear: 2017, ...host })]]),
    ...more,
  });

const line = (savings: Savings, id: SavingsLine['id'], unit: string): SavingsLine | undefined =>
  savings.lines.find((one) => one.id === id && one.unit === unit);

const OLD = { annotations: { launchYear: 2007, rackUnits: 2 }, cpu: 10 };

describe('power of a server', () => {
  it('is what the worked example says: a box of 2007 at 10 %', () => {
    expect(Math.round(wattsAt(172, 276, 0.1, 'linear', rules))).toBe(182);
    expect(Math.round(wattsAt(172, 276, 0.1, 'fan', rules))).toBe(189);
    const seven = Array.from(
      { length: 7 },
      (_, id) => serverPower(facts(id, OLD), 'linear', rules, data)!.watts,
    );
    expect(Math.round(seven.reduce((sum, watts) => sum + watts, 0))).toBe(1277);
  });

  it('follows the curve at every use, as Math.pow has it', () => {
    for (let use = 0; use <= 100; use++) {
      const u = use / 100;
      expect(wattsAt(0, 1000, u, 'fan', rules)).toBeCloseTo(1000 * (2 * u - u ** 1.4), 8);
    }
    expect(wattsAt(100, 200, -3, 'linear', rules)).toBe(100);
    expect(wattsAt(100, 200, 7, 'fan', rules)).toBe(200);
  });

  it('believes the better source first', () => {
    const known = {
      measuredWatts: 111,
      nameplateWatts: 500,
      launchYear: 2007,
    };
    const processors = [{ model: 'Intel(R) Xeon(R) CPU E5-2650 v3 @ 2.30GHz', threads: 40, sockets: 2 }];
    const draw = (annotations: typeof OLD.annotations | object) =>
      serverPower(facts(1, { annotations, inventory: { processors }, cpu: 50 }), 'linear', rules, data);
    expect(draw(known)).toMatchObject({ watts: 111, basis: 'measured' });
    expect(draw({ ...known, measuredWatts: undefined })).toMatchObject({ watts: 300, basis: 'nameplate' });
    expect(draw({ launchYear: 2007 })).toMatchObject({ watts: 224, basis: 'launch-year' });
    expect(draw({})).toMatchObject({ basis: 'processor' });
    expect(draw({})!.watts).toBeCloseTo(40 * (1.9 + (6.01 - 1.9) / 2), 6);
    expect(serverPower(facts(1, { inventory: null }), 'linear', rules, data)).toBeNull();
  });

  it.each([
    ['Intel(R) Xeon(R) CPU E5-2670 0 @ 2.60GHz', 2.17],
    ['Intel(R) Xeon(R) CPU E5-2650 v3 @ 2.30GHz', 1.9],
    ['Intel(R) Xeon(R) Gold 6130 CPU @ 2.10GHz', 0.64],
    ['Intel(R) Xeon(R) Platinum 8280 CPU @ 2.70GHz', 0.64],
    ['AMD EPYC 7742 64-Core Processor', 0.47],
  ])('knows %s', (model, idle) => {
    const inventory = { processors: [{ model, threads: 10 }] };
    const draw = serverPower(facts(1, { inventory, cpu: 0 }), 'linear', rules, data);
    expect(draw?.watts).toBeCloseTo(10 * idle, 8);
  });

  it.each(['AMD EPYC 7763 64-Core Processor', 'Intel(R) Xeon(R) CPU E5-2690 v2 @ 3.00GHz', 'x'.repeat(201)])(
    'does not know others',
    (model) => {
      const inventory = { processors: [{ model, threads: 10 }] };
      expect(serverPower(facts(1, { inventory }), 'linear', rules, data)).toBeNull();
    },
  );

  it('says what it assumed of year, sockets and use', () => {
    const draw = serverPower(facts(1, { annotations: { launchYear: 1999 } }), 'linear', rules, data)!;
    expect(draw.watts).toBe(172);
    expect(draw.assumptions).toContain(
      'A machine of 1999 draws as much as one of 2007, the nearest year there are figures for.',
    );
    expect(draw.assumptions).toContain('A server whose number of processors is not known has two.');
    expect(draw.assumptions).toContain(
      'A server whose processors were not measured draws what it draws at rest.',
    );
    const four = {
      annotations: { launchYear: 2007 },
      inventory: { processors: [{ model: 'x', sockets: 4 }] },
    };
    expect(serverPower(facts(1, four), 'linear', rules, data)!.watts).toBe(344);
  });
});

describe('Windows Server licences', () => {
  it.each([
    [1, 4, 16],
    [2, 8, 16],
    [2, 16, 16],
    [2, 32, 32],
    [4, 16, 32],
    [1, 24, 24],
    // 9 cores on two processors: 5 and 4, both below 8.
    [2, 9, 16],
    // 25 on three: 9, 8 and 8.
    [3, 25, 25],
  ])('%i processors with %i cores take %i', (sockets, cores, licensed) => {
    expect(windowsCores(sockets, cores, rules)).toBe(licensed);
  });

  it('turns from Standard to Datacenter at the break-even of the prices', () => {
    for (const [standard, datacenter] of [
      [10, 58],
      [10, 20],
      [10, 25],
      [7, 50],
      [10, 5],
    ] as const) {
      const from = windowsBreakEven(standard, datacenter, rules)!;
      for (let machines = 1; machines < 40; machines++) {
        const host = [{ name: 'h', sockets: 2, cores: 32, machines }];
        const [licence] = licenseWindows(host, standard, datacenter, rules);
        expect(licence!.edition, `${machines} at ${standard}/${datacenter}`).toBe(
          machines >= from ? 'datacenter' : 'standard',
        );
        expect(licence!.cost).toBe(32 * Math.min(Math.ceil(machines / 2) * standard, datacenter));
      }
    }
    expect(windowsBreakEven(10, 58, rules)).toBe(11);
    expect(windowsBreakEven(undefined, 58, rules)).toBeNull();
    expect(windowsBreakEven(0, 58, rules)).toBeNull();
  });

  it('licenses a host for the worst day', () => {
    expect(worstDay([3, 5, 1], 0)).toEqual([3, 5, 1]);
    expect(worstDay([3, 5, 1], 1)).toEqual([8, 8, 6]);
    expect(worstDay([3, 5, 1], 9)).toEqual([9, 9, 9]);
    expect(worstDay([], 1)).toEqual([]);
  });

  it('counts the cores that a group kept on few hosts saves', () => {
    expect(
      licenceGroups(
        [
          { cores: 32, groups: ['oracle', 'oracle', 'sql', 'sap'] },
          { cores: 16, groups: ['sql'] },
          { cores: 32, groups: [] },
        ],
        (group) => group !== 'sap',
      ),
    ).toEqual([
      { group: 'oracle', servers: 2, hosts: 1, cores: 32, coresOfAll: 80, saved: 48 },
      // May be started on any host after a failure.
      { group: 'sap', servers: 1, hosts: 1, cores: 32, coresOfAll: 80, saved: 0 },
      { group: 'sql', servers: 2, hosts: 2, cores: 48, coresOfAll: 80, saved: 32 },
    ]);
  });
});

describe('savings', () => {
  const SEVEN = { servers: Array.from({ length: 7 }, () => OLD), hostUse: 0.03 };

  it('reckons power, cooling and racks without any price, and names every price that is missing', () => {
    const savings = compute(SEVEN);
    expect(line(savings, 'power', 'kWh')).toMatchObject({
      before: Math.round(1276.8 * 8.76 * 100) / 100,
      after: Math.round((51 + 399 * 0.03) * 8.76 * 100) / 100,
      perYear: true,
    });
    expect(line(savings, 'cooling', 'kWh')!.before).toBeCloseTo(1276.8 * 8.76 * 0.58, 2);
    expect(line(savings, 'cooling', 'kWh')!.basis).toContain('4356 BTU/h before');
    expect(line(savings, 'space', 'U')).toMatchObject({ before: 14, after: 2 });
    expect(savings.lines.map(({ unit }) => unit)).not.toContain('currency');
    expect(savings.cashFlow).toBeNull();
    expect(savings.sensitivity).toBeNull();
    expect(savings.omitted).toEqual([
      { id: 'power', missing: 'the price of a kilowatt-hour, for its cost' },
      { id: 'cooling', missing: 'the price of a kilowatt-hour, for its cost' },
      { id: 'carbon', missing: 'kilograms of CO2 for each kilowatt-hour' },
      { id: 'space', missing: 'the yearly price of a rack unit, for its cost' },
      { id: 'maintenance', missing: 'the yearly price of hardware maintenance of a server' },
      { id: 'support', missing: 'the yearly price of support of a server' },
      { id: 'refresh', missing: 'the price of a new server, which would replace an old one' },
      { id: 'hosts', missing: 'the price of a host of model Two sockets, 2 U' },
      {
        id: 'platform',
        missing: 'the yearly price of the virtualization platform for each core; enter 0 where it is free',
      },
      { id: 'migration', missing: 'the price of migrating a server' },
    ]);
  });

  it('are in the currency of the prices, else in that of the project, and say so where neither is known', () => {
    const currencyOf = (prices: object, more: object): [string | undefined, boolean] => {
      const savings = compute({ ...SEVEN, scenario: { prices: { host: 10_000, ...prices } } }, {}, more);
      return [
        savings.lines.find(({ id }) => id === 'hosts')?.unit,
        savings.assumptions.some((text) => text.startsWith('No currency was named')),
      ];
    };
    expect(currencyOf({ currency: 'USD' }, { currency: 'CHF' })).toEqual(['USD', false]);
    expect(currencyOf({}, { currency: 'CHF' })).toEqual(['CHF', false]);
    expect(currencyOf({}, {})).toEqual(['currency', true]);
  });

  it('adds up over the years by hand', () => {
    const prices = {
      currency: 'EUR',
      kilowattHour: 0.15,
      rackUnitYear: 100,
      host: 10_000,
      hostMaintenanceYear: 800,
      serverMaintenanceYear: 500,
      serverSupportYear: 50,
      hostSupportYear: 100,
      serverRefresh: 3000,
      platformPerCoreYear: 10,
      migrationPerServer: 200,
      co2PerKilowattHour: 0.4,
      pue: 2,
    };
    const servers = SEVEN.servers.map((one, at) => ({
      ...one,
      annotations: {
        ...one.annotations,
        ...(at < 2 ? { supportEnds: at === 0 ? '2020-01-01' : '2028-01-01' } : {}),
      },
    }));
    const savings = compute({ servers, hostUse: 0.03, scenario: { prices, years: 3 } });
    expect(savings.omitted).toEqual([]);
    const [before, after] = [1276.8 * 8.76, (51 + 399 * 0.03) * 8.76];
    expect(line(savings, 'carbon', 'kg')!.before).toBeCloseTo(before * 2 * 0.4, 1);
    const saved = before * 2 * 0.15 + 1400 + 3500 + 350;
    const spent = after * 2 * 0.15 + 200 + 800 + 100 + 320;
    const flow = savings.cashFlow!;
    expect(flow.map(({ year }) => year)).toEqual([0, 1, 2, 3]);
    expect(flow[0]).toMatchObject({ costs: 11_400, savings: 3000, net: -8400, cumulative: -8400 });
    expect(flow[1]!.savings).toBeCloseTo(saved + 3000, 1);
    expect(flow[1]!.costs).toBeCloseTo(spent, 1);
    expect(flow[2]!.savings).toBeCloseTo(saved, 1);
    const total = 3 * (saved - spent) + 6000 - 11_400;
    expect(flow[3]!.cumulative).toBeCloseTo(total, 1);
    expect(savings.sensitivity!.low).toBeLessThan(total);
    expect(savings.sensitivity!.high).toBeGreaterThan(total);
    expect(savings.sensitivity!.low + savings.sensitivity!.high).toBeCloseTo(2 * total, 1);
    expect(savings.assumptions).toContain(
      'A server without a date on which its support ends need not be replaced within the years that are reckoned (5 of them).',
    );
  });

  it('promises no sum where the largest cost is not known', () => {
    const savings = compute({ ...SEVEN, scenario: { prices: { kilowattHour: 0.15 } } });
    expect(savings.cashFlow).toBeNull();
    expect(savings.warnings).toContain(
      'There is no cash flow: without the price of a host of model Two sockets, 2 U it would promise too much.',
    );
  });

  it('leaves power out rather than guess the draw of hosts or of all servers', () => {
    const missing = (savings: Savings) => savings.omitted.find(({ id }) => id === 'power')!.missing;
    expect(missing(compute(SEVEN, { launchYear: undefined }))).toBe(
      'what the hosts draw: watts at rest and at full load of their model, or its launch year',
    );
    expect(missing(compute({ servers: [{}, {}] }))).toBe(
      'what the servers draw: measured watts, watts of their labels, their launch years or processors',
    );
    expect(compute({ servers: [OLD, { name: 'mute' }] }).assumptions).toContain(
      'What 1 server draws is not known and counts as nothing, so that more is saved than is shown: mute.',
    );
  });

  it('counts blades by their share of the enclosure, and warns of racks that cannot be fed', () => {
    const blades = { servers: Array.from({ length: 16 }, () => ({ inventory: { chassis: 'Blade' } })) };
    expect(line(compute(blades), 'space', 'U')!.before).toBe(10);
    const hosts = Array.from({ length: 30 }, (_, at) => [at + 1]);
    const many = { servers: Array.from({ length: 30 }, () => OLD), hosts };
    expect(
      compute(many, { formFactor: 'blade', rackUnits: 10 }).lines.find(({ id }) => id === 'space')!.after,
    ).toBe(18.75);
    expect(compute(many).warnings).toEqual([
      '21 hosts of model Two sockets, 2 U fit into a rack of 42 U but draw 9450 W at full load, more than the 5000 W a rack is planned for: put at most 11 into one rack.',
    ]);
    expect(compute({ ...many, hosts: hosts.slice(0, 11) }).warnings).toEqual([]);
    expect(compute(SEVEN, { idleWatts: 100, peakWatts: 6000 }).warnings).toEqual([
      'One host of model Two sockets, 2 U draws 6000 W at full load, more than the 5000 W a rack is planned for.',
    ]);
  });

  it('counts of hosts that stand there already only what comes on top', () => {
    const shape = {
      ...SEVEN,
      scenario: { hosts: [{ name: 'host-01', template: 'modern-2u', load: { cpu: 0.02 } }] },
    };
    const made = estate(shape);
    made.plan.hosts[0]!.existing = true;
    const savings = compute(shape, {}, { plan: made.plan });
    expect(line(savings, 'power', 'kWh')!.after).toBeCloseTo(399 * 0.01 * 8.76, 2);
    expect(savings.assumptions).toContain('No host has to be bought.');
    expect(line(savings, 'space', 'U')!.after).toBe(0);
  });

  it('does not set new hosts against nothing where all that moves is virtual already', () => {
    const verdict = 'already-virtual' as const;
    const savings = compute({
      servers: [
        { ...OLD, verdict },
        { ...OLD, verdict },
      ],
      hosts: [[1, 2]],
    });
    expect(savings.lines.filter(({ id }) => ['power', 'cooling', 'carbon', 'space'].includes(id))).toEqual(
      [],
    );
    expect(savings.omitted).toContainEqual({
      id: 'power',
      missing: 'what the present hosts of 2 servers that are virtual already draw',
    });
    expect(savings.omitted).toContainEqual({
      id: 'space',
      missing: 'what the present hosts of 2 servers that are virtual already take up in racks',
    });
    const mixed = compute({ servers: [{ ...OLD, verdict }, OLD], hosts: [[1, 2]] });
    expect(line(mixed, 'power', 'kWh')).toBeDefined();
    expect(mixed.assumptions.join(' ')).toContain(
      'What the present hosts of 1 server that is virtual already draw, take up and cost is not known and counts as nothing, so that more is saved than is shown: srv',
    );
  });

  it('leaves virtual machines and what stays physical out of both columns', () => {
    const shape = { servers: [OLD, { ...OLD, verdict: 'already-virtual' as const }, OLD], hosts: [[1, 2]] };
    const savings = compute(shape);
    expect(line(savings, 'space', 'U')!.before).toBe(2);
    expect(savings.assumptions).toContain(
      'Servers that stay physical cost the same before and after, and are in neither column (1 of them).',
    );
  });

  it('licenses Windows on the hosts, and says which price it lacks', () => {
    const windows = {
      inventory: { operatingSystem: { family: 'windows' as const, name: 'Windows Server 2019' } },
    };
    const shape = {
      servers: [windows, windows, windows, {}],
      hosts: [
        [1, 2],
        [3, 4],
      ],
    };
    const omitted = (prices: object) =>
      compute({ ...shape, scenario: { prices } }).omitted.find(({ id }) => id === 'licences')?.missing;
    expect(omitted({})).toBe('the price of Windows Server Standard and Datacenter for each core');
    expect(omitted({ windowsStandardPerCore: 67 })).toBe(
      'the price of Windows Server Datacenter for each core',
    );
    const savings = compute({
      ...shape,
      scenario: { prices: { windowsStandardPerCore: 67, windowsDatacenterPerCore: 385 } },
    });
    // Three machines on each host on the worst day: two sets of Standard for 32 cores, twice.
    expect(line(savings, 'licences', 'currency')!.after).toBe(2 * 2 * 32 * 67);
    expect(savings.licensing!.breakEven).toBe(11);
    expect(savings.assumptions).toContain(
      'Every host is licensed for its own Windows machines and for all of the fullest other host, which may fail.',
    );
    expect(compute({ servers: [{}] }).omitted.map(({ id }) => id)).not.toContain('licences');
    // A host of OS virtualization never runs a virtual machine, on the worst day neither.
    const { plan } = estate(shape);
    const group = { id: 'g', title: 'Web', servers: [4], hosts: 1, saved: { memoryBytes: 0, diskBytes: 0 } };
    const names = compute(shape, {}, { plan: { ...plan, osGroups: [group] } }).licensing!.windows;
    expect(names.map(({ host }) => host)).toEqual(plan.hosts.map(({ name }) => name));
  });

  it('keeps fan control a question of "what if"', () => {
    const plain = line(compute(SEVEN), 'power', 'kWh')!.after;
    const savings = compute(SEVEN, {}, { fanControl: true });
    expect(line(savings, 'power', 'kWh')!.after).toBeCloseTo(plain * 0.63, 1);
    expect(savings.assumptions.join(' ')).toContain(
      'What if: power supplies and fans with control save 37 %',
    );
  });

  it('survives an empty estate and a template nobody knows', () => {
    const empty = compute({ servers: [], hosts: [] });
    expect([empty.lines, empty.omitted, empty.cashFlow, empty.sensitivity]).toEqual([[], [], null, null]);
    expect(empty.notes).toContain(
      'Nothing moves in this plan and nothing is retired, so that nothing is saved or spent.',
    );
    expect(compute(SEVEN, {}, { templates: new Map() }).warnings).toContain(
      'Nothing is known of the host model modern-2u, so that its hosts are missing from all lines.',
    );
  });

  it('gives the same bytes twice', () => {
    expect(JSON.stringify(compute(SEVEN))).toBe(JSON.stringify(compute(SEVEN)));
  });
});

describe('rules of the savings', () => {
  const all = [POWER_RULES, SAVINGS_RULES, LICENCE_RULES].flatMap((one) => Object.values(one));
  it.each(['modern', 'seed-2007'])('are in the pack %s with their source', (pack) => {
    const book = ruleBook(pack);
    for (const one of all) expect(book.cite(one).source.length, one.id).toBeGreaterThan(3);
  });
});
