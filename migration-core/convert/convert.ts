/**
 * The conversion: inspect, pre-flight, fix, copy, configure, verify. Read `convertServer` from top to bottom. Nothing is
 * written before every check has passed; a job that fails or is cancelled takes away what it wrote; one that is killed
 * leaves `.partial` files and a journal, never something that looks finished.
 */
import { stat, writeFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { ERROR_KINDS, type ErrorCode } from '../base/error-codes.ts';
import { IronliftError } from '../base/errors.ts';
import type { Finding } from '../base/finding.ts';
import type { ProgressListener } from '../base/progress.ts';
import { copyBlocks, type CopyResult } from '../block/pipeline.ts';
import { verifyImage } from '../block/verify.ts';
import { applyEdits } from '../guest/apply.ts';
import type { UndoRecord } from '../guest/apply-undo.ts';
import { labelFor } from '../guest/linux/selinux.ts';
import { finalPath, renameFinished } from '../image/partial.ts';
import { formatById } from '../image/table.ts';
import { diskIdentity } from '../target/identity.ts';
import type { VirtualDisk } from '../target/machine.ts';
import { badSectorFindings } from './bad-sectors.ts';
import { createDestination, planDestination, type DestinationPlan } from './destination.ts';
import { partial, writeDurably } from './files.ts';
import { JOURNAL_NAME, Journal } from './journal.ts';
import { largestFile } from './largest-file.ts';
import { diskFiles, MANIFEST_NAME, renderManifest, type Manifest, type ManifestDisk } from './manifest.ts';
import type { ConvertOptions } from './options.ts';
import { checkOptions, planConversion, type ConversionPlan } from './plan.ts';
import { readme } from './readme.ts';
import { openServer, type OpenServer } from './server.ts';
import { Steps } from './steps.ts';

export interface ConvertWorld {
  /** Milliseconds since 1970. */
  now: () => number;
  /** `0.1.0`, for the record. */
  version: string;
  signal?: AbortSignal | undefined;
  /** Bytes of the largest file a folder takes; asked of the file system unless told. */
  largestFile?: (folder: string) => Promise<number>;
  /** One sentence for each step as it begins. */
  onStep: (sentence: string) => void;
  onProgress?: ProgressListener | undefined;
}

export interface ConversionPreview {
  server: OpenServer;
  plan: ConversionPlan;
  destination: DestinationPlan;
  findings: Finding[];
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
  const target = checkOptions(options);
  const { signal } = world;
  const steps = new Steps(world.now, signal, world.onStep);
  const server = await steps.run('open', 'Reading partitions, file systems and the operating system', () =>
    openServer(options.sources, {
      now: Math.floor(world.now() / 1000),
      signal,
      onProgress: world.onProgress,
      root: options.root,
      allowMounted: options.allowMounted,
      zeroBadSectors: options.zeroBadSectors,
    }),
  );
  try {
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
    const findings = distinct([...server.findings, ...plan.findings]).filter(
      // Without fixing, a system that cannot be prepared is copied as it is: the caller asked for that.
      (finding) => options.fix || finding.code !== server.refusal?.code,
    );
    const destination = await steps.run('pre-flight', 'Checking everything before the copy', async () => {
      refuseBlockers(findings);
      return planDestination(options.output, plan.needBytes, options.force);
    });
    return await look({ server, plan, destination, findings }, steps);
  } finally {
    await server.close();
  }
}

/** Converts a server into a folder with a finished virtual machine. */
export async function convertServer(options: ConvertOptions, world: ConvertWorld): Promise<ConversionResult> {
  return previewConversion(options, world, async ({ server, plan, destination, findings }, steps) => {
    const removeAll = await createDestination(destination);
    const journal = await Journal.create(join(destination.folder, JOURNAL_NAME), world.now);
    try {
      await steps.useJournal(journal);
      const manifest = await fillFolder(options, world, { server, plan, destination, findings }, steps);
      await journal.close();
      return { folder: destination.folder, manifest };
    } catch (error) {
      await journal.close();
      await removeAll();
      throw error;
    }
  });
}

async function fillFolder(
  options: ConvertOptions,
  world: ConvertWorld,
  { server, plan, destination, findings }: ConversionPreview,
  steps: Steps,
): Promise<Manifest> {
  const { folder } = destination;
  const { machine, target, fixes } = plan;
  const edits = fixes.flatMap((fix) => fix.edits.map((edit) => ({ fixer: fix.fixer, edit })));

  const records = await steps.run(
    'fix',
    `Preparing the guest (${edits.length} changes, in the overlay)`,
    async () => (edits.length === 0 ? [] : applyChanges(server, plan, world)),
  );

  const disks: ManifestDisk[] = [];
  for (const [index, disk] of machine.disks.entries()) {
    const copied = await steps.run(
      `copy-${index}`,
      `Copying disk ${index + 1} of ${machine.disks.length} to ${disk.file}`,
      () => copyDisk(server, plan, index, options, folder, world),
      ({ copied: { dataBytes, digest } }) => ({ file: disk.file, dataBytes, digest: digest?.value ?? null }),
    );
    disks.push(await describeDisk(server, plan, index, copied));
  }
  if (options.verify) {
    for (const [index, disk] of disks.entries()) {
      await steps.run(
        `verify-${index}`,
        `Reading disk ${index + 1} of ${disks.length} again and comparing`,
        () => verifyDisk(disk, folder, world),
      );
    }
  }
  const packaged =
    target.packaging === undefined
      ? null
      : await steps.run('pack', `Packing everything into ${target.packaging.fileName(machine)}`, () =>
          packMachine(plan, disks, folder, world),
        );
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
    timings: steps.timings,
    undone: null,
  };
  await steps.run('configure', `Writing the configuration for ${target.name}`, async () => {
    for (const { name, content, executable } of target.configure(machine)) {
      await writeFile(join(folder, name), content, { flag: 'wx', mode: executable === true ? 0o755 : 0o644 });
    }
    await writeFile(join(folder, 'README.txt'), readme(manifest, target), { flag: 'wx' });
  });
  // The manifest comes last: a folder that has one is finished.
  await writeDurably(join(folder, MANIFEST_NAME), renderManifest(manifest));
  return manifest;
}

