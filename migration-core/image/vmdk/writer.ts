/**
 * Writes VMDK: monolithicSparse (the descriptor is in the one file), and the kinds with a descriptor and extents in files
 * of their own. What makes an image valid comes last: the headers of sparse extents, then the text of the descriptor.
 */
import { dirname, join } from 'node:path';
import { crc32 } from 'node:zlib';
import { ExtentList } from '../../base/extents.ts';
import type { FilePlace } from '../../block/sink.ts';
import { ascending } from '../ascending.ts';
import { imageIdentity } from '../identity.ts';
import { createImageFile, placedWrite, type ImageFile } from '../image-file.ts';
import { resumable } from '../resumable.ts';
import type { CreateImageOptions, FinishOptions, ImageWriter } from '../image.ts';
import { finalNameOf, isPartial, PARTIAL } from '../partial.ts';
import { contentIdOf, quotable, renderDescriptor, type DescriptorExtent } from './descriptor-text.ts';
import { GRAIN, SECTOR } from './layout.ts';
import { flatName, splitName } from './names.ts';
import { DESCRIPTOR, sparseExtentWriter, type SparseExtentWriter } from './sparse-writer.ts';

/** Where VMware cuts a disk in files of at most 2 GB, bytes. Whole MiB: no block of a copy lies across. */
export const SPLIT = 2047 * 2 ** 20;

/** One growing file with all in it. */
export async function createMonolithicSparse(options: CreateImageOptions): Promise<ImageWriter> {
  const { path, adapter = 'scsi' } = options;
  // A disk that ends within a sector is rounded up: the format counts sectors.
  const sectors = Math.ceil(options.size / SECTOR);
  const file = await createImageFile(path, options.existing);
  const extent = sparseExtentWriter(file, { capacity: sectors, descriptor: true });
  const check = ascending(options.size, GRAIN);
  const place = (offset: number, length: number): FilePlace => {
    check(offset, length);
    return extent.place(offset, length);
  };
  return {
    path,
    granularity: GRAIN,
    place,
    write: placedWrite(file, place),
    async finish({ durable = true }: FinishOptions = {}) {
      const identity = imageIdentity(options);
      const text = renderDescriptor({
        createType: 'monolithicSparse',
        extents: [{ sectors, type: 'SPARSE', name: quotable(finalNameOf(options)) }],
        cid: contentIdOf(identity, await extent.complete()),
        adapter,
        identity,
      });
      await file.write(Buffer.from(text), DESCRIPTOR.sector * SECTOR);
      if (durable) await file.sync();
      extent.seal();
      if (durable) await file.sync();
      await file.close();
    },
    abort: () => file.abort(),
    ...resumable([file], { place }),
  };
}

/** One of the files that hold the data of a disk with a descriptor of its own. */
interface Part {
  file: ImageFile;
  line: DescriptorExtent;
  /** Bytes of the disk before it. */
  start: number;
  /** Tells where bytes of the part go, counted from its start. */
  place(offset: number, length: number): FilePlace;
  /** Completes its data and tables; returns a checksum that differs when the data lies elsewhere. */
  complete(signal: AbortSignal | undefined): Promise<number>;
  /** Makes it valid. */
  seal(): void;
}

export interface PartsOptions extends CreateImageOptions {
  createType: 'monolithicFlat' | 'twoGbMaxExtentSparse' | 'twoGbMaxExtentFlat' | 'vmfs';
}

