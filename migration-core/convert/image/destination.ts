/** The place of a new image: checked before anything is written; filled by renaming what was written beside it. */
import { link, open, readdir, realpath, rename, rm, stat, statfs } from 'node:fs/promises';
import { basename, dirname, extname, join, resolve } from 'node:path';
import { IronliftError, systemErrorCode } from '../../base/errors.ts';
import { formatBytes } from '../../base/text.ts';
import { writeFailed } from '../../block/file-errors.ts';
import { finalPath, PARTIAL } from '../../image/partial.ts';

export interface ImageDestination {
  /** Absolute path of the finished image, links followed. */
  path: string;
  folder: string;
  /** Whether there is a file that will be replaced. */
  replaces: boolean;
  /** What an interrupted job left and this one takes away first. */
  leftovers: string[];
  /** Bytes. */
  freeBytes: number;
}

const ANOTHER = 'Choose another name for the result; nothing was written.';

/**
 * Looks at the place; writes nothing. `sources`: every file that is read.
 * @throws DESTINATION_EXISTS, DESTINATION_IS_SOURCE, DESTINATION_UNUSABLE
 */
export async function planImageDestination(
  output: string,
  sources: readonly string[],
  force: boolean,
): Promise<ImageDestination> {
  const found = await statOrNull(output);
  if (found !== null && !found.isFile()) {
    throw new IronliftError(
      'DESTINATION_EXISTS',
      `${output} is ${found.isDirectory() ? 'a folder' : 'no file but a device'}; an image is written to a file.`,
      { next: ANOTHER, data: { path: output } },
    );
  }
  const path = found === null ? resolve(output) : await realpath(output);
  const folder = dirname(path);
  for (const source of found === null ? [] : sources) {
    const other = await statOrNull(source);
    if (other?.ino !== found!.ino || other.dev !== found!.dev) continue;
    throw new IronliftError(
      'DESTINATION_IS_SOURCE',
      `${output} is read by this very job (${source}): it cannot be written as well.`,
      { next: ANOTHER, data: { path: output, source } },
    );
  }
  if (found !== null && !force) {
    throw new IronliftError('DESTINATION_EXISTS', `${output} exists already.`, {
      next: 'Choose another name for the result, or replace the file with --force; nothing was written.',
      data: { path: output },
    });
  }
  const leftovers = await partialsOf(path);
  if (leftovers.length > 0 && !force) {
    throw new IronliftError(
      'DESTINATION_EXISTS',
      `${join(folder, leftovers[0]!)} exists: another job is writing this image or was interrupted.`,
      {
        next: 'If no other job is at work, take the file away or start again with --force.',
        data: { path: join(folder, leftovers[0]!) },
      },
    );
  }
  const { bavail, bsize } = await statfs(folder);
  return {
    path,
    folder,
    replaces: found !== null,
    leftovers: leftovers.map((name) => join(folder, name)),
    freeBytes: bavail * bsize,
  };
}

/** @throws DESTINATION_SPACE */
export function checkRoom({ folder, freeBytes }: ImageDestination, needBytes: number): void {
  if (needBytes <= freeBytes) return;
  throw new IronliftError(
    'DESTINATION_SPACE',
    `The image needs up to ${formatBytes(needBytes)} and ${folder} has ${formatBytes(freeBytes)} free.`,
    {
      next: 'Free some space there or choose another place. If much of the disk is zeros, --force starts all the same.',
      data: { needBytes, freeBytes },
    },
  );
}

async function statOrNull(path: string): Promise<Awaited<ReturnType<typeof stat>> | null> {
  try {
    return await stat(path);
  } catch (error) {
    const errno = systemErrorCode(error);
    if (errno === 'ENOENT') return null;
    throw unusable(path, errno, error);
  }
}

/** `disk.vmdk.partial`, and the parts of one in several files: `disk-s001.vmdk.partial`. */
async function partialsOf(path: string): Promise<string[]> {
  const extension = extname(path);
  const name = basename(path);
  const stem = basename(path, extension);
  const names = await readdir(dirname(path)).catch((error: unknown) => {
    throw unusable(dirname(path), systemErrorCode(error), error);
  });
  return names.filter((one) => {
    if (one === name + PARTIAL) return true;
    if (!one.startsWith(`${stem}-`) || !one.endsWith(extension + PARTIAL)) return false;
    const part = one.slice(stem.length + 1, one.length - extension.length - PARTIAL.length);
    return /^(?:[sf]\d{3,}|flat)$/u.test(part);
  });
}

function unusable(path: string, errno: string | undefined, cause: unknown): IronliftError {
  const missing = errno === 'ENOENT' || errno === 'ENOTDIR';
  return new IronliftError(
    'DESTINATION_UNUSABLE',
    missing ? `There is no folder ${path}.` : `${path} cannot be written to (${errno ?? 'error'}).`,
    { next: 'Choose a folder that is there and that you may write to.', data: { path, errno }, cause },
  );
}

/**
 * Gives the files of an image their names, the main file last: while it has none there is no image. When one of them
 * fails, those that have theirs go, unless they took the place of older ones.
 * @throws DESTINATION_EXISTS where a file came to be meanwhile, WRITE_FAILED
 */
export async function giveNames(files: readonly string[], replace: boolean): Promise<string[]> {
  const [main, ...others] = files;
  const named: string[] = [];
  try {
    for (const file of [...others, main!]) {
      const name = finalPath(file);
      if (replace) await rename(file, name);
      else await renameNew(file, name);
      named.push(name);
    }
  } catch (error) {
    if (!replace) for (const name of named) await rm(name, { force: true });
    throw writeFailed(main!, error);
  }
  await syncFolder(dirname(main!));
  return files.map(finalPath);
}

/** A rename would replace what another program has put there since we looked. */
async function renameNew(from: string, to: string): Promise<void> {
  try {
    await link(from, to);
  } catch (error) {
    if (systemErrorCode(error) === 'EEXIST') throw error;
    // No hard links: FAT, exFAT, many network shares.
    if ((await stat(to).catch(() => null)) !== null) throw Object.assign(new Error(to), { code: 'EEXIST' });
    await rename(from, to);
    return;
  }
  await rm(from);
}

/** So that the new names outlive a power cut. Where folders cannot be synchronised, the system does it in its time. */
async function syncFolder(folder: string): Promise<void> {
  try {
    const handle = await open(folder);
    await handle.sync().finally(() => handle.close());
  } catch {
    // Windows, some network shares.
  }
}
