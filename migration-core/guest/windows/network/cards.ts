/** Which card of the machine stands for which adapter of the server, and whose settings it gets. */
import type { VirtualMachine, VirtualNic } from '../../../target/machine.ts';
import type { Hive } from '../../../registry/hive.ts';
import type { WindowsAdapter, WindowsFacts } from '../facts.ts';
import { controlSetKey } from '../storage/control-sets.ts';
import { isIpv6WithPrefix, isMac } from './values.ts';
import { isUntold, readSettings, type CardSettings } from './settings.ts';

/** An adapter with what it was told. */
export interface ToldAdapter {
  adapter: WindowsAdapter;
  settings: CardSettings;
  unusable: string[];
  /** There is nothing to carry over. */
  untold: boolean;
}

/** A card of the new machine and the settings it gets. */
export interface Card {
  /** Lower case with colons. */
  mac: string;
  from: ToldAdapter;
  /** The adapter it takes the place of, where that is another one: a member of the team whose settings it gets. */
  member: WindowsAdapter | null;
}

export interface MatchedCards {
  cards: Card[];
  /** Adapters that were told something and for which the machine has no card. */
  without: ToldAdapter[];
}

export const toldAdapters = (windows: WindowsFacts, system: Hive): ToldAdapter[] =>
  windows.adapters.map((adapter) => {
    const read = readSettings(system, controlSetKey(windows.currentControlSet), adapter.guid);
    const { settings, unusable } = read;
    // Inspection decodes these from the store of the network stack.
    for (const address of adapter.ipv6Addresses)
      if (isIpv6WithPrefix(address)) settings.ipv6Addresses.push(address);
      else if (!/^fe80:/i.test(address)) unusable.push(`IPv6 address "${address.slice(0, 80)}"`);
    return { adapter, settings, unusable, untold: isUntold(settings) };
  });

/**
 * By the names that the machine's cards carry; then the addresses of teams, whose members are cards without settings of their
 * own, go to the first such card. Adapters that are only software (a virtual switch, a tunnel) stay and need no card.
 */
export function matchCards(machine: VirtualMachine, adapters: readonly ToldAdapter[]): MatchedCards {
  const nics = machine.nics.filter(({ mac }) => isMac(mac));
  const named = new Map<VirtualNic, ToldAdapter>();
  for (const nic of nics) {
    const found = adapters.find(({ adapter }) => isNamed(adapter, nic.guestName));
    if (found !== undefined) named.set(nic, found);
  }
  const placed = new Set(named.values());
  const cards = new Map<VirtualNic, Card>();
  for (const [nic, from] of named) if (!from.untold) cards.set(nic, { mac: nic.mac, from, member: null });
  const without: ToldAdapter[] = [];
  for (const from of adapters) {
    if (from.untold || placed.has(from) || from.adapter.kind === 'virtual') continue;
    const bare = nics.find((nic) => !cards.has(nic) && named.get(nic)?.adapter.kind !== 'virtual');
    if (from.adapter.kind === 'team' && bare !== undefined)
      cards.set(bare, { mac: bare.mac, from, member: named.get(bare)?.adapter ?? null });
    else without.push(from);
  }
  return { cards: nics.flatMap((nic) => cards.get(nic) ?? []), without };
}

function isNamed(adapter: WindowsAdapter, name: string | null): boolean {
  if (name === null) return false;
  return adapter.name === name || adapter.guid.toUpperCase() === name.toUpperCase();
}