/** A descriptor, and the data in one file or in several. */
export async function createInParts(options: PartsOptions): Promise<ImageWriter> {
  const { path, size, adapter = 'scsi', createType, allocation } = options;
  // All files are made now: none that is there is found only when hours have passed.
  const { descriptor, parts } = await createFiles(options);
  const check = ascending(size, createType === 'twoGbMaxExtentSparse' ? GRAIN : UNIT);
  const partSize = isSplit(createType) ? SPLIT : Infinity;
  const placeWithin = (offset: number, length: number): FilePlace => {
    const part = parts[Math.floor(offset / partSize)]!;
    if (offset + length > part.start + partSize)
      throw new TypeError(`vmdk: ${length} bytes at ${offset} lie across two files`);
    return part.place(offset - part.start, length);
  };
  const place = (offset: number, length: number): FilePlace => {
    check(offset, length);
    return placeWithin(offset, length);
  };
  return {
    path,
    files: [path, ...parts.map(({ file }) => file.path)],
    granularity: createType === 'twoGbMaxExtentSparse' ? GRAIN : UNIT,
    place,
    async write(data, offset) {
      check(offset, data.length);
      for (let done = 0; done < data.length;) {
        const at = offset + done;
        const part = parts[Math.floor(at / partSize)]!;
        const piece = data.subarray(done, done + Math.min(data.length - done, part.start + partSize - at));
        await part.file.write(piece, placeWithin(at, piece.length).offset);
        done += piece.length;
      }
    },
    async finish({ durable = true, signal }: FinishOptions = {}) {
      const identity = imageIdentity(options);
      let checksum = 0;
      for (const part of parts) checksum = crc32(String(await part.complete(signal)), checksum);
      const text = renderDescriptor({
        createType,
        extents: parts.map(({ line }) => line),
        cid: contentIdOf(identity, checksum),
        adapter,
        identity,
        thin: createType === 'vmfs' && allocation === 'thin',
      });
      if (durable) for (const { file } of parts) await file.sync();
      for (const part of parts) part.seal();
      if (durable) for (const { file } of parts) await file.sync();
      for (const { file } of parts) await file.close();
      await descriptor.write(Buffer.from(text), 0);
      if (durable) await descriptor.sync();
      await descriptor.close();
    },
    async abort() {
      for (const { file } of parts) await file.abort();
      await descriptor.abort();
    },
    ...resumable([descriptor, ...parts.map(({ file }) => file)], { place }),
  };
}

const isSplit = (createType: string): boolean => createType.startsWith('twoGb');

/** The block of most file systems: a hole cannot be smaller. */
const UNIT = 4096;

async function createFiles(options: PartsOptions): Promise<{ descriptor: ImageFile; parts: Part[] }> {
  const { path, createType, existing } = options;
  const sectors = Math.ceil(options.size / SECTOR);
  const descriptor = await createImageFile(path, existing);
  const parts: Part[] = [];
  try {
    for (const line of partLines(quotable(finalNameOf(options)), sectors, createType)) {
      const name = isPartial(path) ? line.name + PARTIAL : line.name;
      const file = await createImageFile(join(dirname(path), name), existing);
      const how = line.type === 'SPARSE' ? sparsePart(file, line) : flatPart(file, line, options);
      parts.push({ file, line, start: parts.length * SPLIT, ...how });
      if (line.type !== 'SPARSE') await file.truncate(line.sectors * SECTOR);
    }
  } catch (error) {
    for (const { file } of parts) await file.abort();
    await descriptor.abort();
    throw error;
  }
  return { descriptor, parts };
}

/** The extents of a disk of so many sectors, with the names they have once it is finished. */
function partLines(
  name: string,
  sectors: number,
  createType: PartsOptions['createType'],
): DescriptorExtent[] {
  if (createType === 'vmfs') return [{ sectors, type: 'VMFS', name: flatName(name) }];
  if (createType === 'monolithicFlat') return [{ sectors, type: 'FLAT', name: flatName(name) }];
  const [kind, type] =
    createType === 'twoGbMaxExtentSparse' ? (['s', 'SPARSE'] as const) : (['f', 'FLAT'] as const);
  const perPart = SPLIT / SECTOR;
  return Array.from({ length: Math.max(1, Math.ceil(sectors / perPart)) }, (_, index) => ({
    sectors: Math.min(perPart, sectors - index * perPart),
    type,
    name: splitName(name, kind, index),
  }));
}

function sparsePart(file: ImageFile, { sectors }: DescriptorExtent): Pick<Part, keyof SparseExtentWriter> {
  return sparseExtentWriter(file, { capacity: sectors, descriptor: false });
}

function flatPart(
  file: ImageFile,
  { sectors }: DescriptorExtent,
  { allocation }: CreateImageOptions,
): Pick<Part, keyof SparseExtentWriter> {
  const written = new ExtentList();
  let checksum = 0;
  return {
    place(offset, length) {
      if (allocation === 'thick') written.add(offset, length);
      checksum = crc32(`${offset} ${length} `, checksum);
      return { fd: file.fd, offset };
    },
    async complete(signal) {
      if (allocation === 'thick') await file.fillZeros(written.gaps(0, sectors * SECTOR), signal);
      return checksum;
    },
    seal: () => undefined,
  };
}
