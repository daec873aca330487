/** The network cards of the new machine: one for each physical interface the guest configures, as the options say. */
import type { Finding } from '../base/finding.ts';
import { blocker, info, uniqueFindings, warning } from './check.ts';
import { macHash, macProblem, normalMac } from './identity.ts';
import type { NicModel, VirtualNic } from './machine.ts';
import type { Target } from './target.ts';

/** A network card as asked for; the first is for the first interface of the guest, and so on. */
export interface NicOption {
  mode: VirtualNic['mode'];
  /** Bridge or network name, or null. */
  network: string | null;
  vlan: number | null;
  /** `keep` the address of the physical card, a `new` one, or this address. */
  mac: string;
}

/** What the guest's configuration says of an interface. */
export interface InterfaceFacts {
  name: string;
  mac: string | null;
  kind: 'physical' | 'bond' | 'vlan' | 'bridge';
}

/** No forwarding: the first boot must not meet the original server on the network. */
const DEFAULT_NIC: NicOption = { mode: 'isolated', network: null, vlan: null, mac: 'keep' };

export function planNics(
  target: Target,
  interfaces: readonly InterfaceFacts[],
  options: readonly NicOption[],
  model: NicModel,
  uuid: string,
  /** MAC addresses of the cards the machine is known to have, null where one has no fixed address. */
  cards: readonly (string | null)[] = [],
): { nics: VirtualNic[]; findings: Finding[] } {
  const findings: Finding[] = [];
  const physical = interfaces.filter(({ kind }) => kind === 'physical');
  const count = Math.max(physical.length, options.length, cards.length, 1);
  const known = assignCards(physical, cards);
  if (physical.length === 0 && options.length === 0 && cards.length === 0)
    findings.push(
      info(
        'TARGET_NIC_ASSUMED',
        'The server configures no physical network interface; the machine gets one network card.',
      ),
    );
  if (options.length > 0 && options.length < physical.length)
    findings.push(
      info(
        'TARGET_NICS_ISOLATED',
        `${options.length} of ${physical.length} network cards were described; the others are left on an isolated network.`,
      ),
    );
  const nics: VirtualNic[] = [];
  const taken = new Set<string>();
  for (let index = 0; index < count; index++) {
    const from = physical[index];
    const option = options[index] ?? DEFAULT_NIC;
    const given = chooseMac(option.mac, from, taken, known[index] ?? null);
    if (given.finding !== null) findings.push(given.finding);
    const mac = given.mac ?? freshMac(target, uuid, from?.name ?? `nic${index}`, taken);
    taken.add(mac);
    nics.push({
      model,
      mac,
      guestName: from?.name ?? null,
      mode: option.mode,
      network: option.network,
      vlan: option.vlan,
    });
  }
  if (options.length > 0 && nics.some((nic) => nic.mode === 'bridged'))
    findings.push(
      warning(
        'TARGET_BRIDGED',
        'A network card is on a bridge: the machine appears on the network with the name and addresses of the original.',
        'Switch the original server off, or unplug its network, before the machine is started.',
      ),
    );
  return { nics, findings: uniqueFindings(findings) };
}

/**
 * The card of each interface, then those no interface is configured for. An interface that notes its address has the card
 * with it; the others take what is left in the order of the machine, which knows its cards better than the guest does.
 */
function assignCards(
  physical: readonly InterfaceFacts[],
  cards: readonly (string | null)[],
): (string | null)[] {
  const left = cards.map((mac) => (mac === null ? null : normalMac(mac)));
  const matched = physical.map(({ mac }) => {
    const index = mac === null ? -1 : left.indexOf(normalMac(mac));
    return index < 0 ? null : (left.splice(index, 1)[0] ?? null);
  });
  const assigned = matched.map((mac) => mac ?? left.shift() ?? null);
  return [...assigned, ...left];
}

/** The address to use, or null for a new one; with what there is to say about it. */
function chooseMac(
  wish: string,
  from: InterfaceFacts | undefined,
  taken: ReadonlySet<string>,
  card: string | null,
): { mac: string | null; finding: Finding | null } {
  if (wish === 'new') return { mac: null, finding: null };
  if (wish !== 'keep') {
    const mac = normalMac(wish);
    // A wrong address is taken over as it is where it has the right form: the platform's own check reports it.
    if (mac !== null) return { mac, finding: null };
    const next = 'Write keep, new, or six pairs of hex digits such as 52:54:00:12:34:56.';
    return { mac: null, finding: blocker('TARGET_MAC', `"${wish}" is not a MAC address.`, next) };
  }
  const usable = card !== null && macProblem(card) === null && !taken.has(card) ? card : null;
  if (from === undefined) return { mac: usable, finding: null };
  const mac = usable ?? (from.mac === null ? null : normalMac(from.mac));
  if (mac === null || macProblem(mac) !== null)
    return {
      mac: null,
      finding: warning(
        'TARGET_MAC_UNKNOWN',
        `No file of the server tells the MAC address of ${from.name}, so its card gets a new one.`,
        `Give the address with --nic mac= if licences or DHCP reservations depend on it.`,
      ),
    };
  if (taken.has(mac))
    return {
      mac: null,
      finding: warning(
        'TARGET_MAC_SHARED',
        `${from.name} is configured with the MAC address of another interface, so its card gets a new one.`,
        'Check the network configuration of the server after the first boot.',
      ),
    };
  return { mac, finding: null };
}

/** A new address of the platform's range; the same for the same machine and interface. */
function freshMac(target: Target, uuid: string, place: string, taken: ReadonlySet<string>): string {
  for (let round = 0; ; round++) {
    const mac = target.newMac(macHash(uuid, `${place} ${round}`));
    if (!taken.has(mac)) return mac;
  }
}
