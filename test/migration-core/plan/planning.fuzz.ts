/** Random estates under random and often contradictory rules: what every plan must hold, counted anew from the inputs. */
import { describe, expect, it } from 'vitest';
import { makePlan } from '../../../migration-core/plan/make-plan.ts';
import type { Plan } from '../../../migration-core/plan/model/plan.ts';
import { balance } from '../../../migration-core/plan/packing/balance.ts';
import type { PlanRequest } from '../../../migration-core/plan/planning.ts';
import { firstFit } from '../../support/first-fit.ts';
import { GIB, HOST, planRequest, PROFILE, type TestEstate, type TestServer } from '../../support/planning.ts';
import { seeded } from '../../support/tools.ts';

const CASES = Number(process.env['IRONLIFT_FUZZ_CASES'] ?? 35);
const SLOTS = 168;

function randomEstate(random: () => number): TestEstate {
  const below = (most: number): number => Math.floor(random() * most);
  const chance = (share: number): boolean => random() < share;
  const one = <T>(all: readonly T[]): T => all[below(all.length)]!;
  const some = <T>(all: readonly T[], most: number): T[] =>
    Array.from({ length: below(most + 1) }, () => one(all));
  const count = below(25);
  const names = Array.from({ length: count }, (_, at) => `${one(['web', 'sql', 'dc', 'app-'])}${at}`);
  if (chance(0.2) && count > 2) names[1] = names[0]!;
  const constrained = chance(0.6);
  const server = (name: string): TestServer => {
    const base = below(30);
    const peak = below(SLOTS);
    const start = below(1440);
    return {
      name: chance(0.02) ? `=cmd|'\u001b[31m<b>'!${name}` : name,
      cpu: chance(0.05) ? 400 : (slot) => (slot === peak ? base + 30 : base),
      ...(chance(0.2)
        ? { monthEnd: (slot: number) => (slot === Math.floor(start / 10) ? base + 40 : base) }
        : {}),
      memory: below(20) * GIB,
      operations: below(2000),
      disk: below(100_000_000),
      network: below(100_000_000),
      vcpus: 1 + below(16),
      diskBytes: below(500) * GIB,
      roles: some(['web', 'database', 'domain controller', 'cluster', 'file'], 2),
      verdict: chance(0.8)
        ? 'good-candidate'
        : one(['keep-physical', 'unknown', 'os-virtualization', 'clustering', 'already-virtual'] as const),
      method: one(['p2v-cold', 'p2v-cold', 'p2v-hot', 'v2v', 'stay', 'retire'] as const),
      unsized: chance(0.05),
      ...(chance(0.2) ? { vlan: below(5) } : {}),
      ...(chance(0.5)
        ? {
            backup: [
              {
                startMinute: start,
                endMinute: (start + 10 + below(400)) % 1440,
                days: some([0, 1, 2, 3, 4, 5, 6], 7),
                cpu: below(30),
                diskOperations: below(500),
                diskBytes: below(400_000_000),
                networkBytes: below(300_000_000),
                basis: one(['seen', 'told'] as const),
              },
            ],
          }
        : {}),
      annotations: {
        ...(constrained && chance(0.3) ? { zone: one(['dmz', 'lan']) } : {}),
        ...(constrained && chance(0.2) ? { site: one(['north', 'south']) } : {}),
        ...(chance(0.3) ? { criticality: one(['low', 'normal', 'high', 'critical'] as const) } : {}),
        ...(chance(0.1) ? { luns: some(['l1', 'l2', 'l3'], 3) } : {}),
        ...(chance(0.05) ? { passThrough: ['card'] } : {}),
        ...(chance(0.2) ? { licence: { group: one(['oracle', 'windows']) } } : {}),
        ...(chance(0.1) ? { clustering: one(['native', 'os-cluster', 'none'] as const) } : {}),
        ...(chance(0.2)
          ? {
              backup: {
                windows: [{ startMinute: below(1440), endMinute: below(1440), days: [] }],
                method: one(['agent', 'host', 'proxy', 'none'] as const),
              },
            }
          : {}),
      },
    };
  };
  const servers = names.map(server);
  const lists = (): string[][] =>
    Array.from({ length: below(3) }, () => some([...names, 'ghost'], 4)).filter((list) => list.length > 0);
  const hosts = Array.from({ length: below(6) }, (_, at) => ({
    name: `h${at}`,
    template: one(['round', 'modern-1u']),
    ...(chance(0.4) ? { luns: some(['l1', 'l2', 'l3'], 3) } : {}),
    ...(chance(0.2) ? { site: one(['north', 'south']) } : {}),
    ...(chance(0.2) ? { zone: one(['dmz', 'lan']) } : {}),
    ...(chance(0.3) ? { load: { cpu: random(), memory: random() }, machines: below(45) } : {}),
  }));
  return {
    servers,
    profile: { shape: '60-min-peak' },
    platform: {
      passThrough: chance(0.8),
      dot1q: chance(0.8),
      failover: chance(0.8),
      devices: one(['emulated', 'paravirtual'] as const),
    },
    groups: chance(0.5)
      ? [
          {
            id: 'g',
            kind: 'os-virtualization',
            title: 'Group',
            members: servers.map((_, at) => at + 1).filter(() => chance(0.7)),
            pilot: 1,
            similarity: 1,
            deviations: [],
            saved: null,
          },
        ]
      : [],
    scenario: {
      goal: one(['minimum-hosts', 'minimum-hosts', 'given-hosts']),
      hosts,
      together: lists(),
      apart: lists(),
      exclude: chance(0.2) ? some([...names, 'ghost'], 3) : [],
      include: chance(0.1) ? some([...names, 'ghost'], 10) : [],
      licenceHosts: chance(0.5) ? { oracle: 1 + below(2), windows: 1 } : {},
      failures: chance(0.3) ? undefined : below(3),
      mixed: chance(0.8),
      growth: chance(0.3) ? 0.1 : 0,
      years: below(3),
      dot1q: chance(0.8),
      ...(chance(0.2) ? { maxMachinesPerHost: 1 + below(5) } : {}),
    },
  };
}

