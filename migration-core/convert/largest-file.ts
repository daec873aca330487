/** Media that hold no large files: FAT32, as USB sticks and disks for carrying often have it. */
import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { systemErrorCode } from '../base/errors.ts';

/** A file of FAT32 has at most so many bytes. */
export const LARGEST_FAT_FILE = 2 ** 32 - 1;
/** MSDOS_SUPER_MAGIC, statfs(2): FAT12, FAT16 and FAT32. exFAT, which has no such limit, has another. */
const LINUX_FAT = 0x4d44;

/**
 * Bytes of the largest file that the file system under a folder takes, Infinity where nothing is known against any. The
 * folder need not exist yet. Windows and macOS do not tell the kind of file system here; there the first write beyond
 * the limit fails, with DESTINATION_FULL.
 */
export async function largestFile(folder: string): Promise<number> {
  for (let at = folder; ; at = dirname(at)) {
    try {
      const { type } = await statfs(at);
      return process.platform === 'linux' && type === LINUX_FAT ? LARGEST_FAT_FILE : Infinity;
    } catch (error) {
      if (systemErrorCode(error) !== 'ENOENT' || dirname(at) === at) return Infinity;
    }
  }
}
