/**
 * Raw: the bytes of the disk, one after another. Written sparse: what is zero is a hole of the file, where the file
 * system can do that.
 */
import { fstatSync } from 'node:fs';
import { ExtentList } from '../base/extents.ts';
import { fileSource, openReadOnly } from '../block/file-source.ts';
import { checkRange } from '../block/range.ts';
import { ascending } from './ascending.ts';
import type { CreateImageOptions, DiskImage, ImageFormat, ImageWriter } from './image.ts';
import { createImageFile, placedWrite } from './image-file.ts';
import { packagePath } from './package/member.ts';
import { cannotOpen, openReadFile } from './read-file.ts';
import { resumable } from './resumable.ts';
import { chooseSubformat } from './subformat.ts';

/** The block of most file systems: a hole cannot be smaller. */
const UNIT = 4096;

export const raw: ImageFormat = {
  id: 'raw',
  extension: '.raw',
  name: 'Raw disk image',
  subformats: [
    {
      id: 'raw',
      name: 'Raw',
      allocations: ['thin', 'thick'],
      compressions: [],
      largest: Number.MAX_SAFE_INTEGER,
    },
  ],
  detect: () => false,
  open: openRaw,
  create: createRaw,
};

async function createRaw(options: CreateImageOptions): Promise<ImageWriter> {
  const { path, size, allocation } = options;
  chooseSubformat(raw, options);
  const file = await createImageFile(path, options.existing);
  const check = ascending(size, UNIT);
  const written = new ExtentList();
  try {
    await file.truncate(size);
  } catch (error) {
    await file.abort();
    throw error;
  }
  const place = (offset: number, length: number): { fd: number; offset: number } => {
    check(offset, length);
    if (allocation === 'thick') written.add(offset, length);
    return { fd: file.fd, offset };
  };
  return {
    path,
    granularity: UNIT,
    place,
    inOnePiece: { fd: file.fd, offset: 0 },
    write: placedWrite(file, place),
    async finish({ durable = true, signal } = {}) {
      if (allocation === 'thick') await file.fillZeros(written.gaps(0, size), signal);
      if (durable) await file.sync();
      await file.close();
    },
    abort: () => file.abort(),
    ...resumable([file], { place }),
  };
}

async function openRaw(path: string): Promise<DiskImage> {
  if (packagePath(path) !== null) return openRawMember(path);
  const fd = await openReadOnly(path).catch((error: unknown) => {
    throw cannotOpen(path, error);
  });
  const { size, blocks } = fstatSync(fd);
  // A file system counts the room of a file in units of 512 bytes; what has less than its size has holes.
  return {
    ...fileSource(fd, path, { size, sectorSize: 512, sparse: blocks * 512 < size }),
    facts: { format: 'raw', subformat: 'raw', contentId: null, files: [path], parent: null, details: {} },
  };
}

/** A raw disk in a package. */
async function openRawMember(path: string): Promise<DiskImage> {
  const file = await openReadFile(path);
  const { size } = file;
  return {
    size,
    sectorSize: 512,
    facts: { format: 'raw', subformat: 'raw', contentId: null, files: [path], parent: null, details: {} },
    async read(into, offset) {
      checkRange(offset, into.length, size);
      await file.read(into, offset);
    },
    fileRange(offset, length) {
      checkRange(offset, length, size);
      return { fd: file.fd, offset: file.start + offset };
    },
    close: () => file.close(),
  };
}
