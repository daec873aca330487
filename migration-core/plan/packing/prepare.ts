/** A problem as the search reads it: units instead of items, typed arrays instead of objects. */
import { checkProblem, MAX_ALLOWED, tooManyLists } from './check.ts';
import { groupItems, type Grouping } from './groups.ts';
import type { PackingProblem, UnplacedReason } from './problem.ts';
import { explainAlone } from './alone.ts';

/** Slots of a block. The largest of each block is kept, so that most tests look at one number instead of 16. */
export const BLOCK = 16;
/** Parts of the week that scores tell apart: 24 parts are seven hours each, so that night and day are two. */
const PARTS = 24;

export interface Prepared {
  problem: PackingProblem;
  /** timed + fixed. */
  resources: number;
  /** Peaks tell all: there are no slots to look into. */
  exact: boolean;
  /** Blocks of a timed resource. */
  blocks: number;
  classes: { key: string; count: number; cost: number; capacity: Float64Array; index: number }[];
  /** Indices of classes, the cheapest first. */
  order: number[];
  /** Largest of all classes of which there are hosts, by resource; at least 1. */
  reference: Float64Array;
  units: Unit[];
  /** Peaks of all units, one after the other: what `peaks` of each is a part of. */
  peaks: Float64Array;
  /** Some units may not go to every class. */
  restricted: boolean;
  /** Shares of the reference that scores look at, of each unit one after the other. */
  features: Float64Array;
  featureCount: number;
  /** How many hosts a group may be on, by group. */
  gathered: number[];
  /** Members of gathered groups, by group. */
  groupUnits: number[][];
  unplaced: Map<number, UnplacedReason>;
  grouping: Grouping;
}

export interface Unit {
  /** Of the problem. */
  items: number[];
  demand: Uint16Array | Uint32Array;
  /** By resource: the peak of a timed one, the sum of a fixed one. */
  peaks: Float64Array;
  /** timed x blocks. */
  blockMax: Int32Array;
  /** Sum of squares of the peaks as shares of the reference: what "large" means. */
  norm: number;
  /** Of all demand, weighted by how scarce each resource is; all units together have 1. */
  size: number;
  /** 0: of none. */
  segment: number;
  /** By class; null: to any. */
  allowed: Uint8Array | null;
  /** Of `apart`. */
  sets: readonly number[];
  /** Of `gathered`. */
  groups: readonly number[];
}

const NONE: readonly number[] = [];

/** Throws what checkProblem throws. Items that no host can take are explained in `unplaced` and are of no unit. */
export function prepare(problem: PackingProblem): Prepared {
  checkProblem(problem);
  const { timed, slots, fixed, hosts } = problem;
  const resources = timed + fixed;
  const exact = timed === 0 || slots === 1;
  const blocks = exact ? 0 : Math.ceil(slots / BLOCK);
  const classes = hosts.map(({ key, count, cost, capacity, room }, index) => ({
    key,
    count,
    cost,
    index,
    capacity: Float64Array.from([...capacity, ...room]),
  }));
  const order = [...classes.keys()].sort((a, b) => classes[a]!.cost - classes[b]!.cost || a - b);
  const reference = new Float64Array(resources).fill(1);
  for (const { capacity, count } of classes)
    for (let r = 0; r < resources; r++) if (count > 0) reference[r] = Math.max(reference[r]!, capacity[r]!);

  const grouping = groupItems(problem);
  const unplaced = new Map(grouping.unplaced);
  const setsOf = memberships(grouping.sets);
  const groupsOf = memberships(grouping.gathered.map(({ items }) => items));
  const byName = new Map(classes.map(({ key, index }) => [key, index]));
  const allowedLists = new Map<string, Uint8Array>();
  const segments = new Map<string, number>();

  const units: Unit[] = [];
  const length = timed * blocks;
  const maxima = new Int32Array(grouping.units.length * length);
  for (const [at, items] of grouping.units.entries()) {
    const allowed = allowedClasses(problem, items, byName, allowedLists);
    const summed = sumDemands(problem, items);
    if (explainAlone(problem, items, allowed, summed, unplaced)) continue;
    const segment = items.map((i) => problem.items[i]!.segment).find((name) => name !== undefined);
    if (segment !== undefined && !segments.has(segment)) segments.set(segment, segments.size + 1);
    const demand = items.length === 1 ? problem.items[items[0]!]!.demand : Uint32Array.from(summed.demand);
    units.push({
      items,
      demand,
      peaks: summed.peaks,
      blockMax: blockMaxima(demand, timed, slots, maxima.subarray(at * length, (at + 1) * length)),
      norm: 0,
      size: 0,
      segment: segment === undefined ? 0 : segments.get(segment)!,
      allowed,
      sets: union(items, setsOf),
      groups: union(items, groupsOf),
    });
  }
  const featureCount = timed * partsOf(slots) + fixed;
  const features = new Float64Array(units.length * featureCount);
  for (const [u, unit] of units.entries())
    writeFeatures(problem, unit.demand, unit.peaks.subarray(timed), reference, features, u * featureCount);
  measure(units, features, featureCount, reference);
  const peaks = new Float64Array(units.length * resources);
  for (const [u, unit] of units.entries()) {
    peaks.set(unit.peaks, u * resources);
    unit.peaks = peaks.subarray(u * resources, (u + 1) * resources);
  }
  const groupUnits = grouping.gathered.map((): number[] => []);
  for (const [u, unit] of units.entries()) for (const group of unit.groups) groupUnits[group]!.push(u);
  return {
    problem,
    resources,
    exact,
    blocks,
    classes,
    order,
    reference,
    units,
    peaks,
    restricted: units.some(({ allowed }) => allowed !== null),
    features,
    featureCount,
    gathered: grouping.gathered.map((group) => group.hosts),
    groupUnits,
    unplaced,
    grouping,
  };
}

