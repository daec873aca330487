/**
 * From what is known of a server and what the user asks for to the virtual machine. Pure: the same facts give the same
 * machine. Every value that was not given is explained, everything impossible is reported at once.
 */
import type { Finding } from '../base/finding.ts';
import { blocker, info, uniqueFindings } from './check.ts';
import { chooseHardware, type AvailableModules, type KernelFacts } from './choose-hardware.ts';
import { knowsModernVirtio } from './chipset.ts';
import { fileStem, machineUuid, nameProblem } from './identity.ts';
import type { DiskBus, NicModel, VirtualDisk, VirtualMachine } from './machine.ts';
import { planNics, type InterfaceFacts, type NicOption } from './plan-nics.ts';
import type { Target } from './target.ts';

/** What inspection found; a Guest and the sizes of its disks have it all. */
export interface MachineFacts {
  /** Host name; empty where unknown. */
  name: string;
  /** Tells this source from every other, the same in every run: model and serial number, or path and size. */
  sourceIdentity: string;
  firmware: VirtualMachine['firmware'];
  architecture: VirtualMachine['architecture'];
  os: VirtualMachine['os'];
  clock?: VirtualMachine['clock'];
  kernels: readonly KernelFacts[];
  interfaces: readonly InterfaceFacts[];
  /** Bytes each, the boot disk first. */
  disks: readonly { size: number }[];
  /** Of the physical server, where the inventory knows them. */
  cpus?: number | null;
  memoryMiB?: number | null;
}

/** Null: not asked for. */
export interface MachineOptions {
  name: string | null;
  cpus: number | null;
  memoryMiB: number | null;
  bus: string | null;
  format: string | null;
  /** Empty: one isolated card for each interface of the guest. */
  nics: readonly NicOption[];
}

export interface MachinePlan {
  /** Complete in any case; not to be built where a finding is a blocker. */
  machine: VirtualMachine;
  findings: Finding[];
}

const ASSUMED_CPUS = 2;
const ASSUMED_MEMORY_MIB = 2048;

const KNOWN_BUSES: readonly string[] = [
  ...(['virtio-blk', 'virtio-scsi', 'pvscsi', 'lsi-sas', 'lsi', 'ahci', 'ide', 'nvme'] satisfies DiskBus[]),
];

/** File name extensions of disk formats; a format that is not here has its own name as extension. */
const EXTENSIONS: Record<string, string> = { raw: 'img' };

export function planMachine(
  target: Target,
  facts: MachineFacts,
  options: MachineOptions,
  availableModules: AvailableModules,
): MachinePlan {
  const findings: Finding[] = [];
  const name = chooseName(facts, options, findings);
  const uuid = machineUuid(facts.sourceIdentity, name);
  const kernel = facts.kernels.find(({ isDefault }) => isDefault) ?? facts.kernels[0];
  const format = options.format ?? target.formats[0]!;
  const base: VirtualMachine = {
    name,
    uuid,
    ...chooseSize(facts, options, findings),
    firmware: facts.firmware,
    architecture: facts.architecture,
    os: facts.os,
    clock: facts.clock ?? 'utc',
    ...(kernel === undefined ? {} : { chipset: knowsModernVirtio(kernel.version) ? 'q35' : 'i440fx' }),
    disks: [],
    nics: [],
  };
  const shared = {
    platform: target.name,
    kernels: facts.kernels,
    available: availableModules,
    firmware: facts.firmware,
  };

  const disksOn = (bus: DiskBus): VirtualDisk[] =>
    facts.disks.map(({ size }, index) => ({
      file: `${fileStem(name)}-disk${index}.${EXTENSIONS[format] ?? format}`,
      format,
      size,
      bus,
      unit: index,
    }));
  const bus = chooseHardware<DiskBus>({
    ...shared,
    what: 'the disks',
    offered: target.buses,
    safest: ['ahci', 'lsi-sas', 'ide'],
    asked: askedBus(target, options.bus, findings),
    objection: (candidate) => diskObjection(target, { ...base, disks: disksOn(candidate) }),
  });
  const nicModel = chooseHardware<NicModel>({
    ...shared,
    what: 'the network cards',
    offered: target.nicModels,
    safest: ['e1000e', 'e1000'],
    asked: null,
    objection: () => null,
  });
  const network = planNics(target, facts.interfaces, options.nics, nicModel.hardware, uuid);

  const machine = { ...base, disks: disksOn(bus.hardware), nics: network.nics };
  findings.push(...bus.findings, ...nicModel.findings.map(withoutNetwork), ...network.findings);
  findings.push(...target.check(machine));
  return { machine, findings: uniqueFindings(findings) };
}

function chooseName(facts: MachineFacts, options: MachineOptions, findings: Finding[]): string {
  // A name that was asked for is kept as it is; the platform's check says what is wrong with it.
  if (options.name !== null) return options.name;
  if (nameProblem(facts.name) === null) return facts.name;
  const name = fileStem(facts.name);
  findings.push(
    info(
      'TARGET_NAME_ASSUMED',
      `The server's own name cannot be the machine's name, so it is called ${name}.`,
    ),
  );
  return name;
}

function chooseSize(
  facts: MachineFacts,
  options: MachineOptions,
  findings: Finding[],
): { cpus: number; memoryMiB: number } {
  const cpus = options.cpus ?? facts.cpus ?? null;
  const memoryMiB = options.memoryMiB ?? facts.memoryMiB ?? null;
  if (cpus === null)
    findings.push({
      ...info(
        'TARGET_CPUS_ASSUMED',
        `The disks do not tell how many processors the server has; ${ASSUMED_CPUS} are assumed.`,
      ),
      next: 'Give the number with --cpus.',
    });
  if (memoryMiB === null)
    findings.push({
      ...info(
        'TARGET_MEMORY_ASSUMED',
        `The disks do not tell how much memory the server has; ${ASSUMED_MEMORY_MIB} MiB are assumed.`,
      ),
      next: 'Give the size with --memory.',
    });
  return { cpus: cpus ?? ASSUMED_CPUS, memoryMiB: memoryMiB ?? ASSUMED_MEMORY_MIB };
}

function askedBus(target: Target, bus: string | null, findings: Finding[]): DiskBus | null {
  if (bus === null) return null;
  if (KNOWN_BUSES.includes(bus) && target.buses.includes(bus as DiskBus)) return bus as DiskBus;
  findings.push(
    blocker(
      'TARGET_BUS',
      `${target.name} has no ${bus} disks.`,
      `Choose one of ${target.buses.join(', ')} with --bus.`,
    ),
  );
  return null;
}

/** Why the platform cannot take these disks on this bus, or null. Only what the bus can help is asked. */
function diskObjection(target: Target, machine: VirtualMachine): string | null {
  const codes = ['TARGET_TOO_MANY_DISKS', 'TARGET_BUS'];
  const problem = target
    .check(machine)
    .find(({ severity, code }) => severity === 'blocker' && codes.includes(code));
  return problem === undefined ? null : lowerFirst(problem.message).replace(/\.$/, '');
}

const lowerFirst = (text: string): string =>
  /^[A-Z][a-z]/.test(text) ? text.charAt(0).toLowerCase() + text.slice(1) : text;

/** A machine without a usable network card still boots and can be given one: no reason to refuse it. */
function withoutNetwork(finding: Finding): Finding {
  return finding.severity === 'blocker'
    ? { ...finding, severity: 'warning', code: 'TARGET_NO_NIC_DRIVER' }
    : finding;
}
