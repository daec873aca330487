/** Network interfaces of Windows with their teams, VLANs and addresses. */
import type { NetworkInterface } from '../../store/model/inventory.ts';
import { known, prefixLength } from '../values.ts';
import { pciLocations } from './devices.ts';
import type { WindowsParts, WindowsRecord } from './schema.ts';

/** MSFT_NetLbfoTeam.TeamingMode. */
const TEAM_MODES: Record<number, string> = { 0: 'static', 1: 'switch-independent', 2: 'lacp' };
/** Services of interfaces that are plumbing of Windows itself: remote access, tunnels, packet scheduling. */
const PLUMBING =
  /^(?:ras\w*|asyncmac|pptpminiport|ndiswan\w*|psched|raspti|tunnel|tunmp|isatap|kdnic|rdpdr|nwlnk\w*|wanarp\w*)$/iu;
/** Link speeds above are "unknown" in disguise (2^63 - 1). */
const FASTEST = 4e12;

export function windowsNetwork(parts: WindowsParts): NetworkInterface[] | undefined {
  const { Win32_NetworkAdapter: adapters, Win32_NetworkAdapterConfiguration: configurations } = parts;
  if (adapters === undefined && configurations === undefined) return undefined;
  const teams = teamsOf(parts);
  const locations = pciLocations(parts);
  const interfaces: NetworkInterface[] = [];
  const seen = new Set<WindowsRecord<'Win32_NetworkAdapterConfiguration'>>();
  for (const adapter of adapters ?? []) {
    const index = adapter.Index ?? Number(adapter.DeviceID ?? Number.NaN);
    const configuration = configurations?.find((one) => one.Index === index);
    if (configuration !== undefined) seen.add(configuration);
    if (!isInterface(adapter, configuration)) continue;
    const more = parts.MSFT_NetAdapter?.find(
      (one) =>
        one.InterfaceGuid !== undefined &&
        one.InterfaceGuid.toLowerCase() === (adapter.GUID ?? configuration?.SettingID)?.toLowerCase(),
    );
    interfaces.push(describe(adapter, configuration, more, teams, locations));
  }
  for (const configuration of configurations ?? []) {
    if (seen.has(configuration) || configuration.IPEnabled !== true) continue;
    interfaces.push(describe(undefined, configuration, undefined, teams, locations));
  }
  return interfaces;
}

function isInterface(
  adapter: WindowsRecord<'Win32_NetworkAdapter'>,
  configuration: WindowsRecord<'Win32_NetworkAdapterConfiguration'> | undefined,
): boolean {
  if (configuration?.IPEnabled === true) return true;
  if (PLUMBING.test(adapter.ServiceName ?? '')) return false;
  if (onHardware(adapter.PNPDeviceID)) return true;
  return adapter.NetConnectionID !== undefined && adapter.MACAddress !== undefined;
}

/** On a bus; converged adapters (Broadcom, QLogic, Mellanox) have a bus of their own below PCI. */
const onHardware = (id: string | undefined): boolean =>
  /^(?:PCI|USB|PCMCIA|VMBUS|XENVIF|XEN|MLX\w{0,12})\\|^[A-Z0-9]{3,12}\\L2ND/iu.test(id ?? '');

interface Teams {
  /** By the name of the team's own interface, lower case. */
  nics: Map<string, { team: string; vlan: number | undefined; primary: boolean }>;
  members: Map<string, string[]>;
  modes: Map<string, string | undefined>;
  vlans: Map<string, number>;
}

function teamsOf(parts: WindowsParts): Teams {
  const members = new Map<string, string[]>();
  for (const { Name, Team } of parts.MSFT_NetLbfoTeamMember ?? [])
    if (Name !== undefined && Team !== undefined) members.set(Team, [...(members.get(Team) ?? []), Name]);
  const nics = new Map<string, { team: string; vlan: number | undefined; primary: boolean }>();
  for (const { Name, Team, VlanID, Primary } of parts.MSFT_NetLbfoTeamNic ?? [])
    if (Name !== undefined && Team !== undefined)
      nics.set(Name.toLowerCase(), { team: Team, vlan: vlanId(VlanID), primary: Primary === true });
  const vlans = new Map<string, number>();
  for (const { Name, VlanID } of parts.AdapterVlan ?? []) {
    const vlan = vlanId(VlanID);
    if (Name !== undefined && vlan !== undefined) vlans.set(Name.toLowerCase(), vlan);
  }
  const modes = new Map(
    (parts.MSFT_NetLbfoTeam ?? []).map(({ Name, TeamingMode }) => [
      Name ?? '',
      TEAM_MODES[TeamingMode ?? -1],
    ]),
  );
  return { nics, members, modes, vlans };
}

