/** Whether a volume holds a Windows, and where on it. */
import { isIronliftError } from '../../../base/errors.ts';
import { openHive } from '../../../registry/hive.ts';
import type { GuestReader } from '../../fixer.ts';
import { GuestTree } from '../../tree.ts';
import type { OpenVolume } from '../../inspect/open-volume.ts';
import { VolumePaths } from '../volume-path.ts';
import { RegistryReader } from './registry.ts';

/** File systems Windows can be installed on; XP and 2003 took FAT32 too. */
const FILE_SYSTEMS: ReadonlySet<string> = new Set(['ntfs', 'vfat']);
/** Names setup proposed at one time or another; others are named by boot.ini or the boot store. */
const USUAL = ['Windows', 'WINNT'];
/** Boot stores have some dozens of objects, boot.ini some lines. */
const MOST_ENTRIES = 256;
const LARGEST_BOOT_INI = 64 << 10;
const LARGEST_STORE = 16 << 20;

export const BOOT_STORES = ['/EFI/Microsoft/Boot/BCD', '/Boot/BCD'] as const;

export const mayHoldWindows = ({ fileSystem }: Pick<OpenVolume, 'fileSystem'>): boolean =>
  fileSystem !== null && FILE_SYSTEMS.has(fileSystem.type);

/** Folders of Windows named by boot.ini and boot stores on any of the volumes, and the usual ones. */
export async function windowsFolders(volumes: readonly OpenVolume[]): Promise<string[]> {
  const folders = new Map(USUAL.map((name) => [name.toUpperCase(), name]));
  for (const volume of volumes) {
    if (!mayHoldWindows(volume)) continue;
    const tree = new GuestTree(volume.fileSystem!, volume.info.id);
    const paths = new VolumePaths(tree);
    for (const named of [...(await inBootIni(tree, paths)), ...(await inBootStores(tree, paths))])
      if (
        /^[^\\/:*?"<>|\0]{1,255}(\\[^\\/:*?"<>|\0]{1,255})*$/u.test(named) &&
        !/(^|\\)\.+(\\|$)/u.test(named)
      )
        if (folders.size < MOST_ENTRIES && !folders.has(named.toUpperCase()))
          folders.set(named.toUpperCase(), named);
  }
  return [...folders.values()];
}

/** The folder of a Windows on this volume as a canonical path within it, or null. */
export async function findWindows(files: GuestReader, folders: readonly string[]): Promise<string | null> {
  const paths = new VolumePaths(files);
  for (const folder of folders) {
    const root = `/${folder.replaceAll('\\', '/')}`;
    if ((await paths.folder(`${root}/System32/config`)) === null) continue;
    for (const program of ['cmd.exe', 'ntoskrnl.exe'])
      if ((await paths.file(`${root}/System32/${program}`)) !== null) return paths.folder(root);
  }
  return null;
}

/** Windows 95 to Me: a registry of files of its own beside COMMAND.COM, on FAT. */
export async function findDosWindows(volumes: readonly OpenVolume[]): Promise<OpenVolume | null> {
  for (const volume of volumes) {
    if (volume.fileSystem?.type !== 'vfat') continue;
    const paths = new VolumePaths(new GuestTree(volume.fileSystem, volume.info.id));
    for (const folder of ['WINDOWS', 'WIN95', 'WIN98'])
      if (
        (await paths.file(`/${folder}/SYSTEM.DAT`)) !== null &&
        (await paths.file(`/${folder}/WIN.COM`)) !== null
      )
        return volume;
  }
  return null;
}

/** Lines such as `multi(0)disk(0)rdisk(0)partition(2)\\WINDOWS="..."`. */
async function inBootIni(files: GuestReader, paths: VolumePaths): Promise<string[]> {
  const path = await paths.file('/boot.ini');
  if (path === null) return [];
  const text = Buffer.from(await files.readRange(path, 0, LARGEST_BOOT_INI)).toString('latin1');
  return text
    .split(/\r?\n/u)
    .slice(0, MOST_ENTRIES)
    .flatMap((line) => /partition\(\d+\)\\([^=\s]+)/iu.exec(line)?.[1] ?? []);
}

/** Element 22000002 of a loader: the folder of its Windows. */
async function inBootStores(files: GuestReader, paths: VolumePaths): Promise<string[]> {
  const named: string[] = [];
  for (const store of BOOT_STORES) {
    const path = await paths.file(store);
    if (path === null) continue;
    try {
      const reader = new RegistryReader(
        openHive(await files.readFile(path, LARGEST_STORE), { dirty: 'read' }),
      );
      for (const object of reader.subkeys('Objects').slice(0, MOST_ENTRIES))
        named.push(reader.text(`Objects\\${object}\\Elements\\22000002`, 'Element').replace(/^\\+/u, ''));
    } catch (error) {
      // A damaged store is told of when the system it starts is looked at.
      if (!isIronliftError(error) || error.kind === 'cancelled') throw error;
    }
  }
  return named.filter((name) => name !== '');
}
