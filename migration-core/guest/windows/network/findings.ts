/** What a person should know about the network of a Windows server that moves. */
import type { Finding } from '../../../base/finding.ts';
import type { Hive } from '../../../registry/hive.ts';
import type { WindowsFacts } from '../facts.ts';
import { controlSetKey } from '../storage/control-sets.ts';
import type { Card, MatchedCards, ToldAdapter } from './cards.ts';
import { persistentRoutes } from './routes.ts';
import { describedSettings } from './settings.ts';
import { newName, type StepOptions } from './step.ts';

export interface Network extends MatchedCards {
  windows: WindowsFacts;
  system: Hive;
  adapters: readonly ToldAdapter[];
  options: StepOptions;
}

/** Routes that are named in a sentence. */
const NAMED_ROUTES = 5;

export function networkFindings(network: Network): Finding[] {
  const { cards, without, windows, options } = network;
  const findings: Finding[] = [];
  for (const one of network.adapters) findings.push(...leftOut(one));
  for (const card of cards) findings.push(...ofCard(card, network));
  for (const one of network.adapters) if (isSwitchPort(one)) findings.push(onVirtualSwitch(one));
  const carried = new Set(cards.flatMap(({ from }) => from.settings.addresses.map(({ address }) => address)));
  for (const one of without) {
    const { addresses } = one.settings;
    // What is left of an earlier card whose address the present one has.
    if (addresses.length > 0 && addresses.every(({ address }) => carried.has(address))) continue;
    findings.push(withoutCard(one));
  }
  if (cards.length === 0) return findings;
  findings.push(boundTo(cards));

  const kept = persistentRoutes(network.system, controlSetKey(windows.currentControlSet));
  if (kept.length > 0) {
    const more = kept.length > NAMED_ROUTES ? ` and ${kept.length - NAMED_ROUTES} more` : '';
    findings.push({
      severity: 'info',
      code: 'NETWORK_ROUTES_KEPT',
      message: `The routes that were added for good stay: ${kept.slice(0, NAMED_ROUTES).join(', ')}${more}.`,
      next: 'Compare the output of "route print" with that of the old server after the first start.',
    });
  }
  if (options.withoutDhcpClient)
    findings.push({
      severity: 'info',
      code: 'NETWORK_DHCP_CLIENT_OFF',
      message:
        'The DHCP client is switched off, so the addresses are written into the registry at the first start and the server restarts once.',
    });
  if (!options.beforeVista)
    findings.push({
      severity: 'info',
      code: 'NETWORK_FIREWALL_PROFILE',
      message:
        'Windows sees a new network at the first start and may treat it as public until it has found its domain, so the firewall may close ports for a while.',
      next: 'Check the network profile after the first start where clients cannot reach the server.',
    });
  if (windows.roles.includes('domain-controller'))
    findings.push({
      severity: 'warning',
      code: 'NETWORK_DOMAIN_CONTROLLER',
      message:
        'This is a domain controller: its services start before its new network card has its address, so the server restarts once by itself when the address is set.',
      next: 'Convert one domain controller at a time, never start the old and the new one together, and check DNS and replication after the restart.',
    });
  else if (options.restart)
    findings.push({
      severity: 'info',
      code: 'NETWORK_RESTART',
      message:
        'Services of this server are bound to its addresses, so it restarts once by itself when its new network card has them.',
    });
  return findings;
}

const boundTo = (cards: readonly Card[]): Finding => ({
  severity: 'info',
  code: 'NETWORK_BOUND_TO_MAC',
  message: `The network settings go to ${cards.length === 1 ? 'the card with the MAC address' : 'the cards with the MAC addresses'} ${cards.map(({ mac }) => mac).join(' and ')}.`,
  next: 'Keep the MAC addresses where the platform offers new ones when the machine is imported or copied, until it has started once.',
});