/** What the scenario is about, each once. */
const inScope = (request: PlanRequest): number[] =>
  request.servers
    .filter(({ name }) => request.scenario.include.length === 0 || request.scenario.include.includes(name))
    .map(({ id }) => id);

function holdsForAll(request: PlanRequest, plan: Plan): void {
  const listed = [
    ...plan.hosts.flatMap(({ servers }) => servers.map(({ server }) => server)),
    ...plan.unplaced.map(({ server }) => server),
    ...plan.elsewhere.map(({ server }) => server),
  ];
  expect(listed.toSorted((a, b) => a - b)).toEqual(inScope(request));
  for (const { why, next } of plan.unplaced) {
    expect(why).toMatch(/^[A-Z][^]*\.$/u);
    expect(next).toMatch(/^[A-Z][^]*\.$/u);
  }
  for (const { why } of plan.elsewhere) expect(why).toMatch(/\.$/u);
  expect(new Set(plan.hosts.map(({ name }) => name)).size).toBe(plan.hosts.length);
  const { failover } = plan;
  expect(failover.proved).toBe(failover.failures > 0 && failover.sets > 0 && failover.gaps.length === 0);
}

/** By hand from the figures of the round host: a core of its own, 4 GiB or 4 % of its memory, and the ceilings. */
function fits(request: PlanRequest, plan: Plan): void {
  const limits = [
    99 * PROFILE.hostCpu,
    (104 - 4.16) * GIB * PROFILE.hostMemory,
    7000,
    7e8,
    2.5e9 * PROFILE.hostNetwork,
  ];
  const clashing = new Set(plan.backup.clashes.map(({ host }) => host));
  for (const host of plan.hosts) {
    if (host.template !== HOST.id) continue;
    const existing = request.scenario.hosts.find(({ name }) => name === host.name);
    const present =
      existing === undefined ? [0, 0] : [existing.load.cpu * 100, existing.load.memory * 104 * GIB];
    // Grown already (PlanRequest.weekOf).
    const weeks = host.servers.map(({ server }) => request.weekOf(server));
    // The highest of six tens of minutes, and of who has none the heaviest day from Monday to Friday.
    const closing = host.servers.map(({ server }) => {
      const peaks = request.monthEndOf?.(server) ?? null;
      const week = request.weekOf(server).subarray(0, 120);
      const days = [0, 1, 2, 3, 4].map((day) => week.slice(day * 24, (day + 1) * 24));
      const sum = (day: Float32Array): number => day.reduce((all, value) => all + value, 0);
      if (peaks === null) return days.reduce((most, day) => (sum(day) > sum(most) ? day : most));
      return Array.from({ length: 24 }, (_, hour) => Math.max(...peaks.subarray(hour * 6, hour * 6 + 6)));
    });
    // Where no month end was seen of any server, none is packed.
    if (closing.length > 0 && request.servers.some(({ id }) => (request.monthEndOf?.(id) ?? null) !== null))
      for (let hour = 0; hour < 24; hour++)
        expect(closing.reduce((all, day) => all + day[hour]!, present[0]!)).toBeLessThanOrEqual(
          limits[0]! * (1 + 1e-9),
        );
    if (host.servers.length > 0)
      for (let at = 0; at < 5 * SLOTS; at++) {
        const resource = Math.floor(at / SLOTS);
        const sum = weeks.reduce((all, week) => all + week[at]!, present[resource] ?? 0);
        expect(sum).toBeLessThanOrEqual(limits[resource]! * (1 + 1e-9));
      }
    const machines = request.scenario.maxMachinesPerHost ?? 40;
    if (host.servers.length > 0)
      expect(host.servers.length + (existing?.machines ?? 0)).toBeLessThanOrEqual(machines);
    expect(host.blastRadius.critical).toBeLessThanOrEqual(4);
    expect(host.vcpusPerCore).toBeLessThanOrEqual(PROFILE.vcpusPerCore);
    // With the backups as planned, unless the plan says that they find no room.
    if (!clashing.has(host.name) && host.servers.length > 0)
      for (const { peak, ceiling } of Object.values(host.use))
        expect(peak).toBeLessThanOrEqual(ceiling + 1e-9);
  }
}

