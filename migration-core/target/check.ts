/** What every platform checks of a machine. Each problem is one finding: all are reported at once. */
import type { Finding } from '../base/finding.ts';
import { formatBytes } from '../base/text.ts';
import { macProblem, nameProblem, normalMac } from './identity.ts';
import type { DiskBus, VirtualMachine } from './machine.ts';
import type { Target } from './target.ts';

export const blocker = (code: string, message: string, next: string): Finding => ({
  severity: 'blocker',
  code,
  message,
  next,
});

export const warning = (code: string, message: string, next: string): Finding => ({
  severity: 'warning',
  code,
  message,
  next,
});

export const info = (code: string, message: string): Finding => ({ severity: 'info', code, message });

export interface PlatformLimits {
  cpus: number;
  memoryMiB: number;
  nics: number;
  /** Disks a machine can have on each bus it offers. */
  disks: Partial<Record<DiskBus, number>>;
  /** Bytes of the largest disk it takes, whatever the format could hold. */
  diskBytes?: number;
}

/** Name, architecture, size, disks and network cards, as far as the platform's own table of limits tells. */
export function checkAgainst(target: Target, limits: PlatformLimits, machine: VirtualMachine): Finding[] {
  return [
    ...checkMachine(target, limits, machine),
    ...checkDisks(target, limits, machine),
    ...checkNics(target, limits, machine),
  ];
}

function checkMachine(target: Target, limits: PlatformLimits, machine: VirtualMachine): Finding[] {
  const findings: Finding[] = [];
  const name = nameProblem(machine.name);
  if (name !== null)
    findings.push(blocker('TARGET_NAME', name, 'Give the machine another name with --name.'));
  if (machine.architecture !== 'x86_64' && machine.architecture !== 'i686')
    findings.push(
      blocker(
        'TARGET_ARCHITECTURE',
        machine.architecture === 'unknown'
          ? `It is not known for which processor the system was made, and ${target.name} runs x86 systems here.`
          : `The system was made for ${machine.architecture} processors, and ${target.name} runs x86 systems here.`,
        'Convert this server for a platform with the same kind of processor.',
      ),
    );
  if (!isCount(machine.cpus) || machine.cpus > limits.cpus)
    findings.push(
      blocker(
        'TARGET_CPUS',
        `${machine.cpus} virtual processors are not possible on ${target.name}.`,
        `Choose a whole number from 1 to ${limits.cpus} with --cpus.`,
      ),
    );
  if (!isCount(machine.memoryMiB) || machine.memoryMiB < 64 || machine.memoryMiB > limits.memoryMiB)
    findings.push(
      blocker(
        'TARGET_MEMORY',
        `${machine.memoryMiB} MiB of memory are not possible on ${target.name}.`,
        `Choose a whole number of MiB from 64 to ${limits.memoryMiB} with --memory.`,
      ),
    );
  return findings;
}

function checkDisks(target: Target, limits: PlatformLimits, machine: VirtualMachine): Finding[] {
  const findings: Finding[] = [];
  if (machine.disks.length === 0)
    findings.push(
      blocker('TARGET_NO_DISK', 'The machine has no disk.', 'Name at least one source disk to convert.'),
    );
  const perBus = new Map<DiskBus, number>();
  const files = new Set<string>();
  for (const disk of machine.disks) {
    perBus.set(disk.bus, (perBus.get(disk.bus) ?? 0) + 1);
    if (!target.formats.includes(disk.format))
      findings.push(
        blocker(
          'TARGET_FORMAT',
          `${target.name} does not take disks in the format ${disk.format}.`,
          `Choose one of ${target.formats.join(', ')} with --format.`,
        ),
      );
    if (limits.diskBytes !== undefined && disk.size > limits.diskBytes)
      findings.push(
        blocker(
          'TARGET_DISK_TOO_LARGE',
          `${disk.file} has ${formatBytes(disk.size)}, and ${target.name} takes disks up to ${formatBytes(limits.diskBytes)}.`,
          'Choose another platform for this server, or shrink the disk first.',
        ),
      );
    // Two names that differ in case only are one file on Windows and macOS.
    if (files.has(disk.file.toLowerCase()))
      findings.push(
        blocker(
          'TARGET_DISK_FILE',
          `Two disks of the machine share the file ${disk.file}.`,
          'Give each disk a file of its own.',
        ),
      );
    files.add(disk.file.toLowerCase());
  }
  for (const [bus, count] of perBus) {
    const most = limits.disks[bus];
    if (!target.buses.includes(bus) || most === undefined)
      findings.push(
        blocker(
          'TARGET_BUS',
          `${target.name} has no ${bus} disks.`,
          `Choose one of ${target.buses.join(', ')} with --bus.`,
        ),
      );
    else if (count > most || machine.disks.some((disk) => disk.bus === bus && !(disk.unit < most)))
      findings.push(
        blocker(
          'TARGET_TOO_MANY_DISKS',
          `${target.name} holds at most ${most} disks on ${bus}, and this server has ${count}.`,
          'Choose a bus with more room with --bus, or convert fewer disks.',
        ),
      );
  }
  const places = machine.disks.map((disk) => `${disk.bus} ${disk.unit}`);
  if (new Set(places).size < places.length || machine.disks.some((disk) => !(disk.unit >= 0)))
    findings.push(
      blocker(
        'TARGET_DISK_PLACE',
        'Two disks share one place on their bus.',
        'Give each disk its own place.',
      ),
    );
  return uniqueFindings(findings);
}

