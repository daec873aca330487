/**
 * Drivers from the driver source: those of disk controllers are put in place and registered, so that Windows reaches its own
 * files; all packages are left whole in a folder, from which Windows installs them at its first start.
 */
import { isIronliftError } from '../../../base/errors.ts';
import type { Finding } from '../../../base/finding.ts';
import { listed } from '../../../base/text.ts';
import type { FixContext, Fixer, FixPlan, GuestEdit, GuestReader } from '../../fixer.ts';
import type { BootDriver } from '../boot-driver.ts';
import type { DriverPackage } from '../driver-package.ts';
import type { WindowsFacts } from '../facts.ts';
import { leaveStep } from '../first-boot/steps.ts';
import { bootDriverRegistration } from '../storage/register.ts';
import { devicesOf, type MachineDevice } from './hardware.ts';
import { isPlainName } from './inf/files.ts';
import { ARCHITECTURES } from './inf/models.ts';
import { devicePathChanges, installStep, type LeftPackage } from './install-step.ts';
import { generalDrivers, matchesOf, type Match } from './match.ts';
import {
  bytesOf,
  described,
  driversFolder,
  loadPackage,
  packageFolderEdits,
  systemFileEdits,
} from './package-files.ts';
import { namesMicrosoft, sha2Installed, signatureProblem, wantsMicrosoft } from './signature.ts';

export const injectDrivers: Fixer = {
  id: 'windows-drivers',
  title: 'Drivers from the driver source',
  applies: ({ guest, drivers }) => guest.windows !== undefined && drivers !== undefined,
  plan,
};

async function plan(context: FixContext): Promise<FixPlan> {
  const { files, guest, drivers = [], hives } = context;
  const windows = guest.windows!;
  const architecture = ARCHITECTURES[guest.architecture] ?? 'amd64';
  const devices = devicesOf(context.target.id, context.machine);
  const edits: GuestEdit[] = [];
  const findings: Finding[] = [];
  const left: LeftPackage[] = [];
  const made = new Set<string>();
  const software = hives === undefined ? null : await hives.hive(windows.hives.software).catch(orNull);
  const hasSha2 = software === null ? null : sha2Installed(software);
  const driven = new Set<MachineDevice>();
  let bytes = 0;

  const general = generalDrivers(drivers, devices);
  for (const driver of drivers) {
    const matches = matchesOf(driver, devices, general);
    if (matches.length === 0) continue;
    const name = described(driver);
    const unsafe = unsafeName(driver.inf);
    const loaded = unsafe ?? (await loadPackage(driver, architecture, bytes));
    if (typeof loaded === 'string') {
      findings.push({
        severity: 'warning',
        code: 'DRIVER_PACKAGE_UNUSABLE',
        message: `The driver of ${name} is not used: the package ${loaded}.`,
        next: `Take the package again from its maker (${driver.source}).`,
      });
      continue;
    }
    bytes += bytesOf(driver);
    for (const { device } of matches) driven.add(device);
    const problem = signatureProblem(
      driver.signature,
      { ntVersion: windows.ntVersion, architecture },
      hasSha2,
    );
    if (problem !== null) {
      const stops = problem.refused && matches.some(({ device }) => device.planned && device.kind === 'disk');
      findings.push({
        severity: stops ? 'blocker' : 'warning',
        code: 'DRIVER_SIGNATURE',
        message: `The driver of ${name} ${problem.why}${stops ? '; Windows would not start with it' : ''}.`,
        next: problem.next,
      });
    }
    for (const text of driver.problems ?? [])
      findings.push({ severity: 'info', code: 'DRIVER_PACKAGE_ODD', message: `About ${name}: ${text}.` });

    const folder = folderName(driver.inf, left);
    left.push({ folder, inf: driver.inf });
    const disks = matches.filter(({ device, service }) => device.kind === 'disk' && service !== null);
    if (disks.length > 0) {
      if (wantsMicrosoft({ ntVersion: windows.ntVersion, architecture }))
        for (const binary of new Set(disks.map(({ service }) => service!.binary)))
          if (
            loaded.some(({ file, content }) => isFile(file.name, binary) && namesMicrosoft(content) === false)
          )
            findings.push(ownSignature(name, binary));
      const placed = await systemFileEdits(windows, files, driver, loaded);
      edits.push(...placed.edits);
      findings.push(...placed.findings);
      const registered = await registerDisks(context, windows, driver, disks);
      edits.push(...registered.edits);
      findings.push(...registered.findings);
    }
    edits.push(
      ...(await packageFolderEdits(windows, files, `${driversFolder(windows)}/${folder}`, loaded, made)),
    );
  }

  findings.push(...(await undriven(context, windows, devices, driven)));
  if (left.length === 0) return { edits, findings };
  if (software === null)
    findings.push({
      severity: 'warning',
      code: 'DRIVER_SEARCH_PATH_UNKNOWN',
      message: 'The SOFTWARE hive could not be read, so Windows is not told where its new drivers are.',
      next: `Install them by hand from ${driversFolder(windows)} at the first start.`,
    });
  else {
    const { changes, findings: full } = devicePathChanges(software, left);
    findings.push(...full);
    if (changes.length > 0)
      edits.push({
        what: `The folders of ${listed(left.map(({ inf }) => inf))} are added to those in which Windows looks for drivers (DevicePath).`,
        why: 'Windows installs the drivers of its new devices from there without asking.',
        action: { kind: 'registry', path: windows.hives.software, changes },
      });
  }
  const step = installStep(windows, left);
  if (step !== null) edits.push(...(await stepEdits(files, await leaveStep(windows, files, step), made)));
  return { edits, findings };
}

