/**
 * One job at a time in a folder: a file that names the process at work there. A killed process leaves the file; whoever
 * finds it asks the system whether that very process still runs (its number may be another's by now).
 */
import { randomUUID } from 'node:crypto';
import { link, open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { IronliftError, systemErrorCode } from '../base/errors.ts';
import { writeFailed } from '../block/file-errors.ts';

export const LOCK_NAME = 'ironlift.lock';

/** Of a lock file, bytes. */
const LARGEST = 4096;

const holderSchema = z.object({
  pid: z
    .int()
    .min(1)
    .max(2 ** 31 - 1),
  /** When the process started, in the words of its system; null where that does not tell. */
  started: z.string().max(200).nullable(),
  host: z.string().max(255),
  token: z.string().max(100),
});
type Holder = z.infer<typeof holderSchema>;

export interface JobLock {
  release(): Promise<void>;
}

/** Why the folder is taken, one sentence; null where it is free or whoever had it is gone. Never throws. */
export async function lockedBy(folder: string): Promise<string | null> {
  const text = await readLock(folder);
  const holder = text === null ? null : parseHolder(text);
  return holder === null ? null : stillHolds(folder, holder);
}

/** @throws JOB_RUNNING, WRITE_FAILED */
export async function takeLock(folder: string): Promise<JobLock> {
  const path = join(folder, LOCK_NAME);
  const holder: Holder = {
    pid: process.pid,
    started: await startOf(process.pid),
    host: hostname(),
    token: randomUUID(),
  };
  const own = JSON.stringify(holder);
  for (let tries = 0; tries < 3; tries++) {
    if (await createLock(folder, own)) {
      return {
        async release() {
          // Another's lock is not ours to take away.
          if ((await readLock(folder)) === own) await rm(path, { force: true }).catch(() => undefined);
        },
      };
    }
    const found = await readLock(folder);
    const other = found === null ? null : parseHolder(found);
    const why = other === null ? null : await stillHolds(folder, other);
    if (why !== null) throw running(folder, why);
    if (found !== null) await removeStale(path, found);
  }
  throw running(folder, `Another job has just begun in ${folder}.`);
}

/** Whole or not at all: another process must not read half of it and take the lock for a dead one's. */
async function createLock(folder: string, text: string): Promise<boolean> {
  const path = join(folder, LOCK_NAME);
  const draft = `${path}.${randomUUID()}`;
  try {
    await writeFile(draft, text, { flag: 'wx' });
    await link(draft, path);
    return true;
  } catch (error) {
    if (systemErrorCode(error) === 'EEXIST') return false;
    // FAT and some shares have no links.
    if (systemErrorCode(error) === 'ENOSPC' || systemErrorCode(error) === 'EROFS')
      throw writeFailed(path, error);
    return await createPlainly(path, text);
  } finally {
    await rm(draft, { force: true }).catch(() => undefined);
  }
}

async function createPlainly(path: string, text: string): Promise<boolean> {
  try {
    await writeFile(path, text, { flag: 'wx' });
    return true;
  } catch (error) {
    if (systemErrorCode(error) === 'EEXIST') return false;
    throw writeFailed(path, error);
  }
}

/** Two may find the same dead lock: what was moved away is looked at again, and put back if it is a living one's. */
async function removeStale(path: string, stale: string): Promise<void> {
  const aside = `${path}.${randomUUID()}`;
  try {
    await rename(path, aside);
  } catch {
    return;
  }
  if ((await readFile(aside, 'utf8').catch(() => stale)) !== stale)
    await link(aside, path).catch(() => undefined);
  await rm(aside, { recursive: true, force: true });
}

/** Text of the lock file, or null; something that is no small file counts as a dead lock without a word in it. */
async function readLock(folder: string): Promise<string | null> {
  const path = join(folder, LOCK_NAME);
  try {
    if (!(await stat(path)).isFile()) return '';
    const file = await open(path, 'r');
    try {
      const { bytesRead, buffer } = await file.read(Buffer.alloc(LARGEST), 0, LARGEST, 0);
      return buffer.toString('utf8', 0, bytesRead);
    } finally {
      await file.close();
    }
  } catch {
    return null;
  }
}

function parseHolder(text: string): Holder | null {
  try {
    return holderSchema.parse(JSON.parse(text));
  } catch {
    return null;
  }
}

async function stillHolds(folder: string, { pid, started, host }: Holder): Promise<string | null> {
  if (host !== hostname())
    return `${folder} was taken by a job on the computer ${host}, and whether that still runs cannot be seen from here.`;
  if (!isAlive(pid)) return null;
  if (started !== null) {
    const now = await startOf(pid);
    if (now !== started && now !== null) return null;
    // On Linux a process that has no start is one that is over and waits for its parent.
    if (now === null && process.platform === 'linux') return null;
  }
  return `A job is at work in ${folder} (process ${pid}).`;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return systemErrorCode(error) === 'EPERM';
  }
}

/**
 * The start of a process since the computer started, and which start of the computer that was (proc(5), stat field 22);
 * null where the system has no such file, and for a process that is over.
 */
async function startOf(pid: number): Promise<string | null> {
  try {
    const text = await readFile(`/proc/${pid}/stat`, 'latin1');
    // The name, in parentheses, may hold anything; what follows it does not.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    if (fields[0] === 'Z' || fields[0] === 'X' || fields[19] === undefined) return null;
    const boot = await readFile('/proc/sys/kernel/random/boot_id', 'latin1').catch(() => '');
    return `${boot.trim()} ${fields[19]}`;
  } catch {
    return null;
  }
}

function running(folder: string, why: string): IronliftError {
  return new IronliftError('JOB_RUNNING', why, {
    next: `Wait until it has ended; if nothing is at work there any more, remove the file ${join(folder, LOCK_NAME)} and try again.`,
    data: { folder },
  });
}
