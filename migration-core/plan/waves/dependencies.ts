/**
 * Who depends on whom: told by people, or seen in the connections of the servers. A connection seen once is weak: it may
 * be a chance; seen by both ends or in several samples it is strong. Servers that everybody uses (names, directory, time,
 * backup, monitoring) are infrastructure: connections with them tie nobody, or the whole estate would move in one night.
 */
import { listed, plural } from '../../base/text.ts';
import type { ServerFacts } from '../../assess/model/facts.ts';
import type { RuleBook } from '../../assess/rules/pack.ts';
import type { ServerId } from '../../store/engagement.ts';
import type { ServerInventory } from '../../store/model/inventory.ts';
import { DEPENDENCY_RULES } from '../rules/waves.ts';
import { addressBook } from './addresses.ts';
import { graphOf, strongParts } from './graph.ts';

/** What one look at a server saw. */
export type Sighting = Pick<ServerInventory, 'connections' | 'listeners'>;

export interface Dependency {
  /** Needs `to`. */
  from: ServerId;
  to: ServerId;
  strength: 'told' | 'strong' | 'weak';
  /** Looks at which it was seen; 0 for what was only told. */
  seen: number;
  /** `tcp/5432`, of the service; a few. */
  ports: string[];
}

export interface DependencyMap {
  /** By from, then to. */
  edges: Dependency[];
  /** With the sentence why. Connections with them do not order or tie. */
  infrastructure: Map<ServerId, string>;
  /** Servers of which connections are known at all. */
  known: Set<ServerId>;
  /** Sentences on what could not be used. */
  remarks: string[];
}

/** More connections of one server are a table of a busy proxy: its neighbours are all in the first so many. */
const MAX_CONNECTIONS = 100_000;
const MAX_SIGHTINGS = 10_000;
const MAX_PORTS = 5;

interface Link {
  from: number;
  to: number;
  told: boolean;
  /** Looks by the client and by the server. */
  byFrom: number;
  byTo: number;
  /** See portKey. */
  ports: number[];
  /** The last one that saw it. */
  look: number;
}

/** One number for protocol and port. */
const portKey = (protocol: 'tcp' | 'udp', port: number): number => (protocol === 'tcp' ? 0 : 65_536) + port;
const portName = (key: number): string => `${key < 65_536 ? 'tcp' : 'udp'}/${key & 65_535}`;

/** @param samples more looks at a server than the one of its inventory */
export function findDependencies(
  facts: readonly ServerFacts[],
  rules: RuleBook,
  samples: ReadonlyMap<ServerId, readonly Sighting[]> = new Map(),
): DependencyMap {
  const remarks: string[] = [];
  const count = facts.length;
  const links = new Map<number, Link>();
  const link = (from: number, to: number): Link => {
    const key = from * count + to;
    let found = links.get(key);
    if (found === undefined) {
      found = { from, to, told: false, byFrom: 0, byTo: 0, ports: [], look: 0 };
      links.set(key, found);
    }
    return found;
  };

  const looks = facts.map(({ id, inventory }) => [
    ...(inventory?.connections === undefined ? [] : [inventory]),
    ...(samples.get(id) ?? []).slice(0, MAX_SIGHTINGS),
  ]);
  seenLinks(facts, looks, link, remarks);
  const infrastructure = findInfrastructure(facts, [...links.values()], rules);
  toldLinks(facts, link, remarks);

  const sightings = rules.value(DEPENDENCY_RULES.strongSightings);
  const share = rules.value(DEPENDENCY_RULES.strongShare);
  const edges = [...links.values()].map(({ from, to, told, byFrom, byTo, ports }): Dependency => {
    const seen = byFrom + byTo;
    const often =
      seen >= sightings &&
      ((byFrom > 0 && byFrom >= share * looks[from]!.length) ||
        (byTo > 0 && byTo >= share * looks[to]!.length));
    return {
      from: facts[from]!.id,
      to: facts[to]!.id,
      strength: told ? 'told' : often ? 'strong' : 'weak',
      seen,
      ports: ports.sort((a, b) => a - b).map(portName),
    };
  });
  return {
    edges: edges.sort((a, b) => a.from - b.from || a.to - b.to),
    infrastructure: new Map(
      [...infrastructure].sort(([a], [b]) => a - b).map(([index, why]) => [facts[index]!.id, why]),
    ),
    known: new Set(facts.filter((_, index) => looks[index]!.length > 0).map(({ id }) => id)),
    remarks,
  };
}

