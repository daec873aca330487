/**
 * Taking the changes of a conversion back. The finished disk is never edited in place: its inverse edits go into an
 * overlay, a new image is written and verified, and only then takes the old one's name.
 */
import { rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { IronliftError } from '../base/errors.ts';
import { ExtentList } from '../base/extents.ts';
import type { ProgressListener } from '../base/progress.ts';
import { plural } from '../base/text.ts';
import { copyBlocks } from '../block/pipeline.ts';
import { applyEdits } from '../guest/apply.ts';
import { invertEdits, type UndoRecord } from '../guest/apply-undo.ts';
import { forPeople } from '../guest/windows/path.ts';
import { formatById } from '../image/table.ts';
import { diskIdentity } from '../target/identity.ts';
import { targetById } from '../target/table.ts';
import { describeFiles, verifyDisk } from './finished-disk.ts';
import { partial } from './files.ts';
import { takeLock } from './lock.ts';
import { diskFiles, readManifest, replaceDisks, type Manifest } from './manifest.ts';
import { openServer } from './server.ts';

export interface UndoneChange {
  what: string;
  why: string;
  /** How it is taken back, one sentence. */
  undo: string;
  path: string;
}

export interface UndoWorld {
  now: () => number;
  signal?: AbortSignal | undefined;
  onStep: (sentence: string) => void;
  onProgress?: ProgressListener | undefined;
}

/** The changes of a conversion, the last first, in words. @throws NOT_A_CONVERSION, ALREADY_UNDONE */
export async function planUndo(folder: string): Promise<UndoneChange[]> {
  const manifest = await readManifest(folder);
  refuseTwice(folder, manifest);
  return [...manifest.edits]
    .reverse()
    .map(({ what, why, path, before }) => ({ what, why, path, undo: inWords(manifest, path, before) }));
}

/**
 * Writes the disks anew with every change taken back.
 * @returns a sentence for each thing that had to be left as the guest has made it since.
 * @throws NOT_A_CONVERSION, ALREADY_UNDONE, and JOB_RUNNING: two at once would write into each other's new disks
 */
export async function applyUndo(folder: string, world: UndoWorld): Promise<string[]> {
  await planUndo(folder);
  const lock = await takeLock(folder);
  try {
    return await undoAlone(folder, world);
  } finally {
    await lock.release();
  }
}

async function undoAlone(folder: string, world: UndoWorld): Promise<string[]> {
  const manifest = await readManifest(folder);
  refuseTwice(folder, manifest);
  const { signal } = world;
  const packed = manifest.package;
  world.onStep('Reading the finished disks');
  const now = Math.floor(world.now() / 1000);
  const server = await openServer(
    // A disk in a package is read where it lies in there.
    manifest.disks.map(({ file }) =>
      packed === undefined ? join(folder, file) : join(folder, packed.file, file),
    ),
    // The conversion left such volumes marked to be checked, with an empty log; one with work in its log has run since.
    { now, signal, ...(manifest.acceptedUncleanNtfs === true ? { acceptUnclean: 'marked' } : {}) },
  );
  const written: string[] = [];
  const skipped: string[] = [];
  try {
    if (server.inspection === null) throw server.refusal ?? damaged(folder);
    world.onStep(`Taking back ${manifest.edits.length} changes (in the overlay)`);
    const records: UndoRecord[] = manifest.edits.map(({ what, path, before }) => ({
      what,
      path,
      before: before,
    }));
    const undone = await applyEdits(server.inspection.tree, invertEdits(records), {
      now,
      takesBack: true,
      ...(signal === undefined ? {} : { signal }),
    });
    const windows = windowsOf(manifest);
    for (const { path, skipped: left = [] } of undone)
      skipped.push(...left.map((sentence) => sentence.replaceAll(path, () => forPeople(windows, path))));
    for (const [index, disk] of manifest.disks.entries()) {
      world.onStep(`Writing disk ${index + 1} of ${manifest.disks.length} anew`);
      const { overlay } = server.disks[index]!;
      for (const file of diskFiles(disk)) await rm(partial(folder, file), { force: true });
      const writer = await formatById(disk.format)!.create({
        path: partial(folder, disk.file),
        size: disk.virtualBytes,
        allocation: disk.allocation ?? 'thin',
        subformat: disk.subformat,
        adapter: manifest.machine.disks[index]!.bus === 'ide' ? 'ide' : 'scsi',
        identity: diskIdentity(manifest.machine.uuid, index),
        finalName: disk.file,
      });
      const files = writer.files ?? [writer.path];
      written.push(...files);
      try {
        const whole = ExtentList.of([{ offset: 0, length: overlay.size }]);
        const copied = await copyBlocks({
          source: overlay,
          used: whole,
          writer,
          digest: true,
          signal,
          onProgress: world.onProgress,
        });
        await writer.finish();
        disk.contentDigest = copied.digest;
        disk.dataBytes = copied.dataBytes;
        Object.assign(disk, await describeFiles(files));
      } catch (error) {
        await writer.abort();
        throw error;
      }
      await verifyDisk(disk, folder, world);
    }
    if (packed !== undefined) {
      world.onStep(`Packing everything into ${packed.file} anew`);
      written.push(partial(folder, packed.file));
      await packAnew(folder, manifest, packed, world);
    }
  } catch (error) {
    for (const path of written) await rm(path, { force: true });
    throw error;
  } finally {
    await server.close();
  }
  manifest.undone = new Date(world.now()).toISOString();
  for (const message of skipped)
    manifest.findings.push({ severity: 'warning', code: 'UNDO_INCOMPLETE', message });
  await replaceDisks(folder, manifest);
  return skipped;
}

function refuseTwice(folder: string, manifest: Manifest): void {
  if (manifest.undone === null) return;
  throw new IronliftError(
    'ALREADY_UNDONE',
    `The changes of ${folder} were taken back on ${manifest.undone}.`,
    {
      next: 'Convert the server again if you need the prepared machine.',
    },
  );
}

/** A new package of the new disks, beside the old one, which it replaces with everything else that is new. */
async function packAnew(
  folder: string,
  manifest: Manifest,
  packed: NonNullable<Manifest['package']>,
  world: UndoWorld,
): Promise<void> {
  const path = partial(folder, packed.file);
  await rm(path, { force: true });
  const { packaging } = targetById(manifest.target) ?? {};
  if (packaging === undefined) throw damaged(folder);
  packed.disks = await packaging.pack({
    machine: manifest.machine,
    path,
    disks: manifest.disks.map(({ file, fileBytes, sha256 }) => ({
      path: partial(folder, file),
      bytes: fileBytes,
      sha256,
    })),
    signal: world.signal,
    onProgress: world.onProgress,
  });
  for (const [index, { sha256 }] of packed.disks.entries()) manifest.disks[index]!.sha256 = sha256;
  packed.bytes = (await stat(path)).size;
}

function damaged(folder: string): IronliftError {
  return new IronliftError('NOT_A_CONVERSION', `The disks in ${folder} hold no system any more.`, {
    next: 'Convert the server again.',
  });
}

/** The guest of a manifest, as far as names of its paths depend on it. */
export function windowsOf({ guest }: Pick<Manifest, 'guest'>): { systemDrive: string } | undefined {
  const windows = guest?.['windows'];
  if (typeof windows !== 'object' || windows === null || !('systemDrive' in windows)) return undefined;
  const { systemDrive } = windows;
  return typeof systemDrive === 'string' ? { systemDrive } : undefined;
}

/** One sentence: what taking the change back does. */
export function inWords(
  manifest: Pick<Manifest, 'guest'>,
  guestPath: string,
  before: Manifest['edits'][number]['before'],
): string {
  const windows = windowsOf(manifest);
  const shown = forPeople(windows, guestPath);
  const path = shown.charAt(0).toUpperCase() + shown.slice(1);
  switch (before.kind) {
    case 'unchanged':
      return `Nothing has to be taken back in ${shown}.`;
    case 'absent':
      return `${path} is removed; it was not there before.`;
    case 'file':
      return `${path} gets its former contents back (${before.content.length} bytes).`;
    case 'symlink':
      return `${path} becomes a link to ${before.target} again.`;
    case 'directory':
      return `The directory ${shown} is made again.`;
    case 'size':
      return `${path} is cut back to its former ${before.size} bytes.`;
    case 'tail':
      return `The last ${before.content.length} bytes of ${shown} are put back.`;
    case 'mode':
      return `${path} gets its former permissions back (${before.mode.toString(8)}).`;
    case 'renamed':
      return `${path} gets its former name back, ${forPeople(windows, before.from)}.`;
    case 'registry':
      return before.undo.length === 0
        ? `Nothing has to be taken back in ${shown}.`
        : `What was changed in the registry file ${shown} becomes what it was (${plural(before.undo.length, 'value or key', 'values and keys')}); every byte of it where nothing else has written to the file since.`;
  }
}
