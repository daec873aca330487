/** Which rule keeps a unit from a host. One line each in the table; first come, first named. */
import type { Hosts, HostState } from './hosts.ts';
import type { Unit } from './prepare.ts';
import type { UnplacedReason } from './problem.ts';

type RuleName = Extract<UnplacedReason, { kind: 'rules' }>['rule'];

interface HostRule {
  rule: RuleName;
  forbids: (hosts: Hosts, host: HostState, unit: Unit) => boolean;
}

/** Once forbidden, forbidden for as long as hosts are only filled: searches rely on that. */
export const HOST_RULES: readonly HostRule[] = [
  {
    rule: 'segment',
    forbids: (_, host, unit) => unit.segment !== 0 && host.segment !== 0 && unit.segment !== host.segment,
  },
  {
    rule: 'apart',
    forbids: (_, host, unit) => unit.sets.length > 0 && unit.sets.some((set) => host.sets.includes(set)),
  },
  {
    rule: 'gathered',
    forbids: (hosts, host, unit) =>
      unit.groups.some(
        (group) =>
          !host.groups.includes(group) && hosts.groupHosts[group]! >= hosts.prepared.gathered[group]!,
      ),
  },
];

/** Whether the class is one it may go to, and no rule is in the way. */
export function allows(hosts: Hosts, host: HostState, unit: Unit): boolean {
  if (unit.allowed !== null && unit.allowed[host.class] !== 1) return false;
  if (unit.segment === 0 && unit.sets.length === 0 && unit.groups.length === 0) return true;
  return !HOST_RULES.some(({ forbids }) => forbids(hosts, host, unit));
}

/** Whether rules alone keep two units from ever sharing a host. */
export function keepsApart(a: Unit, b: Unit): boolean {
  if (a.segment !== 0 && b.segment !== 0 && a.segment !== b.segment) return true;
  if (a.sets.length > 0 && a.sets.some((set) => b.sets.includes(set))) return true;
  const { allowed } = a;
  if (allowed === null || b.allowed === null) return false;
  return !allowed.some((value, index) => value === 1 && b.allowed![index] === 1);
}
