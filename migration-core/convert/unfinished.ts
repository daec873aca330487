/** What a folder offers to somebody who looks at it: a job at work, one to go on with, a finished machine, or nothing. */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isIronliftError } from '../base/errors.ts';
import { readJob, type DiskProgress, type JobState } from './job-record.ts';
import { lockedBy } from './lock.ts';
import { MANIFEST_NAME } from './manifest.ts';

export interface UnfinishedJob {
  state: 'running' | 'interrupted' | 'finished' | 'none';
  /** The step that is at work or was interrupted, as the journal calls it: `copy-0`; empty where there is none. */
  step: string;
  /** Bytes of all disks that are copied for good, and that are to be copied. */
  bytesDone: number;
  bytesTotal: number;
  /** Whether `resumeConversion` would try; it still compares sources and plan. */
  canResume: boolean;
  /** Why not, one sentence; null where it can. */
  reason: string | null;
}

/** Reads the records of the folder and nothing else. Never throws. */
export async function unfinishedJob(folder: string): Promise<UnfinishedJob> {
  const nothing = { step: '', bytesDone: 0, bytesTotal: 0, canResume: false };
  try {
    const runs = await lockedBy(folder);
    const isFinished = (await stat(join(folder, MANIFEST_NAME)).catch(() => null))?.isFile() === true;
    if (isFinished && runs === null)
      return { state: 'finished', ...nothing, reason: `The conversion in ${folder} is finished.` };
    const job = await readJob(folder).catch((error: unknown) => {
      if (runs === null) throw error;
      return null;
    });
    if (runs !== null)
      return {
        state: 'running',
        ...(job === null ? nothing : progressOf(job)),
        canResume: false,
        reason: runs,
      };
    if (job === null) return { state: 'none', ...nothing, reason: `There is no conversion in ${folder}.` };
    return { state: 'interrupted', ...progressOf(job), canResume: true, reason: null };
  } catch (error) {
    const reason = isIronliftError(error) ? error.message : `${folder} cannot be read: ${String(error)}.`;
    return { state: 'interrupted', ...nothing, reason };
  }
}

function progressOf({
  record,
  disks,
  step,
}: JobState): Pick<UnfinishedJob, 'step' | 'bytesDone' | 'bytesTotal'> {
  let bytesDone = 0;
  let bytesTotal = 0;
  for (const [index, disk] of disks.entries()) {
    const total = record.copyBytes[index] ?? 0;
    bytesTotal += total;
    bytesDone += Math.min(total, copiedOf(disk, total));
  }
  return { step, bytesDone, bytesTotal };
}

function copiedOf({ copied, checkpoints }: DiskProgress, total: number): number {
  if (copied !== null) return total;
  const last = checkpoints.at(-1);
  return last === undefined ? 0 : last.dataBytes + last.zeroBytes;
}
