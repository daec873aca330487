/** A folder of this computer as a driver source. */
import { lstat, readdir, realpath, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { readBounded } from '../../../../base/bounded-file.ts';
import { IronliftError } from '../../../../base/errors.ts';
import { tooLarge, type SourceFile, type SourceTree } from './tree.ts';

export function folderTree(root: string): SourceTree {
  // What a link leads to outside of the folder is no driver: a stranger's folder would bring files of this computer to the guest.
  const isWithin = async (path: string): Promise<boolean> => {
    const whole = await realpath(root);
    return (await realpath(path)).startsWith(whole.endsWith(sep) ? whole : `${whole}${sep}`);
  };
  return {
    async list(folder) {
      const files: SourceFile[] = [];
      for (const entry of await readdir(join(root, folder), { withFileTypes: true })) {
        const path = join(root, folder, entry.name);
        // A link to a file beside it is as good as the file; one to a folder could lead round in circles.
        if (entry.isDirectory()) files.push({ name: entry.name, type: 'directory', size: 0 });
        else if (entry.isFile())
          files.push({ name: entry.name, type: 'file', size: (await lstat(path)).size });
        else if (entry.isSymbolicLink()) {
          const target = (await isWithin(path).catch(() => false))
            ? await stat(path).catch(() => null)
            : null;
          if (target?.isFile() === true) files.push({ name: entry.name, type: 'file', size: target.size });
        }
      }
      return files;
    },
    async read(path, limit) {
      let bytes;
      try {
        bytes = readBounded(join(root, path), limit);
      } catch (cause) {
        throw failed(path, cause);
      }
      if (!('why' in bytes)) return Uint8Array.from(bytes);
      if (bytes.why === 'too-large') throw tooLarge(path, bytes.bytes);
      throw failed(path);
    },
    close: async () => undefined,
  };
}

function failed(path: string, cause?: unknown): IronliftError {
  return new IronliftError('READ_FAILED', `${path} in the driver source could not be read.`, {
    next: 'Look whether the file is there and may be read, then start again.',
    data: { path },
    cause,
  });
}
