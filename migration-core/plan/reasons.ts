/** What the packing engine says in numbers, as sentences. */
import { RESOURCES, type ResourceName, type WeekShape } from '../assess/model/demand.ts';
import { formatBytes } from '../base/text.ts';
import { listed } from './build/names.ts';
import type { Built } from './build/problem.ts';
import { FIXED, FULL, MIB, slotsOf, slotText, TIMED, type FixedName } from './build/units.ts';
import type { UnplacedServer } from './model/plan.ts';
import type { LowerBound, UnplacedReason } from './packing/problem.ts';

export const RESOURCE_TITLES: Record<ResourceName | FixedName, string> = {
  cpu: 'processors',
  memory: 'memory',
  diskOperations: 'disk operations',
  diskBytes: 'disk throughput',
  networkBytes: 'network',
  storage: 'disk space',
  vcpus: 'virtual processors',
  machines: 'number of machines',
  critical: 'number of critical machines',
};

/** Index over timed, then fixed resources, as the engine counts. */
export const resourceAt = (index: number): ResourceName | FixedName =>
  index < TIMED ? RESOURCES[index]! : FIXED[index - TIMED]!;

const one = (value: number): string => String(Math.round(value * 10) / 10);

/** Units of the packing problem as a person reads them. */
function amount(index: number, units: number, scales: readonly number[]): string {
  const name = resourceAt(index);
  if (index >= TIMED)
    return name === 'memory' || name === 'storage' ? formatBytes(units * MIB) : String(units);
  // What was cut off is at least this much.
  const prefix = units > 2 * FULL ? 'more than ' : '';
  const real = units / scales[index]!;
  if (name === 'cpu') return `${prefix}${one(real)} reference cores`;
  if (name === 'diskOperations') return `${prefix}${Math.round(real)} operations/s`;
  if (name === 'memory') return `${prefix}${formatBytes(real)}`;
  return `${prefix}${formatBytes(real)}/s`;
}

const RULE_TITLES = {
  together: 'must stay on one host with',
  apart: 'must not share a host with',
  gathered: 'is licensed for the same few hosts as',
  segment: 'is in another security zone or site than',
} as const;

const RULE_NEXT = {
  together: 'Take it out of the list of servers that stay together, or give it a larger host.',
  apart: 'Allow them to share a host, or allow one host more.',
  gathered: 'Allow one more host for the licence group, or take larger hosts.',
  segment: 'Put them into one zone and site, or take them out of the list that keeps them together.',
} as const;

export function unplacedServer(
  built: Built,
  shape: WeekShape,
  key: string,
  why: UnplacedReason,
): UnplacedServer {
  const { candidate, home } = built.items.get(key)!;
  const { facts } = candidate;
  const told = sentences(built, shape, key, why);
  if (home === undefined) return { server: facts.id, name: facts.name, ...told };
  const host = home.existing?.name ?? home.reserved ?? home.key;
  return {
    server: facts.id,
    name: facts.name,
    why:
      why.kind === 'hosts-full'
        ? `The scenario pins it to ${host}, where ${RESOURCE_TITLES[resourceAt(why.resource)]} ran short.`
        : `The scenario pins it to ${host}. ${told.why}`,
    next: `Let go of the pin, or make room on ${host}.`,
  };
}

function whenOf(slot: number, shape: WeekShape): string {
  const isMonthEnd = slot >= slotsOf(shape);
  return ` on ${isMonthEnd ? 'the ' : ''}${slotText(slot, shape)}`;
}

function sentences(
  built: Built,
  shape: WeekShape,
  key: string,
  why: UnplacedReason,
): Pick<UnplacedServer, 'why' | 'next'> {
  switch (why.kind) {
    case 'too-large': {
      const when = why.resource < TIMED ? whenOf(why.slot, shape) : '';
      const asks = amount(why.resource, why.demand, built.scales);
      const has = amount(why.resource, why.room, built.scales);
      return {
        why: `Its demand for ${RESOURCE_TITLES[resourceAt(why.resource)]} is ${asks}${when}, and an empty host has room for ${has}.`,
        next: 'Choose a larger host, or leave this server on hardware of its own.',
      };
    }
    case 'no-host':
      return {
        why: 'None of the hosts it may go to is there.',
        next: 'Add a host it may go to, or let hosts be bought.',
      };
    case 'hosts-full':
      return {
        why: `The given hosts are full: ${RESOURCE_TITLES[resourceAt(why.resource)]} ran short first.`,
        next: 'Add a host, or take less important servers out of the scenario.',
      };
    case 'rules': {
      const others = why.with
        .filter((other) => other !== key)
        .map((other) => built.items.get(other)?.candidate.facts.name ?? other);
      const whom = others.length === 0 ? 'others' : listed(others);
      return {
        why: `It ${RULE_TITLES[why.rule]} ${whom}, and no host is left for which all rules hold.`,
        next: RULE_NEXT[why.rule],
      };
    }
  }
}

/** What asks for so many hosts at least. */
export function boundText(bound: LowerBound): string {
  switch (bound.by) {
    case 'sum':
      return `sum of ${RESOURCE_TITLES[resourceAt(bound.resource)]} in the busiest time`;
    case 'pairs':
      return 'servers no two of which fit on one host';
    case 'segments':
      return 'zones and sites, which share no host';
  }
}
