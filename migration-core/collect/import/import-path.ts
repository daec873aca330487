/** Imports a file, or a folder of files, into an engagement file. To import something again is harmless. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { throwIfCancelled } from '../../base/cancel.ts';
import { IronliftError, isIronliftError } from '../../base/errors.ts';
import type { ProgressListener } from '../../base/progress.ts';
import { progressMeter } from '../../block/progress-meter.ts';
import type { CollectionCounts, CollectionRecord, EngagementFile, ServerId } from '../../store/engagement.ts';
import type { ImportInput, ImportOptions } from '../collector.ts';
import { keep } from '../keep.ts';
import { openInput } from './open-input.ts';
import { recogniseInput } from './recognise.ts';
import { importers } from './table.ts';

export interface ImportPathOptions extends ImportOptions {
  /** Read a file that was imported completely before once more. */
  again?: boolean | undefined;
  onProgress?: ProgressListener | undefined;
}

/** What became of one file. */
export type ImportReport =
  | {
      status: 'imported';
      path: string;
      importer: string;
      collection: number;
      counts: CollectionCounts;
      servers: ServerId[];
    }
  /** The very same bytes are in the engagement file already. */
  | { status: 'known'; path: string; importer: string; before: CollectionRecord }
  /** One of several files could not be imported; the others were. */
  | { status: 'failed'; path: string; error: IronliftError };

/**
 * A folder that is one thing (a sosreport, a bundle) is imported as that; of another the files in it are, one after
 * another, and those that cannot be are told; files that do not say which server they are about are of the one the folder
 * is called after.
 * @throws what `openInput`, `recogniseInput`, the importer and `keep` throw, where `path` is a file or one thing
 */
export async function importPath(
  path: string,
  engagement: EngagementFile,
  options: ImportPathOptions,
): Promise<ImportReport[]> {
  const input = await openInput(path);
  const isOne = !input.isFolder || importers.some((importer) => importer.recognise(input) > 0);
  if (isOne) return [await importOne(input, engagement, options)];
  const reports: ImportReport[] = [];
  for (const entry of input.entries) {
    throwIfCancelled(options.signal);
    const file = join(input.path, entry);
    try {
      reports.push(await importInFolder(file, engagement, options));
    } catch (error) {
      if (!isFileError(error)) throw error;
      reports.push({ status: 'failed', path: file, error });
    }
  }
  for (const folder of input.unread) reports.push({ status: 'failed', ...folder });
  if (input.hasMore)
    reports.push({
      status: 'failed',
      path,
      error: new IronliftError(
        'IMPORT_NOT_SUPPORTED',
        `${input.name} holds more than ${input.entries.length.toLocaleString('en-US')} files; those beyond were not read.`,
        { next: 'Import its folders one by one.' },
      ),
    });
  if (reports.length === 0) recogniseInput(input, importers);
  return reports;
}

/** Outputs of single tools often do not say whose they are; people put them into a folder for each server. */
async function importInFolder(
  file: string,
  engagement: EngagementFile,
  options: ImportPathOptions,
): Promise<ImportReport> {
  const input = await openInput(file);
  try {
    return await importOne(input, engagement, options);
  } catch (error) {
    const isNameless = isIronliftError(error, 'IMPORT_NEEDS_ANSWER') && error.data['option'] === 'serverName';
    if (!isNameless) throw error;
    return await importOne(input, engagement, { ...options, serverName: basename(dirname(file)) });
  }
}

/** Whether the next file may do better. */
export const isFileError = (error: unknown): error is IronliftError =>
  isIronliftError(error) && error.kind !== 'cancelled' && !error.code.startsWith('ENGAGEMENT_');

async function importOne(
  input: ImportInput & { position?: () => number },
  engagement: EngagementFile,
  options: ImportPathOptions,
): Promise<ImportReport> {
  const importer = recogniseInput(input, importers);
  const digest = input.isFolder ? null : await fileDigest(input.path, options.signal);
  const before = engagement
    .collections()
    .find((record) => record.digest === digest && digest !== null && record.finishedAt !== null);
  if (before !== undefined && options.again !== true)
    return { status: 'known', path: input.path, importer: importer.id, before };
  const meter = progressMeter(options.onProgress, {
    phase: `read ${input.name}`,
    totalBytes: input.size,
    skippedBytes: 0,
  });
  let done = 0;
  const summing = (count: number, total: number): void =>
    options.onProgress?.({
      phase: 'sum up',
      unit: 'servers',
      doneBytes: count,
      totalBytes: total,
      skippedBytes: 0,
      rate: 0,
      etaSeconds: null,
    });
  const kept = await keep(
    importer.read(input, options),
    engagement,
    { collector: importer.id, source: input.name, digest },
    {
      now: options.now,
      signal: options.signal,
      onPosition(doneBytes) {
        const now = Math.min(input.position?.() ?? doneBytes, input.size);
        meter.add(Math.max(0, now - done));
        done = Math.max(done, now);
      },
      onSummedUp: summing,
    },
  );
  return { status: 'imported', path: input.path, importer: importer.id, ...kept };
}

/** SHA-256 in hexadecimal. */
async function fileDigest(path: string, signal: AbortSignal | undefined): Promise<string> {
  const hash = createHash('sha256');
  for await (const piece of createReadStream(path, { highWaterMark: 1 << 20 })) {
    throwIfCancelled(signal);
    hash.update(piece as Uint8Array);
  }
  return hash.digest('hex');
}
