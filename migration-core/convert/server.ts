/** A server as its disks tell it: sources opened read-only, an overlay over each, volumes, file systems, and what inspection found. */
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomUUID } from 'node:crypto';
import { throwIfCancelled } from '../base/cancel.ts';
import { isIronliftError, type IronliftError } from '../base/errors.ts';
import { ExtentList } from '../base/extents.ts';
import type { Finding } from '../base/finding.ts';
import type { ProgressListener } from '../base/progress.ts';
import { Overlay } from '../block/overlay.ts';
import { retrying, type RetrySource } from '../block/retry.ts';
import { writableSlice } from '../block/slice.ts';
import { fileSystems } from '../filesystem/table.ts';
import type { GuestFileSystem } from '../filesystem/filesystem.ts';
import type { VolumeInfo } from '../guest/fixer.ts';
import type { Inspection, OpenVolume } from '../guest/inspect.ts';
import { inspectGuest } from '../guest/inspect.ts';
import type { HelperCommand } from '../source/elevated/helper-command.ts';
import { expandSources } from '../source/machine/expand.ts';
import type { SourceMachine } from '../source/machine/read.ts';
import { openSource, type SourceDisk } from '../source/open.ts';
import { sectorSizeFinding } from './sector-size.ts';
import { RAID_TYPES } from '../volume/recognise-members.ts';
import { contentUsed } from '../volume/used.ts';
import { diskUsedMap, openVolumes, type Volume } from '../volume/volumes.ts';
import type { PartitionTable } from '../volume/volume.ts';

export interface OpenServerOptions {
  /** Seconds since 1970 for whatever is written into the overlay. */
  now: number;
  signal?: AbortSignal | undefined;
  /** Hears of the unpacking of sources that have to be unpacked before they can be read. */
  onProgress?: ProgressListener | undefined;
  root?: string | null;
  allowMounted?: boolean;
  /** Reads disks of this computer that this process may not. */
  helper?: HelperCommand | undefined;
  zeroBadSectors?: boolean;
  /** OpenOptions.acceptUnclean. */
  acceptUnclean?: 'any' | 'marked';
}

export interface ServerDisk {
  source: SourceDisk;
  /** The source's disk with retries; it notes what cannot be read. */
  disk: RetrySource;
  overlay: Overlay;
  table: PartitionTable;
}

export interface ServerVolume {
  volume: Volume;
  info: VolumeInfo;
  fileSystem: GuestFileSystem | null;
}

export class OpenServer {
  readonly disks: ServerDisk[];
  readonly volumes: ServerVolume[];
  /** Null where no operating system was recognised; `refusal` then says why. */
  readonly inspection: Inspection | null;
  readonly refusal: IronliftError | null;
  readonly findings: Finding[];
  /** What another platform's description says of the machine, where one was named as the source. */
  readonly machine: SourceMachine | null;

  constructor(
    parts: Pick<OpenServer, 'disks' | 'volumes' | 'inspection' | 'refusal' | 'findings' | 'machine'>,
  ) {
    this.machine = parts.machine;
    this.disks = parts.disks;
    this.volumes = parts.volumes;
    this.inspection = parts.inspection;
    this.refusal = parts.refusal;
    this.findings = parts.findings;
  }

  /** Byte ranges of one disk that have to be copied: used blocks that are not holes of the source, and all that was changed. */
  async toCopy(disk: number, wholeDisk: boolean, signal?: AbortSignal): Promise<ExtentList> {
    const { overlay, table } = this.disks[disk]!;
    let wanted = new ExtentList();
    if (wholeDisk) {
      wanted.add(0, overlay.size);
    } else {
      const maps: { offset: number; length: number; used: ExtentList }[] = [];
      for (const { volume, fileSystem } of this.volumes.filter((one) => one.volume.disk === disk)) {
        const used =
          fileSystem === null
            ? await contentUsed(writableSlice(overlay, volume.offset, volume.length), volume.content)
            : await fileSystem.usedExtents(signal);
        maps.push({ offset: volume.offset, length: volume.length, used });
      }
      wanted = diskUsedMap(overlay.size, table, maps);
    }
    if (overlay.extents !== undefined) {
      const data = new ExtentList();
      for await (const extent of overlay.extents(0, overlay.size)) {
        throwIfCancelled(signal);
        if (extent.kind === 'data') data.add(extent.offset, extent.length);
      }
      wanted = wanted.intersect(data);
    }
    return wanted.union(overlay.dirty);
  }

  async close(): Promise<void> {
    for (const { overlay, source } of this.disks) {
      await overlay.close();
      await source.disk.close();
    }
  }
}

/**
 * Opens everything for reading. Nothing is written anywhere but into the overlays.
 * @throws what makes the disks unreadable; that no system can be converted is in `refusal` and in the findings.
 */
