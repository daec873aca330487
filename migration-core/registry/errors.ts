/** The ways a hive is refused, each with what to do next. */
import { IronliftError } from '../base/errors.ts';
import { formatBytes } from '../base/text.ts';
import { MAX_HIVE } from './layout.ts';

const FROM_BACKUP =
  'Let the server start and shut down normally, or restore the hive from a backup, and read it again.';

/** `what` is a clause that names the part and what is wrong with it, without a full stop. */
export const damaged = (what: string, data: Record<string, unknown> = {}): IronliftError =>
  new IronliftError('HIVE_DAMAGED', `The registry hive is damaged: ${what}.`, { next: FROM_BACKUP, data });

export const notAHive = (what: string): IronliftError =>
  new IronliftError('NOT_A_HIVE', `This is not a registry hive of Windows NT: ${what}.`, {
    next: 'Name a hive file such as Windows\\System32\\config\\SYSTEM.',
  });

export const tooLarge = (size: number): IronliftError =>
  new IronliftError(
    'HIVE_TOO_LARGE',
    `The registry hive measures ${formatBytes(size)}, and more than ${formatBytes(MAX_HIVE)} are not edited.`,
    { next: 'Compact the registry on the server, then read it again.', data: { size } },
  );

export const keyNotFound = (path: string): IronliftError =>
  new IronliftError('HIVE_KEY_NOT_FOUND', `The registry hive has no key "${path}".`, {
    next: 'Check the path of the key; paths begin below the root of the hive.',
    data: { path },
  });

export const valueNotFound = (path: string, value: string): IronliftError =>
  new IronliftError('HIVE_KEY_NOT_FOUND', `The registry key "${path}" has no value "${value}".`, {
    next: 'Check the name of the value.',
    data: { path, value },
  });

export const nameNotAllowed = (what: string): IronliftError =>
  new IronliftError('NAME_NOT_ALLOWED', `${what}.`, { next: 'Choose another name.' });

export const editNotPossible = (what: string, next: string): IronliftError =>
  new IronliftError('EDIT_NOT_POSSIBLE', `The registry hive cannot be edited: ${what}.`, { next });
