/** What goes wrong on an NTFS volume, in the words a person at the server can act on. */
import { IronliftError } from '../../base/errors.ts';

/** A structure of the volume contradicts the format or itself. `what` reads on after "The NTFS file system is damaged:". */
export function damaged(what: string, data: Record<string, unknown> = {}): IronliftError {
  return new IronliftError('NTFS_DAMAGED', `The NTFS file system is damaged: ${what}.`, {
    next: 'Repair it on the server with chkdsk /f and make the copy again.',
    data,
  });
}

/** Something the format allows and this driver does not know. `what` is a whole sentence without its full stop. */
export function unsupported(what: string, data: Record<string, unknown> = {}): IronliftError {
  return new IronliftError('NTFS_UNSUPPORTED', `${what}.`, {
    next: 'Copy this volume unchanged, and tell us about it.',
    data,
  });
}

export function hibernated(signature: string): IronliftError {
  return new IronliftError(
    'NTFS_HIBERNATED',
    'Windows on this volume is hibernated or was shut down with Fast Startup, so parts of its file system are in the hibernation image only.',
    {
      next: 'Start the server, run "powercfg /h off" and "shutdown /s /f /t 0" in a command prompt as administrator, and make the copy again.',
      data: { signature },
    },
  );
}

const CURE =
  'Start the server, run "chkdsk /f" for this volume and "shutdown /s /f /t 0" in a command prompt as administrator, and make the copy again';

/** Why nothing may be written to a volume that can be read. `why` reads on after "because". */
export function notWritable(why: string): IronliftError {
  return new IronliftError('NTFS_LOG_DIRTY', `The NTFS volume cannot be changed, because ${why}.`, {
    next: `${CURE}.`,
  });
}

/** The way on for a volume that was not closed and that cannot be had again; what it risks comes with it. */
export const ACCEPT_UNCLEAN =
  'Where that is not possible, --accept-unclean-ntfs goes on with the copy as it is: changes of the last seconds before the copy that only the log held are lost in the clone, and Windows checks the disk at its first start.';

/** As notWritable, where a person may decide otherwise. */
export function uncleanRefused(why: string): IronliftError {
  return new IronliftError('NTFS_LOG_DIRTY', `The NTFS volume cannot be changed, because ${why}.`, {
    next: `${CURE}. ${ACCEPT_UNCLEAN}`,
  });
}

export function encrypted(path: string): IronliftError {
  return new IronliftError(
    'NTFS_ENCRYPTED',
    `${path} is encrypted (EFS), and its key is not on the volume.`,
    {
      next: 'Decrypt it on the server with "cipher /d" where its content is needed.',
    },
  );
}

export function notSupported(message: string, next = 'Leave this change out on this volume.'): IronliftError {
  return new IronliftError('NOT_SUPPORTED', message, { next });
}

export function noSpace(what: string, data: Record<string, unknown> = {}): IronliftError {
  return new IronliftError('NO_SPACE_IN_GUEST', `The NTFS file system has no room left for ${what}.`, {
    next: 'Free some space on this volume of the server, or enlarge it, and start again.',
    data,
  });
}

export function usage(message: string, next: string): IronliftError {
  return new IronliftError('USAGE', message, { next });
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
