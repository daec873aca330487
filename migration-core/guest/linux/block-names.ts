/**
 * Names of disks that still hold in the virtual machine. Kernel names (sda), by-id, by-path and multipath names belong
 * to the old hardware; what is written on a volume comes along with it, so its UUID takes their place.
 */
import { listed as listedNames } from '../../base/text.ts';
import type { FixContext, VolumeInfo } from '../fixer.ts';
import { parseDeviceName } from '../inspect/device-names.ts';
import { mapDevices } from '../inspect/devices.ts';

export type StableName =
  /** Good as it is, or no name of a disk at all. */
  | { kind: 'stays' }
  | { kind: 'becomes'; name: string; volume: VolumeInfo }
  /** The volume is on no disk that is converted. */
  | { kind: 'absent' }
  /** Several volumes could be meant. */
  | { kind: 'unclear' };

export interface BlockNames {
  /** @param type file system expected there (fstab's word), to rule out a wrong guess. */
  stable(name: string, type?: string): StableName;
  /** `UUID=...` of a volume; `PARTUUID=...` where its UUID is not its own or only the kernel is there to find it. */
  tag(volume: VolumeInfo, kernelOnly?: boolean): string | null;
  root: VolumeInfo | null;
}

export function blockNames(context: Pick<FixContext, 'guest' | 'volumes'>): BlockNames {
  const { guest, volumes } = context;
  const rootId = guest.mounts.find(({ path }) => path === '/')?.volume ?? '';
  const devices = mapDevices(volumes, guest.fstab, rootId);

  const tag = (volume: VolumeInfo, kernelOnly = false): string | null => {
    const own = volumes.filter(({ uuid }) => uuid === volume.uuid).length === 1;
    if (volume.uuid !== '' && own && !kernelOnly) return `UUID=${volume.uuid}`;
    return volume.partUuid === '' ? null : `PARTUUID=${volume.partUuid}`;
  };

  return {
    tag,
    root: volumes.find(({ id }) => id === rootId) ?? null,
    stable(name, type) {
      const parsed = parseDeviceName(name);
      if (parsed === null) return { kind: 'stays' };
      const found = devices.resolve(name, type);
      if (parsed.kind === 'tag') {
        // Names of GPT partitions are not always known here; what is not known is not called absent.
        const unknown =
          parsed.tag === 'PARTLABEL' && volumes.every(({ partLabel }) => partLabel === undefined);
        return found.kind === 'absent' && !unknown ? { kind: 'absent' } : { kind: 'stays' };
      }
      if (found.kind === 'mapped') return { kind: 'stays' };
      if (found.kind !== 'volume') return { kind: found.kind };
      const stable = tag(found.volume);
      return stable === null ? { kind: 'unclear' } : { kind: 'becomes', name: stable, volume: found.volume };
    },
  };
}

/** Each name once; long lists are cut. */
export const listed = (names: readonly string[]): string => listedNames([...new Set(names)], NAMED);
const NAMED = 5;
