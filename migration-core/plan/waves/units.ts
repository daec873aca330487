/** What moves as one: servers that are tied, and units of them that depend on each other. */
import type { ServerId } from '../../store/engagement.ts';
import { WAVE_RULES } from '../rules/waves.ts';
import { CONDITIONS } from './conditions/table.ts';
import { twoWay } from './conditions/together.ts';
import type { Mover, WaveEstate } from './estate.ts';
import { graphOf, Sets, strongParts } from './graph.ts';
import { rank } from './kind-order.ts';
import { pilotsOf } from './pilots.ts';

export interface Unit {
  /** Ascending by id. */
  members: Mover[];
  production: boolean;
  /** Rank of the kind of wave it moves in at the earliest, what it depends on taken into account. */
  rank: number;
  priority: number;
  /** Units that move before it or with it. */
  needs: ReadonlySet<Unit>;
  /** Units whose pilot should go before. */
  after: Set<Unit>;
}

/** In an order in which every unit comes after those it needs. */
export function unitsOf(estate: WaveEstate): Unit[] {
  const movers = estate.movers.filter(({ barred }) => barred === null);
  const index = new Map(movers.map(({ id }, at) => [id, at]));
  const most = estate.rules.value(WAVE_RULES.most);
  const binding = estate.binding.filter(({ from, to }) => index.has(from) && index.has(to));
  const ties = CONDITIONS.flatMap((condition) =>
    (condition.ties?.(estate) ?? []).map(({ servers }) => ({
      servers: servers.map((id) => index.get(id)).filter((at) => at !== undefined),
      strict: condition === twoWay,
    })),
  );
  // Sets too large for any wave come apart: first applications, then whatever depends on each other.
  const loose = new Uint8Array(movers.length);
  for (let round = 0; ; round++) {
    const units = join(movers, index, binding, ties, loose);
    const large = units.filter(({ members }) => members.length > most);
    if (large.length === 0 || round === 2) return finish(estate, movers, units);
    for (const { members } of large) for (const { id } of members) loose[index.get(id)!]!++;
  }
}

function join(
  movers: readonly Mover[],
  index: ReadonlyMap<ServerId, number>,
  binding: WaveEstate['binding'],
  ties: readonly { servers: number[]; strict: boolean }[],
  loose: Uint8Array,
): Unit[] {
  const sets = new Sets(movers.length);
  for (const { servers, strict } of ties) {
    // 1: its applications no longer tie it, 2: nothing does.
    const bound = servers.filter((at) => loose[at]! < (strict ? 2 : 1));
    for (const at of bound) sets.join(bound[0]!, at);
  }
  const edges = binding
    .map(({ from, to }) => [index.get(from)!, index.get(to)!] as const)
    .filter(([from, to]) => loose[from]! < 2 || loose[to]! < 2)
    .map(([from, to]) => [sets.find(from), sets.find(to)] as const)
    .filter(([from, to]) => from !== to);
  // Sets that need each other are one: neither could go first.
  const { part, parts } = strongParts(graphOf(movers.length, edges));
  const members = Array.from({ length: parts }, (): Mover[] => []);
  movers.forEach((mover, at) => members[part[sets.find(at)]!]!.push(mover));
  const needed = Array.from({ length: parts }, () => new Set<number>());
  for (const [from, to] of edges) if (part[from] !== part[to]) needed[part[from]!]!.add(part[to]!);
  const units: (Unit | undefined)[] = [];
  // Parts are numbered after those they need.
  members.forEach((of, at) => {
    if (of.length === 0) return;
    const needs = new Set([...needed[at]!].map((other) => units[other]!));
    let latest = 0;
    for (const { own } of of) latest = Math.max(latest, rank(own.kind));
    for (const need of needs) latest = Math.max(latest, need.rank);
    units[at] = {
      members: of,
      production: of[0]!.production,
      rank: latest,
      priority: Math.round(of.reduce((sum, { priority }) => sum + priority, 0) / of.length),
      needs,
      after: new Set(),
    };
  });
  return units.filter((unit) => unit !== undefined);
}

function finish(estate: WaveEstate, movers: readonly Mover[], units: Unit[]): Unit[] {
  const unitOf = new Map<Mover, Unit>();
  for (const unit of units) {
    for (const mover of unit.members) {
      unitOf.set(mover, unit);
      mover.unitRank = unit.rank;
    }
  }
  const moving = new Set(movers);
  for (const { pilot, others } of pilotsOf(estate, (mover) => moving.has(mover))) {
    const first = unitOf.get(pilot)!;
    for (const other of others) {
      const unit = unitOf.get(other)!;
      if (unit !== first) unit.after.add(first);
    }
  }
  return units;
}
