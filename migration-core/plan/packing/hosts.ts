/**
 * Hosts being filled. Units are only ever added; a host that shall hold others is filled anew and takes its place, so
 * that sums never drift and a rejected try costs nothing to undo.
 */
import { BLOCK, blockMaxima, writeFeatures, type Prepared, type Unit } from './prepare.ts';

export interface HostState {
  class: number;
  /** Indices of units, as they came. */
  units: number[];
  /** By resource: peak of the sum of a timed one, sum of a fixed one. */
  use: Float64Array;
  /** By slot, and the largest of each block; empty where peaks tell all. */
  load: Int32Array;
  blockMax: Int32Array;
  /** The slot that turned a unit away last: it will turn away the next as well, so it is looked at first. -1: none yet. */
  hot: number;
  /** What is left by feature, as shares of the reference. */
  left: Float64Array;
  size: number;
  /** 0: of none yet. */
  segment: number;
  sets: number[];
  groups: number[];
}

/** Opens, fills and takes back hosts, and keeps count of what rules count over all of them. */
export class Hosts {
  readonly prepared: Prepared;
  /** Open hosts of each class. */
  readonly open: Int32Array;
  /** Hosts with a unit of each gathered group. */
  readonly groupHosts: Int32Array;
  readonly #pristine: (HostState | undefined)[];
  readonly #spare: HostState[] = [];
  readonly #timed: number;
  readonly #slots: number;

  constructor(prepared: Prepared) {
    this.prepared = prepared;
    this.open = new Int32Array(prepared.classes.length);
    this.groupHosts = new Int32Array(prepared.gathered.length);
    this.#pristine = prepared.classes.map(() => undefined);
    this.#timed = prepared.problem.timed;
    this.#slots = prepared.problem.slots;
  }

  available(index: number): boolean {
    return this.open[index]! < this.prepared.classes[index]!.count;
  }

