/**
 * Servers that had better not share a host, found by what they are. A finder is one entry of FINDERS. Sets are cut into
 * parts no two members of which share a host, so that a large set asks for a few hosts and not for one each.
 */
import { listed } from '../../base/text.ts';
import type { RuleBook } from '../../assess/rules/pack.ts';
import { PLACE } from '../rules/place.ts';
import type { Candidate } from './select.ts';

export interface FoundApart {
  members: Candidate[];
  /** Parts no two members of which share a host. */
  parts: Candidate[][];
  why: string;
}

interface Finder {
  title: string;
  /** Candidates with the same word are one set; null: it is in none. */
  set(candidate: Candidate, rules: RuleBook): string | null;
  spread(rules: RuleBook): number;
}

/** As separator of words of a set: no name holds it. */
const BETWEEN = '\u0000';

const hasRole = ({ assessment, facts }: Candidate, roles: readonly string[]): boolean =>
  [...assessment.roles, ...(facts.inventory?.roles ?? [])].some((role) => roles.includes(role));

const FINDERS: readonly Finder[] = [
  {
    title: 'nodes of one cluster',
    set(candidate, rules) {
      const { clustering, applications } = candidate.facts.annotations;
      const clustered =
        clustering === 'native' ||
        clustering === 'os-cluster' ||
        (clustering === undefined && hasRole(candidate, rules.value(PLACE.clusterRoles)));
      if (!clustered) return null;
      if (applications !== undefined && applications.length > 0)
        return words(candidate, 'application', ...[...applications].sort());
      const stem = stemOf(candidate.facts.name);
      return stem === null ? null : words(candidate, 'name', stem);
    },
    spread: (rules) => rules.value(PLACE.clusterSpread),
  },
  {
    title: 'domain controllers of one domain',
    set(candidate, rules) {
      if (!hasRole(candidate, rules.value(PLACE.domainControllerRoles))) return null;
      const { fqdn } = candidate.facts.identity;
      const dot = fqdn?.indexOf('.') ?? -1;
      return dot < 0 ? '' : fqdn!.slice(dot + 1).toLowerCase();
    },
    spread: (rules) => rules.value(PLACE.domainControllerSpread),
  },
  {
    title: 'servers of one name and role, which stand in for each other',
    set(candidate, rules) {
      const replicable = rules.value(PLACE.replicaRoles);
      const roles = [...new Set(candidate.assessment.roles)]
        .filter((role) => replicable.includes(role))
        .sort();
      const stem = stemOf(candidate.facts.name);
      if (roles.length === 0 || stem === null) return null;
      return words(candidate, stem, ...roles);
    },
    spread: (rules) => rules.value(PLACE.replicaSpread),
  },
];

/** Test and production of one application are no replicas of each other. */
const words = ({ facts }: Candidate, ...more: string[]): string =>
  [facts.annotations.environment ?? '', ...more].join(BETWEEN);

const isDigit = (letter: string): boolean => letter >= '0' && letter <= '9';

/** `sql-#-prod` of `sql-01-prod`: the name without its last number; null where it has none or is nothing else. */
export function stemOf(name: string): string | null {
  let end = name.length;
  while (end > 0 && !isDigit(name[end - 1]!)) end--;
  if (end === 0) return null;
  let start = end;
  while (start > 0 && isDigit(name[start - 1]!)) start--;
  const rest = name.slice(0, start) + name.slice(end);
  return rest === '' ? null : `${name.slice(0, start)}#${name.slice(end)}`.toLowerCase();
}

/**
 * @param hostsFor how many hosts may carry these servers; what is found gives way to it
 * @param group servers of one such word stay together whatever is found: one of them stands for all
 */
export function findApart(
  candidates: readonly Candidate[],
  rules: RuleBook,
  hostsFor: (members: readonly Candidate[]) => number,
  group: (candidate: Candidate) => string | null,
): FoundApart[] {
  const found: FoundApart[] = [];
  const taken = new Set<Candidate>();
  for (const finder of FINDERS) {
    const sets = new Map<string, Candidate[]>();
    for (const candidate of candidates) {
      if (taken.has(candidate)) continue;
      const word = finder.set(candidate, rules);
      if (word === null) continue;
      const set = sets.get(word);
      if (set === undefined) sets.set(word, [candidate]);
      else set.push(candidate);
    }
    for (const all of sets.values()) {
      const members = onePerGroup(all, group);
      if (members.length < 2) continue;
      for (const member of all) taken.add(member);
      const spread = Math.min(finder.spread(rules), hostsFor(members));
      if (spread < 2) continue;
      const parts: Candidate[][] = [];
      for (let at = 0; at < members.length; at += spread) parts.push(members.slice(at, at + spread));
      const names = listed(members.map(({ facts }) => facts.name));
      const limit =
        members.length > spread
          ? `, so that no host has more than ${parts.length} of the ${members.length}`
          : '';
      found.push({
        members,
        parts: parts.filter((part) => part.length > 1),
        why: `${names} are ${finder.title} and are kept on different hosts${limit}.`,
      });
    }
  }
  return found;
}

function onePerGroup(set: readonly Candidate[], group: (candidate: Candidate) => string | null): Candidate[] {
  const seen = new Set<string>();
  return set.filter((candidate) => {
    const word = group(candidate);
    if (word === null) return true;
    if (seen.has(word)) return false;
    seen.add(word);
    return true;
  });
}
