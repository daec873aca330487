/** Services, programs, roles and vendor agents of Windows, and who is connected to whom. */
import type { ServerInventory } from '../../store/model/inventory.ts';
import { known } from '../values.ts';
import { collectedAgents, hasServiceOf } from './agents.ts';
import { startType } from './devices.ts';
import type { WindowsParts } from './schema.ts';

type Service = NonNullable<ServerInventory['services']>[number];
type Software = NonNullable<ServerInventory['software']>[number];
type Listener = NonNullable<ServerInventory['listeners']>[number];
type Connection = NonNullable<ServerInventory['connections']>[number];

export function windowsServices(parts: WindowsParts): Service[] | undefined {
  return parts.Win32_Service?.flatMap((service) =>
    service.Name === undefined
      ? []
      : [
          known({
            name: service.Name,
            title: service.DisplayName,
            startType: startType(service.StartMode),
            // State is a fixed English word, as is StartMode.
            running: service.State === undefined ? service.Started : service.State === 'Running',
          }),
        ],
  );
}

/** As the list of programs of Windows shows them: parts of other programs and updates are left away. */
export function windowsSoftware(parts: WindowsParts): Software[] | undefined {
  if (parts.Uninstall === undefined) return undefined;
  const found = new Map<string, Software>();
  for (const key of parts.Uninstall) {
    if (key.DisplayName === undefined || key.SystemComponent === true || key.ParentKeyName !== undefined)
      continue;
    if (/update|hotfix/iu.test(key.ReleaseType ?? '')) continue;
    const entry = known({ name: key.DisplayName, version: key.DisplayVersion, vendor: key.Publisher });
    // The 32-bit and the 64-bit view show some programs twice.
    found.set(`${entry.name}\u0000${key.DisplayVersion ?? ''}`, entry);
  }
  return [...found.values()];
}

/** Agents of hardware vendors, by the names of their services and programs. */
export function windowsVendorAgents(
  services: Service[] | undefined,
  software: Software[] | undefined,
): Software[] | undefined {
  if (services === undefined && software === undefined) return undefined;
  return collectedAgents().flatMap((agent) => {
    const program = software?.find((one) =>
      agent.software.some((prefix) => one.name.toLowerCase().startsWith(prefix.toLowerCase())),
    );
    const isThere = program !== undefined || hasServiceOf(agent, services ?? []);
    return isThere ? [known({ name: agent.name, version: program?.version, vendor: agent.vendor })] : [];
  });
}

/** Services that make a server what it is; names of services are the same in every language. */
const ROLES_OF_SERVICES: readonly [RegExp, string][] = [
  [/^ntds$/iu, 'domain controller'],
  [/^dns$/iu, 'dns'],
  [/^dhcpserver$/iu, 'dhcp'],
  [/^w3svc$/iu, 'web'],
  [
    /^(?:mssqlserver|mssql\$.{1,64}|mysql\w{0,10}|postgresql.{0,40}|oracleservice\w{1,64}|db2.{0,40})$/iu,
    'database',
  ],
  [/^msexchange(?:is|transport|mta)$/iu, 'mail'],
  [/^certsvc$/iu, 'certificate authority'],
  [/^vmms$/iu, 'hypervisor'],
  [/^clussvc$/iu, 'failover cluster'],
  [/^(?:termservlicensing|tssdis|tscpubrpc)$/iu, 'remote desktop'],
  [/^wsusservice$/iu, 'update server'],
  [/^(?:dfs|dfsr)$/iu, 'file replication'],
  [/^(?:sharepoint timer.{0,20}|sptimerv\d|sptimer\d{4})$/iu, 'collaboration'],
];
/** Win32_OptionalFeature has names that no language changes; InstallState 1 is installed. */
const ROLES_OF_FEATURES: Record<string, string> = {
  'iis-webserver': 'web',
  'dns-server-full-role': 'dns',
  dhcpserver: 'dhcp',
  'directoryservices-domaincontroller': 'domain controller',
  'microsoft-hyper-v': 'hypervisor',
  'failovercluster-fullserver': 'failover cluster',
  'printing-server-role': 'print',
  'file-services': 'file',
  'certificateservices-ca': 'certificate authority',
};

/** Roles and features by the name Windows gives them, and what its services make it. */
export function windowsRoles(parts: WindowsParts, services: Service[] | undefined): string[] | undefined {
  const { Win32_ServerFeature: features, Win32_OptionalFeature: optional } = parts;
  if (features === undefined && optional === undefined && services === undefined) return undefined;
  const roles = new Set<string>();
  for (const { name, startType: starts } of services ?? [])
    for (const [pattern, role] of ROLES_OF_SERVICES)
      if (starts !== 'disabled' && pattern.test(name)) roles.add(role);
  for (const { Name, InstallState } of optional ?? []) {
    const role = ROLES_OF_FEATURES[Name?.toLowerCase() ?? ''];
    if (InstallState === 1 && role !== undefined) roles.add(role);
  }
  for (const { Name } of features ?? []) if (Name !== undefined) roles.add(Name);
  return [...roles];
}

export function windowsEndpoints(parts: WindowsParts): {
  listeners?: Listener[];
  connections?: Connection[];
} {
  if (parts.Endpoint === undefined) return {};
  const processes = new Map((parts.Win32_Process ?? []).map(({ ProcessId, Name }) => [ProcessId, Name]));
  const listeners: Listener[] = [];
  const connections: Connection[] = [];
  for (const endpoint of parts.Endpoint) {
    const protocol = endpoint.Protocol?.toLowerCase();
    const { LocalAddress: localAddress, LocalPort: localPort } = endpoint;
    if (protocol !== 'tcp' && protocol !== 'udp') continue;
    if (localAddress === undefined || localPort === undefined || localPort > 65_535) continue;
    const remotePort = endpoint.RemotePort ?? 0;
    const owner = known({ process: processes.get(endpoint.ProcessId) });
    if (remotePort === 0) listeners.push({ protocol, address: localAddress, port: localPort, ...owner });
    else if (remotePort <= 65_535 && endpoint.RemoteAddress !== undefined)
      connections.push({
        protocol,
        localAddress,
        localPort,
        remoteAddress: endpoint.RemoteAddress,
        remotePort,
        ...owner,
      });
  }
  return { listeners, connections };
}
