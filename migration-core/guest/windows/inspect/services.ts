/** Services and drivers of the current control set. */
import type { WindowsService } from '../facts.ts';
import type { VolumePaths } from '../volume-path.ts';
import type { ControlSets, RegistryReader } from './registry.ts';

/** SERVICE_KERNEL_DRIVER and SERVICE_FILE_SYSTEM_DRIVER. */
const DRIVER = 0x3;
/** Start values of drivers that are loaded before anybody can log on. */
const EARLY = 2;

/** Where files of Windows are looked up. */
export interface WindowsPlace {
  paths: VolumePaths;
  /** Canonical guest path. */
  systemRoot: string;
  /** `C`. */
  systemDrive: string;
}

export async function readServices(
  system: RegistryReader,
  sets: ControlSets,
  place: WindowsPlace,
): Promise<WindowsService[]> {
  const services: WindowsService[] = [];
  for (const name of system.subkeys(`${sets.path}\\Services`)) {
    const key = `${sets.path}\\Services\\${name}`;
    const type = system.number(key, 'Type');
    const start = system.number(key, 'Start');
    const image = system.text(key, 'ImagePath');
    // Keys without these three are counters and leftovers.
    if (type === null && start === null && image === '') continue;
    const service: WindowsService = {
      name,
      displayName: plainText(system.text(key, 'DisplayName'), name),
      type: type ?? 0,
      start,
      startOverride: system.number(`${key}\\StartOverride`, '0'),
      image,
      group: system.text(key, 'Group'),
      file: null,
    };
    if ((service.type & DRIVER) !== 0 && (start ?? 4) <= EARLY)
      service.file = await place.paths.file(driverPath(service, place));
    services.push(service);
  }
  return services.sort((a, b) => (a.name.toUpperCase() < b.name.toUpperCase() ? -1 : 1));
}

/** Texts of the registry may be references: `@disk.inf,%disk_devdesc%;Disk drive`, `@%SystemRoot%\\x.dll,-101`. */
export function plainText(text: string, instead: string): string {
  if (!text.startsWith('@')) return text === '' ? instead : text;
  const at = text.indexOf(';');
  return at < 0 || at === text.length - 1 ? instead : text.slice(at + 1);
}

/** Where Windows looks for the file of a driver; without ImagePath in System32\\drivers under the name of the service. */
export function driverPath({ name, image }: { name: string; image: string }, place: WindowsPlace): string {
  if (image === '') return `${place.systemRoot}/System32/drivers/${name}.sys`;
  return windowsPath(image, place) ?? `${place.systemRoot}/System32/drivers/${name}.sys`;
}

/**
 * A path of Windows as a guest path; null where it leads to a share, or by names of the kernel (`\\Device\\HarddiskVolume1\\...`).
 * Letters may differ from the volume's.
 */
export function windowsPath(
  text: string,
  { systemRoot, systemDrive }: Omit<WindowsPlace, 'paths'>,
): string | null {
  const path = text
    .trim()
    .replace(/^"([^"]*)".*$/su, '$1')
    .replaceAll('/', '\\')
    .replace(/^\\\?\?\\/u, '')
    .replace(/^(\\systemroot|%systemroot%|%windir%)(?=\\)/iu, '%root%')
    .replace(/^%systemdrive%/iu, `${systemDrive}:`);
  const clean = (rest: string): string =>
    rest
      .split('\\')
      .filter((part) => part !== '')
      .join('/');
  if (/(^|\\)\.\.?(\\|$)|\0/u.test(path)) return null;
  if (path.startsWith('%root%')) return `${systemRoot}/${clean(path.slice(6))}`;
  const drive = /^([a-z]):/iu.exec(path)?.[1];
  if (drive !== undefined)
    return drive.toUpperCase() === systemDrive
      ? `/${clean(path.slice(2))}`
      : `/:${drive.toUpperCase()}/${clean(path.slice(2))}`;
  if (path.startsWith('\\') || path.includes('%') || /^Volume\{/iu.test(path)) return null;
  // Paths without a drive begin in the folder of Windows.
  return `${systemRoot}/${clean(path)}`;
}
