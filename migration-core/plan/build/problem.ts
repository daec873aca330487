/** A scenario with all that is known of its servers as a packing problem. */
import { SLOT_MINUTES } from '../../assess/model/demand.ts';
import { throwIfCancelled } from '../../base/cancel.ts';
import type { PlanConstraint, UnplacedServer } from '../model/plan.ts';
import type { HostClass, PackingProblem, PackingRules } from '../packing/problem.ts';
import type { PlanRequest } from '../planning.ts';
import { AllowedHosts, segmentsOf } from './allowed.ts';
import { failoverCeilings, offered, usualCeilings, type Ceilings } from './capacity.ts';
import { constraintsOf } from './constraints.ts';
import { hostKinds, type HostKind } from './hosts.ts';
import { plannedItem, type PlannedItem } from './items.ts';
import { listed } from './names.ts';
import { homesOf, pinsOf } from './pins.ts';
import { selectServers, type Candidate, type Selection } from './select.ts';
import { FIXED, mebibytesUp, scalesOf, slotsOf, slotsOfDay, TIMED, unitsUp } from './units.ts';

export interface Built {
  selection: Selection;
  kinds: HostKind[];
  bought: HostKind | null;
  scales: number[];
  /** Of the week. */
  weekSlots: number;
  /** Of the week, and behind it of a day at the turn of a month where one was seen of any server. */
  slots: number;
  slotMinutes: number;
  usual: Ceilings;
  failover: Ceilings;
  items: Map<string, PlannedItem>;
  rules: PackingRules;
  constraints: PlanConstraint[];
  /** No host will do, whatever else is placed. */
  refused: UnplacedServer[];
  warnings: string[];
}

/** @throws SCENARIO_INVALID, RULE_PACK_INVALID, CANCELLED */
export function build(request: PlanRequest): Built {
  const { scenario, rules, profile } = request;
  const selection = selectServers(request);
  const asked = pinsOf(scenario, selection);
  const { kinds, bought, warnings: hostWarnings } = hostKinds(request, asked.hosts);
  const scales = scalesOf(
    Array.from({ length: TIMED }, (_, at) =>
      kinds.reduce((most, kind) => Math.max(most, kind.whole[at]!), 0),
    ),
  );
  const allowed = new AllowedHosts(kinds, request.platform, scenario);
  const refused: UnplacedServer[] = [];
  const machines: { candidate: Candidate; hosts: string[] | undefined }[] = [];
  for (const candidate of selection.machines) {
    const where = allowed.of(candidate);
    if ('hosts' in where) machines.push({ candidate, hosts: where.hosts });
    else refused.push({ server: candidate.facts.id, name: candidate.facts.name, ...where });
  }
  const homes = homesOf(asked.pins, kinds, machines);
  const candidates = machines.map(({ candidate }) => candidate);
  const segments = segmentsOf(candidates);
  const weekSlots = slotsOf(profile.shape);
  const isMonthEndSeen = request.servers.some(({ id }) => (request.monthEndOf?.(id) ?? null) !== null);
  const slots = weekSlots + (isMonthEndSeen ? slotsOfDay(profile.shape) : 0);
  const items = new Map<string, PlannedItem>();
  const unmeasured: string[] = [];
  for (const { candidate, hosts } of machines) {
    throwIfCancelled(request.signal);
    const made = plannedItem(request, slots, candidate, scales, segments.of(candidate), hosts);
    made.item.home = homes.of.get(candidate);
    items.set(made.item.key, made.item);
    if (made.unmeasured) unmeasured.push(candidate.facts.name);
  }
  const hostsOf = new Map(machines.map(({ candidate, hosts }) => [candidate, hosts?.length ?? kinds.length]));
  const constrained = constraintsOf(request, selection, candidates, (members) =>
    bought !== null ? Infinity : Math.min(...members.map((member) => hostsOf.get(member) ?? 0)),
  );
  const usual = usualCeilings(profile, scenario, rules);
  return {
    selection,
    kinds,
    bought,
    scales,
    weekSlots,
    slots,
    slotMinutes: SLOT_MINUTES[profile.shape],
    usual,
    failover: failoverCeilings(usual, profile, rules),
    items,
    rules: constrained.rules,
    constraints: [...constrained.constraints, ...ownConstraints([...items.values()])],
    refused,
    warnings: [
      ...selection.warnings,
      ...hostWarnings,
      ...segments.warnings,
      ...constrained.warnings,
      ...asked.warnings,
      ...homes.warnings,
      ...sharedLuns(candidates),
      ...(unmeasured.length === 0
        ? []
        : [
            `Of ${listed(unmeasured)} not every resource was measured; where it was not, the sized figure is planned for all of the week.`,
          ]),
    ],
  };
}

