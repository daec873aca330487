/**
 * The names of an image before it is finished. A file that is being written is called `NAME.partial`; an image of several
 * files carries the mark on every one of them, while the names it keeps inside are the final ones. So nothing has to be
 * written again when it is finished: whoever finishes it renames each file, the main one last, and until then the
 * main file under its final name is not there or is the old one.
 */
import { rename, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { systemErrorCode } from '../base/errors.ts';

export const PARTIAL = '.partial';

export const isPartial = (path: string): boolean => path.endsWith(PARTIAL);

/** The path without the mark, where it has one. */
export const finalPath = (path: string): string => (isPartial(path) ? path.slice(0, -PARTIAL.length) : path);

/** What the main file will be called, without folder. */
export const finalNameOf = ({ path, finalName }: { path: string; finalName?: string | undefined }): string =>
  finalName ?? basename(finalPath(path));

/**
 * Gives the files of an image (`ImageWriter.files`: the main one first) their final names, the main one last. What has
 * its name already is left alone, so that it can be done again after it was interrupted.
 */
export async function renameFinished(files: readonly string[]): Promise<void> {
  for (const path of [...files].reverse()) {
    if (!isPartial(path)) continue;
    try {
      await rename(path, finalPath(path));
    } catch (error) {
      if (systemErrorCode(error) !== 'ENOENT') throw error;
      await stat(finalPath(path));
    }
  }
}
