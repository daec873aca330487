/**
 * The disks of a Mac, from diskutil. Its property lists become JSON by plutil, which every macOS has. Written after
 * diskutil(8); it has not been run on a Mac yet.
 */
import { z } from 'zod';
import { IronliftError } from '../base/errors.ts';
import type { LocalDisk, RunProgram } from './local-disk.ts';

export async function listMacDisks(run: RunProgram): Promise<LocalDisk[]> {
  const ask = async (...args: string[]): Promise<unknown> => {
    const list = await run('diskutil', args);
    return JSON.parse(await run('plutil', ['-convert', 'json', '-o', '-', '-'], list));
  };
  const listing = understood(LISTING, await ask('list', '-plist'));
  const infos = new Map<string, MacDiskInfo>();
  for (const name of listing.WholeDisks) infos.set(name, understood(INFO, await ask('info', '-plist', name)));
  return macDisks(listing, infos);
}

const VOLUME = z.object({ DeviceIdentifier: z.string(), MountPoint: z.string().optional() });

const LISTING = z.object({
  WholeDisks: z.array(z.string()),
  AllDisksAndPartitions: z.array(
    z.object({
      DeviceIdentifier: z.string(),
      Size: z.number(),
      MountPoint: z.string().optional(),
      Partitions: z.array(VOLUME.extend({ Size: z.number() })).optional(),
      APFSVolumes: z.array(VOLUME).optional(),
      APFSPhysicalStores: z.array(z.object({ DeviceIdentifier: z.string() })).optional(),
    }),
  ),
});

const INFO = z.object({
  DeviceBlockSize: z.number().int().positive(),
  MediaName: z.string().optional(),
  BusProtocol: z.string().optional(),
  VirtualOrPhysical: z.string().optional(),
  RemovableMediaOrExternalDevice: z.boolean().optional(),
  WritableMedia: z.boolean().optional(),
});

export type MacListing = z.infer<typeof LISTING>;
export type MacDiskInfo = z.infer<typeof INFO>;

function understood<T>(shape: z.ZodType<T>, answer: unknown): T {
  const parsed = shape.safeParse(answer);
  if (parsed.success) return parsed.data;
  throw new IronliftError(
    'NOT_SUPPORTED',
    'diskutil answered the question for the disks with something unknown.',
    {
      next: 'Run `diskutil list` in a terminal to see whether it works.',
      data: { answer: JSON.stringify(answer).slice(0, 500) },
      cause: parsed.error,
    },
  );
}

/** Pure: from the answers of `diskutil list` and `diskutil info` to the list. */
export function macDisks(listing: MacListing, infos: ReadonlyMap<string, MacDiskInfo>): LocalDisk[] {
  const all = listing.AllDisksAndPartitions;
  /** Mount points of APFS volumes, by the partition their container lies on. */
  const containers = new Map<string, string[]>();
  for (const { APFSPhysicalStores = [], APFSVolumes = [] } of all) {
    const mounted = APFSVolumes.flatMap(({ MountPoint }) => (MountPoint === undefined ? [] : [MountPoint]));
    for (const { DeviceIdentifier } of APFSPhysicalStores) containers.set(DeviceIdentifier, mounted);
  }
  return all.flatMap((disk) => {
    const info = infos.get(disk.DeviceIdentifier);
    if (info === undefined) return [];
    const partitions = (disk.Partitions ?? []).map(({ DeviceIdentifier, Size, MountPoint }, index) => ({
      name: DeviceIdentifier,
      number: Number(/s(\d+)$/.exec(DeviceIdentifier)?.[1] ?? index + 1),
      offset: null,
      size: Size,
      mountPoints: [
        ...(MountPoint === undefined ? [] : [MountPoint]),
        ...(containers.get(DeviceIdentifier) ?? []),
      ],
    }));
    const own = disk.MountPoint === undefined ? [] : [disk.MountPoint];
    const mountPoints = [...own, ...partitions.flatMap((partition) => partition.mountPoints)];
    return [
      {
        name: disk.DeviceIdentifier,
        // The raw node: reads of it do not pass the buffer cache and are many times faster.
        path: `/dev/r${disk.DeviceIdentifier}`,
        kind: info.VirtualOrPhysical === 'Virtual' ? ('dm' as const) : ('disk' as const),
        size: disk.Size,
        sectorSize: info.DeviceBlockSize,
        physicalSectorSize: info.DeviceBlockSize,
        model: info.MediaName ?? '',
        serial: '',
        bus: (info.BusProtocol ?? '').toLowerCase(),
        removable: info.RemovableMediaOrExternalDevice ?? false,
        readOnly: info.WritableMedia === false,
        partitions,
        mountPoints,
        inUse: mountPoints.length > 0,
      },
    ];
  });
}
