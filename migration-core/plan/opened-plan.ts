/**
 * A plan that was made, with the sums of its hosts slot by slot: for strips of load over the week, and for the question
 * whether a machine would fit on another host. Built anew from the plan's own answer, not packed again.
 */
import { RESOURCES, SLOT_MINUTES, type ResourceName } from '../assess/model/demand.ts';
import type { ServerId } from '../store/engagement.ts';
import { planBackups } from './backups.ts';
import { offered } from './build/capacity.ts';
import type { HostKind } from './build/hosts.ts';
import type { PlannedItem } from './build/items.ts';
import { listed } from './build/names.ts';
import { build, type Built } from './build/problem.ts';
import { FIXED, slotText, UNLIMITED, type FixedName } from './build/units.ts';
import type { Plan } from './model/plan.ts';
import { openHost, type OpenHost } from './open-hosts.ts';
import type { PlanRequest } from './planning.ts';
import { RESOURCE_TITLES } from './reasons.ts';

export const HOURS = 168;

export interface OpenedPlan {
  request: PlanRequest;
  built: Built;
  hosts: OpenHost[];
  /** Servers of the plan that the estate no longer places: the plan is older than what is known now. */
  gone: string[];
}

/** @throws SCENARIO_INVALID, RULE_PACK_INVALID, CANCELLED */
export function openPlan(request: PlanRequest, plan: Plan): OpenedPlan {
  const built = build(request);
  const byServer = new Map([...built.items.values()].map((item) => [item.candidate.facts.id, item]));
  const gone: string[] = [];
  const hosts = plan.hosts.flatMap((host): OpenHost[] => {
    const kind = kindOf(built, host.name, host.existing);
    if (kind === null) {
      gone.push(...host.servers.map(({ name }) => name));
      return [];
    }
    const items = host.servers.flatMap(({ server, name }) => {
      const item = byServer.get(server);
      if (item === undefined) gone.push(name);
      return item ?? [];
    });
    return [openHost(built, kind, host.name, items, host.spare)];
  });
  // Rules that gave way when the plan was made are no reason to refuse a move now.
  const kept = new Set(plan.constraints.map(({ why }) => why));
  if (
    built.constraints.some(
      ({ kind, origin, why }) => kind === 'apart' && origin === 'found' && !kept.has(why),
    )
  ) {
    const asked = built.constraints.filter(({ kind, origin }) => kind === 'apart' && origin === 'scenario');
    built.rules = { ...built.rules, apart: built.rules.apart.slice(0, asked.length) };
  }
  planBackups(request, built, hosts);
  return { request, built, hosts, gone };
}

function kindOf(built: Built, name: string, existing: boolean): HostKind | null {
  if (existing) return built.kinds.find((kind) => kind.existing?.name === name) ?? null;
  return built.kinds.find(({ reserved }) => reserved === name) ?? built.bought;
}

/** For each resource its highest share of the whole host in each hour from Monday 00:00. */
export function hourStrips({ built }: OpenedPlan, host: OpenHost): Record<ResourceName, number[]> {
  const perHour = built.weekSlots / HOURS;
  const strips = {} as Record<ResourceName, number[]>;
  RESOURCES.forEach((name, resource) => {
    const whole = host.kind.whole[resource]! * built.scales[resource]!;
    strips[name] = Array.from({ length: HOURS }, (_, hour) => {
      let most = 0;
      for (let slot = hour * perHour; slot < (hour + 1) * perHour; slot++)
        most = Math.max(most, host.used[resource * built.slots + slot]!);
      return whole > 0 ? most / whole : 0;
    });
  });
  return strips;
}

export interface TriedMove {
  fits: boolean;
  /** One sentence: that it fits and what is then fullest, or what stands in the way. */
  text: string;
  /** What to do next, one sentence. */
  next: string;
  /** What is full first then; null where a rule decides. */
  binding: ResourceName | FixedName | null;
  /** `Tuesday 10:00`; null for what has no time. */
  when: string | null;
  /** Peaks of the new host as shares of the whole one, before and after, and its ceilings. */
  use: { resource: ResourceName; before: number; after: number; ceiling: number }[];
  /** Machines that must go along, by rules of the scenario. */
  along: string[];
}

/** null: the plan does not place the server, or has no such host. */
export function tryMove(opened: OpenedPlan, server: ServerId, hostName: string): TriedMove | null {
  const { built, hosts } = opened;
  const host = hosts.find(({ name }) => name === hostName);
  const home = hosts.find(({ items }) => items.some(({ candidate }) => candidate.facts.id === server));
  const item = [...built.items.values()].find(({ candidate }) => candidate.facts.id === server);
  if (host === undefined || item === undefined) return null;
  const group = groupOf(built, item);
  const moving = group.filter((one) => !host.items.includes(one));
  const along = nameList(group.filter((one) => one !== item));
  const rule = home === host ? null : ruleAgainst(built, host, moving, hosts);
  const measured = measure(built, host, moving);
  if (home === host)
    return {
      ...measured,
      fits: true,
      text: `${item.candidate.facts.name} is on ${host.name} already.`,
      next: 'Pin it there to keep it when the plan is made anew.',
      along,
    };
  if (rule !== null) return { ...measured, ...rule, fits: false, binding: null, when: null, along };
  const who =
    along.length === 0 ? item.candidate.facts.name : `${item.candidate.facts.name} with ${listed(along)}`;
  const at = measured.when === null ? '' : ` (${measured.when})`;
  if (measured.binding === null)
    return { ...measured, fits: true, text: `${who} fits on ${host.name}.`, next: PIN, along };
  const what = RESOURCE_TITLES[measured.binding];
  const share = Math.round(measured.share * 100);
  return measured.share > 1
    ? {
        ...measured,
        fits: false,
        text: `${who} does not fit on ${host.name}: ${what} would reach ${share} % of what may be used${at}.`,
        next: 'Move another machine away first, choose a larger host, or allow a higher ceiling.',
        along,
      }
    : {
        ...measured,
        fits: true,
        text: `${who} fits on ${host.name}: ${what} would be fullest, at ${share} % of what may be used${at}.`,
        next: PIN,
        along,
      };
}

