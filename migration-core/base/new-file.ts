/** Tables that people will fill in, written where nothing was. */
import { writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { IronliftError, systemErrorCode } from './errors.ts';

/**
 * Never replaces what is there: it may hold edits.
 * @throws DESTINATION_EXISTS, DESTINATION_UNUSABLE
 */
export async function writeNewFile(path: string, text: string): Promise<void> {
  try {
    await writeFile(path, text, { flag: 'wx' });
  } catch (error) {
    if (systemErrorCode(error) === 'EEXIST')
      throw new IronliftError('DESTINATION_EXISTS', `${basename(path)} is there already.`, {
        next: 'Name a file that does not exist yet.',
        data: { path },
        cause: error,
      });
    throw new IronliftError('DESTINATION_UNUSABLE', `${basename(path)} cannot be written.`, {
      next: 'Name a file in a folder that exists and may be written to.',
      data: { path },
      cause: error,
    });
  }
}
