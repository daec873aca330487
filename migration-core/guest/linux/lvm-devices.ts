/** LVM's own lists of disks: the devices file of RHEL 9 names serial numbers of the old disks and hides all others. lvmdevices(8). */
import type { Fixer } from '../fixer.ts';
import { joinPath } from '../tree-path.ts';
import { editPlan, readTextFile } from './edit-plan.ts';

/** Caches of device names; each is made again when it is missing. */
const CACHES = ['/etc/lvm/cache/.cache', '/etc/lvm/.cache', '/etc/blkid/blkid.tab', '/etc/blkid.tab'];
const HARDWARE_NAME =
  /\/dev\/(?:sd|hd|xvd|cciss|nvme|mmcblk|mapper\/mpath|disk\/by-(?:id|path))|\b(?:cciss|mpath|by-id|by-path|sd\[?[a-z])/;

export const lvmDevices: Fixer = {
  id: 'lvm-devices',
  title: 'Disks known to LVM',
  applies: () => true,
  async plan(context) {
    const plan = editPlan(context.files);
    const directory = '/etc/lvm/devices';
    for (const name of await context.files.list(directory)) {
      if (!name.endsWith('.devices')) continue;
      await plan.moveAside(joinPath(directory, name), {
        what: `LVM's list of known disks (${name}) is switched off.`,
        why: 'It names the disks of the physical server by their serial numbers, and LVM would ignore those of the virtual machine.',
      });
    }
    for (const cache of CACHES) {
      if ((await context.files.lstat(cache))?.type !== 'file') continue;
      await plan.moveAside(cache, {
        what: `The remembered device names in ${cache} are put aside.`,
        why: 'They belong to the physical server; the system makes the list again by itself.',
      });
    }
    const configuration = await readTextFile(context.files, '/etc/lvm/lvm.conf');
    for (const filter of hardwareFilters(configuration?.text ?? ''))
      plan.findings.push({
        severity: 'warning',
        code: 'LVM_FILTER',
        message: `LVM is told by "${filter}" in /etc/lvm/lvm.conf to look at certain disks of the physical server only.`,
        next: 'If volumes are missing in the virtual machine, remove that line from /etc/lvm/lvm.conf.',
      });
    return plan.finished();
  },
};

/** Active filters that accept by hardware names and reject everything else. */
export function hardwareFilters(text: string): string[] {
  const found: string[] = [];
  const active = text
    .split('\n')
    .map((line) => line.replace(/^\s*#.*$/, ''))
    .join('\n');
  const setting = /^[ \t]*((?:global_)?filter)[ \t]*=[ \t]*(\[\s*(?:"(?:[^"\\]|\\.)*"[\s,]*)*\]|"[^"\n]*")/gm;
  for (const match of active.matchAll(setting)) {
    const patterns = match[2]!.match(/"(?:[^"\\]|\\.)*"/g) ?? [];
    const accepts = patterns.some((pattern) => pattern.startsWith('"a') && HARDWARE_NAME.test(pattern));
    const rejectsRest = patterns.some((pattern) => /^"r(.)\^?(?:\.\*|\/dev\/\.?\*?)?\$?\1"$/.test(pattern));
    if (accepts && rejectsRest) found.push(`${match[1]!} = ${match[2]!.replace(/\s+/g, ' ')}`);
  }
  return found;
}
