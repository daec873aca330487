/** What a person should know about a Windows before it moves. */
import type { Finding } from '../../../base/finding.ts';
import { formatBytes, listed } from '../../../base/text.ts';
import { ACCEPT_UNCLEAN } from '../../../filesystem/ntfs/errors.ts';
import type { OpenVolume } from '../../inspect/open-volume.ts';
import type { GuestTree } from '../../tree.ts';
import { PACKAGES, SHA2_UPDATES } from '../drivers/signature.ts';
import type { WindowsFacts } from '../facts.ts';
import { withoutDrive } from '../path.ts';
import type { RegistryReader } from './registry.ts';

/** Bytes; what virt-v2v asks of the volume of Windows as well. */
const LITTLE_SPACE = 100 << 20;

const warning = (code: string, message: string, next: string): Finding => ({
  severity: 'warning',
  code,
  message,
  next,
});

export function stateFindings(windows: WindowsFacts): Finding[] {
  const findings: Finding[] = [];
  const { activation, pendingRestart, restrictions, teams } = windows;
  if (pendingRestart.length > 0)
    findings.push(
      warning(
        'WINDOWS_PENDING_RESTART',
        `This Windows waits for a restart: ${listed(pendingRestart)}.`,
        'Restart the server and let it finish before the disks are copied; otherwise the virtual machine does this work at its first start, on new hardware.',
      ),
    );
  if (activation.channel === 'oem')
    findings.push(
      warning(
        'WINDOWS_OEM_LICENCE',
        `This Windows is licensed with its hardware (OEM: ${activation.evidence}); it will ask for activation on the virtual machine.`,
        'Have a volume or retail licence for the virtual machine at hand; an OEM licence may not be moved to other hardware.',
      ),
    );
  if (activation.channel === 'evaluation')
    findings.push(
      warning(
        'WINDOWS_EVALUATION',
        `This Windows is an evaluation copy (${activation.evidence}), which shuts itself down when its time is over.`,
        'Convert it to a licensed edition before or after the migration.',
      ),
    );
  if (restrictions.length > 0)
    findings.push(
      warning(
        'WINDOWS_INSTALLATION_RESTRICTED',
        `On this server ${listed(restrictions)}, so drivers of the virtual machine may not be installed at its first start.`,
        'Except the devices of the virtual machine from the policy "Device Installation Restrictions" before the migration.',
      ),
    );
  for (const { name, by } of teams)
    findings.push(
      warning(
        'WINDOWS_NETWORK_TEAM',
        `Network cards of this server work as the team "${name}" (${by}), which does not come along.`,
        'Give the virtual machine one card for the team, and its addresses; the host takes care of failover.',
      ),
    );
  if (windows.fastStartup)
    findings.push({
      severity: 'info',
      code: 'WINDOWS_FAST_STARTUP',
      message:
        'Fast Startup is switched on: what is called "Shut down" in the menu leaves Windows half asleep.',
      next: 'Shut the server down with "shutdown /s /f /t 0" before its disks are copied for good.',
    });
  return findings;
}

export function signatureFindings(windows: WindowsFacts, software: RegistryReader | null): Finding[] {
  if (!/^6\.[01]$/u.test(windows.ntVersion) || software === null) return [];
  const packages = software.subkeys(PACKAGES);
  if (packages.some((name) => SHA2_UPDATES.test(name))) return [];
  const update = windows.ntVersion === '6.1' ? 'KB3033929' : 'KB4474419';
  return [
    {
      severity: 'info',
      code: 'WINDOWS_NO_SHA2',
      message: `The update with which this Windows accepts drivers signed with SHA-2 (${update}) was not found, and newer drivers are signed with nothing else.`,
      next: `Install ${update} on the server, or name a driver source with drivers signed with SHA-1.`,
    },
  ];
}

export function damageFindings(reader: RegistryReader | null, file: string): Finding[] {
  if (reader === null || reader.damaged.length === 0) return [];
  return [
    warning(
      'WINDOWS_REGISTRY_DAMAGED',
      `Parts of the registry file ${withoutDrive(file)} are damaged and were passed over: ${listed(reader.damaged, 4)}.`,
      'Check the disk of the server and its registry; the virtual machine may miss what these keys set.',
    ),
  ];
}

export function volumeFindings(
  tree: GuestTree,
  root: OpenVolume,
  volumes: readonly OpenVolume[],
  letters: ReadonlyMap<string, string>,
  drive: string,
): Finding[] {
  const findings: Finding[] = [];
  const unclean = root.fileSystem?.findings.find(
    ({ code }) => code === 'NTFS_NOT_CLEAN' || code === 'NTFS_DAMAGED_IN_PART',
  );
  if (unclean !== undefined)
    findings.push({
      severity: 'blocker',
      code: 'NTFS_LOG_DIRTY',
      message: `Windows cannot be prepared, because its volume (${drive}:, ${root.info.id}) was not left in order and must not be changed.`,
      next: `Start the server, run "chkdsk /f" for this volume and "shutdown /s /f /t 0" in a command prompt as administrator, and make the copy again; with --no-fix the disks are copied unchanged.${unclean.code === 'NTFS_NOT_CLEAN' ? ` ${ACCEPT_UNCLEAN}` : ''}`,
    });
  for (const { path, fileSystem } of tree.mounts)
    if (unclean === undefined && path === '/' && fileSystem.freeBytes < LITTLE_SPACE)
      findings.push({
        severity: 'info',
        code: 'LITTLE_SPACE',
        message: `The server's volume ${drive}: has only ${formatBytes(fileSystem.freeBytes)} free.`,
        next: 'The conversion checks whether its changes fit before it begins.',
      });
  for (const [letter, id] of letters) {
    const volume = volumes.find(({ info }) => info.id === id);
    if (volume?.error != null && id !== root.info.id)
      findings.push(
        warning(
          'WINDOWS_DRIVE_NOT_READ',
          `Drive ${letter}: (${id}) could not be opened and is copied as it is: ${volume.error.message}`,
          volume.error.next,
        ),
      );
  }
  findings.push(...disksOfWindows(volumes));
  return findings;
}

function disksOfWindows(volumes: readonly OpenVolume[]): Finding[] {
  const on = (type: string): string =>
    listed([
      ...new Set(volumes.filter(({ info }) => info.type === type).map(({ info }) => `disk ${info.disk + 1}`)),
    ]);
  const findings: Finding[] = [];
  if (volumes.some(({ info }) => info.type === 'LDM'))
    findings.push({
      severity: 'info',
      code: 'WINDOWS_DYNAMIC_DISK',
      message: `There are dynamic volumes on ${on('LDM')}; they are copied whole and are found again by Windows when all their disks are there.`,
      next: 'Give all disks of each dynamic volume, and look in Disk Management after the first start whether they are online.',
    });
  if (volumes.some(({ info }) => info.type === 'StorageSpaces'))
    findings.push({
      severity: 'info',
      code: 'WINDOWS_STORAGE_SPACES',
      message: `There is a pool of Storage Spaces on ${on('StorageSpaces')}; its disks are copied whole and are found again by Windows when all of them are there.`,
      next: 'Give all disks of the pool, and check it in Server Manager after the first start.',
    });
  return findings;
}
