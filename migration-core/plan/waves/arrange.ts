/** What sort of wave each becomes by who is in it, and in which order its members move. */
import type { ServerId } from '../../store/engagement.ts';
import type { Arrangement } from './conditions/condition.ts';
import type { Mover, WaveEstate } from './estate.ts';
import { graphOf, strongParts } from './graph.ts';
import { KINDS, rank, type WaveKind } from './kind-order.ts';
import { pilotsOf } from './pilots.ts';

/** @param waveOf by the planner or by hand; servers that are not there are left out */
export function arrange(estate: WaveEstate, waveOf: ReadonlyMap<ServerId, number>): Arrangement {
  const by = new Map<number, Mover[]>();
  const kept = new Map<ServerId, number>();
  for (const mover of estate.movers) {
    const number = waveOf.get(mover.id);
    if (number === undefined) continue;
    kept.set(mover.id, number);
    const members = by.get(number) ?? [];
    members.push(mover);
    by.set(number, members);
  }
  // The lab is there even when no server moves in it: it is where people practise.
  if (by.size > 0 && !by.has(0)) by.set(0, []);
  let opened = false;
  const before = betterFirst(estate, kept);
  const waves = [...by]
    .sort(([a], [b]) => a - b)
    .map(([number, members]) => {
      const kind = kindOf(members, opened);
      opened ||= members.some(({ production }) => production);
      return { number, kind, members: inOrder(members, before) };
    });
  return { waveOf: kept, waves, kindOf: new Map(waves.map(({ number, kind }) => [number, kind])) };
}

function kindOf(members: readonly Mover[], opened: boolean): WaveKind {
  let latest = 0;
  for (const { own } of members) latest = Math.max(latest, rank(own.kind));
  const kind = KINDS[latest]!;
  if (kind !== 'first-production' && kind !== 'production') return kind;
  return opened ? 'production' : 'first-production';
}

/** Pairs of one wave: the first should move before the second. */
function betterFirst(
  estate: WaveEstate,
  waveOf: ReadonlyMap<ServerId, number>,
): ReadonlyMap<ServerId, ServerId[]> {
  const before = new Map<ServerId, ServerId[]>();
  const add = (later: ServerId, earlier: ServerId): void => {
    if (waveOf.get(later) === undefined || waveOf.get(later) !== waveOf.get(earlier)) return;
    const found = before.get(later) ?? [];
    found.push(earlier);
    before.set(later, found);
  };
  for (const { from, to } of estate.binding) add(from, to);
  for (const { pilot, others } of pilotsOf(estate, ({ id }) => waveOf.has(id)))
    for (const other of others) add(other.id, pilot.id);
  return before;
}

/** What others need or learn from first, then by priority. */
function inOrder(members: readonly Mover[], before: ReadonlyMap<ServerId, ServerId[]>): Mover[] {
  const index = new Map(members.map(({ id }, at) => [id, at]));
  const edges = members.flatMap(({ id }, at) =>
    (before.get(id) ?? []).map((other) => [at, index.get(other)!] as const),
  );
  const { part, parts } = strongParts(graphOf(members.length, edges));
  const needs = Array.from({ length: parts }, (): number[] => []);
  for (const [from, to] of edges) if (part[from] !== part[to]) needs[part[from]!]!.push(part[to]!);
  const depth = new Int32Array(parts);
  // Parts come after those they need.
  needs.forEach((of, at) => {
    for (const other of of) depth[at] = Math.max(depth[at]!, depth[other]! + 1);
  });
  const depthOf = (mover: Mover): number => depth[part[index.get(mover.id)!]!]!;
  return [...members].sort((a, b) => depthOf(a) - depthOf(b) || b.priority - a.priority || a.id - b.id);
}
