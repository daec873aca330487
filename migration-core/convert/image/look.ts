/** What an image is, for `image info`, and whether it is sound, for `image check`. */
import { stat } from 'node:fs/promises';
import { throwIfCancelled } from '../../base/cancel.ts';
import { isIronliftError } from '../../base/errors.ts';
import type { Finding } from '../../base/finding.ts';
import type { ProgressListener } from '../../base/progress.ts';
import type { DiskImage, ImageFormat, ImageProblem } from '../../image/image.ts';
import { fileItself } from '../../image/package/member.ts';
import { detectFormat, formatById, type OpenImageOptions } from '../../image/table.ts';
import { chain, openInput } from './input.ts';

/** An image by itself, without the ones it depends on. */
export interface ImageDescription {
  /** The file it was opened by. */
  path: string;
  /** ImageFormat.id, and for people. */
  format: string;
  formatName: string;
  subformat: string;
  contentId: string | null;
  /** Bytes of the disk. */
  size: number;
  sectorSize: number;
  /** Length of each file and the room it takes, bytes. */
  files: { path: string; bytes: number; allocatedBytes: number }[];
  details: Readonly<Record<string, string>>;
}

export interface ImageInfo extends ImageDescription {
  /** Bytes of the disk that this image or one of its parents has allocated. */
  dataBytes: number;
  /** The image it holds the changes to, that one's, and so on. */
  parents: ImageDescription[];
  findings: Finding[];
}

export interface LookOptions {
  parents: NonNullable<OpenImageOptions['parents']>;
  signal?: AbortSignal | undefined;
  /** How much has been looked at, in a unit that the format chooses. */
  onShare?: ((done: number, total: number) => void) | undefined;
  /** As in InputOptions. */
  onProgress?: ProgressListener | undefined;
}

/** @throws as openInput, and whatever the reader throws while it walks the tables */
export async function imageInfo(path: string, options: LookOptions): Promise<ImageInfo> {
  const input = await openInput(path, options);
  const { image } = input;
  try {
    const { dataBytes } = await walk(image, options);
    const [own, ...parents] = await Promise.all(chain(image).map(describe));
    return { ...own!, dataBytes, parents, findings: input.findings };
  } finally {
    await image.close();
  }
}

async function describe({ facts, size, sectorSize }: DiskImage): Promise<ImageDescription> {
  const files = await Promise.all(
    [...new Set(facts.files.map(fileItself))].map(async (path) => {
      const found = await stat(path);
      // A device has no length of its own.
      const bytes = found.isFile() ? found.size : size;
      return { path, bytes, allocatedBytes: found.isFile() ? found.blocks * 512 : size };
    }),
  );
  const { format, subformat, contentId, details } = facts;
  const formatName = formatById(format)?.name ?? format;
  return {
    path: files[0]?.path ?? '',
    format,
    formatName,
    subformat,
    contentId,
    size,
    sectorSize,
    files,
    details,
  };
}

/** Looks up where every part of the disk lies, which reads all tables that say so. */
async function walk(
  image: DiskImage,
  { signal, onShare }: LookOptions,
): Promise<{ dataBytes: number; extents: number }> {
  const { size } = image;
  let dataBytes = 0;
  let extents = 0;
  let done = 0;
  for await (const { length, kind } of image.extents?.(0, size) ?? [
    { length: size, kind: 'data' as const },
  ]) {
    throwIfCancelled(signal);
    if (kind === 'data') dataBytes += length;
    extents++;
    done += length;
    if (extents % 1024 === 0) onShare?.(done, size);
  }
  return { dataBytes, extents };
}

export interface CheckedImage {
  path: string;
  format: string;
  formatName: string;
  /** `structures`: all the format has; `tables`: where each part of the disk lies; `nothing`: it could not be opened. */
  lookedAt: 'structures' | 'tables' | 'nothing';
  problems: ImageProblem[];
  /** Problems beyond those listed. */
  more: number;
  allocatedBytes: number | null;
}

export interface ImageCheckResult {
  path: string;
  /** Whether nothing is wrong but what was repaired while reading. */
  sound: boolean;
  /** The image, then those it depends on. */
  images: CheckedImage[];
  findings: Finding[];
}

/** @throws as openInput, damage excepted: that is what is looked for */
export async function checkImage(path: string, options: LookOptions): Promise<ImageCheckResult> {
  let input;
  try {
    input = await openInput(path, options);
  } catch (error) {
    if (!isIronliftError(error, 'IMAGE_DAMAGED')) throw error;
    const { id, name } = await detectFormat(path);
    const problem: ImageProblem = { severity: 'error', message: error.message };
    const image: CheckedImage = {
      path,
      format: id,
      formatName: name,
      lookedAt: 'nothing',
      problems: [problem],
      more: 0,
      allocatedBytes: null,
    };
    return { path, sound: false, images: [image], findings: [] };
  }
  const { image, findings } = input;
  try {
    const images: CheckedImage[] = [];
    for (const one of chain(image))
      images.push(await checkOne(one.facts.files[0]!, formatById(one.facts.format), options));
    const outer = await wrapperOf(path, image);
    if (outer !== null) images.push(await checkOne(path, outer, options));
    if (!images.some(({ problems }) => problems.some(({ severity }) => severity === 'error')))
      images[0]!.problems.push(...(await walkProblems(image, options)));
    const sound = images.every(
      ({ problems, more }) => more === 0 && problems.every(({ severity }) => severity === 'note'),
    );
    return { path, sound, images, findings };
  } finally {
    await image.close();
  }
}

/** What the image lies in where that has structures of its own: a package with its manifest. */
async function wrapperOf(path: string, { facts }: DiskImage): Promise<ImageFormat | null> {
  if (facts.subformat === 'device') return null;
  const format = await detectFormat(path);
  return format.id !== facts.format && format.check !== undefined ? format : null;
}

async function checkOne(
  path: string,
  format: ImageFormat | null,
  options: LookOptions,
): Promise<CheckedImage> {
  const id = format?.id ?? '';
  const about = { path, format: id, formatName: format?.name ?? id };
  if (format?.check === undefined)
    return { ...about, lookedAt: 'tables', problems: [], more: 0, allocatedBytes: null };
  const found = await format.check(path, {
    signal: options.signal,
    onProgress: options.onShare,
  });
  return { ...about, lookedAt: 'structures', ...found, problems: [...found.problems] };
}

/** What the reader comes across when it looks up the whole disk, parents included. */
async function walkProblems(image: DiskImage, options: LookOptions): Promise<ImageProblem[]> {
  try {
    await walk(image, options);
    return [];
  } catch (error) {
    if (!isIronliftError(error, 'IMAGE_DAMAGED')) throw error;
    return [{ severity: 'error', message: error.message }];
  }
}
