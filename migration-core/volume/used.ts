/** What of a volume must be copied where no file system driver can tell. */
import { ExtentList } from '../base/extents.ts';
import type { Finding } from '../base/finding.ts';
import type { BlockSource } from '../block/source.ts';
import { readSwap } from './recognise-filesystems.ts';
import { openWindow } from './signature.ts';
import type { Content } from './volume.ts';

/** Swap space: the first page, with UUID and label, is all that anyone misses. Null where it is none, or a hibernated system. */
export async function swapUsedExtents(volume: BlockSource): Promise<ExtentList | null> {
  const found = await readSwap(await openWindow(volume));
  if (found === null || found.hibernated) return null;
  return ExtentList.of([{ offset: 0, length: Math.min(found.pageSize, volume.size) }]);
}

/**
 * The used part of content that is no mounted file system, in bytes of the volume. Unknown, encrypted, LVM and RAID volumes
 * are copied whole, and so are empty ones: only their first MiB is known to be zeros.
 */
export async function contentUsed(volume: BlockSource, content: Content): Promise<ExtentList> {
  const swap = content.type === 'swap' ? await swapUsedExtents(volume) : null;
  return swap ?? ExtentList.of([{ offset: 0, length: volume.size }]);
}

/** What a person should know about content like this, whatever else is on the disk. `name` is the volume's: `disk0p1`. */
export function contentFindings(content: Content, name: string): Finding[] {
  const found = FINDINGS[content.type];
  return found === undefined ? [] : [{ ...found, message: `${name}: ${found.message}` }];
}

const WHOLE = 'It is copied whole, as it is; nothing inside it is changed.';

const FINDINGS: Record<string, Finding> = {
  swsuspend: {
    severity: 'blocker',
    code: 'GUEST_HIBERNATED',
    message: 'the server is hibernated, its memory is stored in the swap space.',
    next: 'Start the server, shut it down without hibernation, and make the copy again.',
  },
  crypto_LUKS: {
    severity: 'warning',
    code: 'VOLUME_ENCRYPTED',
    message: 'the volume is encrypted with LUKS.',
    next: WHOLE,
  },
  BitLocker: {
    severity: 'warning',
    code: 'VOLUME_ENCRYPTED',
    message:
      'the volume is encrypted with BitLocker; keys sealed in the TPM do not follow to the virtual machine.',
    next: `${WHOLE} Suspend or switch off BitLocker on the server, or keep the recovery key at hand.`,
  },
  LDM: {
    severity: 'warning',
    code: 'LDM_DISK',
    message: 'the volume belongs to a Windows dynamic disk.',
    next: `${WHOLE} A system volume on a dynamic disk has to be turned into a basic disk first.`,
  },
  StorageSpaces: {
    severity: 'warning',
    code: 'STORAGE_SPACES',
    message: 'the volume belongs to a Windows Storage Spaces pool.',
    next: `${WHOLE} All disks of the pool have to be converted together.`,
  },
  linux_raid_member: {
    severity: 'info',
    code: 'RAID_MEMBER',
    message: 'the volume is a member of a Linux software RAID.',
    next: `${WHOLE} All disks of the array have to be converted together.`,
  },
};
