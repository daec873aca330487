/**
 * Vector packing by time: items with a demand in each slot of a week, hosts with a capacity. Whole numbers only: sums are
 * exact, so that the same problem gives the same plan on every machine. Who builds a problem rounds demands up and
 * capacities down (plan/build), so that a plan without overflow here has none in reality.
 */

export interface PackingProblem {
  /** Resources that add up slot by slot, and how many slots each has. 0 slots never. */
  timed: number;
  slots: number;
  /** Resources that add up once: disk space, virtual processors, machines, critical machines ... */
  fixed: number;
  items: PackingItem[];
  hosts: HostClass[];
  rules: PackingRules;
}

export interface PackingItem {
  /** Of one problem, unique: names it in results and breaks ties. */
  key: string;
  /** timed x slots, resource after resource, 0 to 2^31-1. */
  demand: Uint16Array | Uint32Array;
  /** fixed values. */
  needs: readonly number[];
  /** Items of different segments never share a host (security zones). undefined: shares with any. */
  segment?: string;
  /** Host classes it may go to (LUNs, pins, platform, licences); undefined: any. */
  hosts?: readonly string[];
}

export interface HostClass {
  key: string;
  /** How many there are; Infinity: as many as needed. */
  count: number;
  /** timed values, the same in each slot; 0 to 2^31-1, in units in which that is so. */
  capacity: readonly number[];
  /** fixed values; 0 to 2^53-1, as needs are. */
  room: readonly number[];
  /** What runs there already, timed x slots and fixed; of classes with count 1 only. */
  load?: { demand: Uint16Array | Uint32Array; needs: readonly number[] };
  /** Opened before others where both would do: lower first. */
  cost: number;
}

/** Keys of no item are of servers that are not in this problem: they concern nobody here. */
export interface PackingRules {
  /** Keys of items that stay on one host. */
  together: readonly (readonly string[])[];
  /** Keys of items no two of which share a host. */
  apart: readonly (readonly string[])[];
  /** Items of a group are kept on at most so many hosts (licences by host). */
  gathered: readonly { items: readonly string[]; hosts: number }[];
}

export interface PackingOptions {
  /** Of the random choices of the search. */
  seed: number;
  /** Rounds of ruin and recreate: the effort. Counted, not timed, so that a slow machine gives the same plan. 0: none. */
  rounds: number;
  /** For benchmarks only: asked now and then whether to stop by the clock as well. The plan then depends on the machine. */
  expired?: () => boolean;
  signal?: AbortSignal;
  /** 0 to 1. */
  onProgress?: (part: number) => void;
}

export interface PackedHost {
  /** Of HostClass. */
  host: string;
  /** Keys of items, ascending as in the problem. */
  items: string[];
}

export interface PackingResult {
  /** Hosts with items of the problem, in the order they were opened by class; those that stay as they are, are not named. */
  hosts: PackedHost[];
  /** Items that fit nowhere, each with what stood in the way. */
  unplaced: { item: string; why: UnplacedReason }[];
  bound: LowerBound;
}

export type UnplacedReason =
  /** Larger than any host it may go to, were that empty; of the host that comes closest: the resource (index over timed, then fixed), its peak slot, demand and room. */
  | { kind: 'too-large'; resource: number; slot: number; demand: number; room: number }
  /** No host class is named that exists. */
  | { kind: 'no-host' }
  /** It would fit an empty host, but the given hosts are full: the resource that ran short most. */
  | { kind: 'hosts-full'; resource: number }
  /** Rules contradict each other, or leave no host: which, and the items that it is about. */
  | { kind: 'rules'; rule: 'together' | 'apart' | 'gathered' | 'segment'; with: string[] };

/** Hosts that any plan needs at least; the largest of three. Of problems with one unlimited class; else of the largest. */
export interface LowerBound {
  hosts: number;
  /** Sum of demand over capacity in the busiest slot of each resource; items no two of which fit together; by segment. */
  by: 'sum' | 'pairs' | 'segments';
  /** Of `sum`: index of the resource. */
  resource: number;
}
