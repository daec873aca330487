/**
 * Which board a guest gets where the platform has both. Q35 is the default. The older i440FX stays for what Q35 cannot
 * do: IDE disks, and BIOS guests whose kernels know only the first form of virtio, as Q35's PCI Express ports offer
 * virtio in its 1.0 form alone (Linux 4.0; Red Hat's 3.10 has it too).
 */
import type { Chipset, VirtualMachine } from './machine.ts';

export interface ChipsetChoice {
  chipset: Chipset;
  /** One sentence. */
  why: string;
}

export function chooseChipset(machine: VirtualMachine): ChipsetChoice {
  if (machine.disks.some((disk) => disk.bus === 'ide'))
    return { chipset: 'i440fx', why: 'IDE disks exist on the i440FX board only.' };
  if (machine.firmware === 'uefi') return { chipset: 'q35', why: 'UEFI guests run on the Q35 board.' };
  if (machine.chipset === 'i440fx' || (machine.chipset === undefined && isOldRelease(machine.os)))
    return {
      chipset: 'i440fx',
      why:
        machine.os.id === 'windows'
          ? 'Windows XP and Server 2003 have no drivers for the Q35 board.'
          : 'The kernel of this guest is older than virtio 1.0, which the Q35 board requires.',
    };
  return { chipset: 'q35', why: 'The Q35 board is the standard for current systems.' };
}

/** Whether a kernel drives virtio 1.0 devices. An unreadable version counts as new. */
export function knowsModernVirtio(kernelVersion: string): boolean {
  const match = /^(\d+)\.(\d+)/.exec(kernelVersion);
  if (match === null) return true;
  return Number(match[1]) >= 4 || (match[1] === '3' && match[2] === '10' && /\.el7/.test(kernelVersion));
}

/** The last release with a kernel before virtio 1.0, by distribution. */
const LAST_OLD_RELEASE: Record<string, number> = {
  rhel: 6,
  centos: 6,
  ol: 6,
  scientific: 6,
  debian: 8,
  ubuntu: 15,
  sles: 11,
  fedora: 21,
};

function isOldRelease(os: VirtualMachine['os']): boolean {
  const last = LAST_OLD_RELEASE[os.id];
  const major = Number.parseInt(os.version, 10);
  return last !== undefined && Number.isInteger(major) && major <= last;
}
