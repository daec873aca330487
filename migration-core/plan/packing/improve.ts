/**
 * Ruin and recreate: a few hosts are emptied and filled anew. Kept is what needs fewer hosts, or loads the same number
 * more unevenly (sum of squares): full hosts get fuller until one is empty. The emptiest of a sample is always among the
 * ruined, for it is the one that can go.
 */
import { throwIfCancelled } from '../../base/cancel.ts';
import { costOf, itemsOf, openAndFill, type Packing } from './construct.ts';
import { Filler, SCORES } from './fill.ts';
import type { HostState } from './hosts.ts';
import type { PackingOptions } from './problem.ts';
import { Random } from './random.ts';

/** Hosts that are emptied in a round: two to this many. More take longer and are filled better ever more rarely. */
const MOST_RUINED = 5;
/** Hosts of which the emptiest is ruined. Measured with 0, 1, 4, 12 and 40: 12 does best (test/bench/README.md). */
const SAMPLE = 12;
/** Scores are multiplied by 1, give or take half of this at most. Less tries the same again, more is at random. */
const NOISE = 0.5;
/** One round in so many goes nearly by chance alone: what scores never try is found by nothing else. */
const WILD_ROUNDS = 8;
/** Units without a place that are tried in a round. */
const LEFT_TRIED = 64;
/** Kinds of unopened hosts that a round looks at, beside those of the ruined hosts. */
const OTHER_CLASSES = 4;
/** Rounds between two looks at the clock and the signal. */
const ROUNDS_BETWEEN = 32;

/** Improves the packing in place, until there are `bound` hosts or the rounds are over. Throws CANCELLED. */
export function improve(packing: Packing, bound: number, options: PackingOptions): void {
  const search = new Search(packing, new Random(options.seed));
  for (let round = 0; round < options.rounds; round++) {
    if (packing.open.length === 0 || search.isBest(bound)) break;
    if (round % ROUNDS_BETWEEN === 0) {
      throwIfCancelled(options.signal);
      if (options.expired?.() === true) break;
      options.onProgress?.(options.rounds === Infinity ? 0 : round / options.rounds);
    }
    search.round();
  }
  options.onProgress?.(1);
}

class Search {
  readonly #packing: Packing;
  readonly #random: Random;
  readonly #filler: Filler;

  constructor(packing: Packing, random: Random) {
    this.#packing = packing;
    this.#random = random;
    this.#filler = new Filler(packing.hosts);
  }

  /** Everything has a place, on as few hosts as there can be, and none costs more than the cheapest. */
  isBest(bound: number): boolean {
    const { hosts, open, left } = this.#packing;
    if (left.length > 0 || open.length > bound) return false;
    const { classes, order } = hosts.prepared;
    return open.every((host) => classes[host.class]!.cost === classes[order[0]!]!.cost);
  }

