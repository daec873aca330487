/**
 * The conversion: inspect, pre-flight, fix, copy, configure, verify. Read `convertServer` from top to bottom. Nothing is
 * written before every check has passed; a job that fails or is cancelled takes away what it wrote; one that is killed
 * leaves `.partial` files and a journal, never something that looks finished, and can be gone on with (resume.ts).
 */
import { join, resolve } from 'node:path';
import { ERROR_KINDS, type ErrorCode } from '../base/error-codes.ts';
import { IronliftError } from '../base/errors.ts';
import type { Finding } from '../base/finding.ts';
import type { ProgressListener } from '../base/progress.ts';
import type { HelperCommand } from '../source/elevated/helper-command.ts';
import type { CheckpointDistance } from './checkpoints.ts';
import {
  createDestination,
  planDestination,
  refuseForeign,
  refuseInputsWithin,
  type DestinationPlan,
} from './destination.ts';
import { syncFolder } from './files.ts';
import { fillFolder, type Job } from './fill-folder.ts';
import { planDigest, sourceSample } from './fingerprint.ts';
import { besideImages, removeJobFiles } from './job-files.ts';
import { JOB, readJob, recordOptions, type JobRecord } from './job-record.ts';
import { JOURNAL_NAME, Journal } from './journal.ts';
import { keepsPartial, keptError } from './keep.ts';
import { largestFile } from './largest-file.ts';
import { takeLock } from './lock.ts';
import type { Manifest } from './manifest.ts';
import type { ConvertOptions } from './options.ts';
import { checkOptions, planConversion, type ConversionPlan } from './plan.ts';
import { SECTOR_SIZE } from './sector-size.ts';
import { openServer, type OpenServer } from './server.ts';
import { Steps, type StepTiming } from './steps.ts';

export interface ConvertWorld {
  /** Milliseconds since 1970. */
  now: () => number;
  /** `0.1.0`, for the record. */
  version: string;
  /** Aborted with the reason PAUSE (base/cancel.ts), the job keeps what it has and can be gone on with. */
  signal?: AbortSignal | undefined;
  /** Whether what was written stays when the job is cancelled or fails. */
  keepPartial?: boolean | undefined;
  /** Bytes of the largest file a folder takes; asked of the file system unless told. */
  largestFile?: (folder: string) => Promise<number>;
  /** Reads disks of this computer that this process may not. */
  deviceHelper?: HelperCommand | undefined;
  /** CHECKPOINT_DISTANCE unless told. */
  checkpointDistance?: CheckpointDistance;
  /** One sentence for each step as it begins. */
  onStep: (sentence: string) => void;
  onProgress?: ProgressListener | undefined;
}

export interface ConversionPreview {
  server: OpenServer;
  plan: ConversionPlan;
  destination: DestinationPlan;
  findings: Finding[];
  /** Seconds since 1970: the time of every change to the guest. */
  now: number;
}

export interface ConversionResult {
  folder: string;
  manifest: Manifest;
}

/** Decides everything and hands it to `look` while the server is open; writes nothing. @throws PRE_FLIGHT and other refusals */
export async function previewConversion<T>(
  options: ConvertOptions,
  world: ConvertWorld,
  look: (preview: ConversionPreview, steps: Steps) => Promise<T>,
): Promise<T> {
  return previewAt(options, world, { now: Math.floor(world.now() / 1000), timings: [] }, look);
}

/** What a job that is gone on with takes over from the time it was begun. */
export interface PreviewAt {
  now: number;
  timings: readonly StepTiming[];
  /** What lies in the folder stays there, whoever put it there. */
  goesOn?: true;
  /** Called when the sources are open and nothing is planned yet. */
  onOpen?: (server: OpenServer) => void;
}

/** As previewConversion, of a job that was begun at that time. */
export async function previewAt<T>(
  options: ConvertOptions,
  world: ConvertWorld,
  { now, timings, goesOn, onOpen }: PreviewAt,
  look: (preview: ConversionPreview, steps: Steps) => Promise<T>,
): Promise<T> {
  const target = checkOptions(options);
  const { signal } = world;
  const steps = new Steps(world.now, signal, world.onStep, timings);
  const server = await steps.run('open', 'Reading partitions, file systems and the operating system', () =>
    openServer(options.sources, {
      now,
      signal,
      onProgress: world.onProgress,
      root: options.root,
      allowMounted: options.allowMounted,
      helper: world.deviceHelper,
      zeroBadSectors: options.zeroBadSectors,
      // Without changes to the guest there is nothing to decide: the log is copied with the rest.
      ...(options.acceptUncleanNtfs && options.fix ? { acceptUnclean: 'any' as const } : {}),
    }),
  );
  try {
    onOpen?.(server);
    if (server.refusal !== null && options.fix) refuse(server);
    const plan = await steps.run(
      'plan',
      'Planning the virtual machine and the changes to the guest',
      async () =>
        planConversion(server, target, options, {
          signal,
          largestFile: await (world.largestFile ?? largestFile)(resolve(options.output)),
        }),
    );
    const found = distinct([...server.findings, ...plan.findings]);
    // Without fixing, a system that cannot be prepared is copied as it is: the caller asked for that.
    const findings = options.fix ? found : asCopied(found, server.refusal?.code);
    const destination = await steps.run('pre-flight', 'Checking everything before the copy', async () => {
      refuseBlockers(findings);
      const planned = await planDestination(options.output, plan.needBytes, options.force);
      await refuseInputsWithin(planned, [
        ...options.sources,
        ...server.disks.flatMap(({ source }) => [source.description.path, ...source.files]),
        ...options.drivers,
      ]);
      if (goesOn !== true) refuseForeign(planned);
      return planned;
    });
    return await look({ server, plan, destination, findings, now }, steps);
  } finally {
    await server.close();
  }
}

