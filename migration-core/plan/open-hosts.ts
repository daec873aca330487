/** Hosts of an answer with what runs on them: what the reports, the failover proof and the backup plan work on. */
import type { Built } from './build/problem.ts';
import { presentLoad } from './build/problem.ts';
import type { HostKind } from './build/hosts.ts';
import type { PlannedItem } from './build/items.ts';
import { FIXED, TIMED } from './build/units.ts';
import type { PackedHost } from './packing/problem.ts';

export interface OpenHost {
  name: string;
  kind: HostKind;
  items: PlannedItem[];
  /** TIMED x slots: what was there and what was placed, backups as planned. */
  used: Uint32Array;
  /** In the order of FIXED. */
  needs: number[];
  /** Opened to take over from another one. */
  spare: boolean;
}

/** Existing hosts by their order in the scenario, then new ones in the order of the answer. */
export function openHosts(built: Built, packed: readonly PackedHost[]): OpenHost[] {
  const kinds = new Map(built.kinds.map((kind) => [kind.key, kind]));
  const hosts = packed
    .filter(({ items }) => items.length > 0)
    .map(({ host, items }) => ({ kind: kinds.get(host)!, items: items.map((key) => built.items.get(key)!) }));
  const taken = new Map(hosts.filter(({ kind }) => kind.existing !== null).map((host) => [host.kind, host]));
  const existing = built.kinds
    .filter((kind) => kind.existing !== null)
    .map((kind) => taken.get(kind) ?? { kind, items: [] })
    // An empty one is opened where it is needed, as the one that takes over.
    .filter(({ kind, items }) => items.length > 0 || isBusy(kind));
  const names = new HostNames(built);
  const open = ({ kind, items }: (typeof hosts)[number]): OpenHost =>
    openHost(built, kind, names.next(kind), items, false);
  const bought = hosts.filter(({ kind }) => kind.existing === null).map(open);
  // Those whose name a pin asked for stand where their name belongs.
  const byName = (a: OpenHost, b: OpenHost): number =>
    a.name.length - b.name.length || (a.name < b.name ? -1 : 1);
  return [
    ...existing.map(open),
    ...(bought.some(({ kind }) => kind.reserved !== null) ? bought.sort(byName) : bought),
  ];
}

export function openHost(
  built: Built,
  kind: HostKind,
  name: string,
  items: PlannedItem[],
  spare: boolean,
): OpenHost {
  const host: OpenHost = { name, kind, items, used: new Uint32Array(0), needs: [], spare };
  addUp(built, host);
  return host;
}

/** Computes the sums of a host anew. */
export function addUp(built: Built, host: OpenHost): void {
  const { demand: used, needs } = presentLoad(host.kind, built);
  for (const item of host.items) {
    for (let at = 0; at < TIMED * built.slots; at++) used[at] = used[at]! + item.demand[at]!;
    for (let at = 0; at < FIXED.length; at++) needs[at] = needs[at]! + item.needs[at]!;
  }
  host.used = used;
  host.needs = needs;
}

const isBusy = ({ existing }: HostKind): boolean =>
  existing !== null && (existing.machines > 0 || Object.values(existing.load).some((share) => share > 0));

/** `host-01`, `host-02` ...; never the name of one that is there. */
export class HostNames {
  readonly #existing: ReadonlySet<string>;
  #last = 0;

  constructor(built: Built, taken: readonly OpenHost[] = []) {
    this.#existing = new Set([
      ...built.kinds.flatMap(({ existing, reserved }) => existing?.name ?? reserved ?? []),
      ...taken.map(({ name }) => name),
    ]);
  }

  next({ existing, reserved }: HostKind): string {
    if (existing !== null) return existing.name;
    if (reserved !== null) return reserved;
    let name: string;
    do name = `host-${String(++this.#last).padStart(2, '0')}`;
    while (this.#existing.has(name));
    return name;
  }
}
