/** Which of its layouts a format writes each disk in: as it was asked for, and so that the destination can hold it. */
import { isIronliftError } from '../base/errors.ts';
import type { Finding } from '../base/finding.ts';
import { formatBytes } from '../base/text.ts';
import type { Allocation, ImageFormat, Subformat } from '../image/image.ts';
import { chooseSubformat } from '../image/subformat.ts';
import { imageFormats } from '../image/table.ts';
import type { AllocationChoice } from './options.ts';

export interface DiskLayout {
  allocation: Allocation;
  /** Subformat.id. */
  subformat: string;
}

export interface LayoutRequest {
  format: ImageFormat;
  allocation: AllocationChoice;
  /** Subformat.id of those the platform takes, where it does not take all. */
  accepted?: readonly string[] | undefined;
  /** Bytes of each disk. */
  sizes: readonly number[];
  /** Bytes of the largest file the destination takes. */
  largestFile: number;
}

/** One layout for each disk; not to be used where a finding is a blocker. Pure. */
export function planLayouts(request: LayoutRequest): { layouts: DiskLayout[]; findings: Finding[] } {
  const { largestFile, accepted } = request;
  const subformats = request.format.subformats.filter(({ id }) => accepted?.includes(id) !== false);
  const format = { ...request.format, subformats };
  const allocation = request.allocation === 'thick' ? 'thick' : 'thin';
  const findings: Finding[] = [];
  const split = subformats.find(
    ({ split: isSplit, allocations }) => isSplit === true && allocations.includes(allocation),
  );
  if (request.allocation === 'split2g' && split === undefined) {
    findings.push({
      severity: 'blocker',
      code: 'NOT_SUPPORTED',
      message: `${format.name} disks cannot be split into files of 2 GB${accepted === undefined ? '' : ' for this platform'}.`,
      next: `Choose a format that can be (${splitFormats()}) with --format, or another allocation.`,
    });
  }
  const tooLarge = request.sizes.some((size) => size > largestFile);
  if (tooLarge && request.allocation !== 'split2g') findings.push(largeFileFinding(request, split));
  const wanted = request.allocation === 'split2g' || tooLarge ? split : undefined;
  const layouts = request.sizes.map((size): DiskLayout => {
    try {
      const { id } = chooseSubformat(format, { allocation, size, subformat: wanted?.id });
      return { allocation, subformat: id };
    } catch (error) {
      if (!isIronliftError(error)) throw error;
      findings.push({ severity: 'blocker', code: error.code, message: error.message, next: error.next });
      return { allocation, subformat: '' };
    }
  });
  return { layouts, findings };
}

function largeFileFinding({ format, largestFile }: LayoutRequest, split: Subformat | undefined): Finding {
  const limit = `The destination takes no file above ${formatBytes(largestFile)} (FAT32)`;
  if (split !== undefined)
    return {
      severity: 'info',
      code: 'DESTINATION_SPLIT',
      message: `${limit}, so the disks are written in files of 2 GB.`,
    };
  return {
    severity: 'blocker',
    code: 'DESTINATION_UNUSABLE',
    message: `${limit}, and a ${format.name} disk of this size is one file.`,
    next: `Choose a destination with another file system (NTFS, exFAT, ext4, XFS, APFS), or a format that can be split (${splitFormats()}) with --format.`,
  };
}

/** `vmdk`, ...: what `--format` takes for disks in files of 2 GB. */
const splitFormats = (): string =>
  imageFormats
    .filter(({ subformats }) => subformats.some(({ split }) => split === true))
    .map(({ id }) => id)
    .join(', ');
