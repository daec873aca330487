import { describe, expect, it } from 'vitest';
import { isIronliftError } from '../../../migration-core/base/errors.ts';
import { makePlan } from '../../../migration-core/plan/make-plan.ts';
import { slotText } from '../../../migration-core/plan/build/units.ts';
import type { Plan } from '../../../migration-core/plan/model/plan.ts';
import type { PackingEngine } from '../../../migration-core/plan/planning.ts';
import { firstFit } from '../../support/first-fit.ts';
import { GIB, HOST, planRequest, type TestEstate } from '../../support/planning.ts';

const plan = (estate: TestEstate, engine: PackingEngine = firstFit): Plan =>
  makePlan(planRequest(estate), engine);
const thrown = (work: () => unknown): { code: string; message: string; next: string } => {
  try {
    work();
  } catch (error) {
    if (isIronliftError(error)) return error;
    throw error;
  }
  throw new Error('Nothing was thrown.');
};
const LINUX = { operatingSystem: { family: 'linux' as const, id: 'debian', name: 'Debian', version: '12' } };

describe('a plan', () => {
  it('has every server in one list, with where it goes and why', () => {
    const made = plan({
      servers: [
        { name: 'a' },
        { name: 'b', verdict: 'keep-physical' },
        { name: 'c', verdict: 'clustering' },
        { name: 'd', verdict: 'unknown', unsized: true },
        { name: 'e', method: 'retire' },
        { name: 'f', cpu: 500 },
        { name: 'g' },
        { name: 'h', unsized: true },
        { name: 'i', verdict: 'already-virtual', method: 'v2v' },
        { name: 'j', verdict: 'already-virtual', method: 'stay' },
      ],
      scenario: { exclude: ['g'] },
    });
    expect(made.hosts.flatMap(({ servers }) => servers.map(({ name }) => name)).sort()).toEqual(['a', 'i']);
    expect(made.unplaced.map(({ name }) => name)).toEqual(['f']);
    expect(made.elsewhere.map(({ name, outcome, why }) => `${name} ${outcome}: ${why}`)).toEqual([
      'b keep-physical: Because it is keep-physical.',
      'c clustering: Because it is clustering.',
      'd unknown: Because it is unknown.',
      'e retire: Because it is good-candidate.',
      'g excluded: The scenario leaves it out.',
      'h unknown: Neither its load nor its hardware is known, so that no machine can be sized for it.',
      'j already-virtual: Because it is already-virtual.',
    ]);
    expect(made.totals).toMatchObject({ servers: 10, placed: 2, hosts: 1, ratio: 2 });
  });

  it('forces all with a size into machines where nothing is mixed', () => {
    const made = plan({
      servers: [
        { name: 'b', verdict: 'keep-physical' },
        { name: 'd', verdict: 'unknown', unsized: true },
        { name: 'e', method: 'retire' },
      ],
      scenario: { mixed: false },
    });
    expect(made.totals.placed).toBe(1);
    expect(made.elsewhere.map(({ name, outcome }) => `${name} ${outcome}`)).toEqual([
      'd unknown',
      'e retire',
    ]);
  });

  it('says of each host how full it is when, what is full first and what a failure costs', () => {
    const { hosts } = plan({
      servers: [
        {
          name: 'a',
          cpu: (slot) => (slot === 150 ? 50 : 10),
          memory: 26 * GIB,
          vcpus: 8,
          annotations: { owner: 'Eva', criticality: 'critical' },
        },
        { name: 'b', cpu: 5, memory: 26 * GIB, vcpus: 2, annotations: { owner: 'Adam' } },
      ],
    });
    expect(hosts).toHaveLength(1);
    const [host] = hosts;
    expect(host!.use.cpu).toMatchObject({ slot: 150 });
    expect(host!.use.cpu.peak).toBeCloseTo(0.55, 3);
    expect(host!.use.cpu.mean).toBeCloseTo(0.15, 3);
    expect(host!.use.cpu.ceiling).toBeCloseTo(0.99 * 0.7, 3);
    expect(host!.use.memory.peak).toBeCloseTo(0.5, 3);
    expect(host).toMatchObject({
      name: 'host-01',
      binding: 'cpu',
      vcpusPerCore: 0.1,
      storageBytes: 20 * GIB,
      blastRadius: { machines: 2, critical: 1, owners: ['Adam', 'Eva'] },
      warnings: [],
    });
  });

  it('adds by time: machines that are busy at different hours share a host, habits need more', () => {
    const { hosts, totals } = plan({
      servers: Array.from({ length: 4 }, (_, at) => ({ cpu: (slot) => (slot % 4 === at ? 60 : 2) })),
    });
    expect(hosts).toHaveLength(1);
    expect(totals.sumOfPeaksHosts).toBe(4);
    // A quarter of the slots is above the 95th percentile nowhere: it is the peak.
    expect(totals.sumOfP95Hosts).toBe(4);
    const rare = plan({
      servers: Array.from({ length: 4 }, (_, at) => ({ cpu: (slot) => (slot === at ? 60 : 2) })),
    });
    expect(rare.totals.sumOfP95Hosts).toBe(1);
  });

  describe('with the turn of a month', () => {
    const NINE_FORTY = 58;
    const closing = { cpu: 10, monthEnd: (slot: number) => (slot === NINE_FORTY ? 60 : 10) };

    it('has room for a peak that was seen on no other day, and says when it is', () => {
      const { hosts, totals } = plan({ servers: [closing, closing] });
      expect(plan({ servers: [{ cpu: 10 }, { cpu: 10 }] }).hosts).toHaveLength(1);
      expect(hosts.map(({ use }) => use.cpu.slot)).toEqual([1008 + NINE_FORTY, 1008 + NINE_FORTY]);
      expect(slotText(hosts[0]!.use.cpu.slot, '10-min-peak')).toBe('month-end day 09:40');
      expect(hosts[0]!.use.cpu.peak).toBeCloseTo(0.6, 3);
      // A day of the month is no eighth day of the week, of means and percentiles neither.
      expect(hosts[0]!.use.cpu.mean).toBeCloseTo(0.1, 3);
      expect(totals).toMatchObject({ sumOfPeaksHosts: 2, sumOfP95Hosts: 1 });
      const { unplaced } = plan({ servers: [{ ...closing, monthEnd: () => 300 }] });
      expect(unplaced.map(({ why }) => why)).toEqual([
        expect.stringMatching(
          /^Its demand for processors is .* on the month-end day 00:00, and an empty host/u,
        ),
      ]);
    });

    it.each([
      ['10-min-peak', 1008 + NINE_FORTY, 0.6],
      ['15-min-peak', 672 + 38, 0.6],
      // A third of a quarter of an hour, of two servers.
      ['15-min-mean', 672 + 38, 2 * ((0.1 * 2 + 0.6) / 3)],
      ['60-min-peak', 168 + 9, 0.6],
    ] as const)('has it in slots of %s', (shape, slot, peak) => {
      const { hosts } = plan({ servers: [closing, closing], profile: { shape } });
      expect(hosts[0]!.use.cpu.slot).toBe(slot);
      expect(hosts[0]!.use.cpu.peak).toBeCloseTo(peak, 3);
    });

    it('takes the heaviest working day of servers of which none was seen', () => {
      const at = (day: number) => ({
        cpu: (slot: number) => (slot === day * 144 + NINE_FORTY ? 30 : 10),
      });
      const together = (day: number): number => plan({ servers: [closing, at(day)] }).hosts.length;
      expect(together(2)).toBe(2);
      // Months are closed on no Saturday: 60 and 10 at the same time fit, if barely.
      const quiet = plan({ servers: [{ ...closing, monthEnd: () => 55 }, at(5)] });
      expect(quiet.hosts).toHaveLength(1);
      expect(quiet.hosts[0]!.use.cpu.peak).toBeCloseTo(0.65, 3);
    });
  });

  it('counts systems to manage before and after: N, then N and the hosts and one', () => {
    const servers = Array.from({ length: 4 }, () => ({ cpu: 60 }));
    expect(plan({ servers }).totals).toMatchObject({ managedBefore: 4, managedAfter: 4 + 4 + 1 });
    expect(plan({ servers, scenario: { failures: 1 } }).totals).toMatchObject({ managedAfter: 4 + 5 + 1 });
    const retired = plan({ servers: [...servers, { method: 'retire' as const }] });
    expect(retired.totals).toMatchObject({ managedBefore: 5, managedAfter: 4 + 4 + 1 });
  });

  it('gives OS virtualization hosts of its own: a hundred instances, one system on each', () => {
    const web = (count: number, inventory = LINUX): TestEstate['servers'] =>
      Array.from({ length: count }, () => ({
        verdict: 'os-virtualization' as const,
        cpu: 0.1,
        memory: GIB / 8,
        inventory,
      }));
    const group = (members: number) => ({
      id: 'web',
      kind: 'os-virtualization' as const,
      title: 'Web farm',
      members: Array.from({ length: members }, (_, at) => at + 1),
      pilot: 1,
      similarity: 1,
      deviations: [],
      saved: { memoryBytes: (members - 1) * 512, diskBytes: (members - 1) * 4096 },
    });
    const made = plan({ servers: web(201), groups: [group(201)] });
    expect(made.osGroups).toMatchObject([
      { id: 'web', title: 'Web farm', hosts: 3, saved: { memoryBytes: 198 * 512, diskBytes: 198 * 4096 } },
    ]);
    expect(made.totals).toMatchObject({ managedBefore: 201, managedAfter: 3 });
    expect(made.elsewhere).toHaveLength(201);
    const hosts = [{ name: 'h1', template: 'round' }];
    const none = plan({ servers: web(5), groups: [group(5)], scenario: { goal: 'given-hosts', hosts } });
    expect(none.warnings).toContain(
      'Sharing one operating system takes 1 host besides the given ones; with "mixed" switched off these servers become machines like the others.',
    );

    const other = { operatingSystem: { ...LINUX.operatingSystem, version: '11' } };
    const two = plan({ servers: [...web(3), ...web(2, other), ...web(1)], groups: [group(5)] });
    expect(two.osGroups.map(({ id, servers, hosts }) => [id, servers, hosts])).toEqual([
      ['web-1', [1, 2, 3], 1],
      ['web-2', [4, 5], 1],
    ]);
    expect(two.warnings).toEqual([
      'The group Web farm has 2 operating systems and is planned as 2 groups: a host of OS virtualization runs one.',
      expect.stringMatching(/^server-fx would go to OS virtualization but is in no group of servers alike/u),
    ]);
  });

  it('warns of what the platform is not good enough for', () => {
    const servers = [
      { name: 'erp', annotations: { criticality: 'critical' as const, luns: ['l1'] } },
      { name: 'lab', annotations: { environment: 'lab' as const } },
    ];
    expect(plan({ servers, platform: { failover: false } }).warnings).toContain(
      'KVM does not restart machines of a host that failed, so that it is for test and development only; the plan puts production on it: erp.',
    );
    expect(plan({ servers, platform: { maturity: 'new-here' } }).warnings).toContain(
      'KVM is new here: begin with test and low-priority servers, and move erp when it has proved itself.',
    );
    expect(plan({ servers, platform: { maturity: 'emerging' } }).warnings).toContain(
      'KVM is still emerging and should not carry essential servers yet: erp.',
    );
    expect(plan({ servers, platform: { npiv: false } }).warnings).toContain(
      'KVM gives machines no SAN addresses of their own (NPIV): every host that may run erp must see their LUNs.',
    );
    const amd = { ...HOST, id: 'amd', cpuModel: 'AMD EPYC 7543' };
    const intel = { ...HOST, id: 'intel', cpuModel: 'Intel Xeon Gold' };
    const mixed = plan({
      servers: [{ cpu: 60 }, { cpu: 60 }],
      templates: [amd, intel],
      scenario: { template: 'amd', hosts: [{ name: 'h1', template: 'intel' }] },
    });
    expect(mixed.warnings).toContain(
      'The hosts have processors of AMD and Intel: machines can be restarted on the others, but not moved there while they run.',
    );
  });

  it('warns of hosts that are too thin for what they carry', () => {
    const thin = {
      ...HOST,
      id: 'thin',
      nicPorts: 1,
      nicSpeed: 1e9,
      hbaPorts: 1,
      powerSupplies: 1,
      spindles: true,
    };
    const servers = Array.from({ length: 13 }, (_, at) => ({
      name: `s${'abcdefghijklm'[at]!}`,
      ...(at === 0 ? { annotations: { criticality: 'critical' as const } } : {}),
    }));
    const made = plan({
      servers,
      templates: [thin],
      scenario: { template: 'thin' },
      platform: { failover: false },
    });
    expect(made.hosts[0]!.warnings).toEqual([
      'A fault of this host takes down 13 machines, and KVM does not restart them elsewhere; more than 12 on such a host are too many.',
      'sa is critical and on a host with one power supply and one network port and one way to the storage only; give the host a second one.',
      '13 machines share 1 network port, which is more than 8 on each; add ports, or spread them over more hosts.',
      '13 machines share 1 storage port, which is more than 8 on each; add ports, or spread them over more hosts.',
    ]);
    expect(made.warnings).toContain(
      'The host template Round host has 1 power supply; redundancy takes 2. Plan it with 2 or more.',
    );
    const busy = plan({ servers: [{ disk: 690e6 }], profile: { hostDisk: 0.9 } });
    expect(busy.hosts[0]!.warnings).toEqual([]);
    const busier = plan({ servers: [{ disk: 880e6 }], profile: { hostDisk: 0.9 } });
    expect(busier.hosts[0]!.warnings).toEqual([
      'Disk throughput at its peak takes 3 storage ports at 70 % each, and the host has 2.',
    ]);
  });

  it('plans with the sized figure where a resource was not measured, and says so', () => {
    const request = planRequest({
      servers: [
        { name: 'a', cpu: 40 },
        { name: 'b', cpu: 40 },
      ],
    });
    const week = request.weekOf.bind(request);
    const weekOf = (id: number): Float32Array => (id === 1 ? week(id).fill(NaN, 0, 1008) : week(id));
    const made = makePlan({ ...request, weekOf }, firstFit);
    expect(made.hosts).toHaveLength(2);
    expect(made.warnings).toContain(
      'Of a not every resource was measured; where it was not, the sized figure is planned for all of the week.',
    );
  });

  it('refuses a scenario that cannot be planned with', () => {
    const one = { servers: [{ name: 'a' }] };
    expect(thrown(() => plan({ ...one, scenario: { template: 'none' } }))).toMatchObject({
      code: 'SCENARIO_INVALID',
      message:
        'There is no host template none; there are modern-1u, modern-2u, modern-blade, round and seed-2u-2007.',
    });
    const old = { ...HOST, id: 'old', name: 'Old', hardwareVirtualization: false };
    expect(thrown(() => plan({ ...one, templates: [old], scenario: { template: 'old' } })).message).toBe(
      'The host template Old has neither VT-x nor AMD-V, or they are switched off in its firmware.',
    );
    // One that stands there costs itself only.
    const beside = plan({ ...one, templates: [old], scenario: { hosts: [{ name: 'h', template: 'old' }] } });
    expect(beside.totals.placed).toBe(1);
    expect(beside.warnings[0]).toBe(
      'The host h is left out. The host template Old has neither VT-x nor AMD-V, or they are switched off in its firmware.',
    );
    const twice = {
      hosts: [
        { name: 'h', template: 'round' },
        { name: 'h', template: 'round' },
      ],
    };
    expect(thrown(() => plan({ ...one, scenario: twice })).message).toBe(
      'Two hosts of the scenario are called h.',
    );
    expect(thrown(() => plan({ ...one, coreUnits: () => NaN }))).toMatchObject({
      message: 'How fast the host template Round host is cannot be told.',
      next: 'Give it its score, its launch year or its clock rate.',
    });
  });

  it('answers where there is no host and where there is no server', () => {
    const none = plan({ servers: [{ name: 'a' }], scenario: { goal: 'given-hosts' } });
    expect(none.unplaced).toEqual([
      {
        server: 1,
        name: 'a',
        why: 'The scenario names no host that it could go to.',
        next: 'Name hosts in the scenario, or let hosts be bought.',
      },
    ]);
    const empty = plan({ servers: [], scenario: { failures: 1 } });
    expect(empty).toMatchObject({
      hosts: [],
      unplaced: [],
      totals: { servers: 0, managedAfter: 0 },
      bound: { gap: 0 },
    });
  });

  it('never takes an answer of the engine that lost a server', () => {
    const loses: PackingEngine = {
      ...firstFit,
      pack: (problem, options) => ({ ...firstFit.pack(problem, options), hosts: [] }),
    };
    expect(thrown(() => plan({ servers: [{ name: 'a' }] }, loses))).toMatchObject({
      code: 'INTERNAL',
      message: 'The packing of the servers lost one or placed one twice.',
    });
  });

  it('can be cancelled', () => {
    const request = planRequest({ servers: [{ name: 'a' }] });
    expect(thrown(() => makePlan({ ...request, signal: AbortSignal.abort() }, firstFit)).code).toBe(
      'CANCELLED',
    );
  });
});
