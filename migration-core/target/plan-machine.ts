/**
 * From what is known of a server and what the user asks for to the virtual machine. Pure: the same facts give the same
 * machine. Every value that was not given is explained, everything impossible is reported at once.
 */
import type { Finding } from '../base/finding.ts';
import type { Guest } from '../guest/guest.ts';
import type { ImageFormat } from '../image/image.ts';
import type { SourceFingerprint } from '../source/source.ts';
import { blocker, info, uniqueFindings, warning } from './check.ts';
import { chooseHardware } from './choose-hardware.ts';
import { knowsModernVirtio } from './chipset.ts';
import { kernelDrivers, type GuestDrivers } from './guest-drivers.ts';
import { fileStem, machineUuid, nameProblem } from './identity.ts';
import type { DiskBus, NicModel, VirtualDisk, VirtualMachine } from './machine.ts';
import { planNics, type NicOption } from './plan-nics.ts';
import type { Target } from './target.ts';
import { windowsDriversFor, type WindowsDrivers } from './windows-drivers.ts';

/** What the user asked for; null where nothing was. */
export interface MachineOptions {
  name: string | null;
  cpus: number | null;
  memoryMiB: number | null;
  bus: string | null;
  /** Empty: one isolated card for each physical interface of the guest. */
  nics: readonly NicOption[];
}

export interface MachineRequest {
  target: Target;
  /** The format of the disk images. */
  format: Pick<ImageFormat, 'id' | 'extension'>;
  /** What inspection found; null where no system was recognised. */
  guest: Pick<
    Guest,
    'hostName' | 'firmware' | 'architecture' | 'os' | 'kernels' | 'interfaces' | 'windows'
  > | null;
  /** Modules of the guest's default kernel, as files or built in, spelled as by `moduleName`; null where unknown. */
  modules: ReadonlySet<string> | null;
  /** Drivers of a Windows, its own and those of the named sources. */
  windowsDrivers?: WindowsDrivers;
  /** The disks in their order, the boot disk first; sizes in bytes. */
  disks: readonly { size: number; fingerprint: SourceFingerprint }[];
  options: MachineOptions;
  /** How the hardware clock runs; as the guest keeps it unless told. */
  clock?: VirtualMachine['clock'];
  /** Of the physical server, where an inventory knows them, or of the virtual machine it is on another platform. */
  hardware?: KnownHardware;
}

/** Null where it is not known. What the user asks for comes before it. */
export interface KnownHardware {
  cpus: number | null;
  memoryMiB: number | null;
  firmware?: 'bios' | 'uefi' | null;
  /** What the machine is called where it runs. */
  name?: string;
  /** Its network cards in their order. */
  nics?: readonly { mac: string | null }[];
}

export interface MachinePlan {
  /** Complete in any case; not to be built where a finding is a blocker. */
  machine: VirtualMachine;
  /** What was chosen and why. What the platform says of the machine comes on top of it: `target.check(machine)`. */
  findings: Finding[];
}

const ASSUMED_CPUS = 2;
const ASSUMED_MEMORY_MIB = 2048;

