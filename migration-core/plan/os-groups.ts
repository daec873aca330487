/** Hosts of OS virtualization: groups of one operating system (SR-42) with hosts of their own (SR-41). */
import { listed } from '../base/text.ts';
import { offered } from './build/capacity.ts';
import { segmentsOf } from './build/allowed.ts';
import { plannedItem, type PlannedItem } from './build/items.ts';
import type { Built } from './build/problem.ts';
import type { Candidate } from './build/select.ts';
import { FIXED, TIMED, UNLIMITED } from './build/units.ts';
import { checkedPack, type PackingQuestion } from './checked-pack.ts';
import type { Plan } from './model/plan.ts';
import type { PackingEngine, PlanRequest } from './planning.ts';
import { PLACE } from './rules/place.ts';

type OsGroup = Plan['osGroups'][number];

export function osGroups(
  request: PlanRequest,
  built: Built,
  engine: PackingEngine,
  options: PackingQuestion,
): { groups: OsGroup[]; warnings: string[] } {
  const byId = new Map(built.selection.instances.map((candidate) => [candidate.facts.id, candidate]));
  const warnings: string[] = [];
  const groups: OsGroup[] = [];
  for (const group of request.estate.groups) {
    if (group.kind !== 'os-virtualization') continue;
    const members = group.members.flatMap((id) => byId.get(id) ?? []);
    for (const { facts } of members) byId.delete(facts.id);
    const systems = byOperatingSystem(members);
    for (const [at, some] of systems.entries()) {
      const { hosts, left } = hostsFor(request, built, engine, options, some);
      if (left.length > 0)
        warnings.push(
          `${listed(left.map(({ candidate }) => candidate.facts.name))} would not fit a host of OS virtualization by itself; leave such servers on hardware of their own.`,
        );
      // Each host keeps one operating system; what the group as a whole saves is in proportion.
      const spared = Math.max(0, some.length - hosts);
      const all = Math.max(1, group.members.length - 1);
      groups.push({
        id: systems.length === 1 ? group.id : `${group.id}-${at + 1}`,
        title: group.title,
        servers: some.map(({ facts }) => facts.id),
        hosts,
        saved: {
          memoryBytes: Math.floor(((group.saved?.memoryBytes ?? 0) / all) * spared),
          diskBytes: Math.floor(((group.saved?.diskBytes ?? 0) / all) * spared),
        },
      });
    }
    if (systems.length > 1)
      warnings.push(
        `The group ${group.title} has ${systems.length} operating systems and is planned as ${systems.length} groups: a host of OS virtualization runs one.`,
      );
  }
  if (byId.size > 0)
    warnings.push(
      `${listed([...byId.values()].map(({ facts }) => facts.name))} would go to OS virtualization but ${byId.size === 1 ? 'is' : 'are'} in no group of servers alike; no hosts are counted for ${byId.size === 1 ? 'it' : 'them'}.`,
    );
  return { groups, warnings };
}

function byOperatingSystem(members: readonly Candidate[]): Candidate[][] {
  const systems = new Map<string, Candidate[]>();
  for (const member of members) {
    const system = member.facts.inventory?.operatingSystem;
    const word = JSON.stringify([system?.family ?? null, system?.id ?? null, system?.version ?? null]);
    const there = systems.get(word);
    if (there === undefined) systems.set(word, [member]);
    else there.push(member);
  }
  return [...systems.values()];
}

function hostsFor(
  request: PlanRequest,
  built: Built,
  engine: PackingEngine,
  options: PackingQuestion,
  members: readonly Candidate[],
): { hosts: number; left: PlannedItem[] } {
  const kind = built.bought ?? built.kinds[0];
  const most = request.rules.value(PLACE.osInstancesPerHost);
  if (kind === undefined) return { hosts: Math.ceil(members.length / most), left: [] };
  const segments = segmentsOf(members);
  const items = new Map(
    members.map((candidate) => {
      const { item } = plannedItem(
        request,
        built.slots,
        candidate,
        built.scales,
        segments.of(candidate),
        undefined,
      );
      return [item.key, item];
    }),
  );
  const { capacity, room } = offered(kind, built.usual, built.scales);
  room[FIXED.indexOf('machines')] = most;
  // Instances have no virtual processors.
  room[FIXED.indexOf('vcpus')] = UNLIMITED;
  const result = checkedPack(
    engine,
    {
      timed: TIMED,
      slots: built.slots,
      fixed: FIXED.length,
      items: [...items.values()].map(({ key, demand, needs, segment }) => ({
        key,
        demand,
        needs,
        ...(segment === undefined ? {} : { segment }),
      })),
      hosts: [{ key: 'os', count: Infinity, capacity, room, cost: 1 }],
      rules: { together: [], apart: [], gathered: [] },
    },
    options,
  );
  return { hosts: result.hosts.length, left: result.unplaced.map(({ item }) => items.get(item)!) };
}
