/**
 * Plans how Windows reaches its disks on given hardware, virtual or not: which driver serves each device on the way, started at
 * boot and bound in every control set, with its files; or why there is none.
 */
import { isIronliftError } from '../../../base/errors.ts';
import type { Finding } from '../../../base/finding.ts';
import type { Hive } from '../../../registry/hive.ts';
import type { FixPlan, GuestEdit, GuestReader, HiveReader } from '../../fixer.ts';
import type { BootDriver } from '../boot-driver.ts';
import type { WindowsFacts } from '../facts.ts';
import { DriverFiles } from './driver-files.ts';
import { foundationPlan } from './foundation.ts';
import { ntNumber } from './inbox.ts';
import { bootDriverRegistration } from './register.ts';
import { solveDevice, type Solution } from './solve.ts';
import { startChanges } from './service-key.ts';
import type { BootDevice, BootPath } from './table.ts';

export interface WantedPath {
  path: BootPath;
  /** The machine's disks are there; otherwise a place they may be moved to, prepared where nothing is missing for it. */
  required: boolean;
}

export interface BootPathsRequest {
  windows: WindowsFacts;
  files: GuestReader;
  hives: HiveReader;
  wanted: readonly WantedPath[];
  /** Other hardware that could be had, as the user names it (`ahci`), and the option for that (`--bus`). */
  alternatives: readonly { path: BootPath; name: string }[];
  option: string;
  signal?: AbortSignal | undefined;
}

interface Served {
  device: BootDevice;
  solution: Solution;
}

/** One driver and all that it is wanted for. */
interface Duty {
  solution: Solution;
  ids: string[];
  devices: string[];
  reason: string;
  /** The disk of the new machine is reached by it. */
  vital: boolean;
}

export async function planBootPaths(request: BootPathsRequest): Promise<FixPlan> {
  const { windows, hives } = request;
  try {
    return await planOnHive(request, await hives.hive(windows.hives.system));
  } catch (error) {
    if (!isIronliftError(error, 'HIVE_DAMAGED')) throw error;
    const finding: Finding = {
      severity: 'blocker',
      code: 'WINDOWS_HIVE_DAMAGED',
      message: `The drivers for the new machine's disks cannot be entered: ${error.message}`,
      next: error.next,
    };
    return { edits: [], findings: [finding] };
  }
}

async function planOnHive(request: BootPathsRequest, system: Hive): Promise<FixPlan> {
  const { windows, files } = request;
  const driverFiles = new DriverFiles(windows, files, request.signal);
  const findings: Finding[] = [];
  const duties = new Map<string, Duty>();
  for (const { path, required } of request.wanted) {
    const found = await solvePath(path, windows, system, driverFiles, required);
    if (found.problems.length > 0) {
      if (required) findings.push(await noDriver(path, found.problems, request, system, driverFiles));
      continue;
    }
    for (const { device, solution } of found.solutions)
      addDuty(
        duties,
        device.name,
        solution,
        device.optional ?? reasonFor(path, required),
        required && device.optional === undefined,
      );
    if (required) findings.push(reached(path, found.solutions));
  }

  const edits: GuestEdit[] = [];
  const damaged = new Set<number>();
  for (const { solution, ids, devices, reason, vital } of duties.values()) {
    for (const { path, content, from } of solution.missingFiles)
      edits.push({
        what: `The driver file ${driverFiles.forPeople(path)} is put in its place, taken from ${from}.`,
        why: reason,
        action: { kind: 'write', path, content },
      });
    const registration = register(windows, system, solution, ids);
    for (const number of registration.damaged) damaged.add(number);
    if (registration.changes.length > 0)
      edits.push({
        what: `Windows loads the driver "${solution.service}" together with its kernel, for ${list(devices, 'and')}.`,
        why: reason,
        action: { kind: 'registry', path: windows.hives.system, changes: registration.changes },
        ...(vital ? { vital: true } : {}),
      });
  }
  const foundation = await foundationPlan(windows, system, driverFiles);
  for (const number of foundation.damaged) damaged.add(number);
  return {
    edits: [...edits, ...foundation.edits],
    findings: [...findings, ...foundation.findings, ...damagedFinding(damaged)],
  };
}

/**
 * The services by which Windows would reach disks on this way, or what is in the way as a part of a sentence: the question of the
 * fixer, asked before the hardware is chosen. `brought` names the service of a driver that is going to be put in for a device.
 * @throws HIVE_DAMAGED
 */
