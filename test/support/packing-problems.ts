/** Packing problems at random, with rules that may contradict each other, and the best there is to do by trying all. */
import type {
  HostClass,
  PackingItem,
  PackingProblem,
  PackingRules,
} from '../../migration-core/plan/packing/problem.ts';

export const NO_RULES: PackingRules = { together: [], apart: [], gathered: [] };

export interface Recipe {
  items: number;
  timed?: number;
  slots?: number;
  fixed?: number;
  /** Kinds of hosts; the last one is there as often as needed unless `finite`. */
  classes?: number;
  finite?: boolean;
  rules?: boolean;
}

/** `random` gives numbers in [0, 1). Sizes are such that two to four items fit a host. */
export function randomProblem(random: () => number, recipe: Recipe): PackingProblem {
  const { timed = 2, slots = 3, fixed = 1, classes = 1 } = recipe;
  const below = (limit: number): number => Math.floor(random() * limit);
  const names = Array.from({ length: recipe.items }, (_, index) => `i${index}`);
  const some = (from: readonly string[], most: number): string[] =>
    Array.from({ length: 1 + below(most) }, () => from[below(from.length)]!);
  const hosts = Array.from({ length: classes }, (_, index): HostClass => {
    const host: HostClass = {
      key: `c${index}`,
      count: recipe.finite === true || index < classes - 1 ? below(3) : Infinity,
      capacity: Array.from({ length: timed }, () => 80 + below(40)),
      room: Array.from({ length: fixed }, () => 80 + below(40)),
      cost: below(3),
    };
    if (host.count !== 1 || random() < 0.5) return host;
    const demand = Uint16Array.from({ length: timed * slots }, () => below(60));
    return { ...host, load: { demand, needs: Array.from({ length: fixed }, () => below(60)) } };
  });
  const kinds = [...hosts.map(({ key }) => key), 'of-no-class'];
  const items = names.map((key): PackingItem => {
    const values = Array.from({ length: timed * slots }, () => below(random() < 0.1 ? 130 : 70));
    const item: PackingItem = {
      key,
      demand: random() < 0.5 ? Uint16Array.from(values) : Uint32Array.from(values),
      needs: Array.from({ length: fixed }, () => below(50)),
    };
    if (recipe.rules !== true) return item;
    if (random() < 0.3) item.segment = `s${below(2)}`;
    if (random() < 0.3) item.hosts = some(kinds, 2);
    return item;
  });
  const lists = (most: number): string[][] =>
    Array.from({ length: below(most + 1) }, () => some([...names, 'of-no-item'], 3));
  return {
    timed,
    slots,
    fixed,
    items,
    hosts,
    rules:
      recipe.rules === true
        ? {
            together: lists(2),
            apart: lists(3),
            gathered: lists(2).map((keys) => ({ items: keys, hosts: below(3) })),
          }
        : NO_RULES,
  };
}

export interface Best {
  unplaced: number;
  cost: number;
  hosts: number;
}

/** Tries every way to put items on hosts or nowhere: fewest items nowhere, then lowest cost, then fewest hosts. */
export function tryAll(problem: PackingProblem): Best {
  const { items, hosts, rules, timed, slots } = problem;
  let best: Best = { unplaced: Infinity, cost: Infinity, hosts: Infinity };
  const open: { kind: HostClass; members: number[] }[] = [];
  const place = items.map(() => -1);
  const isLess = (a: Best, b: Best): boolean =>
    a.unplaced !== b.unplaced
      ? a.unplaced < b.unplaced
      : a.cost !== b.cost
        ? a.cost < b.cost
        : a.hosts < b.hosts;
  const placesOf = (keys: readonly string[]): number[] =>
    items.flatMap(({ key }, index) => (keys.includes(key) ? [place[index]!] : []));
  const isAllowed = (): boolean =>
    rules.together.every((keys) => new Set(placesOf(keys)).size <= 1) &&
    rules.apart.every((keys) => {
      const on = placesOf(keys).filter((at) => at >= 0);
      return new Set(on).size === on.length;
    }) &&
    rules.gathered.every(
      (group) => new Set(placesOf(group.items).filter((at) => at >= 0)).size <= group.hosts,
    );
  const isFull = ({ kind, members }: { kind: HostClass; members: number[] }): boolean => {
    const zones = members.map((index) => items[index]!.segment).filter((zone) => zone !== undefined);
    if (new Set(zones).size > 1) return true;
    const sum = (of: (item: { demand: ArrayLike<number>; needs: readonly number[] }) => number): number =>
      members.reduce(
        (total, index) => total + of(items[index]!),
        kind.load === undefined ? 0 : of(kind.load),
      );
    for (let i = 0; i < timed * slots; i++)
      if (sum(({ demand }) => demand[i]!) > kind.capacity[Math.floor(i / slots)]!) return true;
    return kind.room.some((room, f) => sum(({ needs }) => needs[f]!) > room);
  };
  const next = (index: number, so: Best): void => {
    if (!isLess(so, best)) return;
    if (index === items.length) {
      if (isAllowed()) best = so;
      return;
    }
    const item = items[index]!;
    for (const [at, host] of open.entries()) {
      if (item.hosts?.includes(host.kind.key) === false) continue;
      host.members.push(index);
      place[index] = at;
      if (!isFull(host)) next(index + 1, so);
      host.members.pop();
    }
    for (const kind of hosts) {
      if (item.hosts?.includes(kind.key) === false) continue;
      if (open.filter((host) => host.kind === kind).length >= kind.count) continue;
      const host = { kind, members: [index] };
      open.push(host);
      place[index] = open.length - 1;
      if (!isFull(host)) next(index + 1, { ...so, cost: so.cost + kind.cost, hosts: so.hosts + 1 });
      open.pop();
    }
    place[index] = -1;
    next(index + 1, { ...so, unplaced: so.unplaced + 1 });
  };
  next(0, { unplaced: 0, cost: 0, hosts: 0 });
  return best;
}
