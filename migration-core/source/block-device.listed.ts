/**
 * A local disk on Windows and macOS, described by the list of local disks. Raw devices there take whole sectors only.
 * It stands behind the same interface as on Linux and has not been run on those systems yet.
 */
import { systemErrorCode } from '../base/errors.ts';
import { fileSource, openReadOnly } from '../block/file-source.ts';
import type { LocalDisk } from './local-disk.ts';
import { listLocalDisks } from './local-disks.ts';
import { cannotOpen, empty, namedTwice, notFound } from './refusals.ts';
import type { OpenSourceOptions, SourceDisk, SourceKind } from './source.ts';
import { useFindings } from './use-findings.ts';

/** `\\.\PhysicalDrive0`, also with slashes as some shells turn them; `/dev/disk2`, `/dev/rdisk2`. */
const NODES: Partial<Record<NodeJS.Platform, RegExp>> = {
  win32: /^[\\/]{2}[.?][\\/](PhysicalDrive\d+)$/i,
  darwin: /^\/dev\/r?(disk\d+)$/,
};

export const listedBlockDevice: SourceKind = {
  id: 'listed-block-device',
  claims: async (spec) => NODES[process.platform]?.test(spec) ?? false,
  async open(spec, options) {
    const name = NODES[process.platform]?.exec(spec)?.[1]?.toLowerCase();
    const disk = (await listLocalDisks({ all: true })).find((one) => one.name.toLowerCase() === name);
    if (disk === undefined) throw notFound(spec);
    return openListedDisk(spec, disk, options);
  },
};

/** Opens the disk that a listing describes. */
export async function openListedDisk(
  spec: string,
  disk: LocalDisk,
  options: OpenSourceOptions,
): Promise<SourceDisk> {
  const { path, size, sectorSize, physicalSectorSize, model, serial, bus, name } = disk;
  const identity = `device ${name}`;
  const twin = options.others?.find((other) => other.identity === identity);
  if (twin !== undefined) throw namedTwice(spec, twin.spec);
  if (size === 0) throw empty(spec);
  const mounted = disk.partitions.flatMap((partition) =>
    partition.mountPoints.map((detail) => ({
      kind: 'mount' as const,
      device: partition.name,
      detail,
      writes: true,
    })),
  );
  const findings = disk.readOnly ? [] : useFindings(spec, mounted, mounted, options.allowMounted === true);
  const fd = await openReadOnly(path).catch((error: unknown) => {
    const errno = systemErrorCode(error);
    if (options.helper !== undefined && (errno === 'EACCES' || errno === 'EPERM')) return null;
    throw cannotOpen(spec, errno, error);
  });
  if (fd === null) {
    const { openElevated } = await import('./elevated/open.ts');
    const opened = await openElevated(options.helper!, path, options);
    return { ...opened, description: { ...opened.description, spec } };
  }
  return {
    disk: fileSource(fd, path, { size, sectorSize, sparse: false, alignment: sectorSize }),
    description: {
      spec,
      path,
      kind: 'device',
      format: 'raw',
      size,
      sectorSize,
      physicalSectorSize,
      model,
      serial,
      bus,
      identity,
    },
    fingerprint: { size, mtime: '0', inode: '0', device: `${model} ${serial}`.trim() || name },
    files: [],
    findings,
  };
}
