/** Whether the entries of a boot configuration store lead to what the virtual machine has. Pure. */
import type { Finding } from '../../../base/finding.ts';
import type { Hive } from '../../../registry/hive.ts';
import type { FixContext, VolumeInfo } from '../../fixer.ts';
import { BOOT_MANAGER, ELEMENT, elementData, elementText, readBootDevice, type BootDevice } from './bcd.ts';
import { rootVolume } from './boot-ini.ts';

/** Entries that lead to a partition which is not there, or to another Windows than the one converted. */
export function deviceFindings(context: FixContext, store: Hive, loader: string): Finding[] {
  const { volumes } = context;
  // Without signatures of disks nothing can be compared.
  if (volumes.some(({ diskId, offset }) => diskId === undefined || offset === undefined)) return [];
  const findings: Finding[] = [];
  const places = [
    { object: BOOT_MANAGER, element: ELEMENT.device, what: 'The boot manager' },
    { object: loader, element: ELEMENT.device, what: 'The loader of Windows' },
    { object: loader, element: ELEMENT.osDevice, what: 'Windows' },
  ];
  for (const { object, element, what } of places) {
    const data = elementData(store, object, element);
    const device = data === null ? null : readBootDevice(data);
    if (device === null) {
      if (object === loader) findings.push(notNamed(what));
      continue;
    }
    if (device.kind !== 'gpt' && device.kind !== 'mbr') continue;
    const volume = volumes.find((one) => isAt(one, device));
    if (volume === undefined) findings.push(elsewhere(what, device));
    else if (element === ELEMENT.osDevice && volume.id !== rootVolume(context)?.id)
      findings.push(anotherWindows(volume));
  }
  return findings;
}

function isAt(volume: VolumeInfo, device: BootDevice): boolean {
  if (device.kind === 'gpt') return volume.partUuid.toLowerCase() === device.partition;
  return device.kind === 'mbr' && volume.diskId === device.disk && volume.offset === device.offset;
}

/** winload.exe is for BIOS, winload.efi for UEFI; the other one does not start. */
export function loaderFindings({ machine }: FixContext, store: Hive, loader: string): Finding[] {
  const path = elementText(store, loader, ELEMENT.path);
  const wanted = machine.firmware === 'uefi' ? 'efi' : 'exe';
  const found = path === null ? null : (/\.(exe|efi)$/iu.exec(path.trim())?.[1]?.toLowerCase() ?? null);
  if (found === null || found === wanted) return [];
  return [
    {
      severity: 'warning',
      code: 'BOOT_LOADER_OF_OTHER_FIRMWARE',
      message: `The boot configuration starts ${path!}, which is for ${found === 'efi' ? 'UEFI' : 'BIOS'}, and the virtual machine has ${machine.firmware === 'uefi' ? 'UEFI' : 'BIOS'} firmware.`,
      next: 'Give the virtual machine the firmware the server starts with, or write a new boot configuration with bcdboot in the virtual machine.',
    },
  ];
}

const where = (device: BootDevice): string =>
  device.kind === 'gpt'
    ? `the partition ${device.partition} of the disk ${device.disk}`
    : device.kind === 'mbr'
      ? `the partition at byte ${device.offset} of the disk with signature ${device.disk}`
      : 'another place';

const elsewhere = (what: string, device: BootDevice): Finding => ({
  severity: 'warning',
  code: 'BOOT_STORE_ELSEWHERE',
  message: `${what} is started from ${where(device)} by the boot configuration, which is on none of the disks given.`,
  next: 'Give all disks of the server; if they are all there, the store is out of date, and bcdboot in the virtual machine writes a new one.',
});

const notNamed = (what: string): Finding => ({
  severity: 'warning',
  code: 'BOOT_STORE_ELSEWHERE',
  message: `The boot configuration does not say from which partition ${what.replace(/^The/u, 'the')} is started.`,
  next: 'Check that the server itself still starts; bcdboot writes a new boot configuration.',
});

const anotherWindows = (volume: VolumeInfo): Finding => ({
  severity: 'warning',
  code: 'BOOT_STORE_OTHER_WINDOWS',
  message: `By default the boot configuration starts the Windows on ${volume.id}, which is not the one that is being converted.`,
  next: 'Choose the right entry in the boot menu of the virtual machine, or convert the other Windows.',
});
