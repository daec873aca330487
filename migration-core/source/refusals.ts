/** What a source is refused for, each with one sentence and the next step. */
import { IronliftError } from '../base/errors.ts';
import type { ErrorCode } from '../base/error-codes.ts';

const refuse = (
  code: ErrorCode,
  message: string,
  next: string,
  data: Record<string, unknown> = {},
): IronliftError => new IronliftError(code, message, { next, data });

export function notFound(spec: string): IronliftError {
  return refuse(
    'SOURCE_NOT_FOUND',
    `There is no disk or image file ${spec}.`,
    'Check the spelling; `ironlift disks` lists the disks of this computer.',
  );
}

/** For ENOENT, EACCES and their like; other errors of opening keep their own words. */
export function cannotOpen(spec: string, errno: string | undefined, cause: unknown): IronliftError {
  if (errno === 'ENOENT' || errno === 'ENOTDIR') return notFound(spec);
  if (errno === 'EACCES' || errno === 'EPERM')
    return refuse(
      'SOURCE_NOT_READABLE',
      `You may not read ${spec}.`,
      process.platform === 'win32'
        ? 'Start Ironlift as administrator, or ask for permission to read the file.'
        : 'Run Ironlift with sudo for a disk, or ask for permission to read the file.',
    );
  if (errno === 'ENOMEDIUM' || errno === 'ENXIO') return empty(spec);
  return new IronliftError(
    'SOURCE_NOT_READABLE',
    `${spec} cannot be opened: ${cause instanceof Error ? cause.message : String(cause)}.`,
    { next: 'Check the cable or the network share it is on, then try again.', data: { errno }, cause },
  );
}

export function empty(spec: string): IronliftError {
  return refuse(
    'SOURCE_EMPTY',
    `${spec} has a size of 0 bytes: it holds no disk.`,
    'Insert the medium, or name the file or disk that holds the data.',
  );
}

export function notADisk(spec: string, what: string, next: string): IronliftError {
  return refuse('SOURCE_NOT_A_DISK', `${spec} is ${what}, not a disk.`, next);
}

export function namedTwice(spec: string, other: string): IronliftError {
  return refuse(
    'SOURCE_TWICE',
    spec === other ? `The disk ${spec} is named twice.` : `${spec} and ${other} are the same disk.`,
    'Name each disk of the server once.',
  );
}
