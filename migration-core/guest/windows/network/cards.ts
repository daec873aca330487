/** Which card of the machine stands for which adapter of the server, and whose settings it gets. */
import type { VirtualMachine, VirtualNic } from '../../../target/machine.ts';
import type { Hive } from '../../../registry/hive.ts';
import type { WindowsAdapter, WindowsFacts } from '../facts.ts';
import { controlSetKey } from '../storage/control-sets.ts';
import { ipv6Addresses } from './ipv6.ts';
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

export function toldAdapters(windows: WindowsFacts, system: Hive): ToldAdapter[] {
  const controlSet = controlSetKey(windows.currentControlSet);
  const ipv6 = ipv6Of(system, controlSet);
  return windows.adapters.map((adapter) => {
    const { settings, unusable } = readSettings(system, controlSet, adapter.guid);
    const told = [...(ipv6?.get(adapter.guid) ?? []), ...adapter.ipv6Addresses];
    settings.ipv6Addresses.push(...new Set(told.filter(isIpv6WithPrefix)));
    if (ipv6 === null && adapter.kind === 'physical') unusable.push('IPv6 addresses (damaged)');
    return { adapter, settings, unusable, untold: isUntold(settings) };
  });
}

/** Null where they cannot be read. */
function ipv6Of(system: Hive, controlSet: string): Map<string, string[]> | null {
  try {
    return ipv6Addresses(system, controlSet);
  } catch {
    return null;
  }
}

/**
 * By the names that the machine's cards carry; then the addresses of teams, whose members are cards without settings of their
 * own, go to the first such card. Adapters that are only software (a virtual switch, a tunnel) stay and need no card.
 */
export function matchCards(machine: VirtualMachine, adapters: readonly ToldAdapter[]): MatchedCards {
  const nics = machine.nics.filter(({ mac }) => isMac(mac));
  const named = new Map<VirtualNic, ToldAdapter>();
  const placed = new Set<ToldAdapter>();
  for (const nic of nics) {
    const found = adapters.find((one) => !placed.has(one) && isNamed(one.adapter, nic.guestName));
    if (found === undefined) continue;
    named.set(nic, found);
    placed.add(found);
  }
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
  if (cards.size === 0) return { cards: [], without };
  // The others come along for their names: a card without settings may be given the name that another one is to have.
  for (const [nic, from] of named)
    if (!cards.has(nic) && from.adapter.kind === 'physical')
      cards.set(nic, { mac: nic.mac, from, member: null });
  const inOrder = nics.flatMap((nic) => cards.get(nic) ?? []);
  // Those that have to be told something first: a card that is missing is waited for.
  return { cards: [...inOrder.filter(isTold), ...inOrder.filter((card) => !isTold(card))], without };
}

const isTold = ({ from }: Card): boolean => !from.untold;

function isNamed(adapter: WindowsAdapter, name: string | null): boolean {
  if (name === null) return false;
  return adapter.name === name || adapter.guid.toUpperCase() === name.toUpperCase();
}
