import { IronliftError } from '../../base/errors.ts';
import type { GuestFileSystem } from '../filesystem.ts';

type Edits = Pick<
  GuestFileSystem,
  | 'writeFile'
  | 'writeRange'
  | 'truncate'
  | 'mkdir'
  | 'symlink'
  | 'remove'
  | 'rename'
  | 'chmod'
  | 'chown'
  | 'setXattr'
  | 'removeXattr'
  | 'flush'
>;

/** Changes follow; until then the volume is only read. */
export function editsOf(): Edits {
  const refuse = async (): Promise<never> => {
    throw new IronliftError('NOT_SUPPORTED', 'This ext file system can only be read so far.', {
      next: 'Wait.',
    });
  };
  return {
    writeFile: refuse,
    writeRange: refuse,
    truncate: refuse,
    mkdir: refuse,
    symlink: refuse,
    remove: refuse,
    rename: refuse,
    chmod: refuse,
    chown: refuse,
    setXattr: refuse,
    removeXattr: refuse,
    flush: async () => undefined,
  };
}