  /** A host of the class as `take` would give it, to be looked at and not filled: it does not count as open. */
  pristine(index: number): HostState {
    return (this.#pristine[index] ??= this.#build(index));
  }

  /** A host of the class with nothing but what runs there already. */
  take(index: number): HostState {
    const template = this.pristine(index);
    this.open[index]!++;
    const host = this.#spare.pop();
    if (host === undefined) return copyHost(template);
    host.class = index;
    host.units.length = 0;
    host.use.set(template.use);
    if (template.load.length > 0) {
      host.load.set(template.load);
      host.blockMax.set(template.blockMax);
    }
    host.hot = -1;
    host.left.set(template.left);
    host.size = template.size;
    host.segment = 0;
    host.sets.length = 0;
    host.groups.length = 0;
    return host;
  }

  /** It no longer counts, but its contents stay as they are. */
  close(host: HostState): void {
    this.open[host.class]!--;
    for (const group of host.groups) this.groupHosts[group]!--;
  }

  /** A closed host counts again. */
  reopen(host: HostState): void {
    this.open[host.class]!++;
    for (const group of host.groups) this.groupHosts[group]!++;
  }

  /** A closed host that nobody will ask for again. */
  discard(host: HostState): void {
    this.#spare.push(host);
  }

  add(host: HostState, index: number): void {
    const { prepared } = this;
    const unit = prepared.units[index]!;
    host.units.push(index);
    if (prepared.exact) {
      for (let r = 0; r < host.use.length; r++) host.use[r]! += unit.peaks[r]!;
    } else {
      this.#addSlots(host, unit);
    }
    const at = index * prepared.featureCount;
    for (let f = 0; f < host.left.length; f++) host.left[f]! -= prepared.features[at + f]!;
    host.size += unit.size;
    if (unit.segment !== 0) host.segment = unit.segment;
    for (const set of unit.sets) host.sets.push(set);
    for (const group of unit.groups) {
      if (host.groups.includes(group)) continue;
      host.groups.push(group);
      this.groupHosts[group]!++;
    }
  }

  #addSlots(host: HostState, unit: Unit): void {
    const { load, blockMax, use } = host;
    const { demand } = unit;
    const { blocks } = this.prepared;
    const slots = this.#slots;
    let block = 0;
    for (let r = 0; r < this.#timed; r++) {
      let peak = 0;
      const end = (r + 1) * slots;
      for (let start = r * slots; start < end; start += BLOCK) {
        const stop = Math.min(end, start + BLOCK);
        let max = 0;
        for (let i = start; i < stop; i++) {
          const sum = load[i]! + demand[i]!;
          load[i] = sum;
          if (sum > max) max = sum;
        }
        blockMax[block++] = max;
        if (max > peak) peak = max;
      }
      use[r] = peak;
    }
    for (let r = this.#timed; r < use.length; r++) use[r]! += unit.peaks[r]!;
    if (block !== this.#timed * blocks) throw new RangeError('blocks');
  }

  /** Whether no sum would be larger than the host, in any slot. Says nothing of rules. */
  fits(host: HostState, unit: Unit): boolean {
    const { use } = host;
    const { capacity } = this.prepared.classes[host.class]!;
    const { exact } = this.prepared;
    let doubtful = false;
    for (let r = 0; r < use.length; r++) {
      if (use[r]! + unit.peaks[r]! <= capacity[r]!) continue;
      if (exact || r >= this.#timed) return false;
      doubtful = true;
    }
    return !doubtful || this.#fitsSlots(host, unit, capacity);
  }

  #fitsSlots(host: HostState, unit: Unit, capacity: Float64Array): boolean {
    const { load, blockMax, use, hot } = host;
    const { demand, peaks } = unit;
    const { blocks } = this.prepared;
    const slots = this.#slots;
    if (hot >= 0 && load[hot]! + demand[hot]! > capacity[Math.floor(hot / slots)]!) return false;
    for (let r = 0; r < this.#timed; r++) {
      const limit = capacity[r]!;
      if (use[r]! + peaks[r]! <= limit) continue;
      for (let b = 0; b < blocks; b++) {
        const at = r * blocks + b;
        if (blockMax[at]! + unit.blockMax[at]! <= limit) continue;
        const stop = r * slots + Math.min(slots, (b + 1) * BLOCK);
        for (let i = r * slots + b * BLOCK; i < stop; i++) {
          if (load[i]! + demand[i]! <= limit) continue;
          host.hot = i;
          return false;
        }
      }
    }
    return true;
  }

  #build(index: number): HostState {
    const { prepared } = this;
    const { timed, slots, fixed, hosts } = prepared.problem;
    const { load } = hosts[index]!;
    const { capacity } = prepared.classes[index]!;
    const demand = load?.demand ?? new Uint16Array(timed * slots);
    const host: HostState = {
      class: index,
      units: [],
      use: new Float64Array(prepared.resources),
      load: prepared.exact ? new Int32Array(0) : Int32Array.from(demand),
      blockMax: blockMaxima(demand, timed, slots, new Int32Array(timed * prepared.blocks)),
      hot: -1,
      left: new Float64Array(prepared.featureCount),
      size: 0,
      segment: 0,
      sets: [],
      groups: [],
    };
    const shares = new Float64Array(prepared.featureCount);
    writeFeatures(prepared.problem, demand, load?.needs ?? [], prepared.reference, shares, 0);
    for (let r = 0; r < timed; r++)
      for (let slot = 0; slot < slots; slot++)
        host.use[r] = Math.max(host.use[r]!, demand[r * slots + slot]!);
    for (let f = 0; f < fixed; f++) host.use[timed + f] = load?.needs[f] ?? 0;
    const parts = timed === 0 ? 0 : (prepared.featureCount - fixed) / timed;
    for (let f = 0; f < shares.length; f++) {
      const r = f < timed * parts ? Math.floor(f / parts) : timed + f - timed * parts;
      host.left[f] = capacity[r]! / prepared.reference[r]! - shares[f]!;
    }
    return host;
  }
}

/** A host of its own with the same contents. */
export function copyHost(host: HostState): HostState {
  return {
    ...host,
    units: [...host.units],
    use: host.use.slice(),
    load: host.load.slice(),
    blockMax: host.blockMax.slice(),
    left: host.left.slice(),
    sets: [...host.sets],
    groups: [...host.groups],
  };
}
