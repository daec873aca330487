/** What a server is for, in the words of the assessment, and whether what runs on it can be clustered (resources/roles/applications.json). */
import { z } from 'zod';
import type { ServerInventory } from '../store/model/inventory.ts';
import type { ServerFacts } from './model/facts.ts';
import { readCatalogue } from './resources.ts';

const pattern = z.string().regex(/^\*?[^*]+\*?$/u);
const role = z.string().regex(/^[a-z-]+$/u);

const applicationsFile = z.strictObject({
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
export type Application = z.infer<typeof applicationsFile>['applications'][number];

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
  applications: readonly Application[];
  services: Finder;
  processes: Finder;
  software: Finder;
}
/** Numbers of the applications that a name belongs to. */
type Finder = (name: string) => readonly number[];

let index: Index | undefined;

/** @throws CATALOGUE_DAMAGED */
function table(): Index {
  if (index !== undefined) return index;
  const { aliases, applications } = readCatalogue(
    'roles/applications.json',
    'The list of applications',
    applicationsFile,
  );
  const finder = (of: (application: Application) => readonly string[]): Finder =>
    finderOf(applications.map((one) => of(one)));
  index = {
    aliases: new Map(
      Object.entries(aliases).flatMap(([to, words]) => words.map((word) => [word, to] as const)),
    ),
    applications,
    services: finder(({ services }) => services),
    processes: finder(({ processes }) => processes),
    software: finder(({ software }) => software),
  };
  return index;
}

/** Patterns that start alike are looked at together: a server has a thousand programs, and an estate thousands of servers. */
const STEM = 2;

/** @param patterns of each application: a name, or with `*` for any rest at its end or any beginning at its start */
function finderOf(patterns: readonly (readonly string[])[]): Finder {
  const stems = new Map<string, { text: string; whole: boolean; at: number }[]>();
  const inside: { text: string; at: number }[] = [];
  patterns.forEach((list, at) => {
    for (const one of list) {
      const text = one.replaceAll('*', '');
      if (one.startsWith('*')) inside.push({ text, at });
      else {
        const stem = text.slice(0, STEM);
        stems.set(stem, [...(stems.get(stem) ?? []), { text, whole: !one.endsWith('*'), at }]);
      }
    }
  });
  return (name) => {
    const found: number[] = [];
    for (const { text, whole, at } of stems.get(name.slice(0, STEM)) ?? [])
      if (whole ? name === text : name.startsWith(text)) found.push(at);
    for (const { text, at } of inside) if (name.includes(text)) found.push(at);
    return found;
  };
}

/** Names longer than this are compared by their beginning. */
const MAX_NAME = 200;
const lower = (name: string): string => name.slice(0, MAX_NAME).toLowerCase();

/** @throws CATALOGUE_DAMAGED */
export function rolesOf(inventory: ServerInventory | null): Roles {
  const catalogue = table();
  const { services, software, listeners, roles } = inventory ?? {};
  // Where it is known what runs, what only could run does not count.
  const runningKnown = services?.some(({ running }) => running !== undefined) === true;
  const numbers = new Set<number>();
  const look = (find: Finder, names: Iterable<string>): void => {
    for (const name of names) for (const at of find(lower(name))) numbers.add(at);
  };
  look(
    catalogue.services,
    (services ?? [])
      .filter(({ running, startType }) => (runningKnown ? running === true : startType !== 'disabled'))
      .map(({ name }) => name),
  );
  look(catalogue.processes, new Set((listeners ?? []).flatMap(({ process }) => process ?? [])));
  look(
    catalogue.software,
    (software ?? []).map(({ name }) => name),
  );
  const found = catalogue.applications.filter((_, at) => numbers.has(at));
  const all = new Set(found.map((one) => one.role));
  for (const word of roles ?? []) all.add(catalogue.aliases.get(lower(word).trim()) ?? word);
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
