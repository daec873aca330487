/**
 * Proof that a plan survives the loss of hosts: they are taken out, and their machines are packed onto the rest, which
 * stay as they are. The vendors' share f/N says nothing of whether the machines fit the gaps that are left.
 */
import { throwIfCancelled } from '../base/cancel.ts';
import type { RuleBook } from '../assess/rules/pack.ts';
import { offered } from './build/capacity.ts';
import type { HostKind } from './build/hosts.ts';
import type { PlannedItem } from './build/items.ts';
import type { Built } from './build/problem.ts';
import { FIXED, TIMED } from './build/units.ts';
import { checkedPack } from './checked-pack.ts';
import type { FailoverProof } from './model/plan.ts';
import { openHost, HostNames, type OpenHost } from './open-hosts.ts';
import type { HostClass, PackingProblem } from './packing/problem.ts';
import type { PackingEngine } from './planning.ts';
import { takeover, type RunningHost, type TakenOver } from './packing/takeover.ts';
import { FAILOVER } from './rules/failover.ts';

export interface FailoverQuestion {
  built: Built;
  rules: RuleBook;
  engine: PackingEngine;
  seed: number;
  /** As asked; absent: by the number of hosts. */
  failures: number | undefined;
  signal?: AbortSignal;
}

/**
 * Adds hosts to `hosts` where they may be bought, or are given and empty, until the loss of any is survived or more of
 * them does not help. @throws CANCELLED
 */
export function proveFailover(question: FailoverQuestion, hosts: OpenHost[]): FailoverProof {
  const { built, rules, engine, seed, signal } = question;
  const perFailure = rules.value(FAILOVER.hostsPerFailure);
  const planned = (): number => question.failures ?? Math.ceil(hosts.length / perFailure);
  const before = hosts.length;
  const used = hosts.filter(({ items }) => items.length > 0);
  const movable = used.flatMap(({ items }) => items).filter(({ pinned }) => !pinned);
  // A host that none of the machines may go to (another site, another zone) is no spare, and must not stand for one.
  const idle = built.kinds.filter(
    ({ existing, key }) =>
      existing !== null &&
      hosts.every((host) => host.name !== existing.name) &&
      movable.some((item) => item.hosts === undefined || item.hosts.includes(key)),
  );
  const localStorage = used.filter(({ kind }) => kind.template.storage === 'local');
  const proofOf = (proved: boolean, gaps: FailoverProof['gaps'], sets: number, exhaustive: boolean) => ({
    failures: planned(),
    proved,
    gaps,
    added: hosts.length - before,
    reserve: hosts.length === 0 ? 0 : Math.min(1, planned() / hosts.length),
    sets,
    exhaustive,
  });
  if (used.length === 0 || planned() === 0) return proofOf(false, [], 0, true);
  if (localStorage.length > 0)
    // Its disks go down with the host: there is nothing to start elsewhere (SR-101).
    return proofOf(
      false,
      localStorage.map((host) => ({ hosts: [host.name], servers: namesOf(host.items) })),
      0,
      true,
    );

  const names = new HostNames(built, hosts);
  const context = new FailoverProblems(built, hosts);
  // Each spare host may ask for another failure to be planned for.
  let mostSpares = 0;
  while (mostSpares < (question.failures ?? Math.ceil((before + mostSpares) / perFailure))) mostSpares++;
  const quick = quickTakeover(built, hosts, idle, mostSpares);
  const lossOf = (lost: readonly OpenHost[]): string[] => {
    throwIfCancelled(signal);
    // Where the quick look leaves a machine out that might have found a place, the engine is asked.
    const first = quick(lost);
    if (first.certain) return namesOf(first.left.map((item) => built.items.get(item)!));
    const problem = context.problem(hosts, new Set(lost));
    const { unplaced } = checkedPack(engine, problem, {
      seed,
      effort: null,
      ...(signal === undefined ? {} : { signal }),
    });
    return namesOf(unplaced.map(({ item }) => built.items.get(item)!));
  };
  for (;;) {
    const count = hosts.length;
    // Spare hosts fail like others: what counts on one may lose it.
    const { sets, exhaustive } = setsToTry(hosts, planned(), rules.value(FAILOVER.sets));
    const gaps: FailoverProof['gaps'] = [];
    for (const lost of sets) {
      let left = lossOf(lost);
      // As many spare hosts as are lost take all of them: more of them do not help.
      while (left.length > 0 && hosts.length - before < planned()) {
        const kind = idle.shift() ?? built.bought;
        if (kind === null) break;
        hosts.push(openHost(built, kind, names.next(kind), [], true));
        left = lossOf(lost);
      }
      if (left.length > 0) gaps.push({ hosts: lost.map(({ name }) => name), servers: left });
    }
    // With hosts that were added, there are other sets to lose.
    if (hosts.length === count) return proofOf(gaps.length === 0, gaps, sets.length, exhaustive);
  }
}