/** The problem with the demands as they stand. `slots` of 1: every item at the level `flatten` makes of its week. */
export function problemOf(built: Built, rules: PackingRules = built.rules): PackingProblem {
  return {
    timed: TIMED,
    slots: built.slots,
    fixed: FIXED.length,
    items: [...built.items.values()].map(({ key, demand, needs, segment, hosts, home }) => ({
      key,
      demand,
      needs,
      ...(segment === undefined ? {} : { segment }),
      ...(home !== undefined ? { hosts: [home.key] } : hosts === undefined ? {} : { hosts }),
    })),
    hosts: built.kinds.map((kind) => classOf(kind, built)),
    rules,
  };
}

function classOf(kind: HostKind, built: Built): HostClass {
  const { existing, reserved } = kind;
  return {
    key: kind.key,
    count: existing === null && reserved === null ? Infinity : 1,
    ...offered(kind, built.usual, built.scales),
    // What is there is used before anything is bought.
    cost: existing === null && reserved === null ? 1 : 0,
    ...(existing === null || !isLoaded(kind) ? {} : { load: presentLoad(kind, built) }),
  };
}

const isLoaded = ({ existing }: HostKind): boolean =>
  existing !== null && (existing.machines > 0 || Object.values(existing.load).some((share) => share > 0));

/** What runs on an existing host already, the same in each slot: its mean is all that is known. */
export function presentLoad(
  { existing, whole }: HostKind,
  { slots, scales }: Pick<Built, 'slots' | 'scales'>,
): { demand: Uint32Array; needs: number[] } {
  const demand = new Uint32Array(TIMED * slots);
  const needs = FIXED.map(() => 0);
  if (existing === null) return { demand, needs };
  const { load } = existing;
  [load.cpu, load.memory, load.diskOperations, load.diskBytes, load.networkBytes].forEach((share, at) =>
    demand.fill(unitsUp(share * whole[at]!, scales[at]!), at * slots, (at + 1) * slots),
  );
  needs[FIXED.indexOf('memory')] = mebibytesUp(load.memory * whole[1]!);
  needs[FIXED.indexOf('machines')] = existing.machines;
  return { demand, needs };
}

/** Pins and LUNs: kept by the lists of hosts, told so that a reader knows why a server is where it is. */
function ownConstraints(items: readonly PlannedItem[]): PlanConstraint[] {
  return items.flatMap(({ candidate: { facts }, pinned, hosts, home }): PlanConstraint[] => {
    const { name, annotations } = facts;
    const luns = annotations.luns ?? [];
    return [
      ...(home === undefined
        ? []
        : [
            {
              kind: 'pinned' as const,
              origin: 'scenario' as const,
              servers: [name],
              why: `The scenario keeps ${name} on ${home.existing?.name ?? home.reserved ?? home.key}.`,
            },
          ]),
      ...(pinned
        ? [
            {
              kind: 'pinned' as const,
              origin: 'found' as const,
              servers: [name],
              why: `${name} has devices passed through from its host (${listed(annotations.passThrough ?? [])}): it stays there, cannot be moved while it runs and does not fail over.`,
            },
          ]
        : []),
      ...(hosts !== undefined && luns.length > 0
        ? [
            {
              kind: 'hosts' as const,
              origin: 'found' as const,
              servers: [name],
              why: `${name} runs only on hosts that see ${listed(luns)}.`,
            },
          ]
        : []),
    ];
  });
}

/** Two servers that write one LUN without being a cluster destroy each other's data (SR-97). */
function sharedLuns(candidates: readonly Candidate[]): string[] {
  const users = new Map<string, Candidate[]>();
  for (const candidate of candidates)
    for (const lun of new Set(candidate.facts.annotations.luns ?? [])) {
      const there = users.get(lun);
      if (there === undefined) users.set(lun, [candidate]);
      else there.push(candidate);
    }
  return [...users]
    .filter(
      ([, all]) =>
        all.length > 1 && all.some(({ facts }) => (facts.annotations.clustering ?? 'none') === 'none'),
    )
    .map(
      ([lun, all]) =>
        `${listed(all.map(({ facts }) => facts.name))} use the LUN ${lun} together and are not all said to be clustered; two systems that write one LUN damage its data.`,
    );
}
