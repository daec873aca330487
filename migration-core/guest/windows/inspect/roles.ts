/** Roles and products that matter for a migration, told by their services. */
import type { Finding } from '../../../base/finding.ts';
import type { WindowsService } from '../facts.ts';
import type { ControlSets, RegistryReader } from './registry.ts';

interface Role {
  id: string;
  /** Names of services, one of which is there and not disabled. */
  service: RegExp;
  /** What to know, and what to do; absent where the role alone changes nothing. */
  finding?: { message: string; next: string };
}

/** Names of services as their setup programs register them. */
const ROLES: readonly Role[] = [
  {
    id: 'cluster',
    service: /^clussvc$/iu,
    finding: {
      message:
        'This server is a node of a Windows failover cluster; its shared disks and its heartbeat do not come along.',
      next: 'Evict the node from the cluster before the conversion, or build the cluster anew from virtual machines.',
    },
  },
  {
    id: 'hyper-v',
    service: /^vmms$/iu,
    finding: {
      message: 'This server is a Hyper-V host; its own virtual machines would run inside a virtual machine.',
      next: 'Move its virtual machines to another host first; nested machines need a processor setting that is not made here.',
    },
  },
  { id: 'sql-server', service: /^mssql(server|\$.+)$/iu },
  { id: 'exchange', service: /^msexchangeis$/iu },
  { id: 'web-server', service: /^w3svc$/iu },
  { id: 'certificate-authority', service: /^certsvc$/iu },
  { id: 'dns-server', service: /^dns$/iu },
  { id: 'dhcp-server', service: /^dhcpserver$/iu },
  { id: 'remote-desktop-licensing', service: /^termservlicensing$/iu },
];

const DISABLED = 4;

export function readRoles(
  services: readonly WindowsService[],
  system: RegistryReader,
  sets: ControlSets,
): { roles: string[]; findings: Finding[] } {
  const roles: string[] = [];
  const findings: Finding[] = [];
  // Files of Active Directory are on every server; only a promoted one is a LanmanNT.
  if (/^lanmannt$/iu.test(system.text(`${sets.path}\\Control\\ProductOptions`, 'ProductType'))) {
    roles.push('domain-controller');
    findings.push({
      severity: 'warning',
      code: 'WINDOWS_DOMAIN_CONTROLLER',
      message:
        'This server is a domain controller; a copy that starts while the original or a newer state of it is in use damages the directory.',
      next: 'Shut the original down for good before the machine is started, and never start an older copy; a new virtual domain controller is the safer way.',
    });
  }
  for (const { id, service, finding } of ROLES) {
    if (!services.some(({ name, start }) => service.test(name) && start !== null && start < DISABLED))
      continue;
    roles.push(id);
    if (finding !== undefined)
      findings.push({
        severity: 'warning',
        code: `WINDOWS_${id.toUpperCase().replaceAll('-', '_')}`,
        ...finding,
      });
  }
  return { roles, findings };
}
