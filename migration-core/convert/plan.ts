/** Everything a conversion would do, decided before anything is written. */
import type { ExtentList } from '../base/extents.ts';
import type { Finding } from '../base/finding.ts';
import { IronliftError } from '../base/errors.ts';
import { planFixes, type PlannedFix } from '../guest/fixers.ts';
import { roomNeeded } from '../guest/apply-room.ts';
import { availableModules } from '../guest/linux/initramfs/modules.ts';
import { ARCHITECTURES } from '../guest/windows/drivers/inf/models.ts';
import { loadableDrivers } from '../guest/windows/loadable-drivers.ts';
import { forPeople } from '../guest/windows/path.ts';
import { formatById, imageFormats } from '../image/table.ts';
import type { VirtualMachine } from '../target/machine.ts';
import { planMachine } from '../target/plan-machine.ts';
import { targetById, targets } from '../target/table.ts';
import { windowsDriversFor } from '../target/windows-drivers.ts';
import type { Target } from '../target/target.ts';
import { withDrivers, type FoundDrivers } from './driver-sources.ts';
import { hardwareRows, type HardwareRow } from './hardware.ts';
import { planLayouts, type DiskLayout } from './layout.ts';
import { MOST_DRIVER_SOURCES, type ConvertOptions } from './options.ts';
import type { OpenServer } from './server.ts';

export interface ConversionPlan {
  target: Target;
  machine: VirtualMachine;
  fixes: PlannedFix[];
  findings: Finding[];
  /** How each disk is written. */
  layouts: DiskLayout[];
  /** Of each disk: what is to be read, before the changes to the guest. */
  toCopy: ExtentList[];
  /** What becomes of the hardware of the server. */
  hardware: HardwareRow[];
  /** Bytes the result may take at most. */
  needBytes: number;
}

/** Checks the options alone, before a source is opened; all that is wrong with them at once. @throws USAGE */
export function checkOptions(options: ConvertOptions): Target {
  const wrong: string[] = [];
  const target = targetById(options.target);
  if (target === null) {
    wrong.push(
      `There is no target "${options.target}" (there are ${targets.map(({ id }) => id).join(', ')})`,
    );
  } else {
    if (options.bus !== null && !target.buses.includes(options.bus)) {
      wrong.push(`${target.name} has no disk bus "${options.bus}" (it has ${target.buses.join(', ')})`);
    }
    if (options.format !== null && !target.formats.includes(options.format)) {
      wrong.push(
        `${target.name} takes no disks in the format "${options.format}" (it takes ${target.formats.join(', ')})`,
      );
    }
  }
  if (options.sources.length === 0) wrong.push('No source is named');
  if (options.drivers.length > MOST_DRIVER_SOURCES)
    wrong.push(`--drivers is taken ${MOST_DRIVER_SOURCES} times at most`);
  if (
    options.cpus !== null &&
    !(Number.isInteger(options.cpus) && options.cpus >= 1 && options.cpus <= 512)
  ) {
    wrong.push('--cpus takes a whole number from 1 to 512');
  }
  if (options.memoryMiB !== null && !(Number.isInteger(options.memoryMiB) && options.memoryMiB >= 64)) {
    wrong.push('--memory takes a whole number of MiB from 64 up');
  }
  if (options.name !== null && !/^[\w][\w .-]{0,79}$/u.test(options.name)) {
    wrong.push('--name takes up to 80 letters from A to Z, digits, spaces, dots, dashes and underscores');
  }
  if (wrong.length > 0 || target === null) {
    throw new IronliftError('USAGE', `${wrong.join('; ')}.`, {
      next: 'Run `ironlift convert --help` for what it takes.',
    });
  }
  return target;
}

/**
 * `largestFile`: bytes of the largest file the destination takes.
 * @throws the refusal of inspection when there is nothing to prepare and fixing was asked for.
 */
export async function planConversion(
  server: OpenServer,
  target: Target,
  options: ConvertOptions,
  { signal, largestFile }: { signal?: AbortSignal | undefined; largestFile: number },
): Promise<ConversionPlan> {
  const paths = options.fix ? options.drivers : [];
  return withDrivers(paths, server.inspection?.guest ?? null, signal, (found) =>
    planWith(server, target, options, { signal, largestFile, found }),
  );
}