/** Of a volume that may be copied and must not be changed. */
const ONLY_FOR_CHANGES = 'NTFS_LOG_DIRTY';

/** What was found, for a copy without changes to the guest. */
function asCopied(findings: Finding[], refusal: string | undefined): Finding[] {
  return findings
    .filter(({ code }) => code !== refusal && code !== ONLY_FOR_CHANGES)
    .map((finding) => (finding.code === SECTOR_SIZE ? { ...finding, severity: 'warning' } : finding));
}

/** Converts a server into a folder with a finished virtual machine. @throws PAUSED where what was written is kept */
export async function convertServer(options: ConvertOptions, world: ConvertWorld): Promise<ConversionResult> {
  return previewConversion(options, world, async (preview, steps) => {
    const { destination } = preview;
    const record = await jobRecord(options, world, preview, steps);
    const removeAll = await createDestination(destination, async () => {
      const past = await readJob(destination.folder).catch(() => null);
      await removeJobFiles(preview, past?.disks ?? []);
    });
    return runJob({ options, world, preview, steps, past: null }, removeAll, async () => {
      const journal = await Journal.create(join(destination.folder, JOURNAL_NAME), world.now);
      // All that going on needs, on the medium before the first byte of an image.
      await journal.write(JOB, 'begun', { ...record });
      await syncFolder(destination.folder);
      return journal;
    });
  });
}

/** Runs what a job writes, alone in its folder. */
export async function runJob(
  parts: Omit<Job, 'journal'>,
  removeAll: () => Promise<void>,
  openJournal: () => Promise<Journal>,
): Promise<ConversionResult> {
  const { folder } = parts.preview.destination;
  const lock = await takeLock(folder);
  let journal: Journal | null = null;
  try {
    journal = await openJournal();
    await parts.steps.useJournal(journal);
    const manifest = await fillFolder({ ...parts, journal });
    return { folder, manifest };
  } catch (error) {
    if (journal !== null && keepsPartial(parts, error)) throw keptError(folder, error);
    // A job that was there before and could not even be opened may be another's by now.
    if (journal === null && parts.past !== null) throw error;
    await journal?.close();
    journal = null;
    await removeAll();
    throw error;
  } finally {
    await journal?.close();
    await lock.release();
  }
}

async function jobRecord(
  options: ConvertOptions,
  world: ConvertWorld,
  { server, plan, destination, now }: ConversionPreview,
  { timings }: Steps,
): Promise<JobRecord> {
  const sources = [];
  for (const [index, { source }] of server.disks.entries()) {
    const { size, mtime, inode, device } = source.fingerprint;
    sources.push({
      size,
      mtime,
      inode,
      device,
      sample: await sourceSample(server, index, plan.toCopy[index]!),
    });
  }
  return {
    formatVersion: 1,
    version: world.version,
    now,
    options: recordOptions(options),
    sources,
    plan: planDigest(plan),
    uuid: plan.machine.uuid,
    copyBytes: plan.toCopy.map(({ bytes }) => bytes),
    files: besideImages(plan),
    madeFolder: destination.missing.length > 0,
    timings: timings.map((one) => ({ ...one })),
  };
}

/** Why there is no system on the disks: what is wrong with the disks themselves comes before what was not found on them. */
function refuse(server: OpenServer): never {
  refuseBlockers(server.findings.filter(({ code }) => code !== server.refusal!.code));
  throw server.refusal!;
}

/** All that stands in the way, in one refusal. */
function refuseBlockers(findings: Finding[]): void {
  const blockers = findings.filter(({ severity }) => severity === 'blocker');
  const [first] = blockers;
  if (first === undefined) return;
  const next = blockers.flatMap((blocker) => blocker.next ?? []);
  throw new IronliftError(
    isErrorCode(first.code) ? first.code : 'PRE_FLIGHT',
    blockers.map(({ message }) => message).join(' '),
    {
      next: next.length === 0 ? 'Nothing was written.' : next.join(' '),
      data: { blockers },
    },
  );
}

const isErrorCode = (code: string): code is ErrorCode =>
  code in ERROR_KINDS && ERROR_KINDS[code as ErrorCode] === 'refused';

function distinct(findings: Finding[]): Finding[] {
  const seen = new Set<string>();
  return findings.filter(({ code, message }) => {
    const key = `${code} ${message}`;
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}
