/** Rules of the packing problem from the scenario, from annotations and from what servers are. */
import { listed } from '../../base/text.ts';
import type { PlanConstraint } from '../model/plan.ts';
import type { PackingRules } from '../packing/problem.ts';
import type { PlanRequest } from '../planning.ts';
import { findApart } from './apart.ts';
import type { Candidate, Selection } from './select.ts';

export interface Constraints {
  rules: PackingRules;
  constraints: PlanConstraint[];
  warnings: string[];
}

export const keyOf = ({ facts }: Candidate): string => `server:${facts.id}`;

/**
 * @param machines those that may be placed
 * @param hostsFor how many hosts may carry all of these servers; Infinity where hosts may be bought
 */
export function constraintsOf(
  request: PlanRequest,
  selection: Selection,
  machines: readonly Candidate[],
  hostsFor: (members: readonly Candidate[]) => number,
): Constraints {
  const { scenario } = request;
  const constraints: PlanConstraint[] = [];
  const warnings: string[] = [];
  const byId = new Map(machines.map((candidate) => [candidate.facts.id, candidate]));

  /** Of a list of the scenario: those that are placed. Others, and names nobody has, are said. */
  const placed = (names: readonly string[], list: string): Candidate[] => {
    const { servers, missing } = selection.names.all(names);
    if (missing.length > 0)
      warnings.push(`${list} names ${listed(missing)}, but there is no server of that name.`);
    const away = servers.filter(({ id }) => !byId.has(id));
    if (away.length > 0)
      warnings.push(
        `${list} names ${listed(away.map(({ name }) => name))}, which is not placed by this plan and does not count.`,
      );
    return servers.flatMap(({ id }) => byId.get(id) ?? []);
  };
  const titles = (members: readonly Candidate[]): string[] => members.map(({ facts }) => facts.name);

  const together = scenario.together
    .map((names) => placed(names, 'A list of servers that stay together'))
    .filter((members) => members.length > 1);
  const apart = scenario.apart
    .map((names) => placed(names, 'A list of servers that stay apart'))
    .filter((members) => members.length > 1);
  for (const members of together)
    constraints.push({
      kind: 'together',
      origin: 'scenario',
      servers: titles(members),
      why: `The scenario keeps ${listed(titles(members))} on one host.`,
    });
  for (const members of apart)
    constraints.push({
      kind: 'apart',
      origin: 'scenario',
      servers: titles(members),
      why: `The scenario keeps ${listed(titles(members))} on different hosts.`,
    });

  const licences = licenceGroups(request, machines, warnings);
  for (const { group, members, hosts } of licences)
    constraints.push({
      kind: 'gathered',
      origin: 'scenario',
      servers: titles(members),
      why: `Licences of ${group} are by host: ${listed(titles(members))} are kept on at most ${hosts === 1 ? 'one host' : `${hosts} hosts`}.`,
    });

  const groupOf = joined(together);
  const licensed = new Map(
    licences.flatMap(({ members, hosts }) => members.map((member) => [member, hosts])),
  );
  const found = findApart(
    machines,
    request.rules,
    (members) =>
      members.reduce((least, member) => Math.min(least, licensed.get(member) ?? Infinity), hostsFor(members)),
    (candidate) => groupOf.get(candidate) ?? null,
  );
  for (const { members, why } of found)
    constraints.push({ kind: 'apart', origin: 'found', servers: titles(members), why });

  return {
    constraints,
    warnings,
    rules: {
      together: together.map((members) => members.map(keyOf)),
      apart: [...apart, ...found.flatMap(({ parts }) => parts)].map((members) => members.map(keyOf)),
      gathered: licences.map(({ members, hosts }) => ({ items: members.map(keyOf), hosts })),
    },
  };
}

/** One word for all that are on one host by lists that overlap. */
function joined(lists: readonly (readonly Candidate[])[]): Map<Candidate, string> {
  const groups = new Map<Candidate, Candidate[]>();
  for (const list of lists) {
    const all = new Set(list.flatMap((member) => groups.get(member) ?? [member]));
    const merged = [...all];
    for (const member of merged) groups.set(member, merged);
  }
  return new Map([...groups].map(([member, all]) => [member, keyOf(all[0]!)]));
}

function licenceGroups(
  { scenario }: PlanRequest,
  machines: readonly Candidate[],
  warnings: string[],
): { group: string; members: Candidate[]; hosts: number }[] {
  const members = new Map<string, Candidate[]>();
  for (const candidate of machines) {
    const group = candidate.facts.annotations.licence?.group;
    if (group === undefined) continue;
    const there = members.get(group);
    if (there === undefined) members.set(group, [candidate]);
    else there.push(candidate);
  }
  // By name, not by whatever order a JSON object came in.
  return Object.keys(scenario.licenceHosts)
    .sort()
    .flatMap((group) => {
      const all = members.get(group) ?? [];
      if (all.length === 0)
        warnings.push(
          `The scenario limits the hosts of the licence group ${group}, which no placed server is in.`,
        );
      return all.length < 2 ? [] : [{ group, members: all, hosts: scenario.licenceHosts[group]! }];
    });
}
