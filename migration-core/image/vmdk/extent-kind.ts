/** The kinds of extents with tables, told by their first bytes: apart from their readers, which are loaded when needed. */
import { latin1 } from '../../base/bytes.ts';
import type { IronliftError } from '../../base/errors.ts';
import { unsupported } from '../read-file.ts';

export type ExtentKind = 'KDMV' | 'COWD' | 'seSparse';

const SESPARSE_HEAD = 'bebafeca00000000';

/** The kind of extent by its first bytes; null for none. */
export function extentKind(head: Uint8Array): ExtentKind | null {
  const magic = latin1(head, 0, Math.min(4, head.length));
  if (magic === 'KDMV' || magic === 'COWD') return magic;
  return Buffer.from(head.subarray(0, 8)).toString('hex') === SESPARSE_HEAD ? 'seSparse' : null;
}

export const CONVERT_IT = 'Convert it with `qemu-img convert -O vmdk`, then start again.';

/** The refusal of a file that is one part of a disk in several. */
export function partOfDisk(path: string, descriptor: string): IronliftError {
  return unsupported(
    path,
    'is only one part of a disk in several files',
    `Open the file that describes the disk instead: ${descriptor}.`,
  );
}
