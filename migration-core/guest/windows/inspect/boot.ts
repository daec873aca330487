/** How this Windows starts: its firmware, the volume it is started from, and the boot loader with its stores. */
import type { BootLoader, Guest } from '../../guest.ts';
import { findEsp } from '../../inspect/firmware.ts';
import type { OpenVolume } from '../../inspect/open-volume.ts';
import { GuestTree } from '../../tree.ts';
import { VolumePaths } from '../volume-path.ts';
import { BOOT_STORES, mayHoldWindows } from './find-root.ts';

/** Windows starts from GPT by UEFI and from MBR by BIOS, never otherwise: the disk of its own volume tells. */
export function firmwareOf({ volume: { partition } }: Pick<OpenVolume, 'volume'>): Guest['firmware'] {
  return partition !== null && partition.type.length > 2 ? 'uefi' : 'bios';
}

/** The volume with the boot loader, where that is not the volume of Windows; it is shown in the tree under `name`. */
export async function bootVolume(
  volumes: readonly OpenVolume[],
  root: OpenVolume,
  firmware: Guest['firmware'],
): Promise<{ name: ':esp' | ':boot'; volume: OpenVolume } | null> {
  if (firmware === 'uefi') {
    const esp = findEsp(volumes, root.info.disk);
    return esp === null ? null : { name: ':esp', volume: esp };
  }
  const rank = ({ info, volume }: OpenVolume): number =>
    (info.disk === root.info.disk ? 2 : 0) + (volume.partition?.bootable === true ? 1 : 0);
  for (const volume of [...volumes].sort((a, b) => rank(b) - rank(a))) {
    if (volume.info.id === root.info.id || !mayHoldWindows(volume)) continue;
    const paths = new VolumePaths(new GuestTree(volume.fileSystem!, volume.info.id));
    for (const file of ['/bootmgr', '/Boot/BCD', '/ntldr'])
      if ((await paths.file(file)) !== null) return { name: ':boot', volume };
  }
  return null;
}

export interface Boot {
  loaders: BootLoader[];
  /** Canonical guest paths of the boot stores (BCD). */
  stores: string[];
}

export async function readBoot(paths: VolumePaths, firmware: Guest['firmware']): Promise<Boot> {
  const stores: string[] = [];
  const loaders: BootLoader[] = [];
  const places = firmware === 'uefi' ? ['/:esp'] : ['/:boot', ''];
  for (const place of places)
    for (const store of BOOT_STORES) {
      const found = await paths.file(`${place}${store}`);
      if (found !== null) stores.push(found);
    }
  if (stores.length > 0) loaders.push({ kind: 'bootmgr', files: stores });
  for (const place of places) {
    const settings = await paths.file(`${place}/boot.ini`);
    if (firmware === 'bios' && settings !== null && (await paths.file(`${place}/ntldr`)) !== null)
      loaders.push({ kind: 'ntldr', files: [settings] });
  }
  return { loaders, stores };
}
