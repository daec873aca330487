/**
 * Fills one host from a pool of units: again and again the unit that suits what is left of the host best. Scores look at
 * shares of the host by part of the week, weighted by what the pool still demands of each (Panigrahy et al. 2011).
 */
import type { Hosts, HostState } from './hosts.ts';
import type { Prepared } from './prepare.ts';
import { allows } from './rules.ts';

/**
 * `dot`: demand along what is left. `near`: what leaves least behind, by squares. `large`: the largest. None wins
 * everywhere, so that constructions try all and the search draws one for each round.
 */
export type Score = 'dot' | 'near' | 'large';
export const SCORES: readonly Score[] = ['dot', 'near', 'large'];

/** Units that are scored for a host. Of larger pools the largest are; others fill the gaps. */
const SCORED = 1000;
/** Units that are tried in the gaps that the scored ones leave. */
const GAP_FILLERS = 256;
/** Products that one scoring may take, so that large problems with many features score fewer units. */
const PRODUCTS = 24_000;

/** Shares are sums of fractions; what fits exactly shall not be turned away for the last bit. */
const ROUNDING = 1e-9;

export class Filler {
  readonly #hosts: Hosts;
  readonly #prepared: Prepared;
  /** Units to be placed: the first `count`, in the order of the caller. */
  readonly pool: Int32Array;
  count = 0;
  /** By unit: what its score is multiplied by; drawn anew for each round. */
  readonly noise: Float64Array;
  readonly #totals: Float64Array;
  readonly #weights: Float64Array;
  readonly #room: Float64Array;
  /** Of what is short of room: how much is left, and which resource it is. */
  readonly #short: Int32Array;
  readonly #largest: Float64Array;
  readonly #near: Int32Array;
  readonly #values: Float64Array;
  readonly #taken: Uint8Array;
  readonly #scored: number;

  constructor(hosts: Hosts) {
    const { units, featureCount, resources } = hosts.prepared;
    this.#hosts = hosts;
    this.#prepared = hosts.prepared;
    this.pool = new Int32Array(units.length);
    this.noise = new Float64Array(units.length).fill(1);
    this.#totals = new Float64Array(featureCount);
    this.#weights = new Float64Array(featureCount);
    this.#room = new Float64Array(resources);
    this.#short = new Int32Array(resources);
    this.#largest = new Float64Array(resources);
    this.#near = new Int32Array(units.length);
    this.#values = new Float64Array(units.length);
    this.#taken = new Uint8Array(units.length);
    this.#scored = Math.max(32, Math.min(SCORED, Math.floor(PRODUCTS / Math.max(1, featureCount))));
  }

  /** To be called when the pool has been written. */
  start(): void {
    const { features, featureCount } = this.#prepared;
    const totals = this.#totals;
    totals.fill(0);
    for (let q = 0; q < this.count; q++) {
      const at = this.pool[q]! * featureCount;
      for (let f = 0; f < featureCount; f++) totals[f]! += features[at + f]!;
    }
  }

