/**
 * Microsoft Hyper-V, Windows Server 2016 and later and Windows 10 and later: a PowerShell script makes the machine, as
 * Hyper-V's own files (.vmcx) are binary and its own. BIOS servers become machines of generation 1, UEFI ones of generation 2.
 */
import type { Finding } from '../../base/finding.ts';
import { formatBytes } from '../../base/text.ts';
import { blocker, checkAgainst, info, uniqueFindings, warning, type PlatformLimits } from '../check.ts';
import type { DiskBus, VirtualMachine } from '../machine.ts';
import type { Target } from '../target.ts';
import { DEFAULT_SWITCH, IMPORT_SCRIPT, importScript, ISOLATED_SWITCH } from './script.ts';

/** Four SCSI controllers with 64 disks each; generation 1 has two IDE channels besides, from which alone it starts. */
const SCSI_DISKS = 256;
const LIMITS: Record<VirtualMachine['firmware'], PlatformLimits> = {
  bios: {
    cpus: 64,
    memoryMiB: 1 << 20,
    nics: 12,
    disks: { ide: 4, 'hyperv-scsi': SCSI_DISKS },
    diskBytes: 64 * 2 ** 40,
  },
  uefi: {
    cpus: 240,
    memoryMiB: 12 << 20,
    nics: 8,
    disks: { 'hyperv-scsi': SCSI_DISKS },
    diskBytes: 64 * 2 ** 40,
  },
};
const MOST_CARDS = 8;
const MOST_LEGACY_CARDS = 4;
/**
 * Releases (Guest.os.version) that do not start in generation 2, whose firmware has nothing for systems that still ask a BIOS for the
 * screen. Microsoft, "Should I create a generation 1 or 2 virtual machine in Hyper-V?": 8 and Server 2012 are the first that do.
 */
const WINDOWS_BEFORE_GENERATION_2 = ['xp', '2003', 'vista', '2008', '7', '2008r2'];
/** The format counts 2040 GiB at most. */
const LARGEST_VHD = 2040 * 2 ** 30;

export const hyperv: Target = {
  id: 'hyperv',
  name: 'Microsoft Hyper-V',
  formats: ['vhdx', 'vhd'],
  buses: ['hyperv-scsi', 'ide'],
  nicModels: ['hyperv-net', 'tulip'],
  // 00:15:5d is Microsoft's range for Hyper-V.
  newMac: (hash) => `00:15:5d:${Buffer.from(hash.subarray(0, 3)).toString('hex').match(/../g)!.join(':')}`,
  place,
  check: (machine) => [...checkAgainst(hyperv, LIMITS[machine.firmware], machine), ...checkHyperv(machine)],
  configure: (machine) => [{ name: IMPORT_SCRIPT, content: importScript(machine) }],
  importSteps,
};

/** Generation 1 starts from IDE only: with SCSI asked for, the boot disk is on IDE and the others on SCSI. */
function place(
  bus: DiskBus,
  index: number,
  firmware: VirtualMachine['firmware'],
): { bus: DiskBus; unit: number } {
  if (bus !== 'hyperv-scsi' || firmware === 'uefi') return { bus, unit: index };
  return index === 0 ? { bus: 'ide', unit: 0 } : { bus, unit: index - 1 };
}

function checkHyperv(machine: VirtualMachine): Finding[] {
  const generation = machine.firmware === 'uefi' ? 2 : 1;
  const findings: Finding[] = [
    info(
      'HYPERV_GENERATION',
      generation === 2
        ? 'UEFI guests become machines of generation 2, with all disks on SCSI. Secure Boot is off; the import script switches it on with -SecureBoot.'
        : 'BIOS guests become machines of generation 1, which start from an IDE disk.',
    ),
  ];
  if (generation === 2 && machine.architecture === 'i686')
    findings.push(
      blocker(
        'HYPERV_GENERATION_2_32_BIT',
        'Machines of generation 2 run 64-bit systems only, and this one is a 32-bit system with UEFI.',
        'Choose another platform for this server.',
      ),
    );
  if (
    generation === 2 &&
    machine.os.id === 'windows' &&
    WINDOWS_BEFORE_GENERATION_2.includes(machine.os.version)
  )
    findings.push(
      blocker(
        'HYPERV_GENERATION_2_OLD_WINDOWS',
        `UEFI servers become machines of generation 2, in which Windows starts from 8 and Server 2012 on, and this is ${machine.os.name}.`,
        'Choose another platform for this server.',
      ),
    );
  if (generation === 1 && machine.disks[0] !== undefined && machine.disks[0].bus !== 'ide')
    findings.push(
      blocker(
        'TARGET_BUS',
        'Machines of generation 1 start from IDE disks only, and the boot disk is on SCSI.',
        'Put the boot disk on IDE.',
      ),
    );
  for (const disk of machine.disks) {
    if (disk.format !== 'vhd') continue;
    if (generation === 2)
      findings.push(
        blocker(
          'HYPERV_VHD',
          'Machines of generation 2 do not take VHD disks.',
          'Choose --format vhdx, or leave the format out.',
        ),
      );
    if (disk.size > LARGEST_VHD)
      findings.push(
        blocker(
          'TARGET_DISK_TOO_LARGE',
          `${disk.file} has ${formatBytes(disk.size)}, and a VHD holds ${formatBytes(LARGEST_VHD)} at most.`,
          'Choose --format vhdx.',
        ),
      );
  }
  return uniqueFindings([...findings, ...checkCards(machine, generation)]);
}

