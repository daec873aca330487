/**
 * What the journal of a job says, read as untrusted input: the first entry has all that is needed to plan the same job
 * again, the others say how far it came.
 */
import { basename, isAbsolute, join, resolve } from 'node:path';
import { z } from 'zod';
import { PARTIAL } from '../image/partial.ts';
import { DISK_BUSES } from '../target/machine.ts';
import { journalDamaged, JOURNAL_NAME, readJournal, type JournalEntry } from './journal.ts';
import { MOST_DRIVER_SOURCES, type ConvertOptions } from './options.ts';
import type { StepTiming } from './steps.ts';

/** The step of the entry that describes the job. */
export const JOB = 'job';

/** Disks of one server; no platform takes more. */
const MOST_DISKS = 256;
/** Files of one image: 64 TiB in files of 2 GB. */
const MOST_FILES = 40_000;
/** Bad sectors, in runs, that a checkpoint lists. A disk with more is begun again after an interruption. */
export const MOST_BAD_SECTORS = 256;

const bytes = z.int().min(0);
const hex = z.string().regex(/^[0-9a-f]{64}$/u);
const text = z.string().max(4096);
/** A name in the folder that leads nowhere else. */
const fileName = z
  .string()
  .max(255)
  .refine((name) => name === basename(name) && name !== '..' && name !== '.' && !/[/\\]/u.test(name));
const extent = z.object({ offset: bytes, length: bytes });

const optionsSchema = z.object({
  sources: z
    .array(text.refine((path) => isAbsolute(path) || isAddress(path)))
    .min(1)
    .max(MOST_DISKS),
  target: text,
  name: text.nullable(),
  format: text.nullable(),
  allocation: z.enum(['thin', 'thick', 'split2g']),
  bus: z.enum(DISK_BUSES).nullable(),
  cpus: z.number().nullable(),
  memoryMiB: z.number().nullable(),
  nics: z
    .array(
      z.object({
        mode: z.enum(['isolated', 'nat', 'bridged', 'host-only']),
        network: text.nullable(),
        vlan: z.int().nullable(),
        mac: text,
      }),
    )
    .max(64),
  wholeDisk: z.boolean(),
  fix: z.boolean(),
  verify: z.boolean(),
  root: text.nullable(),
  zeroBadSectors: z.boolean(),
  allowMounted: z.boolean(),
  /** Not in records of earlier versions. */
  drivers: z.array(text.refine(isAbsolute)).max(MOST_DRIVER_SOURCES).default([]),
  /** Likewise. */
  acceptUncleanNtfs: z.boolean().default(false),
});

const sourceSchema = z.object({
  /** SourceFingerprint. */
  size: bytes,
  mtime: text,
  inode: text,
  device: text,
  sample: hex,
});

const timing = z.object({ step: text, seconds: z.number() });

const jobSchema = z.object({
  formatVersion: z.literal(1),
  /** Of the program. */
  version: text,
  /** Seconds since 1970: the time of every change to the guest. */
  now: bytes,
  options: optionsSchema,
  sources: z.array(sourceSchema).min(1).max(MOST_DISKS),
  plan: hex,
  uuid: text,
  /** Bytes to copy of each disk. */
  copyBytes: z.array(bytes).max(MOST_DISKS),
  /** Names of what is written beside the images at the end. Absent in journals of earlier versions. */
  files: z.array(fileName).max(1000).optional(),
  /** Whether the job made the folder. */
  madeFolder: z.boolean(),
  timings: z.array(timing).max(100),
});
export type JobRecord = z.infer<typeof jobSchema>;

const checkpointSchema = z.object({
  /** CopiedSoFar. */
  next: bytes,
  dataBytes: bytes,
  zeroBytes: bytes,
  /** Bytes of the log of the copy, and their SHA-256. */
  logBytes: bytes,
  logDigest: hex,
  badSectors: z.array(extent).max(MOST_BAD_SECTORS),
});
export type Checkpoint = z.infer<typeof checkpointSchema>;

const copiedSchema = z.object({
  dataBytes: bytes,
  skippedBytes: bytes,
  digest: hex.nullable(),
  files: z
    .array(z.object({ file: fileName.refine((name) => name.endsWith(PARTIAL)), bytes }))
    .min(1)
    .max(MOST_FILES),
  badSectors: z.array(extent).max(100_000),
});
/** A disk that is copied; `files` under their names before they are finished, the main one first. */
export type CopiedFacts = z.infer<typeof copiedSchema>;

const verifiedSchema = z.object({ sha256: hex.nullable(), extents: z.array(hex.nullable()).max(MOST_FILES) });
export type VerifiedFacts = z.infer<typeof verifiedSchema>;

const packedSchema = z.object({
  file: fileName,
  bytes,
  disks: z.array(z.object({ offset: bytes, bytes, sha256: hex })).max(MOST_DISKS),
});
export type PackedFacts = z.infer<typeof packedSchema>;

/** All steps there are; anything else in a journal is not ours. */
const STEPS = /^(?:open|plan|pre-flight|fix|pack|configure|(?:copy|verify)-\d{1,3})$/u;

/** What became of one disk. */
export interface DiskProgress {
  begun: boolean;
  copied: CopiedFacts | null;
  verified: VerifiedFacts | null;
  /** The last one last; only what may still hold. */
  checkpoints: Checkpoint[];
}

