/**
 * The disks of a Windows computer, from the Storage module of PowerShell (Windows 8 and Server 2012 on). Written after
 * Microsoft's description of MSFT_Disk and MSFT_Partition; it has not been run on Windows yet.
 */
import { z } from 'zod';
import { IronliftError } from '../base/errors.ts';
import type { LocalDisk, RunProgram } from './local-disk.ts';

const SCRIPT = [
  "$ErrorActionPreference = 'Stop'",
  '$disks = @(Get-Disk | Select-Object Number, FriendlyName, SerialNumber, Size, LogicalSectorSize, PhysicalSectorSize, BusType, IsOffline, IsReadOnly)',
  '$partitions = @(Get-Partition | Select-Object DiskNumber, PartitionNumber, Offset, Size, AccessPaths)',
  'ConvertTo-Json -Depth 4 -Compress -InputObject @{ disks = $disks; partitions = $partitions }',
].join('; ');

export async function listWindowsDisks(run: RunProgram): Promise<LocalDisk[]> {
  const args = ['-NoProfile', '-NonInteractive', '-Command', SCRIPT];
  return parseWindowsDisks(await run('powershell.exe', args));
}

const LISTING = z.object({
  disks: z.array(
    z.object({
      Number: z.number().int().nonnegative(),
      FriendlyName: z.string().nullish(),
      SerialNumber: z.string().nullish(),
      Size: z.number().nonnegative(),
      LogicalSectorSize: z.number().int().positive(),
      PhysicalSectorSize: z.number().int().positive(),
      BusType: z.union([z.string(), z.number()]).nullish(),
      IsOffline: z.boolean().nullish(),
      IsReadOnly: z.boolean().nullish(),
    }),
  ),
  partitions: z.array(
    z.object({
      DiskNumber: z.number().int().nonnegative(),
      PartitionNumber: z.number().int().nonnegative(),
      Offset: z.number().nonnegative(),
      Size: z.number().nonnegative(),
      AccessPaths: z.array(z.string()).nullish(),
    }),
  ),
});

/** MSFT_Disk.BusType, where it comes as its number. */
const BUS_NUMBERS: Record<number, string> = {
  1: 'scsi',
  3: 'ata',
  6: 'fc',
  7: 'usb',
  8: 'raid',
  9: 'iscsi',
  10: 'sas',
  11: 'sata',
  12: 'sd',
  13: 'mmc',
  15: 'file',
  16: 'spaces',
  17: 'nvme',
};

/** @throws NOT_SUPPORTED where the listing is not what the script prints. */
export function parseWindowsDisks(json: string): LocalDisk[] {
  let listing: z.infer<typeof LISTING>;
  try {
    listing = LISTING.parse(JSON.parse(json));
  } catch (cause) {
    throw new IronliftError(
      'NOT_SUPPORTED',
      'PowerShell answered the question for the disks with something unknown.',
      {
        next: 'Run Get-Disk in PowerShell as administrator to see whether the Storage module works.',
        data: { answer: json.slice(0, 500) },
        cause,
      },
    );
  }
  return listing.disks
    .sort((a, b) => a.Number - b.Number)
    .map((disk) => {
      // Volumes also have a path `\\?\Volume{...}\`, mounted or not: letters and folders are what uses them.
      const partitions = listing.partitions
        .filter(({ DiskNumber }) => DiskNumber === disk.Number)
        .map((partition) => ({
          name: `PhysicalDrive${disk.Number} partition ${partition.PartitionNumber}`,
          number: partition.PartitionNumber,
          offset: partition.Offset,
          size: partition.Size,
          mountPoints: (partition.AccessPaths ?? []).filter((path) => !path.startsWith('\\\\?\\')),
        }));
      const mountPoints = partitions.flatMap((partition) => partition.mountPoints);
      return {
        name: `PhysicalDrive${disk.Number}`,
        path: `\\\\.\\PhysicalDrive${disk.Number}`,
        kind: 'disk' as const,
        size: disk.Size,
        sectorSize: disk.LogicalSectorSize,
        physicalSectorSize: disk.PhysicalSectorSize,
        model: (disk.FriendlyName ?? '').trim(),
        serial: (disk.SerialNumber ?? '').trim(),
        bus:
          typeof disk.BusType === 'number'
            ? (BUS_NUMBERS[disk.BusType] ?? '')
            : (disk.BusType ?? '').toLowerCase(),
        removable: disk.BusType === 'USB' || disk.BusType === 7,
        readOnly: disk.IsReadOnly ?? false,
        partitions,
        mountPoints,
        inUse: disk.IsOffline !== true && mountPoints.length > 0,
      };
    });
}