function checkCards(machine: VirtualMachine, generation: 1 | 2): Finding[] {
  const findings: Finding[] = [];
  const legacy = machine.nics.filter(({ model }) => model === 'tulip').length;
  if (legacy > 0 && generation === 2)
    findings.push(
      blocker(
        'TARGET_NIC_MODEL',
        'Machines of generation 2 have no legacy network card.',
        machine.os.id === 'windows'
          ? 'Choose the card of Hyper-V itself, which Windows knows from 7 and Server 2008 R2 on.'
          : 'Install a kernel with the Hyper-V drivers (hv_netvsc) on the server.',
      ),
    );
  if (legacy > MOST_LEGACY_CARDS || machine.nics.length - legacy > MOST_CARDS)
    findings.push(
      blocker(
        'TARGET_TOO_MANY_NICS',
        `A machine on Hyper-V holds ${MOST_CARDS} network cards and ${MOST_LEGACY_CARDS} legacy ones.`,
        'Name the network cards to keep with --nic.',
      ),
    );
  for (const nic of machine.nics) {
    if (nic.mode === 'bridged' && nic.network === null)
      findings.push(
        blocker(
          'HYPERV_SWITCH_MISSING',
          'A bridged network card needs the name of a virtual switch of the host.',
          'Name it, for example --nic "bridged:External".',
        ),
      );
    if (nic.mode === 'nat' && nic.network === null)
      findings.push(
        warning(
          'HYPERV_DEFAULT_SWITCH',
          `Only Windows 10 and 11 have the switch with address translation ("${DEFAULT_SWITCH}"); Windows Server has none until one is made.`,
          'On Windows Server, name a switch of the host, for example --nic "bridged:External".',
        ),
      );
    if (nic.vlan !== null && nic.mode === 'isolated')
      findings.push(
        info(
          'HYPERV_VLAN_ISOLATED',
          `VLAN ${nic.vlan} is set on the card and is of use once the card is connected to a real switch.`,
        ),
      );
  }
  return findings;
}

function importSteps(machine: VirtualMachine): string {
  const isolated = machine.nics.some(({ mode, network }) => mode === 'isolated' && network === null);
  return [
    'Import on Windows Server 2016 or later, or Windows 10 or 11, with the Hyper-V role.',
    '',
    '1. Copy this folder to the host, to the place where the disks shall stay, on an NTFS or ReFS volume.',
    '2. In PowerShell as administrator, in that folder:',
    `     powershell -NoProfile -ExecutionPolicy Bypass -File .\\${IMPORT_SCRIPT}`,
    '   It makes the machine and attaches the disks where they lie. It changes no machine that exists; run twice, it does',
    '   nothing the second time, and when a step fails it takes back the machine it began.',
    ...(machine.firmware === 'uefi'
      ? [
          '   With -SecureBoot it also switches Secure Boot on; for systems whose boot loader Microsoft has signed, as those of',
          '   the big distributions are.',
        ]
      : []),
    '3. Start it in Hyper-V Manager and open its console.',
    ...(isolated
      ? [
          `4. The network cards are on the private switch ${ISOLATED_SWITCH}, so that the machine cannot meet the original`,
          '   server. When the original is switched off: Settings > Network Adapter > Virtual switch.',
        ]
      : []),
    '',
  ].join('\n');
}
