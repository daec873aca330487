/** A Windows in a few lines, as people who know servers ask for it. */
import { listed } from '../../base/text.ts';
import type { Guest, Mount } from '../guest.ts';
import type { StorageDevice, WindowsFacts } from './facts.ts';

export interface Detail {
  name: string;
  value: string;
}

const INSTALLATIONS: Record<WindowsFacts['installation'], string> = {
  client: 'workstation',
  server: 'server',
  'server-core': 'server without desktop (Server Core)',
  unknown: '',
};

const ROLES: Record<string, string> = {
  'domain-controller': 'domain controller',
  cluster: 'failover cluster node',
  'hyper-v': 'Hyper-V host',
  'sql-server': 'SQL Server',
  exchange: 'Exchange',
  'web-server': 'web server (IIS)',
  'certificate-authority': 'certificate authority',
  'dns-server': 'DNS server',
  'dhcp-server': 'DHCP server',
  'remote-desktop-licensing': 'Remote Desktop licensing',
};

const CHANNELS: Record<WindowsFacts['activation']['channel'], string> = {
  oem: 'OEM, bound to this hardware',
  retail: 'retail',
  volume: 'volume licence',
  kms: 'volume licence, activated in the network (KMS)',
  evaluation: 'evaluation copy',
  unknown: '',
};

/** What the general facts of a guest do not say; lines without a value are left out. */
export function describeWindows(windows: WindowsFacts): Detail[] {
  const { ntVersion, build, servicePack, edition, installation, activation, hal } = windows;
  const details: Detail[] = [
    {
      name: 'Version',
      value: [`NT ${ntVersion}`, build === 0 ? '' : `build ${build}`, servicePack].filter(isTold).join(', '),
    },
    { name: 'Edition', value: [edition, INSTALLATIONS[installation]].filter(isTold).join(', ') },
    { name: 'Folder', value: `${windows.systemDrive}:${windows.systemRoot.replaceAll('/', '\\')}` },
    { name: 'Roles', value: listed(windows.roles.map((role) => ROLES[role] ?? role)) },
    { name: 'Disk controllers', value: listed(controllers(windows.storage)) },
    { name: 'HAL', value: hal ?? '' },
    { name: 'Network teams', value: listed(windows.teams.map(({ name, by }) => `${name} (${by})`)) },
    { name: 'Licence', value: CHANNELS[activation.channel] },
    { name: 'Hardware clock', value: windows.clockIsUtc ? 'in UTC' : 'in local time' },
    { name: 'Waits for a restart', value: listed(windows.pendingRestart) },
  ];
  return details.filter(({ value }) => isTold(value));
}

const isTold = (text: string): boolean => text !== '';

/** Controllers on the way to the disks, with the driver of each. */
function controllers(storage: readonly StorageDevice[]): string[] {
  const named = storage
    .filter(({ bootCritical, classGuid }) => bootCritical && /^\{4D36E9(6A|7B)-/u.test(classGuid))
    .map(({ description, service }) => `${description} (${service})`);
  return [...new Set(named)];
}

/** Where a volume is mounted, as the people of this server call it: `C:`, `EFI system partition`, `/boot`. */
export function placeOf(
  { windows, mounts }: Pick<Guest, 'windows' | 'mounts'>,
  volume: string,
): string | null {
  const mount: Mount | undefined = mounts.find((one) => one.volume === volume);
  if (mount === undefined) return null;
  if (windows === undefined) return mount.path;
  if (mount.path === '/') return `${windows.systemDrive}:`;
  if (mount.path === '/:esp') return 'EFI system partition';
  if (mount.path === '/:boot') return 'boot loader';
  return `${mount.path.slice(2)}:`;
}
