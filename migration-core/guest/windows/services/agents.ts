/**
 * Software of hardware vendors and of other hypervisors on Windows: found by the catalogue, switched off where the virtual
 * machine has nothing for it, never deleted. A watchdog without its board may restart the machine; a boot driver of another
 * hypervisor may stop Windows from reaching its disks.
 */
import { throwIfCancelled } from '../../../base/cancel.ts';
import type { Finding } from '../../../base/finding.ts';
import type { FixContext, Fixer, FixPlan, GuestEdit } from '../../fixer.ts';
import type { Agent } from '../../guest.ts';
import type { Hive } from '../../../registry/hive.ts';
import { readTexts } from '../../../registry/types.ts';
import type { WindowsFacts, WindowsService } from '../facts.ts';
import {
  findKnownSoftware,
  isKnownService,
  isMultipathInUse,
  knownServices,
  windowsCatalogue,
} from './catalogue.ts';
import {
  DISABLED,
  called,
  serviceKey,
  startInWords,
  switchOffChanges,
  unlessDamaged,
} from './service-keys.ts';

export const agents: Fixer = {
  id: 'windows-agents',
  title: 'Software of hardware vendors and hypervisors',
  applies: ({ guest }) => guest.windows !== undefined,
  plan,
};

/** All that is installed, whether it is started or not. Pure. */
export function findWindowsAgents(windows: WindowsFacts): Agent[] {
  return findKnownSoftware(windows).map(({ entry, services }) => {
    const { id, name, vendor, kind } = entry;
    return { id, name, vendor, kind, services: services.map((service) => service.name) };
  });
}

async function plan({ guest, hives, target }: FixContext, signal?: AbortSignal): Promise<FixPlan> {
  const windows = guest.windows!;
  const path = windows.hives.system;
  const system = await hives!.hive(path);
  const edits: GuestEdit[] = [];
  const findings: Finding[] = [...multipathFindings(windows)];
  const unwanted = findKnownSoftware(windows).filter(({ entry }) => !entry.keepOn.includes(target.id));
  for (const { entry, services } of unwanted) {
    throwIfCancelled(signal);
    for (const service of services) {
      const changes = unlessDamaged(findings, `the service ${service.name}`, [], () =>
        switchOffChanges(windows, system, service.name),
      );
      if (changes.length === 0) continue;
      const subject = called(service);
      const now =
        service.start === DISABLED
          ? 'stays off, also in the control sets in which it was not'
          : `is switched off; it started ${startInWords(service.start)}`;
      edits.push({
        what: `${subject[0]!.toUpperCase()}${subject.slice(1)} of ${entry.name} ${now}.`,
        why: entry.why,
        action: { kind: 'registry', path, changes },
      });
    }
  }
  const off = unwanted.flatMap(({ services }) => services);
  unlessDamaged(findings, 'what services need of each other', undefined, () => {
    findings.push(...dependants(windows, system, off));
  });
  return { edits, findings };
}

/** Services that stay on and name one that is switched off among those they need: Windows will not start them. */
function dependants(windows: WindowsFacts, system: Hive, off: readonly WindowsService[]): Finding[] {
  const names = new Map(off.map((service) => [service.name.toLowerCase(), service]));
  if (names.size === 0) return [];
  return windows.services.flatMap((service): Finding[] => {
    if (names.has(service.name.toLowerCase()) || service.start === null || service.start >= DISABLED)
      return [];
    const value = system.find(serviceKey(windows.currentControlSet, service.name))?.value('DependOnService');
    const needed = ((value === undefined ? undefined : readTexts(value)) ?? [])
      .map((name) => names.get(name.toLowerCase()))
      .find((found) => found !== undefined);
    if (needed === undefined) return [];
    const subject = called(service);
    return [
      {
        severity: 'warning',
        code: 'SERVICE_NEEDS_SWITCHED_OFF',
        message: `${subject[0]!.toUpperCase()}${subject.slice(1)} needs ${called(needed)}, which is switched off, and will not start.`,
        next: 'Ask who looks after that service whether the virtual machine still needs it; the undo of the conversion, or Services in the machine, switches the other one on again.',
      },
    ];
  });
}

/** Software that joins paths is left where disks come over several: its filters may know the disks by their paths. */
function multipathFindings(windows: WindowsFacts): Finding[] {
  if (!isMultipathInUse(windows)) return [];
  const names = windowsCatalogue()
    .entries.filter(({ unless }) => unless === 'multipath-in-use')
    .filter((entry) =>
      windows.services.some(({ name, image, displayName }) =>
        knownServices(entry).some((known) => isKnownService(known, name, [image, displayName])),
      ),
    )
    .map(({ name }) => name);
  const extra = names.length === 0 ? '' : ` (${names.join(', ')})`;
  return [
    {
      severity: 'warning',
      code: 'MULTIPATH_IN_USE',
      message: `The server reaches disks over several paths, and the software that joins them${extra} is left as it is.`,
      next: 'Check with a boot test that all disks are there, then uninstall that software in the virtual machine.',
    },
  ];
}