/** The server's own port of a virtual switch of Hyper-V (services of wvms_mp.inf), with an address. */
const isSwitchPort = ({ adapter: { kind, service, description }, settings }: ToldAdapter): boolean =>
  kind === 'virtual' &&
  settings.addresses.length > 0 &&
  (/^vms(?:mp|npxymp)$/iu.test(service) || /^Hyper-V Virtual Ethernet Adapter\b/iu.test(description));

const onVirtualSwitch = ({ adapter: { name }, settings }: ToldAdapter): Finding => ({
  severity: 'warning',
  code: 'NETWORK_VIRTUAL_SWITCH',
  message: `${name} (${describedSettings(settings)}) is the port of a virtual switch of Hyper-V and keeps its address, but the network card of that switch does not come along, so the server is not reached there.`,
  next: 'Connect the switch to the new network card in Hyper-V Manager after the first start, or delete the switch and give the card the address.',
});

/** Adapters that are only software keep their settings, whatever they are. */
const leftOut = ({ adapter: { name, kind }, unusable }: ToldAdapter): Finding[] =>
  unusable.length === 0 || kind === 'virtual'
    ? []
    : [
        {
          severity: 'warning',
          code: 'NETWORK_VALUE_LEFT_OUT',
          message: `Of the settings of ${name}, what cannot be used as it is written is left out: ${unusable.join(', ')}.`,
          next: 'Set it by hand after the first start if it is needed.',
        },
      ];

function* ofCard(card: Card, { windows, options }: Network): Iterable<Finding> {
  const { adapter, settings } = card.from;
  const { name } = adapter;
  if (adapter.kind === 'team' || card.member !== null) {
    const by = windows.teams.find((team) => team.name === name)?.by ?? '';
    yield {
      severity: 'warning',
      code: 'NETWORK_TEAM_COLLAPSED',
      message: `${name} is a team of network cards${by === '' ? '' : ` made by ${by}`}; its settings (${describedSettings(settings)}) go to the single card ${card.mac}.`,
      next: 'Dissolve the team after the first start; the host of the virtual machine has the redundancy now.',
    };
  }
  if (adapter.kind === 'vlan')
    yield {
      severity: 'warning',
      code: 'NETWORK_VLAN',
      message: `${name} is one VLAN of a network card; its settings go to the card ${card.mac}, which sends without a VLAN tag.`,
      next: 'Give this card of the virtual machine the VLAN in the settings of the host.',
    };
  if (options.beforeVista && (settings.ipv6Addresses.length > 0 || settings.ipv6DnsServers.length > 0))
    yield {
      severity: 'warning',
      code: 'NETWORK_IPV6_BY_HAND',
      message: `The IPv6 settings of ${name} are not carried over on this Windows.`,
      next: 'Set them by hand after the first start.',
    };
  else if (settings.ipv6Addresses.length > 0)
    yield {
      severity: 'info',
      code: 'NETWORK_IPV6_GATEWAY',
      message: `The IPv6 addresses of ${name} are carried over; an IPv6 gateway that was set by hand is not.`,
      next: 'Set the gateway by hand where routers do not announce themselves.',
    };
  if (newName(card) === null && adapter.kind === 'physical')
    yield {
      severity: 'info',
      code: 'NETWORK_NAME_NEW',
      message: `The new network connection may get another name than ${name}, which has letters that a batch file cannot hold in every language.`,
      next: 'Rename it by hand where scripts or programs call it by its name.',
    };
}

function withoutCard({ adapter, settings }: ToldAdapter): Finding {
  const what =
    adapter.kind === 'vlan' ? 'the VLAN' : adapter.kind === 'team' ? 'the team' : 'the network connection';
  return {
    severity: 'warning',
    code: 'NETWORK_ADAPTER_WITHOUT_CARD',
    message: `The machine has no network card for ${what} ${adapter.name} (${describedSettings(settings)}), so its settings are not carried over.`,
    next: 'Give the machine a network card for it, or set its addresses by hand after the first start.',
  };
}
