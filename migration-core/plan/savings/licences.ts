/**
 * Windows Server by cores, and products that are licensed by the cores of the hosts they may run on (assessment model,
 * section 11). Whoever may run a virtual machine is licensed for it: the worst day counts.
 */
import type { RuleBook } from '../../assess/rules/pack.ts';
import { LICENCE_RULES } from '../rules/savings.ts';

export interface WindowsHost {
  name: string;
  sockets: number;
  /** Of all sockets. */
  cores: number;
  /** Windows machines on the worst day. */
  machines: number;
}

export interface WindowsHostLicence {
  host: string;
  machines: number;
  cores: number;
  /** Full sets of Standard that so many machines take. */
  standardSets: number;
  /** The cheaper of the two; null where a price is missing. */
  edition: 'none' | 'standard' | 'datacenter' | null;
  cost: number | null;
}

/** Cores that one full set of licences of a server covers. */
export function windowsCores(sockets: number, cores: number, rules: RuleBook): number {
  const least = rules.value(LICENCE_RULES.perProcessor);
  // Cores are spread over the processors as evenly as they go; the sum is of max(8, cores) of each.
  const each = Math.floor(cores / sockets);
  const larger = cores - each * sockets;
  const sum = larger * Math.max(least, each + 1) + (sockets - larger) * Math.max(least, each);
  return Math.max(rules.value(LICENCE_RULES.perServer), sum);
}

/** Machines of one host from which on Datacenter costs less than Standard; null where a price is missing or Standard is free. */
export function windowsBreakEven(
  standardPerCore: number | undefined,
  datacenterPerCore: number | undefined,
  rules: RuleBook,
): number | null {
  if (standardPerCore === undefined || datacenterPerCore === undefined || standardPerCore === 0) return null;
  const machines = rules.value(LICENCE_RULES.standardMachines);
  // The first whole number of sets that costs more than Datacenter begins with the machine after the last one that does not.
  return Math.floor(datacenterPerCore / standardPerCore) * machines + 1;
}

export function licenseWindows(
  hosts: readonly WindowsHost[],
  standardPerCore: number | undefined,
  datacenterPerCore: number | undefined,
  rules: RuleBook,
): WindowsHostLicence[] {
  const perSet = rules.value(LICENCE_RULES.standardMachines);
  return hosts.map(({ name, sockets, cores, machines }) => {
    const licensed = windowsCores(sockets, cores, rules);
    const standardSets = Math.ceil(machines / perSet);
    const of = { host: name, machines, cores: licensed, standardSets };
    if (machines === 0) return { ...of, edition: 'none', cost: 0 };
    if (standardPerCore === undefined || datacenterPerCore === undefined)
      return { ...of, edition: null, cost: null };
    const standard = standardSets * licensed * standardPerCore;
    const datacenter = licensed * datacenterPerCore;
    return standard <= datacenter
      ? { ...of, edition: 'standard', cost: standard }
      : { ...of, edition: 'datacenter', cost: datacenter };
  });
}

/**
 * Windows machines each host may have to run: its own and all of the other hosts that may fail at once, for nobody can say
 * beforehand where they are started again.
 */
export function worstDay(machines: readonly number[], failures: number): number[] {
  const order = machines.map((_, host) => host).sort((a, b) => machines[b]! - machines[a]! || a - b);
  const fullest = new Set(order.slice(0, failures));
  let lost = 0;
  for (const host of fullest) lost += machines[host]!;
  const next = order[failures];
  // One of the fullest takes over the others of them, and the next in line.
  return machines.map((own, host) =>
    fullest.has(host) ? lost + (next === undefined ? 0 : machines[next]!) : own + lost,
  );
}

export interface LicenceGroup {
  group: string;
  servers: number;
  /** Hosts its machines are on in the plan, and their cores. */
  hosts: number;
  cores: number;
  /** Cores of all hosts, which would have to be licensed if it might run anywhere. */
  coresOfAll: number;
  saved: number;
}

/**
 * @param placed for each host its cores and the licence groups of the machines on it, one entry for each machine
 * @param kept whether a group stays on its hosts; one that may go anywhere saves nothing
 */
export function licenceGroups(
  placed: readonly { cores: number; groups: readonly string[] }[],
  kept: (group: string) => boolean,
): LicenceGroup[] {
  const coresOfAll = placed.reduce((sum, { cores }) => sum + cores, 0);
  const found = new Map<string, LicenceGroup>();
  for (const { cores, groups } of placed) {
    const here = new Set<string>();
    for (const group of groups) {
      const entry = found.get(group) ?? { group, servers: 0, hosts: 0, cores: 0, coresOfAll, saved: 0 };
      entry.servers++;
      if (!here.has(group)) {
        entry.hosts++;
        entry.cores += cores;
      }
      here.add(group);
      found.set(group, entry);
    }
  }
  return [...found.values()]
    .map((entry) => ({ ...entry, saved: kept(entry.group) ? coresOfAll - entry.cores : 0 }))
    .sort((a, b) => (a.group < b.group ? -1 : 1));
}
