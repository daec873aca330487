/** Plans from nothing: first fit by decreasing size, and host by host with the best suited unit next. */
import { throwIfCancelled } from '../../base/cancel.ts';
import { Filler, SCORES, type Score } from './fill.ts';
import { placeGathered } from './gather.ts';
import { Hosts, type HostState } from './hosts.ts';
import type { Prepared } from './prepare.ts';
import { allows } from './rules.ts';

/** A plan while it is made. */
export interface Packing {
  hosts: Hosts;
  open: HostState[];
  /** Units that found no place. */
  left: number[];
}

/** Larger problems are constructed in two ways only: a third seldom gains a host there, and takes as long as forty rounds. */
const TRY_ALL = 600;

/**
 * The best of several constructions; the first of equals. Stops at `bound` hosts, for fewer there cannot be.
 * First fit comes first: whatever else is tried, no plan is worse than that.
 */
export function construct(prepared: Prepared, bound: number, signal?: AbortSignal): Packing {
  const order = [...prepared.units.keys()].sort(
    (a, b) => prepared.units[b]!.norm - prepared.units[a]!.norm || a - b,
  );
  const scores = prepared.units.length > TRY_ALL ? SCORES.slice(0, 1) : SCORES;
  let best = firstFit(prepared, order);
  for (const score of scores) {
    if (best.left.length === 0 && best.open.length <= bound) break;
    throwIfCancelled(signal);
    const other = hostByHost(prepared, order, score);
    if (isBetter(other, best)) best = other;
  }
  return best;
}

/** Fewer items without a place, then lower cost, then fewer hosts. */
function isBetter(a: Packing, b: Packing): boolean {
  const [left, cost] = [itemsOf(a.hosts.prepared, a.left), costOf(a.hosts.prepared, a.open)];
  const [otherLeft, otherCost] = [itemsOf(b.hosts.prepared, b.left), costOf(b.hosts.prepared, b.open)];
  if (left !== otherLeft) return left < otherLeft;
  if (cost !== otherCost) return cost < otherCost;
  return a.open.length < b.open.length;
}

export function costOf({ classes }: Prepared, open: readonly HostState[]): number {
  let sum = 0;
  for (const host of open) sum += classes[host.class]!.cost;
  return sum;
}

export function itemsOf({ units }: Prepared, list: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < list.length; i++) sum += units[list[i]!]!.items.length;
  return sum;
}

/** First fit decreasing by the norm of the peaks: each unit to the first host that takes it. */
function firstFit(prepared: Prepared, order: readonly number[]): Packing {
  const hosts = new Hosts(prepared);
  const open: HostState[] = [];
  const left: number[] = [];
  const placed = placeGathered(hosts, open);
  // Those with few hosts to go to first, or others have taken their places.
  const narrow = order.filter((u) => prepared.units[u]!.allowed !== null);
  const wide = prepared.restricted ? order.filter((u) => prepared.units[u]!.allowed === null) : order;
  for (const u of prepared.restricted ? [...narrow, ...wide] : wide) {
    if (placed.has(u)) continue;
    const unit = prepared.units[u]!;
    const host =
      open.find((candidate) => hosts.fits(candidate, unit) && allows(hosts, candidate, unit)) ??
      openFor(hosts, open, u);
    if (host === undefined) left.push(u);
    else hosts.add(host, u);
  }
  return { hosts, open, left };
}

/** Opens the cheapest host that takes the unit. */
export function openFor(hosts: Hosts, open: HostState[], u: number): HostState | undefined {
  const unit = hosts.prepared.units[u]!;
  for (const index of hosts.prepared.order) {
    const pristine = hosts.pristine(index);
    if (!hosts.available(index) || !hosts.fits(pristine, unit) || !allows(hosts, pristine, unit)) continue;
    const host = hosts.take(index);
    open.push(host);
    return host;
  }
  return undefined;
}

function hostByHost(prepared: Prepared, order: readonly number[], score: Score): Packing {
  const hosts = new Hosts(prepared);
  const open: HostState[] = [];
  const placed = placeGathered(hosts, open);
  const filler = new Filler(hosts);
  for (const u of order) if (!placed.has(u)) filler.pool[filler.count++] = u;
  filler.start();
  for (const host of open) filler.fill(host, score);
  openAndFill(hosts, filler, open, prepared.order, Infinity, score);
  return { hosts, open, left: [...filler.pool.subarray(0, filler.count)] };
}

/** Opens hosts of the classes, in their order and up to `limit` in all, until the pool is empty or nothing fits. */
export function openAndFill(
  hosts: Hosts,
  filler: Filler,
  open: HostState[],
  classes: readonly number[],
  limit: number,
  score: Score,
): void {
  for (const index of classes) {
    while (filler.count > 0 && open.length < limit && hosts.available(index)) {
      const host = hosts.take(index);
      filler.fill(host, score);
      if (host.units.length === 0) {
        hosts.close(host);
        hosts.discard(host);
        break;
      }
      open.push(host);
    }
    if (filler.count === 0 || open.length >= limit) return;
  }
}