/** A job as its journal tells it. */
export interface JobState {
  record: JobRecord;
  disks: DiskProgress[];
  /** changesDigest once the guest was prepared. */
  changes: string | null;
  packed: PackedFacts | null;
  /** The step that was begun last. */
  step: string;
  timings: StepTiming[];
  /** Bytes of the journal that are whole lines. */
  journalBytes: number;
}

/** ConvertOptions for the record: sources as they are found from anywhere. */
export function recordOptions(options: ConvertOptions): JobRecord['options'] {
  const { sources } = options;
  return {
    target: options.target,
    name: options.name,
    format: options.format,
    allocation: options.allocation,
    bus: options.bus,
    cpus: options.cpus,
    memoryMiB: options.memoryMiB,
    nics: options.nics,
    wholeDisk: options.wholeDisk,
    fix: options.fix,
    verify: options.verify,
    root: options.root,
    zeroBadSectors: options.zeroBadSectors,
    allowMounted: options.allowMounted,
    acceptUncleanNtfs: options.acceptUncleanNtfs,
    drivers: options.drivers.map((path) => resolve(path)),
    sources: sources.map((source) => (isAddress(source) ? source : resolve(source))),
  };
}

/** `ssh://...`, which is no path. */
function isAddress(source: string): boolean {
  return /^[a-z][a-z0-9+.-]+:\/\//u.test(source);
}

/** The job of a folder; null where no job was ever begun there. @throws JOURNAL_DAMAGED */
export async function readJob(folder: string): Promise<JobState | null> {
  const path = join(folder, JOURNAL_NAME);
  const journal = await readJournal(path);
  if (journal === null) return null;
  return jobState(path, journal.entries, journal.length);
}

/** Pure. @throws JOURNAL_DAMAGED */
export function jobState(path: string, entries: readonly JournalEntry[], journalBytes: number): JobState {
  const first = entries.find(({ step }) => step === JOB);
  if (first === undefined)
    throw journalDamaged(path, 'the job was interrupted before it had anything to go on with');
  const parsed = jobSchema.safeParse(first.data);
  if (!parsed.success) {
    const where = parsed.error.issues[0]?.path.join('.') ?? '';
    throw journalDamaged(
      path,
      `its description of the job is not understood (${where === '' ? 'empty' : where})`,
    );
  }
  const record = parsed.data;
  const state: JobState = {
    record,
    disks: record.sources.map(() => ({ begun: false, copied: null, verified: null, checkpoints: [] })),
    changes: null,
    packed: null,
    step: JOB,
    timings: record.timings.map((one) => ({ ...one })),
    journalBytes,
  };
  const clock = stepClock(state.timings);
  for (const entry of entries) {
    if (entry === first || !STEPS.test(entry.step)) continue;
    clock(entry);
    if (entry.state === 'begun') state.step = entry.step;
    takeEntry(state, entry);
  }
  clock(null);
  return state;
}

function takeEntry(state: JobState, { step, state: at, data }: JournalEntry): void {
  if (at === 'done' && step === 'fix') {
    state.changes = hex.safeParse(data?.['changes']).data ?? null;
    return;
  }
  if (step === 'pack') {
    state.packed = at === 'done' ? (packedSchema.safeParse(data).data ?? null) : null;
    return;
  }
  const [, what, number] = /^(copy|verify)-(\d{1,3})$/u.exec(step) ?? [];
  const disk = state.disks[Number(number ?? -1)];
  if (disk === undefined) return;
  if (what === 'verify') {
    disk.verified = at === 'done' ? (verifiedSchema.safeParse(data).data ?? null) : null;
    return;
  }
  if (at === 'begun') {
    Object.assign(disk, { begun: true, copied: null, verified: null });
  } else if (at === 'done') {
    disk.copied = copiedSchema.safeParse(data).data ?? null;
  } else if (at === 'failed') {
    Object.assign(disk, { copied: null, verified: null, checkpoints: [] });
  } else {
    const checkpoint = checkpointSchema.safeParse(data).data;
    if (checkpoint !== undefined) addCheckpoint(disk.checkpoints, checkpoint);
  }
}

/** A copy that fell back to an earlier checkpoint wrote it once more: those after it tell of a log that is gone. */
function addCheckpoint(list: Checkpoint[], checkpoint: Checkpoint): void {
  while (list.length > 0) {
    const last = list.at(-1)!;
    if (last.next < checkpoint.next && last.logBytes <= checkpoint.logBytes) break;
    list.pop();
  }
  list.push(checkpoint);
}

/** Adds up how long each step took, of an interrupted one until it was last heard of; null ends it. */
function stepClock(timings: StepTiming[]): (entry: JournalEntry | null) => void {
  let open: { step: string; from: number; until: number } | null = null;
  const close = (): void => {
    if (open === null) return;
    const { step, from, until } = open;
    const seconds = Math.max(0, until - from) / 1000;
    const known = timings.find((timing) => timing.step === step);
    if (known === undefined) timings.push({ step, seconds });
    else known.seconds += seconds;
    open = null;
  };
  return (entry) => {
    const time = entry === null ? NaN : Date.parse(entry.at);
    if (entry === null || !Number.isFinite(time)) {
      if (entry === null) close();
      return;
    }
    if (entry.state === 'begun') {
      close();
      open = { step: entry.step, from: time, until: time };
    } else if (open !== null && open.step === entry.step) {
      open.until = time;
      if (entry.state === 'done') close();
    }
  };
}
