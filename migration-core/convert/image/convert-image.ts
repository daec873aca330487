/**
 * One image into another: open, check, copy, verify, name. Read `convertImage` from top to bottom. What is written has a
 * `.partial` name until it is verified; a job that fails or is cancelled takes it away, one that is killed leaves it.
 */
import { createHash } from 'node:crypto';
import { rm, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { IronliftError } from '../../base/errors.ts';
import { ExtentList, type Extent } from '../../base/extents.ts';
import type { Finding } from '../../base/finding.ts';
import type { ProgressListener } from '../../base/progress.ts';
import type { ContentDigest } from '../../block/block-digests.ts';
import { copyBlocks, PAGE, type CopyResult } from '../../block/pipeline.ts';
import { rangesToRead } from '../../block/pipeline-plan.ts';
import { retrying, type RetrySource } from '../../block/retry.ts';
import {
  packingThreads,
  startCopyWorkers,
  type CopyWorkers,
  type CopyWorkersOptions,
} from '../../block/pipeline-workers.ts';
import { verifyImage } from '../../block/verify.ts';
import type { DiskImage, ImageWriter } from '../../image/image.ts';
import { finalPath, PARTIAL } from '../../image/partial.ts';
import { openContext } from '../../image/table.ts';
import { badSectorFindings } from '../bad-sectors.ts';
import { checkRoom, giveNames, planImageDestination, type ImageDestination } from './destination.ts';
import { filesOf, openInput, type InputDisk } from './input.ts';
import { chooseLayout, roomFor, subformatFor, type Layout, type LayoutOptions } from './layout.ts';

export interface ImageConvertOptions extends LayoutOptions {
  input: string;
  /** Where the parents of the input may lie. */
  parents: 'folder' | 'anywhere';
  /** Read the finished image again and compare. */
  verify: boolean;
  /**
   * Copy, and nothing else: no digest of the contents, no second reading, and no waiting until all of it is on the
   * medium. After a power cut soon afterwards the image may lack something and look finished.
   */
  quick: boolean;
  /** Replace the file there is, and start although the room may not be enough. */
  force: boolean;
  zeroBadSectors: boolean;
}

export interface ImageJobWorld {
  /** Milliseconds since 1970. */
  now: () => number;
  signal?: AbortSignal | undefined;
  /** Threads that are running already; without, some are started and ended. */
  workers?: CopyWorkers | undefined;
  /** One sentence for each step as it begins. */
  onStep: (sentence: string) => void;
  onProgress?: ProgressListener | undefined;
}

export interface WrittenFile {
  path: string;
  /** Length, and the room it takes. */
  bytes: number;
  allocatedBytes: number;
  /** As `sha256sum` prints it; null where it was not taken: without verification, and for files that are mostly holes. */
  sha256: string | null;
}

export interface ImageConvertResult {
  input: { path: string; format: string; subformat: string; files: string[] };
  output: {
    path: string;
    format: string;
    subformat: string;
    allocation: string;
    compression: string | null;
    files: WrittenFile[];
  };
  /** Bytes of the disk; the next three add up to it. */
  size: number;
  dataBytes: number;
  zeroBytes: number;
  skippedBytes: number;
  /** null: was not taken, the copy was quick. */
  contentDigest: ContentDigest | null;
  verified: boolean;
  badSectors: Extent[];
  findings: Finding[];
  seconds: number;
}

/** @throws as openInput, chooseLayout, subformatFor, planImageDestination and checkRoom before anything is written; then as copyBlocks and verifyImage */
export async function convertImage(
  options: ImageConvertOptions,
  world: ImageJobWorld,
): Promise<ImageConvertResult> {
  const begun = world.now();
  const layout = chooseLayout(options);
  const input = await openInput(options.input, {
    parents: options.parents,
    signal: world.signal,
    onProgress: world.onProgress,
  });
  const source = retrying(input.image, {
    name: options.input,
    zeroBadSectors: options.zeroBadSectors,
    signal: world.signal,
  });
  try {
    const subformat = subformatFor(layout, source.size);
    const files = filesOf(input.image);
    const destination = await planImageDestination(options.output, files, options.force);
    const ranges = await rangesToRead(source, whole(source.size), PAGE, world.signal);
    if (!options.force) {
      const need = roomFor(subformat, layout, { size: source.size, allocatedBytes: ranges.bytes });
      if (need !== null) checkRoom(destination, need);
    }
    const written = await writeImage(options, layout, { input, source, ranges, destination }, world);
    const { facts } = input.image;
    const bad = [...source.badSectors];
    return {
      input: { path: options.input, format: facts.format, subformat: facts.subformat, files },
      output: {
        path: destination.path,
        format: layout.format.id,
        subformat: subformat.id,
        allocation: layout.allocation,
        compression: layout.compression ?? null,
        files: written.files,
      },
      size: source.size,
      dataBytes: written.copied.dataBytes,
      zeroBytes: written.copied.zeroBytes,
      skippedBytes: written.copied.skippedBytes,
      contentDigest: written.copied.digest,
      verified: options.verify && !options.quick,
      badSectors: bad,
      findings: [...input.findings, ...badSectorFindings(options.input, bad)],
      seconds: (world.now() - begun) / 1000,
    };
  } finally {
    await source.close();
  }
}

const whole = (length: number): ExtentList => ExtentList.of([{ offset: 0, length }]);

interface Job {
  input: InputDisk;
  source: RetrySource;
  ranges: ExtentList;
  destination: ImageDestination;
}

async function writeImage(
  options: ImageConvertOptions,
  layout: Layout,
  job: Job,
  world: ImageJobWorld,
): Promise<{ copied: CopyResult; files: WrittenFile[] }> {
  const { destination, ranges, source } = job;
  for (const path of destination.leftovers) await rm(path, { force: true });
  const writer = await layout.format.create({
    path: destination.path + PARTIAL,
    finalName: basename(destination.path),
    size: source.size,
    allocation: layout.allocation,
    subformat: layout.subformat,
    compression: layout.compression,
    identity: await identityOf(job),
  });
  const { quick } = options;
  const workers = quick ? undefined : (world.workers ?? startCopyWorkers(threadsFor(writer)));
  try {
    const files = writer.files ?? [writer.path];
    if (!options.force) await refuseTaken(files);
    world.onStep(`Copying to ${destination.path}`);
    const copied = await copyBlocks({
      source,
      used: whole(source.size),
      ranges,
      writer,
      digest: !quick,
      workers,
      signal: world.signal,
      onProgress: world.onProgress,
    });
    await writer.finish({ durable: !quick, signal: world.signal });
    const digests =
      options.verify && workers !== undefined ? await verify(layout, writer, copied, workers, world) : [];
    const names = await giveNames(files, options.force);
    return { copied, files: await Promise.all(names.map((name, at) => describe(name, digests[at] ?? null))) };
  } catch (error) {
    await writer.abort();
    throw error;
  } finally {
    if (world.workers === undefined) await workers?.close();
  }
}

const threadsFor = ({ packed }: ImageWriter): CopyWorkersOptions =>
  packed === undefined ? {} : packingThreads();

/** The parts of an image in several files have names that were not asked for by the user. */
async function refuseTaken(files: readonly string[]): Promise<void> {
  for (const file of files) {
    const name = finalPath(file);
    if ((await stat(name).catch(() => null)) === null) continue;
    throw new IronliftError('DESTINATION_EXISTS', `${name}, a part of the new image, exists already.`, {
      next: 'Choose another name for the result, or replace the file with --force; nothing was written.',
      data: { path: name },
    });
  }
}

/**
 * Two images with one identity cannot be used side by side on some platforms; the same job run twice gives the same
 * bytes all the same.
 */
async function identityOf({ input, destination }: Job): Promise<Uint8Array> {
  const hash = createHash('sha256').update(`image\0${destination.path}\0${input.image.size}`);
  for (const file of filesOf(input.image)) {
    const { size, mtimeMs } = await stat(file);
    hash.update(`\0${file}\0${size}\0${mtimeMs}`);
  }
  return hash.digest().subarray(0, 16);
}

/** Reads the image again through its own reader; returns the SHA-256 of each of its files. */
async function verify(
  layout: Layout,
  writer: ImageWriter,
  copied: CopyResult,
  workers: CopyWorkers,
  { signal, onStep, onProgress }: ImageJobWorld,
): Promise<(string | null)[]> {
  onStep('Reading the image again and comparing');
  const { format } = layout;
  const { size } = copied.blocks!;
  const [path, ...extents] = writer.files ?? [writer.path];
  const image: DiskImage = await format.open(path!, openContext(path!));
  try {
    const { fileSha256, extentSha256 } = await verifyImage({
      image,
      path: path!,
      extents,
      size,
      rounding: subformatFor(layout, size).rounding,
      expected: copied.blocks!,
      workers,
      signal,
      onProgress,
    });
    return [fileSha256, ...extentSha256];
  } finally {
    await image.close();
  }
}

async function describe(path: string, sha256: string | null): Promise<WrittenFile> {
  const { size, blocks } = await stat(path);
  return { path, bytes: size, allocatedBytes: blocks * 512, sha256 };
}
