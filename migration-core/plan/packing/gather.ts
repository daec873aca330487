/** Groups that are kept on few hosts are placed before all others: later they would find many hosts with little room. */
import { copyHost, type Hosts, type HostState } from './hosts.ts';
import { allows } from './rules.ts';

/**
 * Opens hosts in `open` and returns the units that are placed. A group goes to a host that is open already if that takes
 * all of it, else to one of its own, and so on with the rest while the rule has hosts to give.
 */
export function placeGathered(hosts: Hosts, open: HostState[]): Set<number> {
  const { groupUnits, gathered, units } = hosts.prepared;
  const placed = new Set<number>();
  const sizes = groupUnits.map((list) => list.reduce((sum, u) => sum + units[u]!.size, 0));
  const bySize = [...groupUnits.keys()].sort(
    (a, b) => sizes[b]! - sizes[a]! || (groupUnits[a]![0] ?? 0) - (groupUnits[b]![0] ?? 0) || a - b,
  );
  for (const group of bySize) {
    const order = groupUnits[group]!.toSorted((a, b) => units[b]!.norm - units[a]!.norm || a - b);
    let rest = order.filter((u) => !placed.has(u));
    // Hosts that took some of it for another group's sake count already.
    for (const host of open) if (host.groups.includes(group)) rest = fillFrom(hosts, host, rest, placed);
    while (rest.length > 0 && hosts.groupHosts[group]! < gathered[group]!) {
      const host = mostOf(hosts, open, rest);
      if (host === undefined) break;
      rest = fillFrom(hosts, host, rest, placed);
    }
  }
  return placed;
}

/** Adds what fits and returns the rest. */
function fillFrom(hosts: Hosts, host: HostState, list: readonly number[], placed?: Set<number>): number[] {
  return list.filter((u) => {
    const unit = hosts.prepared.units[u]!;
    if (!hosts.fits(host, unit) || !allows(hosts, host, unit)) return true;
    hosts.add(host, u);
    placed?.add(u);
    return false;
  });
}

/** An open host that takes all; else a new one that takes something, the cheapest that takes most; else the open one. */
function mostOf(hosts: Hosts, open: HostState[], list: readonly number[]): HostState | undefined {
  const takes = (host: HostState): number => {
    const trial = copyHost(host);
    hosts.reopen(trial);
    const took = list.length - fillFrom(hosts, trial, list).length;
    hosts.close(trial);
    return took;
  };
  let best: HostState | undefined;
  let most = 0;
  for (const host of open) {
    const took = takes(host);
    if (took === list.length) return host;
    if (took > most) [best, most] = [host, took];
  }
  let bestClass = -1;
  let mostNew = 0;
  for (const index of hosts.prepared.order) {
    if (!hosts.available(index)) continue;
    const took = takes(hosts.pristine(index));
    if (took > mostNew) [bestClass, mostNew] = [index, took];
    if (took === list.length) break;
  }
  if (bestClass < 0) return best;
  const host = hosts.take(bestClass);
  open.push(host);
  return host;
}