const namesOf = (items: readonly PlannedItem[]): string[] =>
  items.map(({ candidate }) => candidate.facts.name);

/**
 * All sets of `failures` hosts where these are few. Else each host once, with its neighbours by load, so that the
 * heaviest are lost together. A set that is survived is survived in all its parts.
 */
export function setsToTry(
  hosts: readonly OpenHost[],
  failures: number,
  most: number,
): { sets: OpenHost[][]; exhaustive: boolean } {
  const size = Math.min(failures, hosts.length);
  if (size === 1 || combinations(hosts.length, size, most) <= most)
    return { sets: [...subsets(hosts, size)], exhaustive: true };
  const load = new Map(hosts.map((host) => [host, host.used.reduce((sum, units) => sum + units, 0)]));
  const heaviest = [...hosts].sort(
    (a, b) => load.get(b)! - load.get(a)! || (a.name < b.name ? -1 : a.name > b.name ? 1 : 0),
  );
  const sets: OpenHost[][] = [];
  for (let at = 0; at < heaviest.length; at += size)
    // The last set is filled up from its other side.
    sets.push(heaviest.slice(Math.min(at, heaviest.length - size)).slice(0, size));
  return { sets, exhaustive: false };
}

/** n over k; stops counting above `most`. */
function combinations(n: number, k: number, most: number): number {
  let count = 1;
  for (let at = 1; at <= k; at++) {
    count = (count * (n - k + at)) / at;
    if (count > most) return Infinity;
  }
  return count;
}

function* subsets<T>(all: readonly T[], size: number, from = 0): Generator<T[]> {
  if (size === 0) {
    yield [];
    return;
  }
  for (let at = from; at <= all.length - size; at++)
    for (const rest of subsets(all, size - 1, at + 1)) yield [all[at]!, ...rest];
}

/**
 * Takes over by plain first fit, prepared once for all sets and for as many spare hosts as may come. Every place it finds
 * is looked at in each slot and under each rule; what it leaves out may still fit some other way, unless it is certain.
 */
function quickTakeover(
  built: Built,
  hosts: readonly OpenHost[],
  idle: readonly HostKind[],
  mostSpares: number,
): (lost: readonly OpenHost[]) => TakenOver {
  const spares = idle.slice(0, mostSpares);
  if (built.bought !== null) while (spares.length < mostSpares) spares.push(built.bought);
  const kinds = [...hosts.map(({ kind }) => kind), ...spares];
  const keyOf = (at: number): string => String(at);
  const byKind = new Map<string, string[]>();
  for (const [at, { key }] of kinds.entries()) byKind.set(key, [...(byKind.get(key) ?? []), keyOf(at)]);
  const lists = new Map<string, string[]>();
  const hostsOf = (allowed: readonly string[]): string[] => {
    const word = JSON.stringify(allowed);
    const known = lists.get(word) ?? allowed.flatMap((kind) => byKind.get(kind) ?? []);
    lists.set(word, known);
    return known;
  };
  const items = hosts.flatMap((host) => host.items);
  const pinned = new Set(items.filter((item) => item.pinned).map(({ key }) => key));
  const problem: PackingProblem = {
    timed: TIMED,
    slots: built.slots,
    fixed: FIXED.length,
    items: items.map(({ key, demand, needs, segment, hosts: allowed }) => ({
      key,
      demand,
      needs,
      ...(segment === undefined ? {} : { segment }),
      ...(allowed === undefined ? {} : { hosts: hostsOf(allowed) }),
    })),
    hosts: kinds.map((kind, at) => ({
      key: keyOf(at),
      count: 1,
      ...offered(kind, built.failover, built.scales),
      cost: 0,
    })),
    rules: {
      ...built.rules,
      // What is pinned is lost with its host; who stays with it is started without it.
      together: built.rules.together.map((list) => list.filter((key) => !pinned.has(key))),
    },
  };
  const running: RunningHost[] = [];
  const ask = takeover(problem, running, pinned);
  return (lost) => {
    for (const { items: there, used, needs } of hosts.slice(running.length))
      running.push({ items: there.map(({ key }) => key), load: { demand: used, needs } });
    const gone = new Set(lost);
    return ask(new Set([...hosts.keys()].filter((at) => gone.has(hosts[at]!))));
  };
}

