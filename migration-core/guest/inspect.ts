/** Inspection: which operating system is on these volumes, and everything the fixers and the plan need to know of it. */
import { throwIfCancelled } from '../base/cancel.ts';
import type { Finding } from '../base/finding.ts';
import { formatBytes } from '../base/text.ts';
import type { PartitionTable } from '../volume/volume.ts';
import type { GuestReader } from './fixer.ts';
import type { FstabEntry, Guest } from './guest.ts';
import { findBootLoaders } from './inspect/boot-loaders.ts';
import { mapDevices } from './inspect/devices.ts';
import { findEsp, readFirmware } from './inspect/firmware.ts';
import { parseFstab } from './inspect/fstab.ts';
import { hibernationFindings } from './inspect/hibernation.ts';
import {
  readArchitecture,
  readHostName,
  readInit,
  readMachineId,
  readMergedUsr,
  readSelinux,
} from './inspect/identity.ts';
import { findKernels } from './inspect/kernels.ts';
import { mountEsp, mountVolumes } from './inspect/mounts.ts';
import type { OpenVolume } from './inspect/open-volume.ts';
import { readOs } from './inspect/os.ts';
import { findRoot, type RootVolume } from './inspect/root.ts';
import { inspectText } from './inspect/text.ts';
import { findAgents } from './linux/agents.ts';
import { readNetwork } from './linux/network/read.ts';
import { GuestTree } from './tree.ts';
import { inspectWindows } from './windows/inspect/windows.ts';

export type { OpenVolume } from './inspect/open-volume.ts';

export interface Inspection {
  guest: Guest;
  /** All mounted volumes of the guest, ready to be read and written. */
  tree: GuestTree;
  /** The same list as guest.findings. */
  findings: Finding[];
}

export interface InspectOptions {
  /** Partition tables of the disks, in their order: partitions without content tell the firmware. */
  tables?: readonly PartitionTable[];
  /** Id of the volume to take as root where there are several systems. */
  root?: string;
  signal?: AbortSignal;
}

/** Below this a volume is told of, bytes: what virt-v2v asks for as well. */
const LITTLE_SPACE = 100 << 20;

/**
 * Reads only. Everything that can be named is returned, with findings of severity `blocker` for what makes the guest
 * unfit for conversion (no kernel, hibernated, /boot unreadable).
 * @throws NOT_A_HIVE, HIVE_DAMAGED, HIVE_TOO_LARGE (of a Windows), NO_OS_FOUND, SEVERAL_OS_FOUND, OS_NOT_SUPPORTED, ROOT_NOT_SUPPORTED, ROOT_ENCRYPTED, the refusal of the root's own driver; CANCELLED.
 */
export async function inspectGuest(
  volumes: readonly OpenVolume[],
  options: InspectOptions = {},
): Promise<Inspection> {
  throwIfCancelled(options.signal);
  const root = await findRoot(volumes, options.root);
  if (root.windowsFolder === null) return inspectLinux(root, volumes, options);
  const { guest, tree } = await inspectWindows(root, root.windowsFolder, volumes, options);
  return { guest, tree, findings: guest.findings };
}

async function inspectLinux(
  root: RootVolume,
  volumes: readonly OpenVolume[],
  options: InspectOptions,
): Promise<Inspection> {
  const findings: Finding[] = [];
  const tree = new GuestTree(root.fileSystem, root.info.id);

  const fstab = await readFstab(tree, findings);
  const devices = mapDevices(
    volumes.map(({ info, volume }) => ({ ...info, partLabel: volume.partition?.label ?? '' })),
    fstab,
    root.info.id,
  );
  const mounts = await mountVolumes(tree, fstab, devices, volumes, findings);
  const types = (options.tables ?? []).flatMap(({ partitions }) => partitions.map(({ type }) => type));
  const firmware = await readFirmware(tree, volumes, types, fstab);
  if (firmware === 'uefi') await mountEsp(tree, findEsp(volumes, root.info.disk), mounts);
  throwIfCancelled(options.signal);

  const os = await readOs(tree, findings);
  if (os === null)
    findings.push({
      severity: 'warning',
      code: 'OS_UNNAMED',
      message: 'The server has a Linux system whose distribution could not be recognised.',
      next: 'Check the virtual machine with special care.',
    });
  const machineId = await readMachineId(tree, findings);
  const bootLoaders = await findBootLoaders(tree);
  const kernels = await findKernels(tree, bootLoaders, machineId, findings);
  throwIfCancelled(options.signal);
  if (kernels.length === 0) findings.push(noKernel());
  if (bootLoaders.length === 0)
    findings.push({
      severity: 'warning',
      code: 'NO_BOOT_LOADER',
      message: 'The configuration of no boot loader was found on the server.',
      next: 'Check with a boot test that the virtual machine starts.',
    });
  const network = await readNetwork(tree);
  findings.push(...network.findings);
  findings.push(...(await hibernationFindings(tree, volumes, fstab, bootLoaders, devices)));
  findings.push(...roomFindings(tree));

  const guest: Guest = {
    os: os ?? { id: 'linux', version: '', name: 'Linux', family: 'other' },
    architecture: await readArchitecture(tree),
    hostName: await readHostName(tree, findings),
    machineId,
    firmware,
    init: await readInit(tree),
    mergedUsr: await readMergedUsr(tree),
    mounts,
    fstab,
    kernels,
    bootLoaders,
    interfaces: network.interfaces,
    agents: await findAgents(tree),
    selinux: await readSelinux(tree, findings),
    findings,
  };
  return { guest, tree, findings };
}

async function readFstab(files: GuestReader, findings: Finding[]): Promise<FstabEntry[]> {
  const text = await inspectText(files, '/etc/fstab', findings);
  const entries = parseFstab(text ?? '');
  if (text !== null && entries.length === 0)
    findings.push({
      severity: 'warning',
      code: 'FSTAB_EMPTY',
      message: 'The file /etc/fstab of the server names no volume to mount.',
      next: 'Check the file on the server; without it only the root volume is known to belong to the system.',
    });
  return entries;
}

function noKernel(): Finding {
  return {
    severity: 'blocker',
    code: 'NO_KERNEL_FOUND',
    message:
      'No Linux kernel with its modules was found on the server, so the virtual machine could not start.',
    next: 'Check that all disks of the server were given, the one with /boot among them; a container has no kernel of its own.',
  };
}

function roomFindings(tree: GuestTree): Finding[] {
  return tree.mounts
    .filter(({ path, fileSystem }) => /^\/(boot)?$/.test(path) && fileSystem.freeBytes < LITTLE_SPACE)
    .map(({ path, fileSystem }) => ({
      severity: 'info',
      code: 'LITTLE_SPACE',
      message: `The server's volume ${path} has only ${formatBytes(fileSystem.freeBytes)} free.`,
      next: 'The conversion checks whether its changes fit before it begins.',
    }));
}
