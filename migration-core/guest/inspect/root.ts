/** Which volume holds the operating system, or why none of them can be converted. */
import { IronliftError } from '../../base/errors.ts';
import { formatBytes } from '../../base/text.ts';
import { GuestTree } from '../tree.ts';
import type { OpenVolume } from './open-volume.ts';
import { readOs } from './os.ts';
import { findDosWindows, findWindows, mayHoldWindows, windowsFolders } from '../windows/inspect/find-root.ts';
import { windowsName } from '../windows/inspect/name.ts';

export type RootVolume = OpenVolume & {
  fileSystem: NonNullable<OpenVolume['fileSystem']>;
  /** Of a Windows: canonical path of its folder on this volume; null for a Linux. */
  windowsFolder: string | null;
};

/** File systems without owners and links, which no Linux has its root on. */
const NEVER_ROOT = /^(vfat|msdos|fat|exfat|ntfs|iso9660)$/;

/**
 * @param chosen id of the volume to take where there are several systems.
 * @throws NO_OS_FOUND, SEVERAL_OS_FOUND, OS_NOT_SUPPORTED, ROOT_NOT_SUPPORTED, ROOT_ENCRYPTED, or why the volume of the system could not be opened.
 */
export async function findRoot(volumes: readonly OpenVolume[], chosen?: string): Promise<RootVolume> {
  const roots: RootVolume[] = [];
  const folders = await windowsFolders(volumes);
  for (const volume of volumes) {
    const { fileSystem, info } = volume;
    if (fileSystem === null) continue;
    const tree = new GuestTree(fileSystem, info.id);
    const windowsFolder = mayHoldWindows(volume) ? await findWindows(tree, folders) : null;
    if (windowsFolder !== null) {
      roots.push({ ...volume, fileSystem, windowsFolder });
    } else if (!NEVER_ROOT.test(fileSystem.type) && (await looksLikeRoot(tree))) {
      roots.push({ ...volume, fileSystem, windowsFolder: null });
    }
  }
  if (chosen !== undefined) {
    const root = roots.find(({ info }) => info.id === chosen);
    if (root !== undefined) return root;
    const known =
      roots.length === 0 ? 'none of the volumes holds one' : `the disks hold ${await listed(roots)}`;
    throw new IronliftError('NO_OS_FOUND', `There is no operating system on ${chosen}: ${known}.`, {
      next: 'Choose another volume, or leave the choice out.',
    });
  }
  if (roots.length > 1) {
    throw new IronliftError(
      'SEVERAL_OS_FOUND',
      `The server has several operating systems: ${await listed(roots)}.`,
      {
        next: `Say which one the virtual machine is to start, by the name of its volume (--root ${roots[0]!.info.id}).`,
        data: { roots: roots.map(({ info }) => info.id) },
      },
    );
  }
  if (roots.length === 1) return roots[0]!;
  const dos = await findDosWindows(volumes);
  if (dos !== null)
    throw new IronliftError(
      'OS_NOT_SUPPORTED',
      `This server runs Windows 95, 98 or Me (${dos.info.id}), which cannot be prepared for a virtual machine.`,
      {
        next: 'Copy its disk unchanged with --no-fix, and try an IDE disk in a machine with the oldest chipset.',
      },
    );
  throw whyNone(volumes);
}

async function looksLikeRoot(tree: GuestTree): Promise<boolean> {
  if ((await tree.stat('/etc'))?.type !== 'directory') return false;
  let places = 0;
  for (const name of ['/bin', '/sbin', '/lib', '/usr', '/var', '/root'])
    if ((await tree.lstat(name)) !== null) places++;
  if (places < 3) return false;
  for (const name of [
    '/etc/fstab',
    '/etc/os-release',
    '/usr/lib/os-release',
    '/etc/redhat-release',
    '/etc/debian_version',
    '/etc/SuSE-release',
    '/etc/passwd',
  ])
    if ((await tree.lstat(name)) !== null) return true;
  return false;
}

