/** The driver sources that were named for a conversion: opened while it is planned, and asked for what this Windows needs. */
import type { Finding } from '../base/finding.ts';
import { plural } from '../base/text.ts';
import type { Guest } from '../guest/guest.ts';
import type { DriverPackage } from '../guest/windows/driver-package.ts';
import { ARCHITECTURES, type TargetWindows } from '../guest/windows/drivers/inf/models.ts';
import { mergePackages } from '../guest/windows/drivers/select.ts';
import { openDriverSource, type OpenDriverSource } from '../guest/windows/drivers/source.ts';

export interface FoundDrivers {
  /** null where no source was named, or the guest is no Windows. */
  drivers: DriverPackage[] | null;
  findings: Finding[];
}

/**
 * Files of the packages can be read until `use` has ended.
 * @throws DRIVER_SOURCE_UNUSABLE, ISO_DAMAGED, ISO_NOT_SUPPORTED, and what `use` throws
 */
export async function withDrivers<T>(
  paths: readonly string[],
  guest: Guest | null,
  signal: AbortSignal | undefined,
  use: (found: FoundDrivers) => Promise<T>,
): Promise<T> {
  if (paths.length === 0) return use({ drivers: null, findings: [] });
  const windows = targetWindows(guest);
  if (windows === null) return use({ drivers: null, findings: [notUsed(guest, paths.length)] });
  const sources: OpenDriverSource[] = [];
  try {
    const lists: DriverPackage[][] = [];
    const findings: Finding[] = [];
    for (const path of paths) {
      const source = await openDriverSource(path, { signal });
      sources.push(source);
      const packages = await source.packagesFor(windows);
      lists.push(packages);
      findings.push(...aboutSource(source, packages.length, guest!));
    }
    return await use({ drivers: mergePackages(lists), findings });
  } finally {
    for (const source of sources) await source.close();
  }
}

/** null where the guest is no Windows. */
export function targetWindows(guest: Guest | null): TargetWindows | null {
  if (guest?.windows === undefined) return null;
  const { ntVersion, build, installation } = guest.windows;
  const architecture = ARCHITECTURES[guest.architecture] ?? 'amd64';
  return { ntVersion, build, architecture, server: installation.startsWith('server') };
}

function aboutSource(source: OpenDriverSource, count: number, guest: Guest): Finding[] {
  const findings: Finding[] = [];
  if (count === 0)
    findings.push({
      severity: 'warning',
      code: 'DRIVER_SOURCE_EMPTY',
      message: `The driver source ${source.path} has no driver for ${guest.os.name}.`,
      next: 'List what it has with `ironlift drivers PATH`, and name one that has drivers for this version.',
    });
  if (source.cut)
    findings.push({
      severity: 'warning',
      code: 'DRIVER_SOURCE_CUT',
      message: `The driver source ${source.path} is so large that only a part of it was looked at.`,
      next: 'Name the folder in it that holds the drivers of the virtual hardware.',
    });
  return findings;
}

const notUsed = (guest: Guest | null, count: number): Finding => ({
  // The result speaks of warnings alone, and who gave drivers counts on them.
  severity: 'warning',
  code: 'DRIVER_SOURCE_NOT_USED',
  message: `${plural(count, 'driver source is', 'driver sources are')} not used: ${
    guest === null ? 'no operating system was recognised' : `${guest.os.name} has its drivers in its kernel`
  }.`,
});
