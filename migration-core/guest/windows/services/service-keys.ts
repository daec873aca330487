/** Keys of services in the SYSTEM hive, over all control sets. */
import type { Finding } from '../../../base/finding.ts';
import { isIronliftError } from '../../../base/errors.ts';
import type { Hive } from '../../../registry/hive.ts';
import { dword, readDword, readText } from '../../../registry/types.ts';
import type { WindowsFacts } from '../facts.ts';
import type { RegistryChange } from '../registry-change.ts';
import { controlSetKey } from '../storage/control-sets.ts';
import { setValue } from '../storage/service-key.ts';

/** Start of a service that is switched off (SERVICE_DISABLED). */
export const DISABLED = 4;

export const serviceKey = (controlSet: number, name: string): string =>
  `${controlSetKey(controlSet)}\\Services\\${name}`;

/** How Start is called among people. */
export function startInWords(start: number | null): string {
  const words = ['at boot', 'with Windows', 'by itself', 'on demand', 'not at all'];
  return (start === null ? undefined : words[start]) ?? 'in a way that is not known';
}

/** Undefined where there is no such service; null where it has no usable Start. */
export function startOf(system: Hive, controlSet: number, name: string): number | null | undefined {
  const key = system.find(serviceKey(controlSet, name));
  if (key === undefined) return undefined;
  const value = key.value('Start');
  return (value === undefined ? undefined : readDword(value)) ?? null;
}

/** ImagePath as it is written; empty for none. */
export function imageOf(system: Hive, controlSet: number, name: string): string {
  const value = system.find(serviceKey(controlSet, name))?.value('ImagePath');
  return (value === undefined ? undefined : readText(value)) ?? '';
}

/**
 * What switches a service off in every control set that has it; empty where it is off already. A StartOverride, which from
 * Windows 8 on wins over Start, goes as well.
 */
export function switchOffChanges(windows: WindowsFacts, system: Hive, name: string): RegistryChange[] {
  const changes: RegistryChange[] = [];
  for (const controlSet of windows.controlSets) {
    const start = startOf(system, controlSet, name);
    if (start === undefined) continue;
    const key = serviceKey(controlSet, name);
    if (start !== DISABLED) changes.push(setValue(key, 'Start', dword(DISABLED)));
    if (system.find(`${key}\\StartOverride`) !== undefined)
      changes.push({ op: 'delete-key', key: `${key}\\StartOverride` });
  }
  return changes;
}

/** Display name of a service without references to files; its key's name where it has none of its own. */
export function titleOf({ name, displayName }: { name: string; displayName: string }): string {
  // `@oem2.inf,%name%;VMware VMCI Bus Driver` carries the text, `@%SystemRoot%\a.dll,-100` only says where it is.
  const text = displayName.startsWith('@') ? displayName.slice(displayName.indexOf(';') + 1) : displayName;
  return text === '' || text.startsWith('@') ? name : text;
}

/** `the service "VMware Tools" (VMTools)`. */
export const called = (service: { name: string; displayName: string; type: number }): string => {
  const title = titleOf(service);
  const kind = service.type === 1 || service.type === 2 || service.type === 8 ? 'driver' : 'service';
  return title.toLowerCase() === service.name.toLowerCase()
    ? `the ${kind} ${service.name}`
    : `the ${kind} "${title}" (${service.name})`;
};

/**
 * Runs one part of a plan. Where the hive cannot be read in that place, a finding says so and the rest goes on.
 * @throws all that is no damage of the hive.
 */
export function unlessDamaged<T>(findings: Finding[], what: string, otherwise: T, part: () => T): T {
  try {
    return part();
  } catch (error) {
    if (!isIronliftError(error, 'HIVE_DAMAGED')) throw error;
    findings.push({
      severity: 'warning',
      code: 'REGISTRY_PART_DAMAGED',
      message: `The registry of the server is damaged where ${what} is kept: ${error.message}`,
      next: 'Let Windows check itself on the server (chkdsk, sfc /scannow) or look at this setting after the first start.',
    });
    return otherwise;
  }
}