function keepsRules(request: PlanRequest, plan: Plan): void {
  const facts = new Map(request.servers.map((server) => [server.id, server]));
  const licences = new Map<string, Set<string>>();
  for (const host of plan.hosts) {
    const here = host.servers.map(({ server }) => facts.get(server)!);
    for (const what of ['zone', 'site'] as const)
      expect(new Set(here.map(({ annotations }) => annotations[what])).size).toBeLessThanOrEqual(1);
    for (const list of request.scenario.apart)
      expect(
        here.filter(({ name }) => list.some((each) => each.toLowerCase() === name)).length,
      ).toBeLessThanOrEqual(1);
    const existing = request.scenario.hosts.find(({ name }) => name === host.name);
    for (const { annotations } of here) {
      for (const lun of annotations.luns ?? [])
        if (existing?.luns !== undefined) expect(existing.luns).toContain(lun);
      if (existing?.zone !== undefined) expect(annotations.zone).toBe(existing.zone);
      if (annotations.passThrough !== undefined) expect(request.platform.passThrough).toBe(true);
      const group = annotations.licence?.group;
      if (group !== undefined) licences.set(group, (licences.get(group) ?? new Set()).add(host.name));
    }
    for (const list of request.scenario.together) {
      const on = here.filter(({ name }) => list.includes(name)).length;
      const all = plan.hosts
        .flatMap(({ servers }) => servers)
        .filter(({ name }) => list.includes(name)).length;
      expect([0, all]).toContain(on);
    }
  }
  for (const [group, hosts] of licences)
    expect(hosts.size).toBeLessThanOrEqual(request.scenario.licenceHosts[group] ?? Infinity);
}

/** No minute of the week has more than two runs on a host, except where the plan says so. */
function staggers(plan: Plan): void {
  const clashing = new Set(plan.backup.clashes.map(({ host }) => host));
  for (const { name } of plan.hosts) {
    if (clashing.has(name)) continue;
    const minutes = new Uint8Array(10_080);
    for (const run of plan.backup.runs)
      if (run.host === name && run.method !== 'proxy')
        for (const day of run.days)
          for (let at = run.startMinute; at < run.endMinute; at++) minutes[(day * 1440 + at) % 10_080]!++;
    expect(minutes.reduce((most, value) => Math.max(most, value), 0)).toBeLessThanOrEqual(2);
  }
}

describe('plans of random estates', () => {
  it(`hold in ${CASES} of them`, () => {
    for (let seed = 1; seed <= CASES; seed++) {
      const request = planRequest(randomEstate(seeded(seed)));
      const plan = makePlan(request, firstFit);
      try {
        holdsForAll(request, plan);
        fits(request, plan);
        keepsRules(request, plan);
        staggers(plan);
        // Same input, same bytes.
        expect(JSON.stringify(makePlan(request, firstFit))).toBe(JSON.stringify(plan));
        // Evened out, all of that holds, and it costs neither a host nor the proof.
        const even = makePlan(request, { ...firstFit, balance });
        holdsForAll(request, even);
        fits(request, even);
        keepsRules(request, even);
        staggers(even);
        expect(even.totals.hosts).toBeLessThanOrEqual(plan.totals.hosts);
        expect(even.unplaced).toEqual(plan.unplaced);
        if (plan.failover.proved) expect(even.failover.proved).toBe(true);
      } catch (error) {
        throw new Error(`Seed ${seed}: ${String(error)}`, { cause: error });
      }
    }
  });
});
