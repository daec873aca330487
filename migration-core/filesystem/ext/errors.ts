import { IronliftError } from '../../base/errors.ts';

const RUN_FSCK = 'Run e2fsck on the volume (from rescue media), then start again.';

/** A structure of the volume contradicts the format or itself. `what` reads on after "The ext file system is damaged:". */
export function damaged(what: string, data: Record<string, unknown> = {}): IronliftError {
  return new IronliftError('EXT_DAMAGED', `The ext file system is damaged: ${what}.`, {
    next: RUN_FSCK,
    data,
  });
}

/** Bytes. No repair brings back what was not copied. */
export function cutShort(expected: number, there: number): IronliftError {
  return new IronliftError(
    'EXT_DAMAGED',
    `The ext file system is cut short: it should have ${expected} bytes, and its volume ends after ${there}.`,
    {
      next: 'Make the copy of the disk again and check that its size is that of the source.',
      data: { expected, there },
    },
  );
}

export function unsupportedFeature(names: string[]): IronliftError {
  return new IronliftError(
    'EXT_UNSUPPORTED_FEATURE',
    `The ext file system uses a feature that is not known here: ${names.join(', ')}.`,
    {
      next: 'Convert this volume without changes to the guest, or copy it whole.',
      data: { features: names },
    },
  );
}

export function readOnlyVolume(why: string): IronliftError {
  return new IronliftError('EXT_READ_ONLY', `The ext file system cannot be changed safely: ${why}.`, {
    next: RUN_FSCK,
  });
}

export function encrypted(what: string): IronliftError {
  return new IronliftError('EXT_ENCRYPTED', `${what} is encrypted (fscrypt), and the key is not at hand.`, {
    next: 'Only unencrypted folders can be read or changed; leave this one out.',
  });
}

export function notFound(path: string): IronliftError {
  return new IronliftError('NOT_FOUND', `There is no ${path} on this volume.`, { next: 'Check the path.' });
}

export function noSpace(what: string, data: Record<string, unknown> = {}): IronliftError {
  return new IronliftError('NO_SPACE_IN_GUEST', `The guest's ext file system has no room left for ${what}.`, {
    next: 'Free some space on the server, or enlarge the file system, and start again.',
    data,
  });
}
