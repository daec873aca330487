/**
 * Every interface that the guest's configuration names, put together from all systems that may configure it. Nothing is
 * guessed: a file that is not understood becomes a finding and says nothing.
 */
import type { Finding } from '../../../base/finding.ts';
import type { GuestReader } from '../../fixer.ts';
import type { NetworkInterface } from '../../guest.ts';
import { readDebianInterfaces } from './debian-interfaces.ts';
import { readIfcfg } from './ifcfg.ts';
import { readKeyfiles } from './keyfile.ts';
import { leaseEvidence, readLeases } from './leases.ts';
import { macOfName } from './mac.ts';
import { readNetplan } from './netplan.ts';
import { readNetworkd } from './networkd.ts';
import {
  notUnderstood,
  statement,
  type MacEvidence,
  type StatedKind,
  type Statement,
  type UnnamedStatement,
} from './statements.ts';
import { readNamingRules } from './udev-rules.ts';

/** No server has more; a damaged file may say the same thing a million times. */
const MOST_STATEMENTS = 4096;

export interface Bond {
  name: string;
  slaves: string[];
  /** As the file writes it: `802.3ad`, `4`; null where it does not say. */
  mode: string | null;
}

export interface GuestNetwork {
  /** Physical ones first, in the order their cards should have (see `inCardOrder`). */
  interfaces: NetworkInterface[];
  bonds: Bond[];
  /** Settings that hold only for the card of one address: the interface they name, null where none is. */
  bindings: { mac: string; name: string | null; file: string }[];
  findings: Finding[];
}

export async function readInterfaces(files: GuestReader): Promise<NetworkInterface[]> {
  return (await readNetwork(files)).interfaces;
}

export async function readNetwork(files: GuestReader): Promise<GuestNetwork> {
  const parts = [
    await readIfcfg(files),
    await readKeyfiles(files),
    await readNetplan(files),
    await readNetworkd(files),
    await readDebianInterfaces(files),
    await readNamingRules(files),
  ];
  const leases = await readLeases(files);
  // At most so many of each: what follows compares them with each other.
  const most = <T>(list: T[]): T[] => list.slice(0, MOST_STATEMENTS);
  const statements = most(parts.flatMap((part) => part.statements));
  const findings = most(parts.flatMap((part) => part.findings));
  const evidence = most([...parts.flatMap((part) => part.evidence), ...leaseEvidence(leases)]);
  for (const said of most(parts.flatMap((part) => part.unnamed)))
    nameByAddress(said, evidence, statements, findings);
  // A server without any network file got its addresses by DHCP on what it found.
  if (!statements.some((said) => kindOf(said.name, [said]) === 'physical'))
    for (const { name, file } of leases) statements.push(statement(name, file, { addresses: ['dhcp'] }));
  const unnamed = most(parts.flatMap((part) => part.unnamed)).map((said) => ({ ...said, name: null }));
  const bindings = [...evidence.filter(({ rank }) => rank === 0), ...unnamed].map(({ mac, name, file }) => ({
    mac,
    name,
    file,
  }));
  return { ...putTogether(statements, evidence), bindings, findings };
}

/** The name of a card that a file knows by its address only, where a rule or another file tells it. */
function nameByAddress(
  said: UnnamedStatement,
  evidence: MacEvidence[],
  statements: Statement[],
  findings: Finding[],
): void {
  const known = evidence.filter(({ mac }) => mac === said.mac).sort((a, b) => a.rank - b.rank)[0];
  if (known === undefined) {
    findings.push(notUnderstood(said.file, `it is for the card ${said.mac}, whose name no file tells`));
    return;
  }
  evidence.push({ name: known.name, mac: said.mac, rank: 0, file: said.file });
  statements.push(statement(known.name, said.file, { addresses: said.addresses }));
}