/** One edit for each service, with the IDs of all devices it drives. */
async function registerDisks(
  { hives }: FixContext,
  windows: WindowsFacts,
  driver: DriverPackage,
  disks: readonly Match[],
): Promise<FixPlan> {
  const edits: GuestEdit[] = [];
  const findings: Finding[] = [];
  const services = new Map(disks.map(({ service }) => [service!.name.toLowerCase(), service!]));
  for (const service of services.values()) {
    const own = disks.filter((match) => match.service!.name.toLowerCase() === service.name.toLowerCase());
    const boot: BootDriver = {
      service: service.name,
      displayName: service.displayName === '' ? own[0]!.description : service.displayName,
      type: service.type,
      errorControl: service.errorControl,
      group: service.group,
      binary: service.binary,
      classGuid: driver.classGuid,
      hardwareIds: own.flatMap(({ ids }) => ids),
      package: {
        inf: driver.inf,
        provider: driver.provider,
        date: driver.date,
        version: driver.version,
      },
      values: service.values,
    };
    const what = listed([...new Set(own.map(({ device }) => device.what))]);
    try {
      const { changes, damaged } = bootDriverRegistration(
        windows,
        await hives!.hive(windows.hives.system),
        boot,
      );
      if (damaged.length > 0) findings.push(notEverywhere(service.name, damaged));
      if (changes.length > 0)
        edits.push({
          what: `The driver ${service.name} starts with Windows and is bound to the ${what}.`,
          why: own.some(({ device }) => device.planned)
            ? 'Windows reaches its own disk by it; without, the new machine stops with error 0x7B.'
            : 'With this the disks can be moved there later, should that be needed.',
          action: { kind: 'registry', path: windows.hives.system, changes },
          ...(own.some(({ device }) => device.planned) ? { vital: true } : {}),
        });
    } catch (error) {
      if (!isIronliftError(error) || error.kind === 'cancelled') throw error;
      findings.push({
        severity: own.some(({ device }) => device.planned) ? 'blocker' : 'warning',
        code: 'DRIVER_NOT_REGISTERED',
        message: `The driver ${service.name} could not be entered in the registry: ${error.message}`,
        next: error.next,
      });
    }
  }
  return { edits, findings };
}

const isFile = (name: string, wanted: string): boolean => name.toLowerCase() === wanted.toLowerCase();

/** As the builds of virtio-win for Windows 8.1, 2012 R2 and older since 2022 (virtio-win-pkg-scripts issues 57 and 65). */
const ownSignature = (name: string, binary: string): Finding => ({
  severity: 'warning',
  code: 'DRIVER_SIGNED_BY_MAKER',
  message: `The driver file ${binary} of ${name} is signed by its maker alone, without Microsoft; 64-bit Windows does not start with such a driver (error 0xC0000428) unless it is in test mode.`,
  next: 'Name a driver source of that time, whose drivers Microsoft has signed or cross-signed (for Windows 8.1, Server 2012 R2 and older a virtio-win of 2021 or before), or choose another disk with --bus.',
});

const notEverywhere = (service: string, damaged: readonly number[]): Finding => ({
  severity: 'warning',
  code: 'CONTROL_SET_DAMAGED',
  message: `Control set ${listed(damaged.map(String))} is damaged, so ${service} was not entered there; the current one is whole.`,
  next: 'Do not start the new machine with its last known good configuration.',
});

/** Devices of the planned machine for which neither the sources nor Windows have a driver. */
async function undriven(
  { drivers = [], files }: FixContext,
  windows: WindowsFacts,
  devices: readonly MachineDevice[],
  driven: ReadonlySet<MachineDevice>,
): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const device of devices) {
    if (!device.planned || device.needs === undefined || driven.has(device)) continue;
    if (await files.exists(`${windows.system32}/drivers/${device.needs}`)) continue;
    findings.push({
      severity: 'warning',
      code: 'DRIVER_NOT_IN_SOURCE',
      message: `The driver source has no driver of the ${device.what} for this Windows${drivers.length === 0 ? ', nor any other driver for it' : ''}.`,
      next: 'Name a source that has it, or list what a source has for it with `ironlift drivers PATH --for VERSION`.',
    });
  }
  return findings;
}

/** What is there already, or made by an edit before, is not made again. */
async function stepEdits(
  files: GuestReader,
  edits: readonly GuestEdit[],
  made: ReadonlySet<string>,
): Promise<GuestEdit[]> {
  const needed: GuestEdit[] = [];
  for (const edit of edits) {
    const { action } = edit;
    if (action.kind === 'mkdir' && made.has(action.path)) continue;
    if (action.kind === 'write' && (await files.exists(action.path)))
      if (Buffer.from(await files.readFile(action.path)).equals(action.content)) continue;
    needed.push(edit);
  }
  return needed;
}

/** It stands in a batch file and in a list of folders. */
const unsafeName = (inf: string): string | null =>
  /^[A-Za-z0-9_-][A-Za-z0-9_.-]{0,99}\.inf$/iu.test(inf) && isPlainName(inf)
    ? null
    : 'has an INF file whose name cannot stand in a command';

function folderName(inf: string, left: readonly LeftPackage[]): string {
  const stem = inf.slice(0, -'.inf'.length);
  const taken = (name: string): boolean =>
    left.some(({ folder }) => folder.toLowerCase() === name.toLowerCase());
  let name = stem;
  for (let i = 2; taken(name); i++) name = `${stem}-${i}`;
  return name;
}

function orNull(error: unknown): null {
  if (isIronliftError(error) && error.kind !== 'cancelled') return null;
  throw error;
}
