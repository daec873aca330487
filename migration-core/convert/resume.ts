/**
 * Going on with a job that was killed, paused or failed. The journal says what the job was; it is planned once more, at
 * the time of the first one, and must come out the same in every byte. Then the steps that are done are passed over, and
 * a disk whose copy was interrupted is copied from its last checkpoint on.
 */
import { rmdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { IronliftError } from '../base/errors.ts';
import {
  previewAt,
  runJob,
  type ConversionPreview,
  type ConversionResult,
  type ConvertWorld,
} from './convert.ts';
import { sourceChanged } from './copy-disk.ts';
import { planDigest, sourceSample } from './fingerprint.ts';
import { readJob, type JobRecord, type JobState } from './job-record.ts';
import { Journal, JOURNAL_NAME, readJournal } from './journal.ts';
import { removeJobFiles } from './job-files.ts';
import { LOCK_NAME } from './lock.ts';
import { readManifest } from './manifest.ts';
import type { ConvertOptions } from './options.ts';
import type { OpenServer } from './server.ts';
import { unfinishedJob } from './unfinished.ts';

export interface ResumeResult extends ConversionResult {
  /** Whether there was nothing left to do. */
  wasFinished: boolean;
}

/**
 * Brings the job of a folder to its end.
 * @throws NOT_A_CONVERSION, JOB_RUNNING, JOURNAL_DAMAGED, SOURCE_CHANGED, PLAN_CHANGED: nothing was changed then;
 *   PAUSED, and all that a conversion throws
 */
export async function resumeConversion(output: string, world: ConvertWorld): Promise<ResumeResult> {
  const folder = resolve(output);
  const { state, reason } = await unfinishedJob(folder);
  if (state === 'finished') return { folder, manifest: await readManifest(folder), wasFinished: true };
  if (state === 'running') throw stillRunning(folder, reason!);
  const past = await readJob(folder);
  if (past === null)
    throw new IronliftError('NOT_A_CONVERSION', `There is no conversion in ${folder} to go on with.`, {
      next: 'Name the folder that `ironlift convert` was writing.',
    });
  const { record } = past;
  if (record.version !== world.version)
    throw planChanged(
      folder,
      `The job in ${folder} was begun by version ${record.version}, and this is version ${world.version}.`,
    );
  const options: ConvertOptions = { ...record.options, output: folder, force: true };
  const at = {
    now: record.now,
    timings: past.timings,
    goesOn: true as const,
    onOpen: (server: OpenServer) => compareSources(server, record),
  };
  const result = await previewAt(options, world, at, async (preview, steps) => {
    await comparePlan(preview, record);
    return runJob(
      { options, world, preview, steps, past },
      async () => {
        await removeJobFiles(preview, past.disks);
        // Not where something else is left in it.
        if (past.record.madeFolder) await rmdir(folder).catch(() => undefined);
      },
      () => reopenJournal(folder, past, world.now),
    );
  });
  return { ...result, wasFinished: false };
}

/** Before anything is planned: a source that is another disk would fail in a hundred ways. */
function compareSources(server: OpenServer, { sources }: JobRecord): void {
  if (server.disks.length !== sources.length)
    throw sourceChanged(
      server.machine?.path ?? 'The server',
      `it has ${server.disks.length} disks now and had ${sources.length}`,
    );
  for (const [index, { source }] of server.disks.entries()) {
    const { size, mtime, inode, device } = sources[index]!;
    const { spec, kind } = source.description;
    if (source.fingerprint.size !== size)
      throw sourceChanged(spec, `it has ${source.fingerprint.size} bytes now and had ${size}`);
    if (source.fingerprint.mtime !== mtime)
      throw sourceChanged(spec, 'its file was written to since', { mtime: source.fingerprint.mtime });
    if (kind === 'device' && source.fingerprint.device !== device)
      throw sourceChanged(spec, `it is another disk (${source.fingerprint.device})`);
    // A file system gets another number when its disk is plugged in again; the machine keeps the names made of the first.
    source.fingerprint = { size, mtime, inode, device };
  }
}

async function comparePlan(
  { server, plan, destination }: ConversionPreview,
  record: JobRecord,
): Promise<void> {
  for (const [index, { source }] of server.disks.entries()) {
    if ((await sourceSample(server, index, plan.toCopy[index]!)) === record.sources[index]!.sample) continue;
    throw sourceChanged(
      source.description.spec,
      'its partition tables, superblocks or files are not the same',
    );
  }
  if (planDigest(plan) !== record.plan || plan.machine.uuid !== record.uuid)
    throw planChanged(
      destination.folder,
      'Planned once more, the machine is not the same as when the job was begun.',
    );
}

/** What the journal said when the job was planned must be what it says now that nobody else may write it. */
async function reopenJournal(folder: string, past: JobState, now: () => number): Promise<Journal> {
  const path = join(folder, JOURNAL_NAME);
  const journal = await readJournal(path);
  if (journal?.length !== past.journalBytes)
    throw stillRunning(folder, `Another job has gone on with ${folder} in the meantime.`);
  return Journal.reopen(path, past.journalBytes, now);
}

function stillRunning(folder: string, why: string): IronliftError {
  return new IronliftError('JOB_RUNNING', why, {
    next: `Wait until it has ended; if nothing is at work there any more, remove the file ${join(folder, LOCK_NAME)} and try again.`,
    data: { folder },
  });
}

function planChanged(folder: string, what: string): IronliftError {
  return new IronliftError('PLAN_CHANGED', what, {
    next: 'Go on with the same version and the same settings, or convert the server again with --force, which replaces what is there.',
    data: { folder },
  });
}
