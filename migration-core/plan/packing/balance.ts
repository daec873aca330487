/**
 * Evens a packing out: machines move from the fullest host to emptier ones for as long as that lowers the fullest of the
 * two. No host is opened, none is emptied, and every sum and rule is kept; the order of the moves is the same on every
 * machine.
 */
import { throwIfCancelled } from '../../base/cancel.ts';
import { Hosts, type HostState } from './hosts.ts';
import { prepare, type Prepared, type Unit } from './prepare.ts';
import type { PackedHost, PackingOptions, PackingProblem } from './problem.ts';
import { allows } from './rules.ts';

/** The emptiest hosts that may take a unit, of which the best is chosen: emptier ones further on gain little. */
const TAKERS = 6;
/** Moves for each unit: each lowers the fuller of two hosts, so that few units ever move twice. */
const MOVES_PER_UNIT = 2;
/** A gain below this is no gain: shares are sums of fractions. */
const LEAST_GAIN = 1e-6;

/**
 * @param placed hosts of an answer to the problem, empty ones that may be filled too among them
 * @returns the same hosts; those of items that are unplaced in the problem are not there
 */
export function balance(
  problem: PackingProblem,
  placed: readonly PackedHost[],
  options: Pick<PackingOptions, 'signal'> = {},
): PackedHost[] {
  const prepared = prepare(problem);
  // Rules of a single resource without slots keep no loads: there is nothing to even out by the hour.
  if (prepared.exact || placed.length < 2) return [...placed];
  return new Balance(prepared, placed).run(options);
}

class Balance {
  readonly #prepared: Prepared;
  readonly #hosts: Hosts;
  readonly #open: HostState[];

  constructor(prepared: Prepared, placed: readonly PackedHost[]) {
    this.#prepared = prepared;
    this.#hosts = new Hosts(prepared);
    const { items, hosts } = prepared.problem;
    const classes = new Map(hosts.map(({ key }, index) => [key, index]));
    const index = new Map(items.map(({ key }, at) => [key, at]));
    const unitOf = new Map(prepared.units.flatMap((unit, u) => unit.items.map((item) => [item, u] as const)));
    this.#open = placed.map(({ host, items: keys }) => {
      const units = new Set(keys.flatMap((key) => unitOf.get(index.get(key)!) ?? []));
      return this.#filled(classes.get(host)!, [...units]);
    });
  }

  run({ signal }: Pick<PackingOptions, 'signal'>): PackedHost[] {
    const levels = this.#open.map((host) => this.#level(host));
    /** Hosts from which no move is a gain. */
    const stuck = new Set<number>();
    let moves = MOVES_PER_UNIT * this.#prepared.units.length;
    while (moves > 0) {
      throwIfCancelled(signal);
      let from = -1;
      for (const [at, level] of levels.entries())
        if (!stuck.has(at) && (from < 0 || level > levels[from]!)) from = at;
      if (from < 0) break;
      const move = this.#bestMove(from, levels);
      if (move === null) {
        stuck.add(from);
        continue;
      }
      moves--;
      const giver = this.#open[from]!;
      this.#hosts.close(giver);
      this.#open[from] = this.#filled(
        giver.class,
        giver.units.filter((u) => u !== move.unit),
      );
      this.#hosts.discard(giver);
      this.#hosts.add(this.#open[move.to]!, move.unit);
      levels[from] = this.#level(this.#open[from]!);
      levels[move.to] = this.#level(this.#open[move.to]!);
    }
    return this.#answer();
  }

  /** The unit and the host for which the fuller of both is least full afterwards; null: none is better than as it is. */
  #bestMove(from: number, levels: readonly number[]): { unit: number; to: number } | null {
    const giver = this.#open[from]!;
    if (giver.units.length < 2) return null;
    const emptiest = [...levels.keys()]
      .filter((at) => levels[at]! < levels[from]! - LEAST_GAIN)
      .sort((a, b) => levels[a]! - levels[b]! || a - b);
    let best: { unit: number; to: number } | null = null;
    let least = levels[from]! - LEAST_GAIN;
    for (const u of giver.units.toSorted((a, b) => a - b)) {
      const unit = this.#prepared.units[u]!;
      const without = this.#levelBeside(giver, unit, -1);
      if (without >= least) continue;
      let tried = 0;
      for (const to of emptiest) {
        if (tried === TAKERS) break;
        const taker = this.#open[to]!;
        if (!allows(this.#hosts, taker, unit) || !this.#hosts.fits(taker, unit)) continue;
        tried++;
        const level = Math.max(without, this.#levelBeside(taker, unit, 1));
        if (level >= least) continue;
        least = level;
        best = { unit: u, to };
      }
    }
    return best;
  }

  #filled(index: number, units: readonly number[]): HostState {
    const host = this.#hosts.take(index);
    for (const u of units) this.#hosts.add(host, u);
    return host;
  }

  /** How full it is: the largest share of what adds up by the hour. Rooms that are counted once are kept, not evened out. */
  #level(host: HostState): number {
    const { capacity } = this.#prepared.classes[host.class]!;
    let level = 0;
    for (let r = 0; r < this.#prepared.problem.timed; r++)
      level = Math.max(level, shareOf(host.use[r]!, capacity[r]!));
    return level;
  }

  /** How full it would be with the unit (1), or without it (-1). */
  #levelBeside(host: HostState, unit: Unit, sign: 1 | -1): number {
    const { problem, classes } = this.#prepared;
    const { capacity } = classes[host.class]!;
    const { load } = host;
    const { demand } = unit;
    let level = 0;
    for (let r = 0; r < problem.timed; r++) {
      let peak = 0;
      for (let i = r * problem.slots; i < (r + 1) * problem.slots; i++) {
        const sum = load[i]! + sign * demand[i]!;
        if (sum > peak) peak = sum;
      }
      level = Math.max(level, shareOf(peak, capacity[r]!));
    }
    return level;
  }

  #answer(): PackedHost[] {
    const { units, problem } = this.#prepared;
    const key = (item: number): string => problem.items[item]!.key;
    const answer = this.#open.map((host) => ({
      index: host.class,
      items: host.units
        .flatMap((u) => units[u]!.items)
        .sort((a, b) => a - b)
        .map(key),
    }));
    // As the engine orders them: by class, then by the smallest key.
    const smallest = (items: readonly string[]): string | null =>
      items.length === 0 ? null : items.reduce((a, b) => (a < b ? a : b));
    return answer
      .map((host) => ({ ...host, first: smallest(host.items) }))
      .sort((a, b) => a.index - b.index || compareFirst(a.first, b.first))
      .map(({ index, items }) => ({ host: problem.hosts[index]!.key, items }));
  }
}

/** Empty ones last. */
const compareFirst = (a: string | null, b: string | null): number =>
  a === b ? 0 : a === null ? 1 : b === null ? -1 : a < b ? -1 : 1;

const shareOf = (units: number, capacity: number): number =>
  capacity > 0 ? units / capacity : units > 0 ? Infinity : 0;
