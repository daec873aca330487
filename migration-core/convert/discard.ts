/**
 * Gives up a conversion that was paused or interrupted: takes away what it wrote, by what its journal says, without a look
 * at the source, which may be gone. What the journal does not tell of is somebody else's, and stays.
 */
import { readdir, rm, rmdir, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { IronliftError, isIronliftError, systemErrorCode } from '../base/errors.ts';
import { writeFailed } from '../block/file-errors.ts';
import { finalPath, isPartial } from '../image/partial.ts';
import { copyLogName } from './copy-log.ts';
import { readJob, type JobState } from './job-record.ts';
import { JOURNAL_NAME } from './journal.ts';
import { LOCK_NAME, takeLock } from './lock.ts';
import { MANIFEST_NAME } from './manifest.ts';
import { unfinishedJob } from './unfinished.ts';

export interface Discarded {
  folder: string;
  /** Names in the folder, in the order of the alphabet. */
  removed: string[];
  /** What is there still: none of it was written by the job, as far as is known. */
  left: string[];
  /** Whether the folder, which the job had made, is gone, too. */
  folderRemoved: boolean;
}

/**
 * @throws NOT_A_CONVERSION, JOB_RUNNING: nothing was changed then; ALREADY_FINISHED: a finished machine is no job of ours
 *   to take away; WRITE_FAILED: some of it may be left, and it can be done again
 */
export async function discardConversion(output: string): Promise<Discarded> {
  const folder = resolve(output);
  const { state, reason } = await unfinishedJob(folder);
  if (state === 'none')
    throw new IronliftError('NOT_A_CONVERSION', `There is no conversion in ${folder} to be discarded.`, {
      next: 'Nothing has to be done.',
      data: { folder },
    });
  if (state === 'finished') throw finished(folder, reason!);
  const lock = await takeLock(folder);
  try {
    // Another process may have gone on with it and finished it before it was ours.
    if ((await stat(join(folder, MANIFEST_NAME)).catch(() => null))?.isFile() === true)
      throw finished(folder, `The conversion in ${folder} is finished.`);
    const job = await jobOf(folder);
    const ours = namesOf(job);
    const names = (await readdir(folder)).sort();
    const removed = names.filter((name) => ours(name));
    // The journal last: until then the folder is still known for what it is, and this can be done again.
    for (const name of removed.filter((one) => one !== JOURNAL_NAME)) await remove(join(folder, name));
    await remove(join(folder, JOURNAL_NAME));
    await lock.release();
    const left = (await readdir(folder)).sort();
    const folderRemoved =
      job?.record.madeFolder === true &&
      left.length === 0 &&
      (await rmdir(folder).then(
        () => true,
        () => false,
      ));
    return { folder, removed, left, folderRemoved };
  } finally {
    await lock.release();
  }
}

const finished = (folder: string, reason: string): IronliftError =>
  new IronliftError('ALREADY_FINISHED', reason, {
    next: 'A finished machine is not discarded from here: remove its folder yourself if you do not want it.',
    data: { folder },
  });

/** null: it was interrupted before it had said what it was going to do. */
async function jobOf(folder: string): Promise<JobState | null> {
  try {
    return await readJob(folder);
  } catch (error) {
    if (isIronliftError(error, 'JOURNAL_DAMAGED')) return null;
    throw error;
  }
}

function namesOf(job: JobState | null): (name: string) => boolean {
  const disks = job?.disks ?? [];
  const known = new Set([
    JOURNAL_NAME,
    ...disks.map((_, index) => copyLogName(index)),
    // A disk that was copied may have its final name already.
    ...disks.flatMap(({ copied }) => copied?.files.flatMap(({ file }) => [file, finalPath(file)]) ?? []),
    ...(job?.packed === null || job?.packed === undefined ? [] : [job.packed.file]),
    // Written in the last step: before that, what has such a name is another's.
    ...(job?.step === 'configure' ? (job.record.files ?? []) : []),
  ]);
  return (name) => known.has(name) || (isPartial(name) && name !== LOCK_NAME);
}

async function remove(path: string): Promise<void> {
  try {
    await rm(path, { force: true });
  } catch (error) {
    // Something of that name that is no file was made by nobody of ours.
    if (systemErrorCode(error) === 'ERR_FS_EISDIR') return;
    throw writeFailed(path, error);
  }
}