  /** Moves units from the pool to the host until no more fits or may. The order of the rest stays. */
  fill(host: HostState, score: Score): void {
    const { units, restricted } = this.#prepared;
    const before = host.units.length;
    if (restricted) {
      // Those that may not go everywhere first, or others have taken their places.
      this.#choose(
        host,
        score,
        this.#candidates((u) => units[u]!.allowed?.[host.class] === 1),
      );
      this.#choose(
        host,
        score,
        this.#candidates((u) => units[u]!.allowed === null && this.#taken[u] === 0),
      );
    } else {
      const near = Math.min(this.count, this.#scored);
      this.#near.set(this.pool.subarray(0, near));
      this.#choose(host, score, near);
    }
    if (this.count > this.#scored) this.#fillGaps(host);
    if (host.units.length > before) this.#removeTaken();
  }

  #candidates(wanted: (unit: number) => boolean): number {
    let count = 0;
    for (let q = 0; q < this.count && count < this.#scored; q++)
      if (wanted(this.pool[q]!)) this.#near[count++] = this.pool[q]!;
    return count;
  }

  /** Picks from the first `alive` of #near. What does not fit or may not does so no more while the host only grows. */
  #choose(host: HostState, score: Score, alive: number): void {
    const { units, exact } = this.#prepared;
    const near = this.#near;
    const values = this.#values;
    this.#findLargest(alive);
    while (alive > 0) {
      alive = this.#keepFitting(host, alive);
      this.#weigh(host, score);
      this.#score(host, score, alive);
      let best = largestOf(values, alive);
      // The next best, without scoring all anew, until one fits.
      while (best >= 0) {
        const u = near[best]!;
        near[best] = near[--alive]!;
        values[best] = values[alive]!;
        const unit = units[u]!;
        if (allows(this.#hosts, host, unit) && (exact || this.#hosts.fits(host, unit))) {
          this.#take(host, u);
          break;
        }
        best = largestOf(values, alive);
      }
      if (best < 0) return;
    }
  }

  /** The largest peak of each resource among the first `alive` of #near: where a host has room for it, it has for all. */
  #findLargest(alive: number): void {
    const { peaks, resources, exact, problem } = this.#prepared;
    const largest = this.#largest;
    largest.fill(0);
    for (let q = 0; q < alive; q++) {
      const at = this.#near[q]! * resources;
      for (let r = exact ? 0 : problem.timed; r < resources; r++)
        if (peaks[at + r]! > largest[r]!) largest[r] = peaks[at + r]!;
    }
  }

  /** Of the first `alive` of #near those that the quick look does not turn away: they are the first then. */
  #keepFitting(host: HostState, alive: number): number {
    const { peaks, resources, exact, problem, classes, features, featureCount } = this.#prepared;
    const near = this.#near;
    const room = this.#room;
    const short = this.#short;
    const { capacity } = classes[host.class]!;
    const tightest = tightestOf(host);
    const most = host.left[tightest]! + ROUNDING;
    let shorts = 0;
    for (let r = exact ? 0 : problem.timed; r < resources; r++) {
      const free = capacity[r]! - host.use[r]!;
      if (free >= this.#largest[r]!) continue;
      room[shorts] = free;
      short[shorts++] = r;
    }
    for (let q = 0; q < alive;) {
      const u = near[q]!;
      // Where there are no resources at all there is none that could be short.
      let fits = featureCount === 0 || features[u * featureCount + tightest]! <= most;
      for (let i = 0; fits && i < shorts; i++) fits = peaks[u * resources + short[i]!]! <= room[i]!;
      if (fits) q++;
      else near[q] = near[--alive]!;
    }
    return alive;
  }

  /** What the pool demands on average, times what the host has left where scores are products. */
  #weigh({ left }: HostState, score: Score): void {
    const weights = this.#weights;
    for (let f = 0; f < weights.length; f++) {
      const total = Math.max(0, this.#totals[f]!);
      weights[f] = score === 'dot' ? total * left[f]! : total;
    }
  }

  /**
   * Scores the first `alive` of #near. Four at once: each sum waits for its last addition, and four of them wait together.
   * The order within a sum is that of the features, so that it is the same to the last bit.
   */
  #score({ left }: HostState, score: Score, alive: number): void {
    const { features, featureCount: count } = this.#prepared;
    const { noise } = this;
    const near = this.#near;
    const values = this.#values;
    const weights = this.#weights;
    const squares = score === 'near';
    for (let q = 0; q < alive; q += 4) {
      // Of less than four the last is scored again.
      const last = alive - 1;
      const q1 = Math.min(q + 1, last);
      const q2 = Math.min(q + 2, last);
      const q3 = Math.min(q + 3, last);
      const at0 = near[q]! * count;
      const at1 = near[q1]! * count;
      const at2 = near[q2]! * count;
      const at3 = near[q3]! * count;
      let s0 = 0;
      let s1 = 0;
      let s2 = 0;
      let s3 = 0;
      if (squares)
        for (let f = 0; f < count; f++) {
          const weight = weights[f]!;
          const free = left[f]!;
          const r0 = free - features[at0 + f]!;
          const r1 = free - features[at1 + f]!;
          const r2 = free - features[at2 + f]!;
          const r3 = free - features[at3 + f]!;
          s0 -= weight * r0 * r0;
          s1 -= weight * r1 * r1;
          s2 -= weight * r2 * r2;
          s3 -= weight * r3 * r3;
        }
      else
        for (let f = 0; f < count; f++) {
          const weight = weights[f]!;
          s0 += weight * features[at0 + f]!;
          s1 += weight * features[at1 + f]!;
          s2 += weight * features[at2 + f]!;
          s3 += weight * features[at3 + f]!;
        }
      values[q] = s0;
      values[q1] = s1;
      values[q2] = s2;
      values[q3] = s3;
    }
    for (let q = 0; q < alive; q++)
      values[q] = squares ? values[q]! / noise[near[q]!]! : values[q]! * noise[near[q]!]!;
  }

  /** Units from all over the pool fill the gaps, from the largest to the smallest. */
  #fillGaps(host: HostState): void {
    const { units, features, featureCount } = this.#prepared;
    let tightest = tightestOf(host);
    const step = Math.ceil(this.count / GAP_FILLERS);
    for (let q = step - 1; q < this.count; q += step) {
      const u = this.pool[q]!;
      if (features[u * featureCount + tightest]! > host.left[tightest]! + ROUNDING || this.#taken[u] === 1)
        continue;
      if (this.#hosts.fits(host, units[u]!) && allows(this.#hosts, host, units[u]!)) {
        this.#take(host, u);
        tightest = tightestOf(host);
      }
    }
  }

  #take(host: HostState, u: number): void {
    const { features, featureCount } = this.#prepared;
    this.#hosts.add(host, u);
    this.#taken[u] = 1;
    const at = u * featureCount;
    for (let f = 0; f < featureCount; f++) this.#totals[f]! -= features[at + f]!;
  }

  #removeTaken(): void {
    let kept = 0;
    for (let q = 0; q < this.count; q++) {
      const u = this.pool[q]!;
      if (this.#taken[u] === 1) this.#taken[u] = 0;
      else this.pool[kept++] = u;
    }
    this.count = kept;
  }
}

/** The feature of which least is left. What demands more of it on average than is left does not fit, so this is looked at first. */
function tightestOf({ left }: HostState): number {
  let tightest = 0;
  for (let f = 1; f < left.length; f++) if (left[f]! < left[tightest]!) tightest = f;
  return tightest;
}

function largestOf(values: Float64Array, count: number): number {
  let best = -1;
  let highest = -Infinity;
  for (let q = 0; q < count; q++) {
    if (values[q]! <= highest) continue;
    highest = values[q]!;
    best = q;
  }
  return best;
}
