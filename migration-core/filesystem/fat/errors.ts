import { IronliftError } from '../../base/errors.ts';

/** A structure of the volume contradicts the format or itself. `what` reads on after "The FAT file system is damaged:". */
export function damaged(what: string, data: Record<string, unknown> = {}): IronliftError {
  return new IronliftError('FAT_DAMAGED', `The FAT file system is damaged: ${what}.`, {
    next: 'Repair it on the server (chkdsk on Windows, fsck.fat on Linux) and make the copy again.',
    data,
  });
}

export function noSpace(what: string, data: Record<string, unknown> = {}): IronliftError {
  return new IronliftError('NO_SPACE_IN_GUEST', `The FAT file system has no room left for ${what}.`, {
    next: 'Free some space on this volume of the server, or enlarge it, and start again.',
    data,
  });
}

export function notSupported(what: string): IronliftError {
  return new IronliftError('NOT_SUPPORTED', `A FAT file system has no ${what}.`, {
    next: 'Leave this change out on this volume.',
  });
}

export function notFound(path: string): IronliftError {
  return new IronliftError('NOT_FOUND', `There is no ${path} on this volume.`, { next: 'Check the path.' });
}

export function notADirectory(path: string): IronliftError {
  return new IronliftError('NOT_A_DIRECTORY', `${path} is not a folder.`, { next: 'Check the path.' });
}

export function isADirectory(path: string): IronliftError {
  return new IronliftError('IS_A_DIRECTORY', `${path} is a folder, not a file.`, { next: 'Check the path.' });
}

export function alreadyExists(path: string): IronliftError {
  return new IronliftError('ALREADY_EXISTS', `${path} exists already.`, {
    next: 'Choose another name, or remove the old one first.',
  });
}
