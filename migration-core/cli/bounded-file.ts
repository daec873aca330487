/** Small files that people name: settings, tables. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { IronliftError, systemErrorCode } from '../base/errors.ts';

/**
 * Never reads more than is allowed for, whatever the name stands for: a device has no end.
 * @param limit bytes
 * @returns null for what is larger, and for what has no size: devices, pipes
 * @throws SOURCE_NOT_FOUND
 */
export function readBounded(path: string, limit: number): Buffer | null {
  let file: number | null = null;
  try {
    file = openSync(path, 'r');
    const stat = fstatSync(file);
    if (!stat.isFile() && !stat.isDirectory()) return null;
    if (stat.size > limit) return null;
    const bytes = Buffer.alloc(stat.size);
    let length = 0;
    for (;;) {
      const read = readSync(file, bytes, length, bytes.length - length, length);
      if (read === 0) return bytes.subarray(0, length);
      length += read;
    }
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error;
    throw new IronliftError('SOURCE_NOT_FOUND', `${path} cannot be read.`, {
      next: 'Check the name, and that you may read it.',
      cause: error,
    });
  } finally {
    if (file !== null) closeSync(file);
  }
}