/** For each item the indices of the lists it is in. */
function memberships(lists: readonly number[][]): Map<number, number[]> {
  const of = new Map<number, number[]>();
  for (const [list, items] of lists.entries()) {
    for (const item of items) {
      const known = of.get(item);
      if (known === undefined) of.set(item, [list]);
      else known.push(list);
    }
  }
  return of;
}

function union(items: number[], of: Map<number, number[]>): readonly number[] {
  if (of.size === 0) return NONE;
  const all = new Set(items.flatMap((item) => of.get(item) ?? []));
  return all.size === 0 ? NONE : [...all].sort((a, b) => a - b);
}

/**
 * Classes that all members may go to. Lists are few and items many: items of equal lists share one array. More kinds of
 * lists than there is memory for are refused.
 */
function allowedClasses(
  { items, hosts }: PackingProblem,
  members: number[],
  byName: Map<string, number>,
  known: Map<string, Uint8Array>,
): Uint8Array | null {
  const lists = members.map((member) => items[member]!.hosts).filter((names) => names !== undefined);
  if (lists.length === 0) return null;
  const indices = lists.map((names) => new Set(names.map((name) => byName.get(name))));
  const common = [...indices[0]!]
    .filter((index) => index !== undefined)
    .filter((index) => indices.every((list) => list.has(index)))
    .sort((a, b) => a - b);
  const key = common.join(' ');
  let allowed = known.get(key);
  if (allowed === undefined) {
    if ((known.size + 1) * hosts.length > MAX_ALLOWED) throw tooManyLists(known.size + 1, hosts.length);
    allowed = new Uint8Array(hosts.length);
    for (const index of common) allowed[index] = 1;
    known.set(key, allowed);
  }
  return allowed;
}

/** Sums of units of several may be larger than 32 bits: those fit no host and go no further. */
function sumDemands(
  { items, timed, slots, fixed }: PackingProblem,
  members: number[],
): { demand: ArrayLike<number>; peaks: Float64Array } {
  const peaks = new Float64Array(timed + fixed);
  let demand: Uint16Array | Uint32Array | Float64Array = items[members[0]!]!.demand;
  if (members.length > 1) {
    const sum = new Float64Array(timed * slots);
    for (const member of members) {
      const own = items[member]!.demand;
      for (let i = 0; i < sum.length; i++) sum[i]! += own[i]!;
    }
    demand = sum;
  }
  for (let r = 0; r < timed; r++) {
    let peak = 0;
    for (let i = r * slots; i < (r + 1) * slots; i++) if (demand[i]! > peak) peak = demand[i]!;
    peaks[r] = peak;
  }
  for (const member of members) for (let f = 0; f < fixed; f++) peaks[timed + f]! += items[member]!.needs[f]!;
  return { demand, peaks };
}

/** The largest of each block of each resource. @param largest timed x blocks, which are filled and returned */
export function blockMaxima(
  demand: ArrayLike<number>,
  timed: number,
  slots: number,
  largest: Int32Array,
): Int32Array {
  const blocks = timed === 0 ? 0 : largest.length / timed;
  for (let r = 0; r < timed; r++) {
    for (let b = 0; b < blocks; b++) {
      const end = r * slots + Math.min(slots, (b + 1) * BLOCK);
      let max = 0;
      for (let i = r * slots + b * BLOCK; i < end; i++) if (demand[i]! > max) max = demand[i]!;
      largest[r * blocks + b] = max;
    }
  }
  return largest;
}

/** Means over parts of the week for timed resources, sums for fixed ones, as shares of the reference. */
export function writeFeatures(
  { timed, slots, fixed }: PackingProblem,
  demand: ArrayLike<number>,
  needs: ArrayLike<number>,
  reference: Float64Array,
  features: Float64Array,
  offset: number,
): void {
  const parts = partsOf(slots);
  for (let r = 0; r < timed; r++) {
    for (let p = 0; p < parts; p++) {
      const start = Math.floor((p * slots) / parts);
      const end = Math.floor(((p + 1) * slots) / parts);
      let sum = 0;
      for (let i = start; i < end; i++) sum += demand[r * slots + i]!;
      features[offset + r * parts + p] = sum / (end - start) / reference[r]!;
    }
  }
  for (let f = 0; f < fixed; f++)
    features[offset + timed * parts + f] = (needs[f] ?? 0) / reference[timed + f]!;
}

const partsOf = (slots: number): number => Math.min(PARTS, slots);

function measure(units: Unit[], features: Float64Array, count: number, reference: Float64Array): void {
  const totals = new Float64Array(count);
  for (let i = 0; i < features.length; i++) totals[i % count]! += features[i]!;
  let all = 0;
  for (let f = 0; f < count; f++) all += totals[f]! * totals[f]!;
  for (const [u, unit] of units.entries()) {
    for (let r = 0; r < reference.length; r++) {
      const share = unit.peaks[r]! / reference[r]!;
      unit.norm += share * share;
    }
    for (let f = 0; f < count; f++) unit.size += features[u * count + f]! * totals[f]!;
    unit.size = all > 0 ? unit.size / all : 0;
  }
}
