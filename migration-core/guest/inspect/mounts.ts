/** The mount table: which volume belongs where, by the guest's own fstab. */
import type { Finding } from '../../base/finding.ts';
import { isIronliftError } from '../../base/errors.ts';
import type { FstabEntry, Mount } from '../guest.ts';
import type { GuestTree } from '../tree.ts';
import type { DeviceMap } from './devices.ts';
import { isNetwork, isRemovable, isVirtual } from './fstab.ts';
import type { OpenVolume } from './open-volume.ts';

/** Gentoo and others keep these unmounted; the boot loader's files are on them all the same. */
const ALWAYS = ['/boot', '/boot/efi', '/efi'];

/** Mounts into the tree what can be mounted, parents first, and tells of the rest. */
export async function mountVolumes(
  tree: GuestTree,
  fstab: readonly FstabEntry[],
  devices: DeviceMap,
  volumes: readonly OpenVolume[],
  findings: Finding[],
): Promise<Mount[]> {
  const mounts: Mount[] = tree.mounts.map(({ path, volume, fileSystem }) => ({
    path,
    volume,
    type: fileSystem.type,
  }));
  const wanted = fstab.filter((entry) => {
    if (!entry.path.startsWith('/') || entry.path === '/' || entry.type === 'swap') return false;
    if (isVirtual(entry) || isNetwork(entry) || isRemovable(entry)) return false;
    return !entry.options.includes('noauto') || ALWAYS.includes(entry.path);
  });
  const depth = (path: string): number => path.split('/').filter((name) => name !== '').length;
  for (const entry of [...wanted].sort((a, b) => depth(a.path) - depth(b.path))) {
    const found = devices.resolve(entry.device, entry.type);
    if (found.kind === 'absent' || found.kind === 'unclear') {
      findings.push(missing(entry, found.kind));
      continue;
    }
    const open =
      found.kind === 'volume' ? volumes.find(({ info }) => info.id === found.volume.id) : undefined;
    if (open?.fileSystem == null) {
      findings.push(notRead(entry, open));
      continue;
    }
    if (mounts.some((mount) => mount.volume === open.info.id)) continue;
    try {
      await tree.mount(entry.path, open.fileSystem, open.info.id);
      mounts.push({ path: entry.path, volume: open.info.id, type: open.fileSystem.type });
    } catch (error) {
      if (
        !isIronliftError(error, 'NOT_FOUND') &&
        !isIronliftError(error, 'NOT_A_DIRECTORY') &&
        !isIronliftError(error, 'SYMLINK_LOOP')
      )
        throw error;
      findings.push({
        severity: 'warning',
        code: 'MOUNT_POINT_MISSING',
        message: `/etc/fstab mounts ${entry.device} on ${entry.path}, and the server has no such directory.`,
        next: 'Correct /etc/fstab on the server if this mount is needed.',
      });
    }
  }
  return mounts;
}

/** An EFI system partition that fstab does not name: systemd finds it by its type, and so do we. */
export async function mountEsp(tree: GuestTree, esp: OpenVolume | null, mounts: Mount[]): Promise<void> {
  if (esp?.fileSystem == null || mounts.some(({ volume }) => volume === esp.info.id)) return;
  for (const path of ['/boot/efi', '/efi']) {
    if ((await tree.stat(path))?.type !== 'directory' || (await tree.list(path)).length > 0) continue;
    await tree.mount(path, esp.fileSystem, esp.info.id);
    mounts.push({ path, volume: esp.info.id, type: esp.fileSystem.type });
    return;
  }
}

function missing(entry: FstabEntry, kind: 'absent' | 'unclear'): Finding {
  const important = /^\/(boot|usr|var|efi)(\/|$)/.test(entry.path);
  return {
    severity: 'warning',
    code: 'VOLUME_MISSING',
    message:
      kind === 'absent'
        ? `/etc/fstab mounts ${entry.device} on ${entry.path}, and none of the given disks holds that volume.`
        : `/etc/fstab mounts ${entry.device} on ${entry.path}, and several of the given disks could be meant.`,
    next: important
      ? 'Give all disks of the server: the virtual machine may not start without this volume.'
      : 'Give that disk as well if the virtual machine is to have it; otherwise it starts without it.',
  };
}

function notRead(entry: FstabEntry, open: OpenVolume | undefined): Finding {
  const what = open === undefined ? 'a logical, RAID or encrypted volume' : open.volume.content.description;
  const critical = /^\/(boot|usr)$/.test(entry.path);
  return {
    severity: critical ? 'blocker' : 'info',
    code: critical ? 'VOLUME_NOT_READABLE' : 'VOLUME_NOT_READ',
    message: `${entry.path} of the server is on ${what}, which is copied as it is and was not looked into${
      open?.error == null ? '' : `: ${open.error.message.replace(/\.$/, '')}`
    }.`,
    next: critical
      ? 'This version cannot prepare the server without reading this volume; the disks can be copied unchanged with --no-fix.'
      : 'Nothing needs to be done.',
  };
}
