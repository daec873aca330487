/**
 * The key below Services that makes Windows load a driver with its kernel.
 *
 * Facts, from SYSTEM hives of XP, 7 and 10 (21H2) that such drivers boot:
 * - A key without ImagePath stands for System32\drivers\<name of the key>.sys (MountMgr, PartMgr, PCIIde of XP).
 * - REG_SZ is taken for REG_EXPAND_SZ (vmscsi of XP). `\SystemRoot\` in front is taken by Windows 7 (LSI_SAS, its boot disk);
 *   boot loaders before Vista are given paths without it, as all that start there have them. Variables and `\??\` paths are for
 *   drivers that start later: the loader knows neither.
 * - StartOverride\0 = 3 lies beside Start = 0 on Windows 10 for every boot driver whose device the server lacked (LSI_SAS, vmbus,
 *   storvsc, storflt, pciide), and wins. It holds for the hardware configuration of that number (HardwareConfig\{...}\Id), and a
 *   machine that Windows takes for the old one keeps it.
 */
import type { Hive } from '../../../registry/hive.ts';
import type { HiveKey } from '../../../registry/key.ts';
import { dword, expandText, readDword, readText, text, type TypedData } from '../../../registry/types.ts';
import type { BootDriver } from '../boot-driver.ts';
import type { WindowsFacts } from '../facts.ts';
import type { RegistryChange } from '../registry-change.ts';
import { controlSetKey, inEveryControlSet, type Registration } from './control-sets.ts';

/** SERVICE_BOOT_START: loaded together with the kernel. */
const BOOT_START = 0;

export const setValue = (key: string, name: string, [type, data]: TypedData): RegistryChange => ({
  op: 'set',
  key,
  name,
  type,
  data,
});

/** What is missing in one control set for the driver to be loaded at boot. @throws HIVE_DAMAGED */
export function serviceChanges(
  system: Hive,
  controlSet: number,
  driver: BootDriver,
  ntVersion: string,
): RegistryChange[] {
  const path = `${controlSetKey(controlSet)}\\Services\\${driver.service}`;
  const key = system.find(path);
  const changes: RegistryChange[] = [];
  const need = (name: string, value: TypedData): unknown => changes.push(setValue(path, name, value));

  // A key can be there for the settings of a driver that is not installed (pvscsi where only VMware Tools were).
  const installed = numberOf(key, 'Type') !== undefined && numberOf(key, 'Start') !== undefined;
  if (numberOf(key, 'Type') !== driver.type) need('Type', dword(driver.type));
  if (numberOf(key, 'Start') !== BOOT_START) need('Start', dword(BOOT_START));
  if (numberOf(key, 'ErrorControl') === undefined) need('ErrorControl', dword(driver.errorControl));
  if (!installed && driver.group !== '') need('Group', text(driver.group));
  const imagePath = textOf(key, 'ImagePath');
  if ((imagePath === undefined && !installed) || !leadsTo(imagePath, driver, ntVersion))
    need('ImagePath', expandText(`system32\\drivers\\${driver.binary}`));
  if (!installed && driver.displayName !== '') need('DisplayName', text(driver.displayName));
  // Windows knows the settings of its own drivers; another maker's come with this version of its package.
  const values = installed && driver.package === null ? [] : driver.values;
  for (const { key: below, name, type, data } of values) {
    const place = below === '' ? path : `${path}\\${below}`;
    const value = system.find(place)?.value(name);
    if (value?.type !== type || !Buffer.from(value.data).equals(data))
      changes.push(setValue(place, name, [type, data]));
  }
  return [...changes, ...startOverrideChanges(system, path)];
}

/**
 * What is missing for a driver that is installed to be loaded at boot: all else of it stays. Control sets that do not have it are
 * left without it. @throws HIVE_DAMAGED
 */
export const startChanges = (
  windows: Pick<WindowsFacts, 'ntVersion' | 'controlSets' | 'currentControlSet'>,
  system: Hive,
  service: string,
): Registration =>
  inEveryControlSet(windows, (controlSet) => {
    const path = `${controlSetKey(controlSet)}\\Services\\${service}`;
    const key = system.find(path);
    if (key === undefined) return [];
    const changes: RegistryChange[] = [];
    if (numberOf(key, 'Start') !== BOOT_START) changes.push(setValue(path, 'Start', dword(BOOT_START)));
    const imagePath = textOf(key, 'ImagePath') ?? '';
    const atBoot = pathAtBoot(imagePath, windows.ntVersion);
    if (atBoot !== imagePath) changes.push(setValue(path, 'ImagePath', expandText(atBoot)));
    return [...changes, ...startOverrideChanges(system, path)];
  });

/** Takes StartOverride off a service, with all that is in it. */
const startOverrideChanges = (system: Hive, servicePath: string): RegistryChange[] =>
  system.find(`${servicePath}\\StartOverride`) === undefined
    ? []
    : [{ op: 'delete-key', key: `${servicePath}\\StartOverride` }];

const numberOf = (key: HiveKey | undefined, name: string): number | undefined => {
  const value = key?.value(name);
  return value === undefined ? undefined : readDword(value);
};

const textOf = (key: HiveKey | undefined, name: string): string | undefined => {
  const value = key?.value(name);
  return value === undefined ? undefined : readText(value);
};

/** An ImagePath in the form that the boot loader understands; the same where it does already, or where nothing better is known. */
function pathAtBoot(imagePath: string, ntVersion: string): string {
  const relative = imagePath
    .replace(/^"(.*)"$/u, '$1')
    .replace(/^%SystemRoot%\\/iu, '')
    .replace(/^(?:\\\?\?\\)?[a-z]:\\[^\\]+\\(?=System32\\)/iu, '');
  return ntVersion.startsWith('5.') ? relative.replace(/^\\SystemRoot\\/iu, '') : relative;
}

/** Whether the loader finds the driver's file by this ImagePath. */
function leadsTo(imagePath: string | undefined, driver: BootDriver, ntVersion: string): boolean {
  const file = `system32\\drivers\\${driver.binary}`.toLowerCase();
  if (imagePath === undefined || imagePath === '')
    return file === `system32\\drivers\\${driver.service}.sys`.toLowerCase();
  const path = imagePath.toLowerCase();
  return path === file || (!ntVersion.startsWith('5.') && path === `\\systemroot\\${file}`);
}
