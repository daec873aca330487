/**
 * Proof that a written image holds what was copied: all of it is read again, through the reader of its format, and
 * hashed as the copy was. What the image has not allocated is not read: it counts as zeros, as it will for a hypervisor.
 */
import { stat } from 'node:fs/promises';
import { throwIfCancelled } from '../base/cancel.ts';
import { IronliftError } from '../base/errors.ts';
import { ExtentList } from '../base/extents.ts';
import type { ProgressListener } from '../base/progress.ts';
import { BlockDigests, type ContentDigest } from './block-digests.ts';
import { forEachBlock } from './block-flow.ts';
import { withBlock } from './block-reader.ts';
import { fileSha256 } from './file-digest.ts';
import { BLOCK } from './pipeline-messages.ts';
import { plannedBlocks, rangesToRead } from './pipeline-plan.ts';
import { startCopyWorkers, type CopyWorkers } from './pipeline-workers.ts';
import { progressMeter } from './progress-meter.ts';
import { readBytes, type BlockSource } from './source.ts';

export interface VerifyOptions {
  /** The written file, opened by the reader of its format. */
  image: BlockSource;
  /** Its path, to take the SHA-256 of the file as well. */
  path?: string;
  /** Paths of its other files, where it has several. */
  extents?: readonly string[] | undefined;
  /** Bytes of the disk that was copied. The image may be larger by less than `rounding`, if those bytes are zeros. */
  size: number;
  /** What the image's size may have been rounded up to, bytes; a sector (512) unless told. */
  rounding?: number | undefined;
  /** Digest of the contents (64 hex digits); or the digests of all blocks, to tell where the first difference is. */
  expected: string | BlockDigests;
  workers?: CopyWorkers | undefined;
  signal?: AbortSignal | undefined;
  onProgress?: ProgressListener | undefined;
}

export interface VerifyResult {
  digest: ContentDigest;
  /** As `sha256sum` prints it. Null without a path, and for a file that is mostly holes: zeros would be hashed for hours. */
  fileSha256: string | null;
  /** The same of each of the other files. */
  extentSha256: (string | null)[];
}

/** Holes that are hashed all the same, bytes: half a second. */
const HOLES_LIMIT = 1024 ** 3;

/** @throws VERIFY_FAILED when the contents differ in a single bit, READ_FAILED, CANCELLED */
export async function verifyImage(options: VerifyOptions): Promise<VerifyResult> {
  throwIfCancelled(options.signal);
  const workers = options.workers ?? startCopyWorkers();
  // Whichever of the two fails first ends the other.
  const stop = new AbortController();
  const signal = options.signal === undefined ? stop.signal : AbortSignal.any([stop.signal, options.signal]);
  try {
    await checkSize(options);
    const { image } = options;
    const paths = options.path === undefined ? [] : [options.path, ...(options.extents ?? [])];
    const ranges = await rangesToRead(image, ExtentList.of([{ offset: 0, length: image.size }]), 1, signal);
    const ofFiles = (await haveFewHoles(paths, ranges.bytes)) ? fileDigests(paths, signal) : null;
    const [actual, digests] = await settleBoth(hashImage(workers, options, ranges, signal), ofFiles, stop);
    compare(actual, options.expected);
    const [fileSha256 = null, ...extentSha256] = digests ?? paths.map(() => null);
    return { digest: actual.digest(), fileSha256, extentSha256 };
  } finally {
    if (options.workers === undefined) await workers.close();
  }
}

async function haveFewHoles(paths: readonly string[], dataBytes: number): Promise<boolean> {
  let size = 0;
  for (const path of paths) size += (await stat(path)).size;
  return size - dataBytes <= Math.max(dataBytes, HOLES_LIMIT);
}

/** One after the other: together they would only wait for the same medium. */
async function fileDigests(paths: readonly string[], signal: AbortSignal): Promise<string[]> {
  const digests: string[] = [];
  for (const path of paths) digests.push(await fileSha256(path, signal));
  return digests;
}

/** Both results, or the first error, after both have come to rest. */
async function settleBoth<A, B>(
  a: Promise<A>,
  b: Promise<B> | null,
  stop: AbortController,
): Promise<[A, B | null]> {
  const both = [a, b ?? Promise.resolve(null)] as const;
  try {
    return await Promise.all(both);
  } catch (error) {
    stop.abort();
    await Promise.allSettled(both);
    throw error;
  }
}

async function hashImage(
  workers: CopyWorkers,
  { image, size, onProgress }: VerifyOptions,
  ranges: ExtentList,
  signal: AbortSignal,
): Promise<BlockDigests> {
  const digests = new BlockDigests(size);
  const totalBytes = ranges.bytes;
  const skippedBytes = image.size - totalBytes;
  const meter = progressMeter(onProgress, {
    ...{ phase: 'verify', totalBytes, skippedBytes },
    // What is read here is what was written: the disk that is waited for is that of the target.
    spent: () => {
      const { source, ...others } = workers.spent();
      return { ...others, source: 0, target: others.target + source };
    },
  });
  const inDisk = ranges.intersect(ExtentList.of([{ offset: 0, length: size }]));
  await forEachBlock(workers, plannedBlocks(inDisk, size), signal, async (block, slot) => {
    const { index } = slot;
    const { length } = block;
    await withBlock(
      image,
      block,
      slot,
      (pieces) => slot.ask({ kind: 'digest', slot: index, length, pieces }),
      workers.own,
    );
    digests.set(block.offset / BLOCK, slot.digest);
    meter.add(block.parts.reduce((sum, part) => sum + part.length, 0));
  });
  meter.finish();
  return digests;
}

const SECTOR = 512;

async function checkSize({ image, size, rounding = SECTOR }: VerifyOptions): Promise<void> {
  const more = image.size - size;
  if (more < 0 || more >= rounding)
    throw differs(`the image holds a disk of ${image.size} bytes instead of ${size}`, {
      size,
      found: image.size,
    });
  if (more === 0) return;
  const rest = await readBytes(image, size, more);
  if (rest.some((byte) => byte !== 0)) throw differs('there is data after its end', { offset: size });
}

function compare(actual: BlockDigests, expected: string | BlockDigests): void {
  const digest = actual.digest().value;
  const wanted = typeof expected === 'string' ? expected : expected.digest().value;
  if (digest === wanted) return;
  const data = { digest, expected: wanted };
  if (typeof expected === 'string') throw differs('its contents changed on the way', data);
  const index = expected.firstDifference(actual);
  throw differs(`the first difference is in the MiB at byte ${index * BLOCK}`, {
    ...data,
    offset: index * BLOCK,
  });
}

function differs(what: string, data: Record<string, unknown>): IronliftError {
  return new IronliftError('VERIFY_FAILED', `The written disk image is not what was copied: ${what}.`, {
    next: 'Check the destination medium and the memory of this machine, then convert again.',
    data,
  });
}
