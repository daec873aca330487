/** Inspection of a Windows server: its registry, its files, its devices, and in which state it was left. */
import { IronliftError, isIronliftError } from '../../../base/errors.ts';
import type { Finding } from '../../../base/finding.ts';
import { throwIfCancelled } from '../../../base/cancel.ts';
import type { GuestReader } from '../../fixer.ts';
import type { Guest, Mount } from '../../guest.ts';
import type { RootVolume } from '../../inspect/root.ts';
import type { OpenVolume } from '../../inspect/open-volume.ts';
import { GuestTree } from '../../tree.ts';
import type { WindowsFacts } from '../facts.ts';
import { findWindowsAgents } from '../services/agents.ts';
import { openGuestHive } from '../guest-hive.ts';
import { withoutDrive } from '../path.ts';
import { VolumePaths } from '../volume-path.ts';
import { readActivation } from './activation.ts';
import { interfacesOf, readNetwork } from './adapters.ts';
import { bootVolume, firmwareOf, readBoot } from './boot.ts';
import { readDevices } from './devices.ts';
import { driveLetters } from './drives.ts';
import { readExecutable, type Executable } from './executable.ts';
import { readFilters } from './filters.ts';
import { damageFindings, signatureFindings, stateFindings, volumeFindings } from './findings.ts';
import { controlSets, RegistryReader } from './registry.ts';
import { readRoles } from './roles.ts';
import { readServices } from './services.ts';
import { readState } from './state.ts';
import { storageDevices } from './storage.ts';
import { readVersion } from './version.ts';

export interface WindowsInspection {
  guest: Guest;
  tree: GuestTree;
}

/**
 * @param folder canonical path of the folder of Windows on its volume.
 * @throws OS_NOT_SUPPORTED (before XP), NOT_A_HIVE, HIVE_DAMAGED, HIVE_TOO_LARGE, NO_OS_FOUND where SYSTEM is missing; CANCELLED.
 */
export async function inspectWindows(
  root: RootVolume,
  folder: string,
  volumes: readonly OpenVolume[],
  { signal }: { signal?: AbortSignal } = {},
): Promise<WindowsInspection> {
  const findings: Finding[] = [];
  const firmware = firmwareOf(root);
  const tree = new GuestTree(root.fileSystem, root.info.id);
  const mounts: Mount[] = [{ path: '/', volume: root.info.id, type: root.fileSystem.type }];
  const attach = (name: `:${string}`, { info, fileSystem }: OpenVolume): void => {
    if (fileSystem === null || mounts.some(({ volume }) => volume === info.id)) return;
    tree.attach(name, fileSystem, info.id);
    mounts.push({ path: `/${name}`, volume: info.id, type: fileSystem.type });
  };
  const boot = await bootVolume(volumes, root, firmware);
  if (boot !== null) attach(boot.name, boot.volume);

  const before = new VolumePaths(tree);
  const system32 = (await before.folder(`${folder}/System32`)) ?? `${folder}/System32`;
  const systemHive = await before.file(`${system32}/config/SYSTEM`);
  if (systemHive === null) throw noRegistry(root, system32);
  const system = new RegistryReader(await openNamed(tree, systemHive));
  const sets = controlSets(system);
  if (sets === null) throw noControlSet(systemHive);
  if (sets.assumed)
    findings.push({
      severity: 'warning',
      code: 'WINDOWS_CONTROL_SET_ASSUMED',
      message: `The registry file ${withoutDrive(systemHive)} does not say which control set is in use; ${sets.path} is taken.`,
      next: 'Check on the server whether Windows starts with its last known good configuration.',
    });
  const softwareHive = await before.file(`${system32}/config/SOFTWARE`);
  const software = softwareHive === null ? null : await readSoftware(tree, softwareHive, findings);
  if (softwareHive === null) findings.push(noSoftware(`${system32}/config/SOFTWARE`));
  throwIfCancelled(signal);

  const kernel = await executable(tree, before, `${system32}/ntoskrnl.exe`);
  const version = readVersion(software, system, sets, kernel);
  refuseOld(version.ntVersion, root);
  if (version.source === 'assumed')
    findings.push({
      severity: 'warning',
      code: 'WINDOWS_VERSION_ASSUMED',
      message: `Neither registry nor kernel tell the version of this Windows; what its registry looks like is that of NT ${version.ntVersion} or later.`,
      next: 'Check the virtual machine with special care.',
    });
  const letters = driveLetters(system, volumes);
  const systemDrive = driveOf(root, letters, software);
  for (const [letter, id] of letters) {
    const volume = volumes.find(({ info }) => info.id === id);
    if (letter !== systemDrive && volume !== undefined) attach(`:${letter}`, volume);
  }
  const paths = new VolumePaths(tree);
  const place = { paths, systemRoot: folder, systemDrive };
  const services = await readServices(system, sets, place);
  throwIfCancelled(signal);
  const devices = readDevices(system, sets);
  const network = readNetwork(system, sets, devices);
  const roles = readRoles(services, system, sets);
  const { loaders, stores } = await readBoot(paths, firmware);
  const windows: WindowsFacts = {
    ntVersion: version.ntVersion,
    build: version.build,
    servicePack: version.servicePack,
    edition: version.edition,
    installation: version.installation,
    systemRoot: folder,
    system32,
    systemDrive,
    hives: { system: systemHive, software: softwareHive ?? '', bootStores: stores },
    controlSets: sets.numbers,
    currentControlSet: sets.current,
    bindingTable: system.has('DriverDatabase') ? 'driver-database' : 'critical-device-database',
    hal: /^5\./u.test(version.ntVersion)
      ? ((await executable(tree, paths, `${system32}/hal.dll`))?.originalName ?? null)
      : null,
    services,
    storage: storageDevices(devices, services),
    adapters: network.adapters,
    filters: readFilters(system, sets),
    teams: network.teams,
    roles: roles.roles,
    activation: readActivation(software),
    ...(await readState(system, software, sets, place)),
  };
  const program = kernel ?? (await executable(tree, paths, `${system32}/cmd.exe`));
  if (loaders.length === 0)
    findings.push({
      severity: 'warning',
      code: 'NO_BOOT_LOADER',
      message: 'The boot loader of Windows was not found on the given disks.',
      next: 'Check that the disk the server starts from was given, the one with the EFI or the System Reserved partition among them.',
    });
  findings.push(
    ...volumeFindings(tree, root, volumes, letters, systemDrive),
    ...roles.findings,
    ...stateFindings(windows),
    ...signatureFindings(windows, software),
    ...damageFindings(system, systemHive),
    ...damageFindings(software, softwareHive ?? ''),
  );
  const guest: Guest = {
    os: version.os,
    architecture: program?.architecture ?? 'unknown',
    hostName: hostName(system, sets.path),
    machineId: '',
    firmware,
    init: 'unknown',
    mergedUsr: false,
    mounts,
    fstab: [],
    kernels: [],
    bootLoaders: loaders,
    interfaces: interfacesOf(network.adapters, systemHive),
    agents: findWindowsAgents(windows),
    selinux: 'absent',
    windows,
    findings,
  };
  return { guest, tree };
}

