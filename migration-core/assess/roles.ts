/** What a server is for, in the words of the assessment, and whether what runs on it can be clustered (resources/roles/applications.json). */
import { z } from 'zod';
import type { ServerInventory } from '../store/model/inventory.ts';
import type { ServerFacts } from './model/facts.ts';
import { readCatalogue } from './resources.ts';

const pattern = z.string().regex(/^\*?[^*]+\*?$/u);
const role = z.string().regex(/^[a-z-]+$/u);

const catalogue = z.strictObject({
  source: z.string(),
  /** Words that collectors, Windows and people have for a role. */
  aliases: z.record(role, z.array(z.string())),
  applications: z.array(
    z.strictObject({
      id: z.string(),
      name: z.string(),
      role,
      /** `unknown`: its maker says nothing of it; ask. */
      clustering: z.enum(['native', 'os-cluster', 'none', 'unknown']),
      how: z.string(),
      services: z.array(pattern),
      processes: z.array(pattern),
      software: z.array(pattern),
    }),
  ),
});
export type Application = z.infer<typeof catalogue>['applications'][number];

export type ClusterSupport = 'native' | 'os-cluster' | 'none' | 'unknown';

export interface Roles {
  /** In alphabetical order; words that are in no list stay as they came. */
  roles: string[];
  /** Services, programs, roles or listeners were seen at all. */
  known: boolean;
  applications: Application[];
  has(...wanted: readonly string[]): boolean;
}

interface Index {
  aliases: Map<string, string>;
  applications: { application: Application; services: Test; processes: Test; software: Test }[];
}
type Test = (name: string) => boolean;

let index: Index | undefined;

/** @throws CATALOGUE_DAMAGED */
function table(): Index {
  if (index !== undefined) return index;
  const { aliases, applications } = readCatalogue(
    'roles/applications.json',
    'The list of applications',
    catalogue,
  );
  index = {
    aliases: new Map(
      Object.entries(aliases).flatMap(([to, words]) => words.map((word) => [word, to] as const)),
    ),
    applications: applications.map((application) => ({
      application,
      services: tester(application.services),
      processes: tester(application.processes),
      software: tester(application.software),
    })),
  };
  return index;
}

function tester(patterns: readonly string[]): Test {
  const exact = new Set(patterns.filter((one) => !one.includes('*')));
  const starts = patterns
    .filter((one) => one.endsWith('*') && !one.startsWith('*'))
    .map((one) => one.slice(0, -1));
  const contains = patterns.filter((one) => one.startsWith('*')).map((one) => one.replaceAll('*', ''));
  return (name) =>
    exact.has(name) ||
    starts.some((start) => name.startsWith(start)) ||
    contains.some((part) => name.includes(part));
}

/** Names longer than this are compared by their beginning. */
const MAX_NAME = 200;
const lower = (name: string): string => name.slice(0, MAX_NAME).toLowerCase();

/** @throws CATALOGUE_DAMAGED */
export function rolesOf(inventory: ServerInventory | null): Roles {
  const { aliases, applications } = table();
  const { services, software, listeners, roles } = inventory ?? {};
  // Where it is known what runs, what only could run does not count.
  const runningKnown = services?.some(({ running }) => running !== undefined) === true;
  const active = (services ?? [])
    .filter(({ running, startType }) => (runningKnown ? running === true : startType !== 'disabled'))
    .map(({ name }) => lower(name));
  const processes = [
    ...new Set((listeners ?? []).flatMap(({ process }) => (process === undefined ? [] : [lower(process)]))),
  ];
  const programs = (software ?? []).map(({ name }) => lower(name));
  const found = applications
    .filter(
      (one) => active.some(one.services) || processes.some(one.processes) || programs.some(one.software),
    )
    .map(({ application }) => application);
  const all = new Set(found.map((one) => one.role));
  for (const word of roles ?? []) all.add(aliases.get(lower(word).trim()) ?? word);
  const sorted = [...all].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  return {
    roles: sorted,
    known: [services, software, listeners, roles].some((part) => part !== undefined),
    applications: found,
    has: (...wanted) => wanted.some((one) => all.has(one)),
  };
}

/** SR-49: what was told counts first; of several applications in these roles the weakest. Unknown is asked for, not assumed. */
export function clusterSupport(
  roles: Roles,
  annotations: ServerFacts['annotations'],
  among: readonly string[],
): { support: ClusterSupport; how: string } {
  if (annotations.clustering !== undefined)
    return { support: annotations.clustering, how: 'as the customer says' };
  const held = roles.applications.filter((one) => among.includes(one.role));
  const roleless = roles.roles.filter(
    (one) => among.includes(one) && !held.some((application) => application.role === one),
  );
  if (held.length === 0 || roleless.length > 0) return { support: 'unknown', how: '' };
  for (const support of ['unknown', 'none', 'os-cluster', 'native'] as const) {
    const weakest = held.find((one) => one.clustering === support);
    if (weakest !== undefined)
      return { support, how: weakest.how === '' ? weakest.name : `${weakest.name}: ${weakest.how}` };
  }
  return { support: 'unknown', how: '' };
}
