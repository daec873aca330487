/**
 * Finds the disks that a description names. The names are somebody else's words: what is passed on from hand to hand
 * (OVF, .vmx, .vbox) may name files of its own folder only, the configuration of a host may name any disk.
 */
import { realpath, stat } from 'node:fs/promises';
import { basename, isAbsolute, join, relative, resolve, win32 } from 'node:path';
import { IronliftError } from '../../base/errors.ts';
import { packagePath } from '../../image/package/member.ts';
import { packageFiles } from '../../image/package/format.ts';
import type { DescribedDisk } from './machine.ts';

export interface LocateOptions {
  /** The description, for messages. */
  path: string;
  /** The folder, or package, its relative names are from. */
  folder: string;
  anywhere: boolean;
}

/** Paths of all disks, in their order. @throws SOURCE_NOT_FOUND naming all that are missing, SOURCE_NOT_READABLE */
export async function locateDisks(
  disks: readonly DescribedDisk[],
  options: LocateOptions,
): Promise<string[]> {
  const found: string[] = [];
  const missing: string[] = [];
  const outside: string[] = [];
  for (const disk of disks) {
    const places = await placesThatExist(disk, options);
    const [allowed] = places.filter(({ inside }) => inside || options.anywhere);
    if (allowed !== undefined) found.push(allowed.path);
    else if (places[0] !== undefined) outside.push(places[0].path);
    else missing.push(disk.source);
  }
  const { path } = options;
  if (outside.length > 0)
    throw new IronliftError(
      'SOURCE_NOT_READABLE',
      `${path} names ${outside.join(' and ')}, outside of its own folder, which is not followed.`,
      {
        next: 'If you trust it, name the disks themselves as sources, the boot disk first, or put them into its folder.',
        data: { path, outside },
      },
    );
  if (missing.length > 0)
    throw new IronliftError(
      'SOURCE_NOT_FOUND',
      `${missing.join(' and ')}, named by ${path}, ${missing.length === 1 ? 'is' : 'are'} not there.`,
      {
        next: 'Put the disks beside it, or name them as sources, the boot disk first.',
        data: { path, missing },
      },
    );
  return found;
}

async function placesThatExist(
  { places }: DescribedDisk,
  options: LocateOptions,
): Promise<{ path: string; inside: boolean }[]> {
  const found: { path: string; inside: boolean }[] = [];
  for (const path of candidates(places, options.folder)) {
    if (path.includes('\0')) continue;
    if (await isDisk(path)) found.push({ path, inside: await isInside(path, options.folder) });
  }
  return found;
}

/** As it is written, and, since descriptions and disks move together, beside the description. */
function* candidates(places: readonly string[], folder: string): Generator<string> {
  for (const place of places) {
    if (isAbsolute(place)) yield place;
    else if (!win32.isAbsolute(place)) yield join(folder, place);
    else if (process.platform === 'win32') yield place;
  }
  for (const place of places) yield join(folder, win32.basename(basename(place)));
}

async function isDisk(path: string): Promise<boolean> {
  const inside = packagePath(path);
  if (inside !== null)
    return (await packageFiles(inside.archive).catch((): string[] => [])).includes(inside.member);
  const found = await stat(path).catch(() => null);
  return found?.isFile() === true || found?.isBlockDevice() === true;
}

async function isInside(path: string, folder: string): Promise<boolean> {
  const archive = packagePath(path)?.archive;
  if (archive !== undefined) return resolve(archive) === resolve(folder);
  const way = relative(await realpath(folder), await realpath(path));
  return way !== '' && !way.startsWith('..') && !isAbsolute(way);
}
