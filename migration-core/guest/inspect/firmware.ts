/**
 * BIOS or UEFI. The VM must have the firmware the server was installed under, and the disk tells which one that was:
 *
 *   GPT with an EFI system partition, no BIOS boot partition   uefi
 *   GPT with a BIOS boot partition, no EFI system partition    bios
 *   both (images made for either)                              what GRUB has modules for; the ESP must be in fstab for uefi
 *   GPT with neither, MBR without an EFI partition             bios
 *   MBR with an EFI partition (type EF)                        as with both
 */
import type { FstabEntry, Guest } from '../guest.ts';
import type { GuestReader } from '../fixer.ts';
import type { OpenVolume } from './open-volume.ts';

const ESP = 'C12A7328-F81F-11D2-BA4B-00A0C93EC93B';
const BIOS_BOOT = '21686148-6449-6E6F-744E-656564454649';

/** The partition that holds what the firmware starts; one on the disk of the root first. */
export function findEsp(volumes: readonly OpenVolume[], rootDisk: number): OpenVolume | null {
  const found = volumes.filter(
    ({ volume, fileSystem }) => fileSystem !== null && isEsp(volume.partition?.type),
  );
  return found.find(({ info }) => info.disk === rootDisk) ?? found[0] ?? null;
}

const isEsp = (type: string | undefined): boolean => type === ESP || type?.toLowerCase() === 'ef';

export async function readFirmware(
  files: GuestReader,
  volumes: readonly OpenVolume[],
  /** Types of all partitions, those without content too. */
  partitionTypes: readonly string[],
  fstab: readonly FstabEntry[],
): Promise<Guest['firmware']> {
  const types = new Set([...partitionTypes, ...volumes.map(({ volume }) => volume.partition?.type ?? '')]);
  const gptEsp = types.has(ESP);
  const mbrEsp = [...types].some((type) => type.toLowerCase() === 'ef');
  if (!gptEsp && !mbrEsp) return 'bios';
  if (gptEsp && !types.has(BIOS_BOOT)) return 'uefi';
  const mounted = fstab.some(({ path }) => /^(\/boot\/efi|\/efi|\/boot\/EFI)\/?$/.test(path));
  const forBios = await anyDirectory(files, ['/boot/grub/i386-pc', '/boot/grub2/i386-pc']);
  const forUefi = await anyDirectory(files, [
    '/boot/grub/x86_64-efi',
    '/boot/grub2/x86_64-efi',
    '/boot/grub/arm64-efi',
    '/boot/grub2/arm64-efi',
  ]);
  if (forBios) return 'bios';
  return forUefi || mounted ? 'uefi' : 'bios';
}

async function anyDirectory(files: GuestReader, paths: readonly string[]): Promise<boolean> {
  for (const path of paths) if ((await files.stat(path))?.type === 'directory') return true;
  return false;
}