export async function openServer(specs: readonly string[], options: OpenServerOptions): Promise<OpenServer> {
  const disks: ServerDisk[] = [];
  const findings: Finding[] = [];
  try {
    const { specs: disksNamed, machine } = await expandSources(specs, options.signal);
    if (machine !== null) findings.push(...machine.findings);
    const sources = await openAll(disksNamed, options);
    const readers = sources.map(({ disk, description }) =>
      retrying(disk, {
        name: description.spec,
        zeroBadSectors: options.zeroBadSectors === true,
        signal: options.signal,
      }),
    );
    const overlays = readers.map(
      (disk) => new Overlay(disk, { scratchFile: join(tmpdir(), `ironlift-${randomUUID()}.scratch`) }),
    );
    for (const [index, source] of sources.entries()) {
      disks.push({ source, disk: readers[index]!, overlay: overlays[index]!, table: NO_TABLE });
      findings.push(...source.findings);
    }
    const found = await openVolumes(overlays);
    findings.push(...found.findings);
    for (const [index, disk] of disks.entries()) {
      disk.table = found.disks[index]!.table;
      // What it says of the sectors is said below, with the sectors of the virtual disk in mind.
      findings.push(...disk.table.findings.filter(({ code }) => code !== 'SECTOR_SIZE_DIFFERS'));
      const sectors = sectorSizeFinding(`disk${index}`, disk.table);
      if (sectors !== null) findings.push(sectors);
      for (const { bytes, offset } of disk.table.repairs) await disk.overlay.write(bytes, offset);
    }
    const volumes: ServerVolume[] = [];
    const open: OpenVolume[] = [];
    for (const volume of found.volumes) {
      throwIfCancelled(options.signal);
      const info = describe(volume, disks[volume.disk]!.table.diskId);
      const overlay = disks[volume.disk]!.overlay;
      const { fileSystem, error } = await openFileSystem(volume, overlay, options);
      if (fileSystem !== null) findings.push(...fileSystem.findings);
      volumes.push({ volume, info, fileSystem });
      open.push({ info, volume, fileSystem, error });
    }
    const { inspection, refusal } = await inspectOrRefuse(open, found.disks, options);
    // Reading so far may have brought more to light.
    for (const finding of sources.flatMap((source) => source.findings))
      if (!findings.some(({ code, message }) => code === finding.code && message === finding.message))
        findings.push(finding);
    if (inspection !== null) findings.push(...inspection.guest.findings);
    if (refusal !== null && !findings.some(({ code }) => code === refusal.code)) {
      findings.push({
        severity: 'blocker',
        code: refusal.code,
        message: refusal.message,
        next: refusal.next,
      });
    }
    return new OpenServer({ disks, volumes, inspection, refusal, findings, machine });
  } catch (error) {
    for (const { overlay, source } of disks) {
      await overlay.close();
      await source.disk.close();
    }
    throw error;
  }
}

/** Content that belongs to something larger, whatever else its first sectors may look like. */
const CONTAINERS: ReadonlySet<string> = new Set([
  ...RAID_TYPES,
  'LVM2_member',
  'crypto_LUKS',
  'BitLocker',
  'bcache',
  'zfs_member',
  'LDM',
  'StorageSpaces',
]);

const NO_TABLE: PartitionTable = {
  scheme: 'none',
  diskId: '',
  partitions: [],
  hybrid: false,
  repairs: [],
  findings: [],
};

async function openAll(
  specs: readonly string[],
  { allowMounted = false, helper, signal, onProgress }: OpenServerOptions,
): Promise<SourceDisk[]> {
  const sources: SourceDisk[] = [];
  try {
    for (const spec of specs) {
      const others = sources.map((one) => one.description);
      sources.push(
        await openSource(spec, {
          allowMounted,
          helper,
          others,
          onProgress,
          ...(signal === undefined ? {} : { signal }),
        }),
      );
    }
    return sources;
  } catch (error) {
    for (const source of sources) await source.disk.close();
    throw error;
  }
}

function describe({ id, disk, partition, offset, length, content }: Volume, diskId: string): VolumeInfo {
  return {
    id,
    disk,
    partition: partition?.number ?? null,
    size: length,
    type: content.type,
    uuid: content.uuid,
    label: content.label,
    partUuid: partition?.partUuid ?? '',
    partLabel: partition?.label ?? '',
    offset,
    diskId,
  };
}

/** A volume no driver opens is copied whole; why it could not be opened matters only if the system needs it. */
async function openFileSystem(
  volume: Volume,
  overlay: Overlay,
  options: OpenServerOptions,
): Promise<{ fileSystem: GuestFileSystem | null; error: IronliftError | null }> {
  // Half of a mirror looks like the file system on it; written alone it would no longer be the other half's twin.
  if (CONTAINERS.has(volume.content.type)) return { fileSystem: null, error: null };
  const blocks = writableSlice(overlay, volume.offset, volume.length);
  for (const driver of fileSystems) {
    if (!(await driver.probe(blocks))) continue;
    try {
      const { now, signal, acceptUnclean } = options;
      return {
        fileSystem: await driver.open(blocks, {
          now,
          ...(signal === undefined ? {} : { signal }),
          ...(acceptUnclean === undefined ? {} : { acceptUnclean }),
        }),
        error: null,
      };
    } catch (error) {
      if (!isIronliftError(error) || error.kind === 'cancelled') throw error;
      return { fileSystem: null, error };
    }
  }
  return { fileSystem: null, error: null };
}

async function inspectOrRefuse(
  volumes: OpenVolume[],
  disks: { table: PartitionTable }[],
  options: OpenServerOptions,
): Promise<{ inspection: Inspection | null; refusal: IronliftError | null }> {
  try {
    const { root, signal } = options;
    const inspection = await inspectGuest(volumes, {
      tables: disks.map(({ table }) => table),
      ...(root === undefined || root === null ? {} : { root }),
      ...(signal === undefined ? {} : { signal }),
    });
    return { inspection, refusal: null };
  } catch (error) {
    if (isIronliftError(error) && error.kind === 'refused') return { inspection: null, refusal: error };
    throw error;
  }
}
