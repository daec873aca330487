/** A hibernated system wakes up with its old memory over file systems that were changed since: both would be destroyed. */
import type { Finding } from '../../base/finding.ts';
import type { GuestReader } from '../fixer.ts';
import type { BootLoader, FstabEntry } from '../guest.ts';
import { parseDeviceName } from './device-names.ts';
import type { DeviceMap } from './devices.ts';
import type { OpenVolume } from './open-volume.ts';
import { inspectText } from './text.ts';

/**
 * A blocker for a suspended image that the guest would wake from: its swap is in fstab or named by `resume=`. A warning
 * for one that nothing of this guest refers to.
 */
export async function hibernationFindings(
  files: GuestReader,
  volumes: readonly OpenVolume[],
  fstab: readonly FstabEntry[],
  loaders: readonly BootLoader[],
  devices: DeviceMap,
): Promise<Finding[]> {
  const suspended = volumes.filter(({ info }) => info.type === 'swsuspend');
  if (suspended.length === 0) return [];
  const names = fstab.filter(({ type }) => type === 'swap').map(({ device }) => device);
  for (const path of [
    ...loaders.flatMap((loader) => loader.files),
    '/etc/initramfs-tools/conf.d/resume',
    '/etc/kernel/cmdline',
  ]) {
    const text = (await inspectText(files, path, [])) ?? '';
    for (const match of text.matchAll(/\bresume=(\S+)/gi)) names.push(match[1]!.replace(/["']/g, ''));
  }
  const used = new Set<string>();
  for (const name of new Set(names)) {
    if (parseDeviceName(name) === null) continue;
    const found = devices.resolve(name, 'swap');
    if (found.kind === 'volume') used.add(found.volume.id);
  }
  return suspended.map(({ info }) =>
    used.has(info.id)
      ? {
          severity: 'blocker',
          code: 'GUEST_HIBERNATED',
          message: `The server was hibernated, not shut down: its memory is kept in ${info.id} and it would wake up over changed disks.`,
          next: 'Start the server, shut it down completely, then start again.',
        }
      : {
          severity: 'warning',
          code: 'HIBERNATION_IMAGE',
          message: `The volume ${info.id} holds the memory of a hibernated system that this server does not use.`,
          next: 'Nothing needs to be done if it belongs to another system on these disks.',
        },
  );
}