function checkNics(target: Target, limits: PlatformLimits, machine: VirtualMachine): Finding[] {
  const findings: Finding[] = [];
  if (machine.nics.length > limits.nics)
    findings.push(
      blocker(
        'TARGET_TOO_MANY_NICS',
        `${target.name} holds at most ${limits.nics} network cards, and the machine has ${machine.nics.length}.`,
        'Name the network cards to keep with --nic.',
      ),
    );
  const macs = new Set<string>();
  for (const nic of machine.nics) {
    if (!target.nicModels.includes(nic.model))
      findings.push(
        blocker(
          'TARGET_NIC_MODEL',
          `${target.name} has no network card of the model ${nic.model}.`,
          `Choose one of ${target.nicModels.join(', ')}.`,
        ),
      );
    const problem = normalMac(nic.mac) === nic.mac ? macProblem(nic.mac) : 'is not a MAC address';
    if (problem !== null)
      findings.push(
        blocker('TARGET_MAC', `${nic.mac} ${problem}.`, 'Write six pairs of hex digits, or mac=new.'),
      );
    if (macs.has(nic.mac))
      findings.push(
        blocker(
          'TARGET_MAC_TWICE',
          `Two network cards have the MAC address ${nic.mac}.`,
          'Give one of them another address with mac=new.',
        ),
      );
    macs.add(nic.mac);
    if (nic.vlan !== null && !(Number.isInteger(nic.vlan) && nic.vlan >= 1 && nic.vlan <= 4094))
      findings.push(
        blocker('TARGET_VLAN', `There is no VLAN ${nic.vlan}.`, 'Choose a VLAN from 1 to 4094 with vlan=.'),
      );
    if (nic.network !== null && !/^[\p{L}\p{N}][\p{L}\p{N} ._:()#+/@-]{0,99}$/u.test(nic.network))
      findings.push(
        blocker(
          'TARGET_NETWORK_NAME',
          `"${nic.network}" is not a name that a network or bridge can have.`,
          'Use letters, digits, dots, dashes and underscores.',
        ),
      );
  }
  return uniqueFindings(findings);
}

/** What a platform whose networks all have names of the user's choice says of cards that name none, or ask for what it lacks. */
export function checkModes(
  target: Pick<Target, 'name'>,
  machine: VirtualMachine,
  lacking: Partial<Record<VirtualMachine['nics'][number]['mode'], string>>,
): Finding[] {
  const findings = machine.nics.flatMap(({ mode }): Finding[] => {
    const next = lacking[mode];
    return next === undefined
      ? []
      : [blocker('TARGET_NIC_MODE', `${target.name} has no ${mode} networks.`, next)];
  });
  return uniqueFindings(findings);
}

const isCount = (value: number): boolean => Number.isSafeInteger(value) && value >= 1;

/** The same sentence for every disk is said once. */
export function uniqueFindings(findings: Finding[]): Finding[] {
  const seen = new Set<string>();
  return findings.filter((finding) => {
    const known = seen.has(finding.message);
    seen.add(finding.message);
    return !known;
  });
}