async function planWith(
  server: OpenServer,
  target: Target,
  options: ConvertOptions,
  world: { signal: AbortSignal | undefined; largestFile: number; found: FoundDrivers },
): Promise<ConversionPlan> {
  const { signal, largestFile, found } = world;
  const findings: Finding[] = [...found.findings];
  const guest = server.inspection?.guest ?? null;
  const files = server.inspection?.tree ?? null;
  const format = formatById(options.format ?? target.formats[0]!);
  if (format === null) {
    throw new IronliftError('USAGE', `There is no disk format "${String(options.format)}".`, {
      next: `Choose one of ${imageFormats.map(({ id }) => id).join(', ')}.`,
    });
  }
  const kernel = guest?.kernels.find(({ isDefault }) => isDefault) ?? guest?.kernels[0];
  const modules = files !== null && kernel !== undefined ? await availableModules(files, kernel) : null;
  const windowsDrivers =
    files !== null && guest?.windows !== undefined
      ? await loadableDrivers(files, guest.windows, found.drivers ?? [], {
          architecture: ARCHITECTURES[guest.architecture] ?? 'amd64',
          signal,
        })
      : undefined;
  const planned = planMachine({
    target,
    format,
    guest,
    modules,
    ...(windowsDrivers === undefined ? {} : { windowsDrivers }),
    disks: server.disks.map(({ source }) => ({
      size: source.description.size,
      fingerprint: source.fingerprint,
    })),
    options,
    ...(server.machine === null ? {} : { hardware: server.machine }),
  });
  const layout = planLayouts({
    format,
    // The place where what is known of a server's importance will decide: critical ones get all their space at once.
    allocation: options.allocation,
    accepted: target.subformats?.[format.id],
    sizes: planned.machine.disks.map(({ size }) => size),
    largestFile,
  });
  findings.push(...planned.findings, ...target.check(planned.machine), ...layout.findings);
  const fixes =
    options.fix && guest !== null && files !== null
      ? await planFixes(
          {
            guest,
            files,
            machine: planned.machine,
            target,
            volumes: server.volumes.map(({ info }) => info),
            ...(found.drivers === null ? {} : { drivers: found.drivers }),
          },
          signal === undefined ? {} : { signal },
        )
      : [];
  for (const fix of fixes) findings.push(...fix.findings);
  if (server.inspection !== null) findings.push(...(await roomFindings(server, fixes)));
  const toCopy: ExtentList[] = [];
  for (const index of server.disks.keys()) toCopy.push(await server.toCopy(index, options.wholeDisk, signal));
  const images = toCopy.map((list, index) =>
    imageBytes(options.allocation === 'thick' ? server.disks[index]!.overlay.size : list.bytes),
  );
  const edited = fixes
    .flatMap(({ edits }) => edits)
    .reduce((sum, { action }) => sum + ('content' in action ? action.content.length : 4096), 0);
  // While a package is made, one disk is there twice.
  const twice = target.packaging === undefined ? 0 : Math.max(0, ...images);
  const needBytes = images.reduce((sum, bytes) => sum + bytes, edited + twice);
  const hardware = hardwareRows(
    planned.machine,
    server.disks.map(({ source }) => source.description),
    guest,
    server.machine ?? {},
    windowsDrivers === undefined ? undefined : windowsDriversFor(windowsDrivers),
  );
  const { layouts } = layout;
  return { target, machine: planned.machine, layouts, fixes, findings, toCopy, hardware, needBytes };
}

/** Data and the format's tables: at most 1/500 of it and a few clusters, 1/120 where data that cannot be packed is packed. */
const imageBytes = (data: number): number => data + Math.ceil(data / 120) + (4 << 20);

async function roomFindings(server: OpenServer, fixes: PlannedFix[]): Promise<Finding[]> {
  const edits = fixes.flatMap((fix) => fix.edits);
  const { tree, guest } = server.inspection!;
  const needs = await roomNeeded(tree, edits);
  return needs
    .filter(({ bytes, freeBytes, inodes, freeInodes }) => bytes > freeBytes || inodes > freeInodes)
    .map(({ mount }) => forPeople(guest.windows, mount))
    .map((mount) => ({
      severity: 'blocker',
      code: 'NO_SPACE_IN_GUEST',
      message: `The server's volume ${mount} is too full for the changes the conversion has to make.`,
      next: `Free some space on ${mount} of the server, for example by removing old logs and updates, then start again.`,
    }));
}
