/** A disk image in a file: raw, or any format of image/table.ts. */
import { constants, type BigIntStats } from 'node:fs';
import { access, realpath, stat } from 'node:fs/promises';
import { latin1 } from '../base/bytes.ts';
import type { Finding } from '../base/finding.ts';
import { closeFile, fileSource, openReadOnly } from '../block/file-source.ts';
import { readBytes, type BlockSource } from '../block/source.ts';
import type { DiskImage } from '../image/image.ts';
import { detectFormat, openContext } from '../image/table.ts';
import { readSystemUse, usesOfFile } from './in-use.ts';
import { empty, namedTwice, notADisk } from './refusals.ts';
import type { OpenSourceOptions, SourceDisk, SourceKind } from './source.ts';
import { useFindings } from './use-findings.ts';

export const imageFile: SourceKind = {
  id: 'image-file',
  claims: async (spec) => (await stat(spec).catch(() => null))?.isFile() ?? false,
  open: openImage,
};

const SECTOR = 512;

async function openImage(spec: string, options: OpenSourceOptions): Promise<SourceDisk> {
  const path = await realpath(spec);
  const file = await stat(path, { bigint: true });
  const identity = `file ${file.dev} ${file.ino}`;
  const twin = options.others?.find((other) => other.identity === identity);
  if (twin !== undefined) throw namedTwice(spec, twin.spec);
  if (file.size === 0n) throw empty(spec);
  const findings = await checkUse(spec, path, options.allowMounted === true);
  // Asked here, where a missing permission is still told apart from a defect.
  await access(path, constants.R_OK);
  const format = await detectFormat(path);
  // The descriptor of an image in several files may be that small.
  if (format.id === 'raw' && file.size < SECTOR)
    throw notADisk(
      spec,
      `a file of ${file.size} bytes, less than one sector`,
      'Name the image file of a whole disk.',
    );
  const image = format.id === 'raw' ? null : await format.open(path, openContext(path));
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
      ...(await sizeAndAge(path, image)),
      inode: String(file.ino),
      device: String(file.dev),
    },
    findings,
  };
}

/** Of all files of the image and of those it holds the changes to: the data may change where the main file does not. */
async function sizeAndAge(path: string, image: DiskImage | null): Promise<{ size: number; mtime: string }> {
  const files = [path];
  for (let at = image; at !== null; at = at.facts.parent) files.push(...at.facts.files);
  let size = 0;
  let newest = 0n;
  for (const file of new Set(files)) {
    const found = await stat(file, { bigint: true });
    size += Number(found.size);
    if (found.mtimeNs > newest) newest = found.mtimeNs;
  }
  return { size, mtime: String(newest) };
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
  file: BigIntStats,
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

/** The copy of a disk with 4096-byte sectors has its GPT header (UEFI 5.3.2) where the second of those began. */
async function probeSectorSize(file: BlockSource): Promise<number> {
  const isHeader = async (offset: number): Promise<boolean> =>
    file.size >= offset + 8 && latin1(await readBytes(file, offset, 8)) === 'EFI PART';
  return !(await isHeader(512)) && (await isHeader(4096)) ? 4096 : 512;
}