async function applyChanges(
  server: OpenServer,
  plan: ConversionPlan,
  world: ConvertWorld,
): Promise<UndoRecord[]> {
  return applyEdits(
    server.inspection!.tree,
    plan.fixes.flatMap((fix) => fix.edits),
    {
      now: Math.floor(world.now() / 1000),
      ...(world.signal === undefined ? {} : { signal: world.signal }),
      ...(server.inspection!.guest.selinux === 'absent' ? {} : { label: labelFor }),
    },
  );
}

interface CopiedDisk {
  copied: CopyResult;
  /** Paths of the image as it is called while it is not verified, the main file first. */
  files: readonly string[];
}

async function copyDisk(
  server: OpenServer,
  { machine, layouts }: ConversionPlan,
  index: number,
  options: ConvertOptions,
  folder: string,
  world: ConvertWorld,
): Promise<CopiedDisk> {
  const disk = machine.disks[index]!;
  const { overlay } = server.disks[index]!;
  const used = await server.toCopy(index, options.wholeDisk, world.signal);
  const writer = await formatById(disk.format)!.create({
    path: partial(folder, disk.file),
    size: disk.size,
    ...layouts[index]!,
    adapter: disk.bus === 'ide' ? 'ide' : 'scsi',
    identity: diskIdentity(machine.uuid, index),
    finalName: disk.file,
  });
  try {
    const copied = await copyBlocks({
      source: overlay,
      used,
      writer,
      digest: true,
      signal: world.signal,
      onProgress: world.onProgress,
    });
    await writer.finish();
    return { copied, files: writer.files ?? [writer.path] };
  } catch (error) {
    await writer.abort();
    throw error;
  }
}

async function describeDisk(
  server: OpenServer,
  { machine, layouts }: ConversionPlan,
  index: number,
  { copied, files }: CopiedDisk,
): Promise<ManifestDisk> {
  const disk: VirtualDisk = machine.disks[index]!;
  const { description } = server.disks[index]!.source;
  return {
    file: disk.file,
    format: disk.format,
    ...layouts[index]!,
    virtualBytes: disk.size,
    ...(await describeFiles(files)),
    dataBytes: copied.dataBytes,
    skippedBytes: copied.skippedBytes,
    sha256: null,
    contentDigest:
      copied.digest === null ? null : { algorithm: copied.digest.algorithm, value: copied.digest.value },
    verified: false,
    badSectors: [...server.disks[index]!.disk.badSectors],
    source: {
      path: description.path,
      bytes: description.size,
      sectorSize: description.sectorSize,
      model: description.model,
      serial: description.serial,
    },
  };
}

/** Sizes of the files of an image, under the names they will have. */
export async function describeFiles(
  files: readonly string[],
): Promise<Pick<ManifestDisk, 'fileBytes' | 'extents'>> {
  const [main, ...extents] = await Promise.all(
    files.map(async (path) => ({
      file: basename(finalPath(path)),
      fileBytes: (await stat(path)).size,
      sha256: null,
    })),
  );
  return { fileBytes: main!.fileBytes, extents };
}

/**
 * Reads a written image through its own reader, in `folder` under the names it has before it is finished, and compares its
 * digest with that of the copy; notes the result in `disk`.
 */
export async function verifyDisk(
  disk: ManifestDisk,
  folder: string,
  world: Pick<ConvertWorld, 'signal' | 'onProgress'>,
): Promise<void> {
  const path = partial(folder, disk.file);
  const format = formatById(disk.format)!;
  const image = await format.open(path);
  try {
    const result = await verifyImage({
      image,
      path,
      extents: disk.extents?.map(({ file }) => partial(folder, file)),
      size: disk.virtualBytes,
      rounding: format.subformats.find(({ id }) => id === disk.subformat)?.rounding,
      expected: disk.contentDigest!.value,
      signal: world.signal,
      onProgress: world.onProgress,
    });
    disk.sha256 = result.fileSha256;
    for (const [index, extent] of (disk.extents ?? []).entries())
      extent.sha256 = result.extentSha256[index] ?? null;
    disk.verified = true;
  } finally {
    await image.close();
  }
}

async function packMachine(
  { machine, target }: ConversionPlan,
  disks: readonly ManifestDisk[],
  folder: string,
  world: ConvertWorld,
): Promise<NonNullable<Manifest['package']>> {
  const packaging = target.packaging!;
  const file = packaging.fileName(machine);
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
