/** A disk image in a file: raw, or any format of image/table.ts. */
import { constants, type BigIntStats } from 'node:fs';
import { access, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isIronliftError } from '../base/errors.ts';
import type { Finding } from '../base/finding.ts';
import { closeFile, fileSource, openReadOnly } from '../block/file-source.ts';
import type { BlockSource } from '../block/source.ts';
import { probeSectorSize } from '../image/sector-size.ts';
import type { DiskImage, ImageFormat } from '../image/image.ts';
import { fileItself, packagePath } from '../image/package/member.ts';
import { openReadFile } from '../image/read-file.ts';
import { detectFormat, openContext, refuseUnfinished } from '../image/table.ts';
import { readSystemUse, usesOfFile } from './in-use.ts';
import { empty, namedTwice, notADisk, notFound } from './refusals.ts';
import type { OpenSourceOptions, SourceDisk, SourceKind } from './source.ts';
import { useFindings } from './use-findings.ts';

export const imageFile: SourceKind = {
  id: 'image-file',
  claims: async (spec) =>
    packagePath(spec) !== null || ((await stat(spec).catch(() => null))?.isFile() ?? false),
  open: openImage,
};

const SECTOR = 512;

async function openImage(spec: string, options: OpenSourceOptions): Promise<SourceDisk> {
  // A disk in a package is as much in use, and as new, as the package.
  const inside = packagePath(spec);
  const outer = await realpath(inside?.archive ?? spec);
  const path = inside === null ? outer : join(outer, inside.member);
  const file = await statFile(outer, inside === null ? null : path).catch((error: unknown) => {
    throw isIronliftError(error, 'NOT_FOUND') ? notFound(spec) : error;
  });
  const identity = `file ${file.dev} ${file.ino}${inside === null ? '' : ` ${inside.member}`}`;
  const twin = options.others?.find((other) => other.identity === identity);
  if (twin !== undefined) throw namedTwice(spec, twin.spec);
  refuseUnfinished(path);
  if (file.size === 0n) throw empty(spec);
  const findings = await checkUse(spec, outer, options.allowMounted === true);
  // Asked here, where a missing permission is still told apart from a defect.
  await access(outer, constants.R_OK);
  const format = await detectFormat(path);
  // The descriptor of an image in several files may be that small.
  if (format.id === 'raw' && file.size < SECTOR)
    throw notADisk(
      spec,
      `a file of ${file.size} bytes, less than one sector`,
      'Name the image file of a whole disk.',
    );
  const image = format.id === 'raw' && inside === null ? null : await openOther(format, path, options);
  const files = image === null ? [outer] : filesOf(outer, image);
  const disk = image ?? (await openRaw(spec, path, file, findings));
  return {
    disk,
    description: {
      spec,
      path,
      kind: 'image',
      format: format.id,
      size: disk.size,
      sectorSize: disk.sectorSize,
      physicalSectorSize: disk.sectorSize,
      model: '',
      serial: '',
      bus: '',
      identity,
    },
    fingerprint: {
      ...(inside === null
        ? await sizeAndAge(files)
        : { size: Number(file.size), mtime: String(file.mtimeNs) }),
      inode: String(file.ino),
      device: String(file.dev),
    },
    files,
    get findings() {
      const made: Finding[] = [];
      for (let at = image; at !== null; at = at.facts.parent) made.push(...(at.facts.findings ?? []));
      return [...findings, ...made];
    },
  };
}

/** Of the image and of those it holds the changes to; of packages the packages. */
function filesOf(outer: string, image: DiskImage): string[] {
  const files = new Set([outer]);
  for (let at: DiskImage | null = image; at !== null; at = at.facts.parent)
    for (const file of at.facts.files) files.add(fileItself(file));
  return [...files];
}

/** Of all files: the data may change where the main file does not. */
async function sizeAndAge(files: readonly string[]): Promise<{ size: number; mtime: string }> {
  let size = 0;
  let newest = 0n;
  for (const file of files) {
    const found = await stat(file, { bigint: true });
    size += Number(found.size);
    if (found.mtimeNs > newest) newest = found.mtimeNs;
  }
  return { size, mtime: String(newest) };
}

async function openOther(
  format: ImageFormat,
  path: string,
  { signal, onProgress }: OpenSourceOptions,
): Promise<DiskImage> {
  const image = await format.open(path, openContext(path, { signal, onProgress }));
  return format.id === 'raw' ? { ...image, sectorSize: await probeSectorSize(image) } : image;
}

type FileFacts = Pick<BigIntStats, 'size' | 'blocks' | 'dev' | 'ino' | 'mtimeNs'>;

/** Of the file that holds the disk; the size is that of the disk where it is one of several in there. */
async function statFile(outer: string, member: string | null): Promise<FileFacts> {
  const facts = await stat(outer, { bigint: true });
  if (member === null) return facts;
  const file = await openReadFile(member);
  await file.close();
  const { blocks, dev, ino, mtimeNs } = facts;
  return { size: BigInt(file.size), blocks, dev, ino, mtimeNs };
}

async function checkUse(spec: string, path: string, allowed: boolean): Promise<Finding[]> {
  if (process.platform !== 'linux') return [];
  const uses = await usesOfFile(path, await readSystemUse());
  return useFindings(
    spec,
    uses,
    uses.filter((use) => use.writes),
    allowed,
  );
}

/** Whole sectors of the size the disk had; what is left of a last one that was cut is reported. */
async function openRaw(
  spec: string,
  path: string,
  file: FileFacts,
  findings: Finding[],
): Promise<BlockSource> {
  const size = Number(file.size / BigInt(SECTOR)) * SECTOR;
  if (BigInt(size) < file.size)
    findings.push({
      severity: 'warning',
      code: 'SOURCE_PARTIAL_SECTOR',
      message: `${spec} ends in the middle of a sector; its last ${file.size - BigInt(size)} bytes are left out.`,
      next: 'Check that the image was copied completely.',
    });
  const fd = await openReadOnly(path);
  try {
    const sectorSize = await probeSectorSize(
      fileSource(fd, path, { size, sectorSize: SECTOR, sparse: false }),
    );
    // A file system counts the room of a file in units of 512 bytes; what has less than its size has holes.
    return fileSource(fd, path, { size, sectorSize, sparse: file.blocks * 512n < file.size });
  } catch (error) {
    await closeFile(fd);
    throw error;
  }
}