export function planMachine(request: MachineRequest): MachinePlan {
  const { target, guest, options } = request;
  const findings: Finding[] = [];
  const { hardware } = request;
  const named = nameProblem(hardware?.name ?? '') === null ? hardware?.name : undefined;
  const name = chooseName(named ?? guest?.hostName ?? '', options.name, findings);
  const uuid = machineUuid(JSON.stringify(request.disks.map(({ fingerprint }) => fingerprint)), name);
  const base: VirtualMachine = {
    name,
    uuid,
    ...chooseSize(request, findings),
    firmware: chooseFirmware(hardware?.firmware ?? null, guest?.firmware ?? null, findings),
    // Where no system is known, it is one that some x86 server started.
    architecture: guest?.architecture ?? 'x86_64',
    os:
      guest === null
        ? { id: '', version: '', name: '' }
        : { id: guest.os.id, version: guest.os.version, name: guest.os.name },
    clock: request.clock ?? (guest?.windows?.clockIsUtc === false ? 'localtime' : 'utc'),
    ...chipsetOf(request),
    disks: [],
    nics: [],
  };
  const shared = {
    platform: target.name,
    drivers: driversOf(request),
    firmware: base.firmware,
  };

  const disksOn = (bus: DiskBus): VirtualDisk[] =>
    request.disks.map(({ size }, index) => ({
      file: `${fileStem(name)}-disk${index}${request.format.extension}`,
      format: request.format.id,
      size,
      ...(target.place?.(bus, index, base.firmware) ?? { bus, unit: index }),
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
  const cards = (hardware?.nics ?? []).map(({ mac }) => mac);
  const interfaces = guest?.interfaces ?? [];
  const network = planNics(target, interfaces, options.nics, nicModel.hardware, uuid, cards);

  findings.push(...bus.findings, ...nicModel.findings.map(withoutNetwork), ...network.findings);
  const machine = { ...base, disks: disksOn(bus.hardware), nics: network.nics };
  return { machine, findings: uniqueFindings(findings) };
}

/** The kernel that will be started. */
const kernelOf = ({ guest }: MachineRequest): Guest['kernels'][number] | undefined =>
  guest?.kernels.find(({ isDefault }) => isDefault) ?? guest?.kernels[0];

function chipsetOf(request: MachineRequest): Pick<VirtualMachine, 'chipset'> {
  const { guest } = request;
  // XP and 2003 know neither AHCI nor PCI Express as Q35 has them.
  if (guest?.windows !== undefined) return { chipset: isBeforeVista(guest.windows) ? 'i440fx' : 'q35' };
  const kernel = kernelOf(request);
  return kernel === undefined ? {} : { chipset: knowsModernVirtio(kernel.version) ? 'q35' : 'i440fx' };
}

const isBeforeVista = ({ ntVersion }: { ntVersion: string }): boolean => Number.parseInt(ntVersion, 10) < 6;

function driversOf(request: MachineRequest): GuestDrivers | null {
  if (request.windowsDrivers !== undefined) return windowsDriversFor(request.windowsDrivers);
  const kernel = kernelOf(request);
  return kernel === undefined || request.modules === null
    ? null
    : kernelDrivers(kernel.version, request.modules);
}

function chooseName(hostName: string, asked: string | null, findings: Finding[]): string {
  // A name that was asked for is kept as it is; the platform's check says what is wrong with it.
  if (asked !== null) return asked;
  if (nameProblem(hostName) === null) return hostName;
  const name = fileStem(hostName);
  const why =
    hostName === ''
      ? 'The disks do not tell the name of the server'
      : "The server's own name cannot be a machine's name";
  findings.push({
    ...info('TARGET_NAME_ASSUMED', `${why}, so the machine is called ${name}.`),
    next: 'Give another name with --name.',
  });
  return name;
}

/** What the machine ran with counts; that the disks look otherwise is worth knowing when it does not start. */
function chooseFirmware(
  known: 'bios' | 'uefi' | null,
  found: 'bios' | 'uefi' | null,
  findings: Finding[],
): 'bios' | 'uefi' {
  if (known !== null && found !== null && known !== found)
    findings.push(
      warning(
        'TARGET_FIRMWARE_DIFFERS',
        `The description of the machine says ${known.toUpperCase()} firmware, its disks look as if ${found.toUpperCase()} started them; ${known.toUpperCase()} is kept.`,
        'Test the machine with ironlift boot-test; if it does not start, convert its disks without the description.',
      ),
    );
  return known ?? found ?? 'bios';
}

function chooseSize(
  { options, hardware }: MachineRequest,
  findings: Finding[],
): { cpus: number; memoryMiB: number } {
  const cpus = options.cpus ?? hardware?.cpus ?? null;
  const memoryMiB = options.memoryMiB ?? hardware?.memoryMiB ?? null;
  const lead = 'The disks do not tell how';
  if (cpus === null)
    findings.push({
      ...info('TARGET_CPUS_ASSUMED', `${lead} many processors the server has; ${ASSUMED_CPUS} are assumed.`),
      next: 'Give the number with --cpus.',
    });
  if (memoryMiB === null)
    findings.push({
      ...info(
        'TARGET_MEMORY_ASSUMED',
        `${lead} much memory the server has; ${ASSUMED_MEMORY_MIB} MiB are assumed.`,
      ),
      next: 'Give the size with --memory.',
    });
  return { cpus: cpus ?? ASSUMED_CPUS, memoryMiB: memoryMiB ?? ASSUMED_MEMORY_MIB };
}

function askedBus(target: Target, bus: string | null, findings: Finding[]): DiskBus | null {
  if (bus === null) return null;
  const offered = target.buses.find((known) => known === bus);
  if (offered !== undefined) return offered;
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