  round(): void {
    const { hosts, open } = this.#packing;
    const filler = this.#filler;
    const count = this.#ruin();
    const oldLeft = this.#tryLeft();
    const tried = this.#packing.left.length - oldLeft.length;
    const triedItems = itemsOf(hosts.prepared, this.#packing.left.slice(0, tried));
    this.#shuffle();
    filler.start();

    const created: HostState[] = [];
    const score = SCORES[this.#random.below(SCORES.length)]!;
    openAndFill(hosts, filler, created, this.#classes(count), count, score);

    const rest = filler.pool.subarray(0, filler.count);
    if (this.#isKept(created, count, itemsOf(hosts.prepared, rest), triedItems)) {
      this.#packing.left = [...rest, ...oldLeft];
      for (let j = 0; j < count; j++) hosts.discard(open[j]!);
      for (const [j, host] of created.entries()) open[j] = host;
      for (let j = count - 1; j >= created.length; j--) {
        open[j] = open.at(-1)!;
        open.pop();
      }
    } else {
      for (const host of created) {
        hosts.close(host);
        hosts.discard(host);
      }
      for (let j = 0; j < count; j++) hosts.reopen(open[j]!);
    }
  }

  /** Closes hosts that it brings to the front, and puts their units into the pool. Returns how many. */
  #ruin(): number {
    const { hosts, open, left } = this.#packing;
    const random = this.#random;
    const filler = this.#filler;
    const count = Math.min(open.length, 2 + random.below(MOST_RUINED - 1));
    // A unit that may only go where others of its group are needs those to make room.
    const wanted = left.length === 0 ? [] : hosts.prepared.units[left[random.below(left.length)]!]!.groups;
    filler.count = 0;
    for (let j = 0; j < count; j++) {
      let chosen = j + random.below(open.length - j);
      if (wanted.length > 0) {
        const mate = open.findIndex((host, at) => at >= j && host.groups.includes(wanted[0]!));
        if (mate >= 0) chosen = mate;
      } else if (j === 0) {
        for (let i = 1; i < SAMPLE; i++) {
          const other = random.below(open.length);
          if (open[other]!.size < open[chosen]!.size) chosen = other;
        }
      }
      const host = open[chosen]!;
      open[chosen] = open[j]!;
      open[j] = host;
      hosts.close(host);
      for (const u of host.units) filler.pool[filler.count++] = u;
    }
    return count;
  }

  /** Some of the units without a place come into the pool; returns the others. Those tried are the first of `left` then. */
  #tryLeft(): number[] {
    const { left } = this.#packing;
    if (left.length === 0) return left;
    const tried = Math.min(left.length, LEFT_TRIED);
    for (let i = 0; i < tried; i++) {
      const other = i + this.#random.below(left.length - i);
      [left[i], left[other]] = [left[other]!, left[i]!];
      this.#filler.pool[this.#filler.count++] = left[i]!;
    }
    return left.slice(tried);
  }

  #shuffle(): void {
    const { pool, noise, count } = this.#filler;
    const random = this.#random;
    const wild = random.below(WILD_ROUNDS) === 0;
    const strength = NOISE * random.share();
    for (let q = count - 1; q > 0; q--) {
      const other = this.#random.below(q + 1);
      const u = pool[q]!;
      pool[q] = pool[other]!;
      pool[other] = u;
    }
    for (let q = 0; q < count; q++) {
      noise[pool[q]!] = wild ? random.share() / random.share() : 1 + strength * (random.share() - 0.5);
    }
  }

  /** Those of the ruined hosts and a few more that could be opened; the cheapest first, every other time as they come. */
  #classes(count: number): number[] {
    const { hosts, open } = this.#packing;
    const { order, classes } = hosts.prepared;
    if (order.length === 1) return order;
    const chosen = new Set<number>();
    for (let j = 0; j < count; j++) chosen.add(open[j]!.class);
    let others = 0;
    for (const index of order) {
      if (others === OTHER_CLASSES) break;
      if (chosen.has(index) || !hosts.available(index)) continue;
      chosen.add(index);
      others++;
    }
    const list = [...chosen];
    if (this.#random.below(2) === 0) {
      for (let i = list.length - 1; i > 0; i--) {
        const other = this.#random.below(i + 1);
        [list[i], list[other]] = [list[other]!, list[i]!];
      }
      return list;
    }
    return list.sort((a, b) => classes[a]!.cost - classes[b]!.cost || a - b);
  }

  #isKept(created: readonly HostState[], count: number, left: number, oldLeft: number): boolean {
    if (left !== oldLeft) return left < oldLeft;
    const { hosts, open } = this.#packing;
    if (hosts.prepared.classes.length > 1) {
      const cost = costOf(hosts.prepared, created);
      const oldCost = costOf(hosts.prepared, open.slice(0, count));
      if (cost !== oldCost) return cost < oldCost;
    }
    if (created.length < count) return true;
    let squares = 0;
    for (let j = 0; j < count; j++)
      squares += created[j]!.size * created[j]!.size - open[j]!.size * open[j]!.size;
    return squares >= 0;
  }
}