const PIN = 'Pin it there and make the plan anew, so that failover and backups are proved again.';

const nameList = (items: readonly PlannedItem[]): string[] =>
  items.map(({ candidate }) => candidate.facts.name);

/** Those that stay on one host with it, itself included. */
function groupOf(built: Built, item: PlannedItem): PlannedItem[] {
  const keys = new Set([item.key]);
  for (let before = 0; before < keys.size;) {
    before = keys.size;
    for (const list of built.rules.together)
      if (list.some((key) => keys.has(key))) for (const key of list) keys.add(key);
  }
  return [...built.items.values()].filter(({ key }) => keys.has(key));
}

/** A rule that a move would break, as sentences; null: none. */
function ruleAgainst(
  built: Built,
  host: OpenHost,
  moving: readonly PlannedItem[],
  hosts: readonly OpenHost[],
): { text: string; next: string } | null {
  for (const item of moving) {
    const { name } = item.candidate.facts;
    if (item.pinned)
      return {
        text: `${name} has devices passed through from its host and stays where it is.`,
        next: 'Replace the device with one that the network offers, or leave the server there.',
      };
    if (item.hosts?.includes(host.kind.key) === false)
      return {
        text: `${name} may not go to ${host.name}: its site, its zone or its LUNs are not there.`,
        next: 'Choose a host of its own site and zone that sees its LUNs.',
      };
    const stranger = host.items.find(
      ({ segment }) => segment !== undefined && item.segment !== undefined && segment !== item.segment,
    );
    if (stranger !== undefined)
      return {
        text: `${name} and ${stranger.candidate.facts.name} are of different zones or sites, which share no host.`,
        next: 'Choose a host of its own zone and site.',
      };
    const foes = new Set(built.rules.apart.filter((set) => set.includes(item.key)).flat());
    const foe = host.items.find(({ key }) => key !== item.key && foes.has(key));
    if (foe !== undefined)
      return {
        text: `${name} and ${foe.candidate.facts.name} are kept on different hosts, so that one fault does not take both.`,
        next: 'Choose another host, or allow them to share one.',
      };
    for (const { items, hosts: most } of built.rules.gathered) {
      if (!items.includes(item.key)) continue;
      const used = new Set(
        hosts
          .filter((one) => one === host || one.items.some((two) => two !== item && items.includes(two.key)))
          .map((one) => one.name),
      );
      if (used.size > most)
        return {
          text: `${name} is licensed by host, and its group would then be on ${used.size} hosts where ${most} are allowed.`,
          next: 'Choose a host that carries the licence group already, or allow one more.',
        };
    }
  }
  return null;
}

/** How full the host would be with them on it, and of what first. */
function measure(
  built: Built,
  host: OpenHost,
  moving: readonly PlannedItem[],
): Pick<TriedMove, 'binding' | 'when' | 'use'> & { share: number } {
  const { capacity, room } = offered(host.kind, built.usual, built.scales);
  const most: { name: ResourceName | FixedName | null; share: number; slot: number | null } = {
    name: null,
    share: 0,
    slot: null,
  };
  const note = (name: ResourceName | FixedName, share: number, slot: number | null): void => {
    if (share > most.share) Object.assign(most, { name, share, slot });
  };
  const use = RESOURCES.map((resource, row) => {
    let [before, after, slotOfPeak] = [0, 0, 0];
    for (let slot = 0; slot < built.slots; slot++) {
      const at = row * built.slots + slot;
      const used = host.used[at]!;
      const then = moving.reduce((sum, { demand }) => sum + demand[at]!, used);
      before = Math.max(before, used);
      if (then > after) [after, slotOfPeak] = [then, slot];
    }
    if (capacity[row]! > 0) note(resource, after / capacity[row]!, slotOfPeak);
    const whole = host.kind.whole[row]! * built.scales[row]!;
    const share = (units: number): number => (whole > 0 ? units / whole : 0);
    return { resource, before: share(before), after: share(after), ceiling: share(capacity[row]!) };
  });
  FIXED.forEach((name, at) => {
    const then = moving.reduce((sum, { needs }) => sum + needs[at]!, host.needs[at]!);
    if (room[at]! < UNLIMITED && (room[at]! > 0 || then > 0))
      note(name, room[at]! > 0 ? then / room[at]! : Number.MAX_SAFE_INTEGER, null);
  });
  return {
    use,
    binding: most.name,
    share: most.share,
    when:
      most.slot === null
        ? null
        : slotText(most.slot, built.slotMinutes === 60 ? '60-min-peak' : shapeOf(built)),
  };
}

const shapeOf = ({ slotMinutes }: Built): '10-min-peak' | '15-min-peak' =>
  slotMinutes === SLOT_MINUTES['10-min-peak'] ? '10-min-peak' : '15-min-peak';