function putTogether(
  statements: readonly Statement[],
  evidence: readonly MacEvidence[],
): { interfaces: NetworkInterface[]; bonds: Bond[] } {
  const byName = new Map<string, Statement[]>();
  const say = (said: Statement): void => {
    const about = byName.get(said.name);
    if (about === undefined) byName.set(said.name, [said]);
    else about.push(said);
  };
  statements.forEach(say);
  // What a bond, bridge or VLAN stands on exists, also where nothing else is said of it.
  for (const said of statements) {
    const members = said.members.length > 0 ? said.members : parentOfVlan(said);
    for (const member of members) if (!byName.has(member)) say(statement(member, said.file));
  }
  const interfaces: NetworkInterface[] = [];
  const bonds: Bond[] = [];
  for (const [name, about] of byName) {
    const kind = kindOf(name, about);
    if (kind === 'virtual') continue;
    const addresses = [...new Set(about.flatMap((said) => said.addresses))];
    // The file that gives addresses is the one people look for.
    const first = about.find((said) => said.addresses.length > 0) ?? about[0]!;
    const mac = kind === 'physical' ? bestMac(name, evidence) : null;
    interfaces.push({ name, mac, addresses, configuredBy: first.file, kind });
    if (kind === 'bond') {
      const slaves = [...new Set(about.flatMap((said) => said.members))].sort(byNumber);
      bonds.push({ name, slaves, mode: about.find((said) => said.mode !== null)?.mode ?? null });
    }
  }
  interfaces.sort((a, b) => byNumber(a.name, b.name));
  const physical = interfaces.filter(({ kind }) => kind === 'physical');
  const others = interfaces.filter(({ kind }) => kind !== 'physical');
  return { interfaces: [...inCardOrder(physical), ...others], bonds };
}

const byNumber = (a: string, b: string): number => a.localeCompare(b, 'en', { numeric: true });

/** Names that no Ethernet card has; InfiniBand and wireless ones have no counterpart in a virtual machine. */
const VIRTUAL =
  /^(lo$|veth|(dummy|tun|tap|virbr|vnet|docker|wg|ppp|sit|gre|ipip|ip6tnl|ifb|macvlan|ib|wlan)\d|ib[ps]\d|wl[opsx]\w*\d)/;

/** `eth0.100`: the VLAN 100 of eth0, in all systems. */
function parentOfVlan({ name, kind }: Statement): string[] {
  const parent = /^(.+)\.\d{1,4}$/.exec(name)?.[1];
  return parent === undefined || (kind !== null && kind !== 'vlan') ? [] : [parent];
}

function kindOf(name: string, about: readonly Statement[]): StatedKind {
  const stated = about.map(({ kind }) => kind).find((kind) => kind !== null && kind !== 'physical');
  if (stated != null) return stated;
  if (about.some(({ kind }) => kind === 'physical')) return 'physical';
  if (parentOfVlan(about[0]!).length > 0 || /^vlan\d+$/.test(name)) return 'vlan';
  if (/^(bond|team)\d+$/.test(name)) return 'bond';
  if (/^(br|vmbr|xenbr)\d+$/.test(name)) return 'bridge';
  return VIRTUAL.test(name) ? 'virtual' : 'physical';
}

function bestMac(name: string, evidence: readonly MacEvidence[]): string | null {
  const named = macOfName(name);
  const all = evidence.filter((fact) => fact.name === name);
  if (named !== null) all.push({ name, mac: named, rank: 2, file: '' });
  return all.sort((a, b) => a.rank - b.rank)[0]?.mac ?? null;
}

/**
 * The order of cards in which none has to take a name that the kernel gives to another one: the card of ethN is the
 * N-th, counted from 0, as far as there are that many; all others fill the places left. The kernel calls the cards eth0,
 * eth1 ... in the order of their slots, and udev since version 197 cannot exchange two names of that kind.
 */
export function inCardOrder<T extends { name: string }>(physical: readonly T[]): T[] {
  const places: (T | undefined)[] = physical.map(() => undefined);
  const others: T[] = [];
  for (const card of physical) {
    const place = kernelNumber(card.name);
    if (place !== null && place < places.length && places[place] === undefined) places[place] = card;
    else others.push(card);
  }
  return places.map((card) => card ?? others.shift()!);
}

/** The N of ethN; null for other names. */
export function kernelNumber(name: string): number | null {
  const digits = /^eth(0|[1-9]\d{0,3})$/.exec(name)?.[1];
  return digits === undefined ? null : Number(digits);
}
