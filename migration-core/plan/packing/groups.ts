/** Which items are one unit because they stay together, and which units rules contradict or keep from every host. */
import type { PackingItem, PackingProblem, UnplacedReason } from './problem.ts';

export interface Grouping {
  /** Indices of items, ascending by key; each is packed as one. */
  units: number[][];
  unplaced: Map<number, UnplacedReason>;
  /** Indices of items by rule: no two of a set share a host. Sets of one are left out. */
  sets: number[][];
  gathered: { items: number[]; hosts: number }[];
}

/**
 * Joins items that stay together, however many lists that takes. A unit in which two must be apart, or of two segments,
 * cannot be packed: all of it is unplaced, each item with what it stands against.
 */
export function groupItems(problem: PackingProblem): Grouping {
  const { items, rules } = problem;
  const byKey = new Map(items.map(({ key }, index) => [key, index]));
  const known = (keys: readonly string[]): number[] => [
    ...new Set(keys.map((key) => byKey.get(key)).filter((index) => index !== undefined)),
  ];

  const parent = Int32Array.from(items.keys());
  const root = (index: number): number => {
    while (parent[index] !== index) {
      parent[index] = parent[parent[index]!]!;
      index = parent[index]!;
    }
    return index;
  };
  for (const keys of rules.together) {
    const list = known(keys);
    for (const index of list) parent[root(index)] = root(list[0]!);
  }

  // By key, not by place in the problem, so that the order of the items does not change the plan.
  const order = [...items.keys()].sort((a, b) => (items[a]!.key < items[b]!.key ? -1 : 1));
  const members = new Map<number, number[]>();
  for (const index of order) {
    const unit = members.get(root(index));
    if (unit === undefined) members.set(root(index), [index]);
    else unit.push(index);
  }

  const sets = rules.apart.map(known).filter((set) => set.length > 1);
  const unplaced = new Map<number, UnplacedReason>();
  const against = apartWithin(sets, root);
  for (const unit of members.values()) explainContradictions(items, unit, against, unplaced);
  return {
    units: [...members.values()].filter((unit) => !unplaced.has(unit[0]!)),
    unplaced,
    sets,
    gathered: rules.gathered.map(({ items: keys, hosts }) => ({ items: known(keys), hosts })),
  };
}

/** For each item those of its own unit that it must be apart from. */
function apartWithin(sets: number[][], root: (index: number) => number): Map<number, Set<number>> {
  const against = new Map<number, Set<number>>();
  for (const set of sets) {
    const byRoot = new Map<number, number[]>();
    for (const index of set) {
      const others = byRoot.get(root(index));
      if (others === undefined) byRoot.set(root(index), [index]);
      else others.push(index);
    }
    for (const clash of byRoot.values()) {
      if (clash.length < 2) continue;
      for (const index of clash) {
        const known = against.get(index) ?? new Set<number>();
        for (const other of clash) if (other !== index) known.add(other);
        against.set(index, known);
      }
    }
  }
  return against;
}

function explainContradictions(
  items: readonly PackingItem[],
  unit: number[],
  against: Map<number, Set<number>>,
  unplaced: Map<number, UnplacedReason>,
): void {
  const keys = (indices: Iterable<number>): string[] => [...indices].map((index) => items[index]!.key).sort();
  const segments = new Set(unit.map((index) => items[index]!.segment).filter((name) => name !== undefined));
  if (segments.size < 2 && !unit.some((index) => against.has(index))) return;
  for (const index of unit) {
    const foes = against.get(index);
    const { segment } = items[index]!;
    const strangers = unit.filter((other) => {
      const theirs = items[other]!.segment;
      return theirs !== undefined && segment !== undefined && theirs !== segment;
    });
    if (foes !== undefined) unplaced.set(index, { kind: 'rules', rule: 'apart', with: keys(foes) });
    else if (strangers.length > 0)
      unplaced.set(index, { kind: 'rules', rule: 'segment', with: keys(strangers) });
    else
      unplaced.set(index, {
        kind: 'rules',
        rule: 'together',
        with: keys(unit.filter((other) => other !== index)),
      });
  }
}
