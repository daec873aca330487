/** Copies one disk of a job into its image; one whose copy was interrupted from its last checkpoint on. */
import { createHash } from 'node:crypto';
import { readdir, rm, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { IronliftError, isIronliftError } from '../base/errors.ts';
import { ExtentList } from '../base/extents.ts';
import { formatBytes } from '../base/text.ts';
import type { BlockDigests } from '../block/block-digests.ts';
import { readParts } from '../block/block-reader.ts';
import type { CopiedSoFar } from '../block/copied.ts';
import { BLOCK } from '../block/pipeline-messages.ts';
import { plannedBlocks, rangesToRead } from '../block/pipeline-plan.ts';
import { copyBlocks, PAGE } from '../block/pipeline.ts';
import type { CreateImageOptions, ImageFormat, ImageWriter } from '../image/image.ts';
import { finalPath, isPartial } from '../image/partial.ts';
import { formatById } from '../image/table.ts';
import { diskIdentity } from '../target/identity.ts';
import { Checkpoints, CHECKPOINT_DISTANCE } from './checkpoints.ts';
import { CopyLogFile, copyLogPath, lastCheckpoint, LogNotUnderstood, readCopyLog } from './copy-log.ts';
import { partial } from './files.ts';
import type { Job } from './fill-folder.ts';
import type { CopiedFacts } from './job-record.ts';
import { keepsPartial } from './keep.ts';
import { diskFiles, type ManifestDisk } from './manifest.ts';

/** A disk that is copied, as the journal has it. */
export type CopiedDisk = CopiedFacts;

/** What an earlier run finished copying; null where its files are not there any more as they were. */
export async function copiedBefore({ past, preview }: Job, index: number): Promise<CopiedDisk | null> {
  const copied = past?.disks[index]?.copied ?? null;
  if (copied === null) return null;
  const { folder } = preview.destination;
  if (copied.files[0]!.file !== basename(partial(folder, preview.plan.machine.disks[index]!.file)))
    return null;
  for (const { file, bytes } of copied.files) {
    const path = join(folder, file);
    const found = await stat(path).catch(() => stat(finalPath(path)).catch(() => null));
    if (found?.isFile() !== true || found.size !== bytes) return null;
  }
  return copied;
}

/** `before`: the disks that are copied already. @throws what reading, writing and the formats throw */
export async function copyDisk(
  job: Job,
  index: number,
  before: readonly ManifestDisk[],
): Promise<CopiedDisk> {
  const { options, world, preview, journal } = job;
  const { server } = preview;
  const { overlay, disk: source } = server.disks[index]!;
  const used = await server.toCopy(index, options.wholeDisk, world.signal);
  const ranges = await rangesToRead(overlay, used, PAGE, world.signal);
  const bad = new ExtentList();
  const taken = (await takeUp(job, index, ranges, bad)) ?? (await beginCopy(job, index, before));
  const { writer, log, from } = taken;
  const badSectors = (): ExtentList => bad.union(source.badSectors);
  const checkpoints =
    log === null
      ? null
      : new Checkpoints({
          step: `copy-${index}`,
          journal,
          log,
          writer,
          badSectors,
          now: world.now,
          distance: world.checkpointDistance ?? CHECKPOINT_DISTANCE,
          from,
        });
  try {
    // Says where this run goes on, and that whatever the journal tells beyond it is no more.
    await checkpoints?.write();
    const copied = await copyBlocks({
      source: overlay,
      used,
      ranges,
      writer,
      digest: true,
      resumed: from,
      onCopied: checkpoints?.add,
      signal: world.signal,
      onProgress: world.onProgress,
    });
    await checkpoints?.settle();
    await writer.finish();
    const files = [];
    for (const path of writer.files ?? [writer.path])
      files.push({ file: basename(path), bytes: (await stat(path)).size });
    const { dataBytes, skippedBytes, digest } = copied;
    return { dataBytes, skippedBytes, digest: digest?.value ?? null, files, badSectors: [...badSectors()] };
  } catch (error) {
    if (checkpoints === null || !keepsPartial(job, error)) {
      await checkpoints?.settle();
      await writer.abort();
    } else {
      // All that was copied counts; where that cannot be written, the checkpoint before does.
      await checkpoints.write().catch(() => undefined);
      await writer.suspend!();
    }
    throw error;
  } finally {
    await log?.close();
  }
}

interface TakenUp {
  writer: ImageWriter;
  /** Null where the format cannot be gone on with. */
  log: CopyLogFile | null;
  from: CopiedSoFar;
}

const NOTHING: CopiedSoFar = { next: 0, dataBytes: 0, zeroBytes: 0, blocks: null };

async function beginCopy(job: Job, index: number, before: readonly ManifestDisk[]): Promise<TakenUp> {
  const { folder } = job.preview.destination;
  if (job.past !== null) {
    if (job.past.disks[index]?.begun === true)
      job.world.onStep(`Nothing of disk ${index + 1} can be gone on with; it is copied from its beginning`);
    await removeUnfinished(folder, before);
  }
  const { format, request } = imageRequest(job, index);
  const writer = await format.create(request);
  try {
    const log = writer.resume === undefined ? null : await CopyLogFile.create(copyLogPath(folder, index));
    return { writer, log, from: NOTHING };
  } catch (error) {
    await writer.abort();
    throw error;
  }
}

function imageRequest(
  { preview: { plan, destination } }: Job,
  index: number,
): { format: ImageFormat; request: CreateImageOptions } {
  const disk = plan.machine.disks[index]!;
  const request = {
    path: partial(destination.folder, disk.file),
    size: disk.size,
    ...plan.layouts[index]!,
    adapter: disk.bus === 'ide' ? ('ide' as const) : ('scsi' as const),
    identity: diskIdentity(plan.machine.uuid, index),
    finalName: disk.file,
  };
  return { format: formatById(disk.format)!, request };
}

/** Disks are copied one after another: what is unfinished and of none before this one is of this one, or of a package. */
async function removeUnfinished(folder: string, before: readonly ManifestDisk[]): Promise<void> {
  const kept = new Set(before.flatMap(diskFiles).map((file) => basename(partial(folder, file))));
  for (const name of await readdir(folder))
    if (isPartial(name) && !kept.has(name)) await rm(join(folder, name), { force: true });
}

/** The copy that an earlier run left, up to its last checkpoint that still holds; null where there is none. */
async function takeUp(job: Job, index: number, ranges: ExtentList, bad: ExtentList): Promise<TakenUp | null> {
  const { folder } = job.preview.destination;
  const past = job.past?.disks[index];
  if (past === undefined || past.copied !== null) return null;
  const path = copyLogPath(folder, index);
  const found = await lastCheckpoint(path, past.checkpoints);
  const { format, request } = imageRequest(job, index);
  if (found === null || found.checkpoint.next === 0 || found.checkpoint.next > request.size) return null;
  const { checkpoint } = found;
  const writer = await format.create({ ...request, existing: true }).catch(() => null);
  if (writer === null) return null;
  if (writer.resume === undefined) {
    await writer.abort();
    return null;
  }
  const { granularity: unit, packed } = writer;
  const { blocks, probes, pieces } = readCopyLog(path, checkpoint, {
    size: request.size,
    unit,
    packing: packed?.packing ?? null,
  });
  try {
    await writer.resume(pieces);
    bad.addAll(checkpoint.badSectors);
    await compareWithSource(job, index, ranges, { blocks, probes, bad });
  } catch (error) {
    if (isIronliftError(error, 'IMAGE_DAMAGED') || error instanceof LogNotUnderstood) {
      await writer.abort();
      return null;
    }
    await writer.suspend?.();
    throw error;
  }
  const { next, dataBytes, zeroBytes } = checkpoint;
  job.world.onStep(`Going on with disk ${index + 1} after ${formatBytes(dataBytes)} that are there already`);
  const log = await CopyLogFile.reopen(path, found).catch(async (error: unknown) => {
    await writer.suspend?.();
    throw error;
  });
  return { writer, log, from: { next, dataBytes, zeroBytes, blocks } };
}

interface Probes {
  blocks: BlockDigests;
  probes: readonly number[];
  bad: ExtentList;
}

/** Some of the blocks that were copied are read again: what the source has there now must be what the log says it was. */
async function compareWithSource(
  job: Job,
  index: number,
  ranges: ExtentList,
  { blocks, probes, bad }: Probes,
): Promise<void> {
  const { overlay } = job.preview.server.disks[index]!;
  const bytes = Buffer.alloc(BLOCK);
  const wanted = new Set(probes);
  for (const block of plannedBlocks(ranges, overlay.size)) {
    const number = block.offset / BLOCK;
    if (!wanted.has(number) || bad.overlaps(block.offset, block.length)) continue;
    const part = bytes.subarray(0, block.length);
    await readParts(overlay, block, part);
    const digest = createHash('sha256').update(part).digest();
    if (digest.equals(blocks.get(number))) continue;
    throw sourceChanged(
      job.preview.server.disks[index]!.source.description.spec,
      `what it holds at byte ${block.offset} is not what was copied`,
      { offset: block.offset },
    );
  }
}

export function sourceChanged(spec: string, why: string, data: Record<string, unknown> = {}): IronliftError {
  return new IronliftError('SOURCE_CHANGED', `${spec} has changed since the job was begun: ${why}.`, {
    next: 'A machine half from before and half from after would be none: convert it again with --force, or into another folder.',
    data: { path: spec, ...data },
  });
}
