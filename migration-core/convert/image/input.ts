/** Opens what the image commands read: an image of any format with the images it depends on, or a whole disk. */
import { access, constants, realpath, stat } from 'node:fs/promises';
import { isIronliftError, systemErrorCode } from '../../base/errors.ts';
import type { Finding } from '../../base/finding.ts';
import type { ProgressListener } from '../../base/progress.ts';
import type { DiskImage } from '../../image/image.ts';
import { fileItself } from '../../image/package/member.ts';
import { openImage, refuseUnfinished, type OpenImageOptions } from '../../image/table.ts';
import { readSystemUse, usesOfFile } from '../../source/in-use.ts';
import { cannotOpen, empty, notADisk } from '../../source/refusals.ts';
import { useFindings } from '../../source/use-findings.ts';

export interface InputDisk {
  image: DiskImage;
  /** As the user wrote it. */
  path: string;
  /** What is known by now. */
  readonly findings: Finding[];
}

export interface InputOptions {
  parents: NonNullable<OpenImageOptions['parents']>;
  signal?: AbortSignal | undefined;
  /** Hears of the unpacking, where the image has to be unpacked before it can be read. */
  onProgress?: ProgressListener | undefined;
}

/**
 * @throws SOURCE_NOT_FOUND, SOURCE_NOT_READABLE, SOURCE_NOT_A_DISK, SOURCE_EMPTY (for a file or disk of no sector at
 *   all), for devices what openSource refuses, and what the format refuses
 */
export async function openInput(
  path: string,
  { parents, signal, onProgress }: InputOptions,
): Promise<InputDisk> {
  try {
    const file = await stat(fileItself(path));
    if (file.isBlockDevice() || /^\\\\[.?]\\/u.test(path)) return await openDevice(path, signal);
    if (file.isDirectory()) throw notADisk(path, 'a folder', 'Name the image file in it.');
    if (!file.isFile()) throw notADisk(path, 'a pipe, socket or character device', 'Name an image file.');
    refuseUnfinished(path);
    if (file.size === 0) throw empty(path);
    await access(fileItself(path), constants.R_OK);
    const image = await openImage(path, { parents, signal, onProgress });
    try {
      if (image.size === 0) throw empty(path);
      const uses = await findUses(image);
      return {
        image,
        path,
        // More may come to light while it is read.
        get findings() {
          return [...uses, ...chain(image).flatMap(({ facts }) => facts.findings ?? [])];
        },
      };
    } catch (error) {
      await image.close();
      throw error;
    }
  } catch (error) {
    const errno = systemErrorCode(error);
    throw errno !== undefined && !isIronliftError(error) ? cannotOpen(path, errno, error) : error;
  }
}

async function openDevice(path: string, signal: AbortSignal | undefined): Promise<InputDisk> {
  // Loaded when it is needed: the lists of disks of three systems take longer than most looks at an image.
  const { openSource } = await import('../../source/open.ts');
  const { disk, description, findings } = await openSource(path, signal === undefined ? {} : { signal });
  const { model, serial } = description;
  const image: DiskImage = {
    size: disk.size,
    sectorSize: disk.sectorSize,
    read: (into, offset) => disk.read(into, offset),
    ...(disk.extents === undefined ? {} : { extents: disk.extents.bind(disk) }),
    fileRange: (offset, length) => disk.fileRange?.(offset, length) ?? null,
    close: () => disk.close(),
    facts: {
      format: 'raw',
      subformat: 'device',
      contentId: null,
      files: [description.path],
      parent: null,
      details: {
        ...(model === '' ? {} : { Model: model }),
        ...(serial === '' ? {} : { 'Serial number': serial }),
      },
    },
  };
  return { image, path, findings };
}

/** An image that something writes to is read all the same: it is no running server. What that means is said. */
async function findUses(image: DiskImage): Promise<Finding[]> {
  if (process.platform !== 'linux') return [];
  const system = await readSystemUse();
  const findings: Finding[] = [];
  for (const { facts } of chain(image)) {
    for (const file of new Set(facts.files.map(fileItself))) {
      const path = await realpath(file).catch(() => file);
      const uses = await usesOfFile(path, system);
      const writing = uses.filter(({ writes, kind }) => writes && kind !== 'multipath');
      findings.push(...useFindings(file, uses, writing, true));
    }
  }
  return findings;
}

/** An image and the images it depends on, one behind the other. */
export function chain(image: DiskImage): DiskImage[] {
  const images: DiskImage[] = [];
  for (let next: DiskImage | null = image; next !== null; next = next.facts.parent) images.push(next);
  return images;
}

/** The files on the medium that an image and the images it depends on are read from. */
export const filesOf = (image: DiskImage): string[] => [
  ...new Set(chain(image).flatMap(({ facts }) => facts.files.map(fileItself))),
];