async function executable(files: GuestReader, paths: VolumePaths, path: string): Promise<Executable | null> {
  const found = await paths.file(path);
  return found === null ? null : readExecutable(files, found);
}

/** @throws what openGuestHive throws, with the name of the file in its sentence. */
async function openNamed(files: GuestReader, path: string): ReturnType<typeof openGuestHive> {
  try {
    return await openGuestHive(files, path);
  } catch (error) {
    if (!isIronliftError(error)) throw error;
    throw new IronliftError(
      error.code,
      `The registry file ${withoutDrive(path)} cannot be used: ${error.message}`,
      {
        next: error.next,
        data: { ...error.data, path },
        cause: error,
      },
    );
  }
}

/** Without it most is known all the same. */
async function readSoftware(
  files: GuestReader,
  path: string,
  findings: Finding[],
): Promise<RegistryReader | null> {
  try {
    return new RegistryReader(await openNamed(files, path));
  } catch (error) {
    if (!isIronliftError(error) || error.kind === 'cancelled') throw error;
    findings.push({
      severity: 'warning',
      code: 'WINDOWS_SOFTWARE_UNREADABLE',
      message: error.message,
      next: 'Let the server start and shut down normally, and make the copy again; without this file edition, licence and pending updates are not known.',
    });
    return null;
  }
}

/** The letter that MountedDevices gives the volume, else the one in the paths that Windows wrote. */
function driveOf(
  root: OpenVolume,
  letters: ReadonlyMap<string, string>,
  software: RegistryReader | null,
): string {
  for (const [letter, id] of letters) if (id === root.info.id) return letter;
  const path = software?.text('Microsoft\\Windows NT\\CurrentVersion', 'SystemRoot') ?? '';
  return /^([a-z]):/iu.exec(path)?.[1]?.toUpperCase() ?? 'C';
}

/** It goes into file names and XML: what no host name may hold is dropped. */
const hostName = (system: RegistryReader, controlSet: string): string =>
  (
    system.text(`${controlSet}\\Services\\Tcpip\\Parameters`, 'Hostname') ||
    system.text(`${controlSet}\\Control\\ComputerName\\ComputerName`, 'ComputerName')
  )
    .replace(/[^A-Za-z0-9._-]/gu, '')
    .slice(0, 63);

const OLD_NAMES: Record<string, string> = { '5.0': 'Windows 2000', '4.0': 'Windows NT 4.0' };

function refuseOld(ntVersion: string, { info }: RootVolume): void {
  const [major = 0, minor = 0] = ntVersion.split('.').map(Number);
  if (major > 5 || (major === 5 && minor >= 1)) return;
  throw new IronliftError(
    'OS_NOT_SUPPORTED',
    `This server runs ${OLD_NAMES[ntVersion] ?? `Windows NT ${ntVersion}`} (${info.id}), which is older than Windows XP and Server 2003 and cannot be prepared for a virtual machine.`,
    {
      next: 'Copy its disks unchanged with --no-fix, and try an IDE disk in a machine with the oldest chipset.',
    },
  );
}

function noRegistry({ info }: RootVolume, system32: string): IronliftError {
  return new IronliftError(
    'NO_OS_FOUND',
    `The Windows on ${info.id} has no registry: there is no ${withoutDrive(`${system32}/config/SYSTEM`)}.`,
    {
      next: 'Restore that file from a backup, or choose another volume where the server has several systems.',
    },
  );
}

function noControlSet(path: string): IronliftError {
  return new IronliftError(
    'HIVE_DAMAGED',
    `The registry file ${withoutDrive(path)} holds no control set, so Windows cannot start from it.`,
    {
      next: 'Restore that file from a backup of the server, and make the copy again.',
      data: { path },
    },
  );
}

const noSoftware = (path: string): Finding => ({
  severity: 'warning',
  code: 'WINDOWS_SOFTWARE_UNREADABLE',
  message: `The registry file ${withoutDrive(path)} is missing, so edition, licence and pending updates of this Windows are not known.`,
  next: 'Check whether the server still starts; a Windows without this file does not get far.',
});