/** 0 stands for "no VLAN" everywhere in Windows. */
const vlanId = (id: number | undefined): number | undefined =>
  id === undefined || id === 0 || id > 4095 ? undefined : id;

function describe(
  adapter: WindowsRecord<'Win32_NetworkAdapter'> | undefined,
  configuration: WindowsRecord<'Win32_NetworkAdapterConfiguration'> | undefined,
  more: WindowsRecord<'MSFT_NetAdapter'> | undefined,
  teams: Teams,
  locations: Map<string, string>,
): NetworkInterface {
  const name =
    more?.Name ?? adapter?.NetConnectionID ?? adapter?.Name ?? configuration?.Description ?? 'interface';
  const team = teams.nics.get(name.toLowerCase());
  const id = adapter?.PNPDeviceID ?? more?.PnPDeviceID;
  const speed = more?.Speed ?? adapter?.Speed;
  return {
    name,
    addresses: addressesOf(configuration),
    ...known({
      mac: macText(adapter?.MACAddress ?? configuration?.MACAddress ?? more?.PermanentAddress),
      kind: kindOf(id, team, more),
      gateway: configuration?.DefaultIPGateway?.[0],
      dhcp: configuration?.DHCPEnabled,
      speed: speed === undefined || speed > FASTEST ? undefined : speed,
      up: isUp(adapter, more),
      mtu: more?.MtuSize ?? configuration?.MTU,
      driver: adapter?.ServiceName ?? configuration?.ServiceName,
      address: locations.get(id?.toUpperCase() ?? ''),
      vlan: team?.vlan ?? vlanId(more?.VlanID) ?? teams.vlans.get(name.toLowerCase()),
      members:
        team === undefined ? undefined : team.vlan === undefined ? teams.members.get(team.team) : [team.team],
      teamMode: team === undefined ? undefined : teams.modes.get(team.team),
    }),
  };
}

function kindOf(
  id: string | undefined,
  team: { vlan: number | undefined } | undefined,
  more: WindowsRecord<'MSFT_NetAdapter'> | undefined,
): NetworkInterface['kind'] {
  if (team !== undefined) return team.vlan === undefined ? 'bond' : 'vlan';
  if (/IMPLAT_MP/iu.test(id ?? '')) return 'bond';
  // A Hyper-V host's own port on a virtual switch, tunnels, loopback adapters.
  if (more?.Virtual === true || /^(?:ROOT|SWD|COMPOSITEBUS|\{)/iu.test(id ?? '')) return 'virtual';
  return onHardware(id) ? 'physical' : undefined;
}

/** NetConnectionStatus 2 is connected; MSFT_NetAdapter.InterfaceOperationalStatus 1 is up. */
function isUp(
  adapter: WindowsRecord<'Win32_NetworkAdapter'> | undefined,
  more: WindowsRecord<'MSFT_NetAdapter'> | undefined,
): boolean | undefined {
  if (more?.InterfaceOperationalStatus !== undefined) return more.InterfaceOperationalStatus === 1;
  return adapter?.NetConnectionStatus === undefined ? undefined : adapter.NetConnectionStatus === 2;
}

/** Addresses and masks are two lists of the same order; masks of version 6 are prefix lengths. */
function addressesOf(
  configuration: WindowsRecord<'Win32_NetworkAdapterConfiguration'> | undefined,
): string[] {
  return (configuration?.IPAddress ?? []).map((address, index) => {
    const prefix = prefixLength(configuration?.IPSubnet?.[index] ?? '');
    return prefix === undefined ? address : `${address}/${prefix}`;
  });
}

export function macText(text: string | undefined): string | undefined {
  const hex = text?.toLowerCase().replace(/[:.-]/gu, '');
  return hex !== undefined && /^[0-9a-f]{12}$/u.test(hex) ? hex.match(/../gu)!.join(':') : undefined;
}
