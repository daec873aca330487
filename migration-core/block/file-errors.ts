/** What the operating system says of a file, in the words of the person who has to do something about it. */
import { IronliftError, systemErrorCode } from '../base/errors.ts';

/** The typed error for a failed write of `path`; errors that are typed already pass through. */
export function writeFailed(path: string, error: unknown): IronliftError {
  if (error instanceof IronliftError) return error;
  const errno = systemErrorCode(error);
  const details = { data: { path, errno }, cause: error };
  if (errno === 'ENOSPC' || errno === 'EDQUOT') {
    return new IronliftError('DESTINATION_FULL', `The destination became full while ${path} was written.`, {
      ...details,
      next: 'Free some space there or choose another destination, then start again.',
    });
  }
  if (errno === 'EFBIG') {
    return new IronliftError(
      'DESTINATION_FULL',
      `The destination does not take files as large as ${path} has to be.`,
      {
        ...details,
        next: 'Choose a destination with another file system (NTFS, ext4, XFS, APFS), then start again.',
      },
    );
  }
  if (errno === 'EEXIST') {
    return new IronliftError('DESTINATION_EXISTS', `${path} exists already.`, {
      ...details,
      next: 'Choose another name, or move the old file away.',
    });
  }
  return new IronliftError('WRITE_FAILED', `Writing ${path} failed: ${reason(error)}.`, {
    ...details,
    next: 'Check that the destination is still connected and may be written to, then start again.',
  });
}

/** The typed error for a failed read of a disk at `offset`; errors that are typed already pass through. */
export function readFailed(error: unknown, offset: number): IronliftError {
  if (error instanceof IronliftError) return error;
  return new IronliftError('READ_FAILED', `The disk cannot be read at byte ${offset}: ${reason(error)}.`, {
    next: 'Check the cable and the health of the disk; copy a failing disk to an image with ddrescue and convert that.',
    data: { offset, errno: systemErrorCode(error) },
    cause: error,
  });
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