function seenLinks(
  facts: readonly ServerFacts[],
  looks: readonly (readonly Sighting[])[],
  link: (from: number, to: number) => Link,
  remarks: string[],
): void {
  const book = addressBook(facts);
  if (book.shared.length > 0)
    remarks.push(
      `${plural(book.shared.length, 'address belongs', 'addresses belong')} to several servers, so that connections to ${book.shared.length === 1 ? 'it' : 'them'} say nothing: ${listed(book.shared)}.`,
    );
  const serving = looks.map((of, index) => {
    const ports = new Set<number>();
    // What listens is known of some servers of which no connections are.
    for (const { listeners } of [facts[index]!.inventory ?? {}, ...of] as Sighting[])
      for (const { protocol, port } of listeners ?? []) ports.add(portKey(protocol, port));
    return ports;
  });
  const cut: string[] = [];
  let look = 0;
  looks.forEach((of, index) => {
    for (const { connections = [] } of of) {
      if (connections.length > MAX_CONNECTIONS) cut.push(facts[index]!.name);
      look++;
      const end = Math.min(connections.length, MAX_CONNECTIONS);
      for (let i = 0; i < end; i++) {
        const { protocol, localPort, remoteAddress, remotePort } = connections[i]!;
        const other = book.owner(remoteAddress);
        if (other === undefined || other === index) continue;
        const local = portKey(protocol, localPort);
        const remote = portKey(protocol, remotePort);
        const serves = serving[index]!.has(local);
        const served = serving[other]!.has(remote);
        // Where neither or both listen, the lower port is that of the service: clients take theirs from high ones.
        const client = serves === served ? remotePort <= localPort : served;
        const found = client ? link(index, other) : link(other, index);
        const port = client ? remote : local;
        if (found.ports.length < MAX_PORTS && !found.ports.includes(port)) found.ports.push(port);
        // A pair counts once for each look, however many connections it has.
        if (found.look === look) continue;
        found.look = look;
        if (client) found.byFrom++;
        else found.byTo++;
      }
    }
  });
  if (cut.length > 0)
    remarks.push(
      `More than ${MAX_CONNECTIONS} connections at once were seen on ${listed(cut)}; only the first so many were looked at.`,
    );
}

function toldLinks(
  facts: readonly ServerFacts[],
  link: (from: number, to: number) => Link,
  remarks: string[],
): void {
  const names = new Map<string, number[]>();
  const applications = new Map<string, number[]>();
  const add = (to: Map<string, number[]>, text: string | undefined, index: number): void => {
    const key = text?.trim().toLowerCase();
    if (key === undefined || key === '') return;
    const found = to.get(key) ?? [];
    if (found[found.length - 1] !== index) found.push(index);
    to.set(key, found);
  };
  facts.forEach(({ name, identity, annotations }, index) => {
    for (const one of new Set([name, identity.name, identity.fqdn])) add(names, one, index);
    for (const application of annotations.applications ?? []) add(applications, application, index);
  });
  facts.forEach(({ name, annotations }, from) => {
    for (const text of annotations.dependsOn ?? []) {
      const key = text.trim().toLowerCase();
      const byName = names.get(key);
      const found = byName ?? applications.get(key);
      if (found === undefined)
        remarks.push(
          `${name} is said to depend on ${text}, which is neither a server nor an application here.`,
        );
      else if (byName !== undefined && byName.length > 1)
        remarks.push(`${name} is said to depend on ${text}, which is the name of ${byName.length} servers.`);
      else for (const to of found) if (to !== from) link(from, to).told = true;
    }
  });
}

/** By role, or because a large part of the estate uses it. */
function findInfrastructure(
  facts: readonly ServerFacts[],
  links: readonly Link[],
  rules: RuleBook,
): Map<number, string> {
  const found = new Map<number, string>();
  const roles = rules.value(DEPENDENCY_RULES.infrastructureRoles);
  facts.forEach(({ name, inventory }, index) => {
    const role = inventory?.roles?.find((one) => roles.includes(one.toLowerCase()));
    if (role !== undefined) found.set(index, `${name} has the role ${role}, which serves everybody.`);
  });
  const clients = new Map<number, number>();
  // Backup and monitoring call on everybody instead of being called.
  const callers = new Map<number, number>();
  for (const { from, to } of links) {
    clients.set(to, (clients.get(to) ?? 0) + 1);
    callers.set(from, (callers.get(from) ?? 0) + 1);
  }
  const least = Math.max(
    rules.value(DEPENDENCY_RULES.hubClients),
    rules.value(DEPENDENCY_RULES.hubShare) * facts.length,
  );
  facts.forEach(({ name }, index) => {
    if (found.has(index)) return;
    const used = clients.get(index) ?? 0;
    const uses = callers.get(index) ?? 0;
    if (used >= least) found.set(index, `${name} is used by ${used} of ${facts.length} servers.`);
    else if (uses >= least) found.set(index, `${name} connects to ${uses} of ${facts.length} servers.`);
  });
  return found;
}

/** Does it hold back or tie together? Told ones always do, weak ones never. */
export const binds = ({ strength, from, to }: Dependency, { infrastructure }: DependencyMap): boolean =>
  strength === 'told' || (strength === 'strong' && !infrastructure.has(from) && !infrastructure.has(to));

/** Groups of two and more that depend on each other in a circle, each ascending. */
export function circles(ids: readonly ServerId[], edges: readonly Dependency[]): ServerId[][] {
  const at = new Map(ids.map((id, index) => [id, index]));
  const pairs = edges
    .map(({ from, to }) => [at.get(from), at.get(to)] as const)
    .filter((pair): pair is readonly [number, number] => pair[0] !== undefined && pair[1] !== undefined);
  const { part, parts } = strongParts(graphOf(ids.length, pairs));
  const groups = Array.from({ length: parts }, (): ServerId[] => []);
  ids.forEach((id, index) => groups[part[index]!]!.push(id));
  return groups
    .filter(({ length }) => length > 1)
    .map((group) => group.sort((a, b) => a - b))
    .sort((a, b) => a[0]! - b[0]!);
}