async function listed(roots: readonly RootVolume[]): Promise<string> {
  const named: string[] = [];
  for (const { info, fileSystem, windowsFolder } of roots) {
    const tree = new GuestTree(fileSystem, info.id);
    const name =
      windowsFolder === null
        ? ((await readOs(tree, []))?.name ?? 'an unnamed Linux')
        : await windowsName(tree, windowsFolder);
    named.push(`${name} (${info.id})`);
  }
  return named.join(', ');
}

/** The largest volume that is not understood is most likely the system, unless one of them says that it is. */
function whyNone(volumes: readonly OpenVolume[]): IronliftError {
  const suspects = volumes
    .filter(
      ({ info, fileSystem, error }) =>
        error !== null || (fileSystem === null && !/^(swap|swsuspend|empty|unknown)$/.test(info.type)),
    )
    // Hibernation leaves its image on the volume of Windows, wherever else its marks are.
    .sort((a, b) => hibernated(b) - hibernated(a) || b.info.size - a.info.size);
  const suspect = suspects[0];
  if (suspect === undefined) {
    return new IronliftError('NO_OS_FOUND', `No operating system was found on ${describeAll(volumes)}.`, {
      next: 'Check that all disks of the server were given, the one it starts from among them; a disk without a system can be copied with --no-fix.',
    });
  }
  if (suspect.error !== null) return suspect.error;
  const { info } = suspect;
  const where = `${info.id} (${formatBytes(info.size)})`;
  switch (info.type) {
    case 'crypto_LUKS':
      return new IronliftError(
        'ROOT_ENCRYPTED',
        `The system of this server lies on ${where}, which is encrypted with LUKS.`,
        {
          next: 'Decrypt the disk on the server, or start the server and copy its running system; encrypted systems cannot be prepared for a virtual machine yet.',
        },
      );
    case 'BitLocker':
      return new IronliftError('ROOT_ENCRYPTED', `The volume ${where} is encrypted with BitLocker.`, {
        next: 'Turn BitLocker off on the server and wait until it has decrypted the volume, then start again.',
      });
    case 'LDM':
      return new IronliftError(
        'ROOT_NOT_SUPPORTED',
        `The Windows of this server seems to lie on a dynamic disk (${where}), whose volumes cannot be prepared.`,
        {
          next: 'Turn the system disk of the server into a basic disk, which Windows itself does only without data on it, or copy the disks unchanged with --no-fix.',
        },
      );
    case 'StorageSpaces':
      return new IronliftError(
        'ROOT_NOT_SUPPORTED',
        `No system was found beside a pool of Storage Spaces (${where}), and volumes of pools cannot be prepared.`,
        {
          next: 'Give the disk the server starts from as well; Windows does not start from a pool.',
        },
      );
    case 'LVM2_member':
      return new IronliftError(
        'ROOT_NOT_SUPPORTED',
        `The system of this server lies on LVM logical volumes (${where}), which this version cannot prepare yet.`,
        {
          next: 'Convert servers with plain partitions with this version; the disks can be copied unchanged with --no-fix.',
        },
      );
    case 'linux_raid_member':
    case 'isw_raid_member':
    case 'ddf_raid_member':
      return new IronliftError(
        'ROOT_NOT_SUPPORTED',
        `The system of this server lies on a software RAID (${where}), which this version cannot prepare yet.`,
        {
          next: 'Convert servers with plain partitions with this version; the disks can be copied unchanged with --no-fix.',
        },
      );
    default:
      return new IronliftError(
        'ROOT_NOT_SUPPORTED',
        `The system of this server seems to lie on ${where}, whose file system (${suspect.volume.content.description}) this version cannot change.`,
        {
          next: 'Convert servers whose system lies on ext2, ext3, ext4 or NTFS with this version; the disks can be copied unchanged with --no-fix.',
          data: { volume: info.id, type: info.type },
        },
      );
  }
}

const hibernated = ({ error }: OpenVolume): number => (error?.code === 'NTFS_HIBERNATED' ? 1 : 0);

function describeAll(volumes: readonly OpenVolume[]): string {
  if (volumes.length === 0) return 'the disks: they hold no volume';
  const some = volumes.slice(0, 8).map(({ info, volume }) => `${info.id} (${volume.content.description})`);
  if (volumes.length > some.length) some.push(`${volumes.length - some.length} more`);
  return some.join(', ');
}
