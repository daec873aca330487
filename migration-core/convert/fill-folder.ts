/**
 * The steps of a job that write: fix, copy, verify, pack, configure. Each begins with what an earlier run of the same job
 * left of it, where that was interrupted. Read `fillFolder` from top to bottom.
 */
import { rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { IronliftError, isIronliftError } from '../base/errors.ts';
import { applyEdits } from '../guest/apply.ts';
import type { UndoRecord } from '../guest/apply-undo.ts';
import { labelFor } from '../guest/linux/selinux.ts';
import { renameFinished } from '../image/partial.ts';
import { badSectorFindings } from './bad-sectors.ts';
import type { ConversionPreview, ConvertWorld } from './convert.ts';
import { copyDisk, copiedBefore, type CopiedDisk } from './copy-disk.ts';
import { copyLogPath } from './copy-log.ts';
import { partial, writeDurably } from './files.ts';
import { changesDigest } from './fingerprint.ts';
import { describeDisk, verifyDisk } from './finished-disk.ts';
import type { CopiedFacts, JobState, PackedFacts, VerifiedFacts } from './job-record.ts';
import type { Journal } from './journal.ts';
import { diskFiles, MANIFEST_NAME, renderManifest, type Manifest, type ManifestDisk } from './manifest.ts';
import type { ConvertOptions } from './options.ts';
import type { ConversionPlan } from './plan.ts';
import { readme } from './readme.ts';
import type { OpenServer } from './server.ts';
import type { Steps } from './steps.ts';

/** A job that may write. */
export interface Job {
  options: ConvertOptions;
  world: ConvertWorld;
  preview: ConversionPreview;
  steps: Steps;
  journal: Journal;
  /** What an earlier run left; null in the first one. */
  past: JobState | null;
}

/** Of a volume that is changed by decision of a person (filesystem/ntfs/open.ts). */
const UNCLEAN_ACCEPTED = 'NTFS_UNCLEAN_ACCEPTED';

export async function fillFolder(job: Job): Promise<Manifest> {
  const { options, world, steps, past, journal } = job;
  const { server, plan, destination, findings, now } = job.preview;
  const { folder } = destination;
  const { machine, target, fixes } = plan;
  const edits = fixes.flatMap((fix) => fix.edits.map((edit) => ({ fixer: fix.fixer, edit })));

  const { records } = await steps.run(
    'fix',
    `Preparing the guest (${edits.length} changes, in the overlay)`,
    async () => {
      const made = edits.length === 0 ? [] : await applyChanges(server, plan, now, world);
      const changes = await changesDigest(server);
      if (past !== null && past.changes !== null && past.changes !== changes) throw otherChanges(folder);
      return { records: made, changes };
    },
    ({ changes }) => ({ changes }),
  );

  const disks: ManifestDisk[] = [];
  for (const [index, disk] of machine.disks.entries()) {
    const copied =
      (await copiedBefore(job, index)) ??
      (await steps.run(
        `copy-${index}`,
        `Copying disk ${index + 1} of ${machine.disks.length} to ${disk.file}`,
        () => copyDisk(job, index, disks),
        copiedFacts,
      ));
    await rm(copyLogPath(folder, index), { force: true });
    disks.push(describeDisk(server, plan, index, copied));
  }
  if (options.verify) {
    for (const [index, disk] of disks.entries()) {
      if (takeVerified(disk, past?.disks[index]?.verified)) continue;
      await steps.run(
        `verify-${index}`,
        `Reading disk ${index + 1} of ${disks.length} again and comparing`,
        () => verifyDisk(disk, folder, world).catch((error: unknown) => copyIsBad(journal, index, error)),
        (): VerifiedFacts => ({
          sha256: disk.sha256,
          extents: (disk.extents ?? []).map(({ sha256 }) => sha256),
        }),
      );
    }
  }
  const packaged =
    target.packaging === undefined
      ? null
      : ((await packedBefore(folder, past, disks)) ??
        (await steps.run(
          'pack',
          `Packing everything into ${target.packaging.fileName(machine)}`,
          () => packMachine(plan, disks, folder, world),
          (packed): PackedFacts => packed,
        )));
  if (packaged === null)
    for (const disk of disks) await renameFinished(diskFiles(disk).map((file) => partial(folder, file)));

  const manifest: Manifest = {
    ironlift: world.version,
    formatVersion: 1,
    created: new Date(world.now()).toISOString(),
    target: target.id,
    guest: server.inspection === null ? null : { ...server.inspection.guest, findings: undefined },
    machine,
    disks,
    hardware: plan.hardware,
    ...(packaged === null ? {} : { package: packaged }),
    edits: records.map((record, index) => {
      const { fixer, edit } = edits[index]!;
      return {
        fixer,
        what: edit.what,
        why: edit.why,
        action: edit.action.kind,
        path: record.path,
        before: record.before,
      };
    }),
    findings: [
      ...findings,
      ...disks.flatMap(({ source, badSectors }) => badSectorFindings(source.path, badSectors)),
    ],
    ...(findings.some(({ code }) => code === UNCLEAN_ACCEPTED) ? { acceptedUncleanNtfs: true as const } : {}),
    timings: steps.timings,
    undone: null,
  };
  await steps.run('configure', `Writing the configuration for ${target.name}`, async () => {
    // An interrupted run may have written some of them; the first one finds none.
    const flag = past === null ? 'wx' : 'w';
    for (const { name, content, executable } of target.configure(machine)) {
      await writeFile(join(folder, name), content, { flag, mode: executable === true ? 0o755 : 0o644 });
    }
    await writeFile(join(folder, 'README.txt'), readme(manifest, target), { flag });
  });
  // The manifest comes last: a folder that has one is finished.
  await writeDurably(join(folder, MANIFEST_NAME), renderManifest(manifest));
  return manifest;
}

async function applyChanges(
  server: OpenServer,
  plan: ConversionPlan,
  now: number,
  { signal }: ConvertWorld,
): Promise<UndoRecord[]> {
  return applyEdits(
    server.inspection!.tree,
    plan.fixes.flatMap((fix) => fix.edits),
    {
      now,
      ...(signal === undefined ? {} : { signal }),
      ...(server.inspection!.guest.selinux === 'absent' ? {} : { label: labelFor }),
    },
  );
}

const copiedFacts = (copied: CopiedDisk): CopiedFacts & Record<string, unknown> => ({ ...copied });

/** Takes over what an earlier run found when it read the disk again. */
function takeVerified(disk: ManifestDisk, verified: VerifiedFacts | null | undefined): boolean {
  const extents = disk.extents ?? [];
  if (verified === null || verified === undefined || verified.extents.length !== extents.length) return false;
  disk.sha256 = verified.sha256;
  for (const [index, extent] of extents.entries()) extent.sha256 = verified.extents[index]!;
  disk.verified = true;
  return true;
}

/** Gone on with, the job copies this disk again: to compare it once more would find the same. */
async function copyIsBad(journal: Journal, index: number, error: unknown): Promise<never> {
  if (isIronliftError(error, 'VERIFY_FAILED')) await journal.write(`copy-${index}`, 'failed');
  throw error;
}

async function packedBefore(
  folder: string,
  past: JobState | null,
  disks: readonly ManifestDisk[],
): Promise<NonNullable<Manifest['package']> | null> {
  const packed = past?.packed ?? null;
  if (packed === null || packed.disks.length !== disks.length) return null;
  const found = await stat(join(folder, packed.file)).catch(() => null);
  if (found?.isFile() !== true || found.size !== packed.bytes) return null;
  for (const [index, { sha256 }] of packed.disks.entries()) disks[index]!.sha256 = sha256;
  return packed;
}

async function packMachine(
  { machine, target }: ConversionPlan,
  disks: readonly ManifestDisk[],
  folder: string,
  world: ConvertWorld,
): Promise<NonNullable<Manifest['package']>> {
  const packaging = target.packaging!;
  const file = packaging.fileName(machine);
  await rm(partial(folder, file), { force: true });
  const packed = await packaging.pack({
    machine,
    path: partial(folder, file),
    disks: disks.map((disk) => ({
      path: partial(folder, disk.file),
      bytes: disk.fileBytes,
      sha256: disk.sha256,
    })),
    signal: world.signal,
    onProgress: world.onProgress,
  });
  for (const [index, { sha256 }] of packed.entries()) disks[index]!.sha256 = sha256;
  await renameFinished([partial(folder, file)]);
  return { file, bytes: (await stat(join(folder, file))).size, disks: packed };
}

function otherChanges(folder: string): IronliftError {
  return new IronliftError(
    'PLAN_CHANGED',
    'The changes to the guest came out differently from when the job was begun, so what was copied does not fit them.',
    {
      next: 'Convert the server again with --force, which replaces what is there, or into another folder.',
      data: { folder },
    },
  );
}
