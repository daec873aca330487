/** What SQLite says, in sentences. Codes: https://sqlite.org/rescode.html */
import { basename } from 'node:path';
import { IronliftError, systemErrorCode } from '../base/errors.ts';
import { damaged } from './damaged.ts';

export const readOnlyError = (path: string, cause?: unknown): IronliftError =>
  new IronliftError(
    'ENGAGEMENT_READ_ONLY',
    `The engagement file ${basename(path)} is open for reading only.`,
    {
      next: 'Close the other program that has it open, or copy the file to a folder in which you may write.',
      data: { path },
      cause,
    },
  );

/** An error of SQLite as one of ours; ours, and those that are a mistake of this program, are returned as they are. */
export function explain(error: unknown, path: string): unknown {
  if (error instanceof IronliftError) return error;
  const code = systemErrorCode(error) ?? '';
  const message = error instanceof Error ? error.message : '';
  const name = basename(path);
  const details = { data: { path, code }, cause: error };
  if (code === 'SQLITE_FULL' || code === 'SQLITE_IOERR_SHMSIZE' || code === 'ENOSPC')
    return new IronliftError(
      'ENGAGEMENT_FULL',
      `There is no space left to write to the engagement file ${name}.`,
      {
        next: 'Make room on that disk and start again; everything that was kept before is still there.',
        ...details,
      },
    );
  if (code.startsWith('SQLITE_READONLY')) return readOnlyError(path, error);
  if (
    /^SQLITE_(CORRUPT|NOTADB|MISMATCH|IOERR_SHORT_READ|IOERR_CORRUPTFS)/u.test(code) ||
    /malformed|no such (table|column)/u.test(message)
  )
    return damaged(`The engagement file ${name} is`, 'it contradicts itself', details.data);
  if (/^SQLITE_(BUSY|LOCKED)/u.test(code))
    return new IronliftError(
      'ENGAGEMENT_READ_ONLY',
      `Another program is working on the engagement file ${name}.`,
      {
        next: 'Wait until it has finished, and try again.',
        ...details,
      },
    );
  if (/^SQLITE_IOERR_(READ|FSTAT)/u.test(code))
    return new IronliftError('READ_FAILED', `The engagement file ${name} could not be read.`, {
      next: 'Check the disk it is on, and copy the file elsewhere.',
      ...details,
    });
  if (/^SQLITE_(IOERR|CANTOPEN|PERM|NOLFS|TOOBIG)/u.test(code) || /^E[A-Z]+$/u.test(code))
    return new IronliftError('WRITE_FAILED', `The engagement file ${name} could not be opened or written.`, {
      next: 'Check the disk it is on and what you may do there; everything that was kept before is still there.',
      ...details,
    });
  return error;
}