export async function drivenBy(
  path: BootPath,
  windows: WindowsFacts,
  system: Hive,
  files: DriverFiles,
  brought: (device: BootDevice) => string | null,
): Promise<{ services: string[] } | { problem: string }> {
  const own = { ...path, devices: path.devices.filter((device) => brought(device) === null) };
  const { solutions, problems } = await solvePath(own, windows, system, files, true);
  if (problems.length > 0) return { problem: problems[0]! };
  const needed = solutions.filter(({ device }) => device.optional === undefined);
  return {
    services: [
      ...new Set([
        ...path.devices.flatMap((device) => brought(device) ?? []),
        ...needed.map(({ solution }) => solution.service),
      ]),
    ],
  };
}

/** The drivers along a path, or what is in the way. */
async function solvePath(
  path: BootPath,
  windows: WindowsFacts,
  system: Hive,
  files: DriverFiles,
  mayAddFiles: boolean,
): Promise<{ solutions: Served[]; problems: string[] }> {
  const solutions: Served[] = [];
  const problems: string[] = [];
  for (const device of path.devices) {
    if (device.until !== undefined && ntNumber(windows.ntVersion) > ntNumber(device.until)) continue;
    const optional = device.optional !== undefined;
    const solved = await solveDevice(device, windows, system, files, mayAddFiles && !optional);
    for (const solution of solved.solutions) solutions.push({ device, solution });
    // Of several controllers of one kind the same may be said.
    if (!optional && solved.problem !== null && !problems.includes(solved.problem))
      problems.push(solved.problem);
  }
  return { solutions, problems };
}

function addDuty(
  duties: Map<string, Duty>,
  device: string,
  solution: Solution,
  reason: string,
  vital: boolean,
): void {
  const key = solution.service.toLowerCase();
  const duty = duties.get(key);
  if (duty === undefined) {
    duties.set(key, { solution, ids: [...solution.ids], devices: [device], reason, vital });
    return;
  }
  duty.vital ||= vital;
  // A driver of Windows may serve one device by a general ID and be the one made for another.
  if (duty.solution.inbox === null) duty.solution = solution;
  for (const id of solution.ids) if (!duty.ids.includes(id)) duty.ids.push(id);
  if (!duty.devices.includes(device)) duty.devices.push(device);
}

function register(
  windows: WindowsFacts,
  system: Hive,
  { service, inbox }: Solution,
  ids: string[],
): ReturnType<typeof bootDriverRegistration> {
  if (inbox === null) return startChanges(windows, system, service);
  const driver: BootDriver = { ...inbox.driver, hardwareIds: ids, package: null };
  return bootDriverRegistration(windows, system, driver);
}

const reasonFor = ({ name }: BootPath, required: boolean): string =>
  required
    ? `The disks of the new machine are on ${name}: Windows needs this driver before it can read its own files.`
    : `With this the disks can be moved to ${name}, should the machine not start with the controller it has.`;

function reached({ name }: BootPath, solutions: readonly Served[]): Finding {
  const needed = solutions.filter(({ device }) => device.optional === undefined);
  const services = [...new Set(needed.map(({ solution }) => solution.service))];
  return {
    severity: 'info',
    code: 'WINDOWS_DISK_DRIVER',
    message: `Windows reaches its disks on ${name} with ${list(services, 'and')}, which it loads together with its kernel.`,
  };
}

async function noDriver(
  path: BootPath,
  problems: readonly string[],
  { windows, alternatives, option }: BootPathsRequest,
  system: Hive,
  files: DriverFiles,
): Promise<Finding> {
  const options: string[] = [];
  for (const { path: other, name } of alternatives)
    if (
      other.name !== path.name &&
      (await solvePath(other, windows, system, files, false)).problems.length === 0
    )
      options.push(name);
  const choice =
    options.length === 0
      ? ''
      : `choose ${list(options, 'or')} with ${option}, for which this Windows has its drivers, or `;
  return {
    severity: 'blocker',
    code: 'WINDOWS_NO_DISK_DRIVER',
    message: `Windows would not find its disks on ${path.name}: ${problems.join('; ')}.`,
    next: `${capital(choice + path.advice)}.`,
  };
}

function damagedFinding(damaged: ReadonlySet<number>): Finding[] {
  if (damaged.size === 0) return [];
  const numbers = [...damaged].sort((a, b) => a - b).join(', ');
  return [
    {
      severity: 'warning',
      code: 'WINDOWS_CONTROL_SET_DAMAGED',
      message: `Control set ${numbers} in the registry is damaged, and drivers could not be entered there; it is not the one Windows starts with.`,
      next: 'Do not start the new machine with "Last Known Good Configuration".',
    },
  ];
}

/** `a, b and c`. */
const list = (names: readonly string[], word: 'and' | 'or'): string =>
  names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} ${word} ${names.at(-1)!}`;

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