/** Problems of the packing engine in which some hosts are gone. */
class FailoverProblems {
  readonly #built: Built;
  /** Of an item, those it may not meet. */
  readonly #foes = new Map<string, Set<string>>();
  readonly #licences = new Map<string, { items: ReadonlySet<string>; hosts: number }[]>();

  /** Where each item is, and the one segment that a host has; spare hosts come later and have none. */
  readonly #homes = new Map<string, OpenHost>();
  readonly #segments = new Map<OpenHost, string>();

  constructor(built: Built, hosts: readonly OpenHost[]) {
    this.#built = built;
    for (const host of hosts)
      for (const { key, segment } of host.items) {
        this.#homes.set(key, host);
        if (segment !== undefined) this.#segments.set(host, segment);
      }
    for (const set of built.rules.apart)
      for (const key of set) {
        const foes = this.#foes.get(key) ?? new Set();
        for (const other of set) if (other !== key) foes.add(other);
        this.#foes.set(key, foes);
      }
    for (const { items, hosts } of built.rules.gathered) {
      const group = { items: new Set(items), hosts };
      for (const key of items) this.#licences.set(key, [...(this.#licences.get(key) ?? []), group]);
    }
  }

  problem(hosts: readonly OpenHost[], lost: ReadonlySet<OpenHost>): PackingProblem {
    const { slots, rules } = this.#built;
    const survivors = hosts.filter((host) => !lost.has(host));
    // Pinned machines do not fail over: their devices are gone with the host.
    const items = hosts
      .filter((host) => lost.has(host))
      .flatMap((host) => host.items.filter((item) => !item.pinned));
    const keys = new Set(items.map(({ key }) => key));
    const among = (lists: readonly (readonly string[])[]): string[][] =>
      lists.map((list) => list.filter((key) => keys.has(key))).filter((list) => list.length > 1);
    return {
      timed: TIMED,
      slots,
      fixed: FIXED.length,
      items: items.map((item) => {
        const allowed = this.#allowed(item, survivors);
        return {
          key: item.key,
          demand: item.demand,
          needs: item.needs,
          ...(item.segment === undefined ? {} : { segment: item.segment }),
          ...(allowed === undefined ? {} : { hosts: allowed }),
        };
      }),
      hosts: survivors.map((host) => this.#class(host)),
      rules: {
        together: among(rules.together),
        apart: among(rules.apart),
        gathered: rules.gathered
          .map(({ items: all, hosts: most }) => ({ items: all.filter((key) => keys.has(key)), hosts: most }))
          .filter(({ items: some }) => some.length > 1),
      },
    };
  }

  #class(host: OpenHost): HostClass {
    return {
      key: host.name,
      count: 1,
      ...offered(host.kind, this.#built.failover, this.#built.scales),
      load: { demand: host.used, needs: host.needs },
      cost: 0,
    };
  }

  /** What the machines of the survivors say to a newcomer: they are only load to the engine, so that rules become lists. */
  #allowed(item: PlannedItem, survivors: readonly OpenHost[]): string[] | undefined {
    const foes = this.#foes.get(item.key);
    const licences = this.#licences.get(item.key) ?? [];
    if (item.hosts === undefined && item.segment === undefined && foes === undefined && licences.length === 0)
      return undefined;
    const classes = item.hosts === undefined ? null : new Set(item.hosts);
    const barred = new Set([...(foes ?? [])].flatMap((key) => this.#homes.get(key) ?? []));
    // Where the group is on as many hosts as are licensed, one of these must take it.
    const full = licences
      .map(({ items, hosts }) => ({
        hosts,
        homes: new Set([...items].flatMap((key) => this.#homes.get(key) ?? [])),
      }))
      .filter(({ hosts, homes }) => homes.size >= hosts);
    return survivors
      .filter((host) => {
        const segment = this.#segments.get(host);
        return (
          (classes === null || classes.has(host.kind.key)) &&
          !barred.has(host) &&
          (segment === undefined || item.segment === undefined || segment === item.segment) &&
          full.every(({ homes }) => homes.has(host))
        );
      })
      .map(({ name }) => name);
  }
}
