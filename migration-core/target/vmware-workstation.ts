/** VMware Workstation, Player and Fusion: the .vmx file, see vmx.ts. */
import type { Finding } from '../base/finding.ts';
import { blocker, checkAgainst, info, type PlatformLimits } from './check.ts';
import { fileStem } from './identity.ts';
import type { VirtualMachine, VirtualNic } from './machine.ts';
import type { ConfigFile, Target } from './target.ts';
import { vmwareGuestOs } from './vmware-guest-os.ts';
import {
  checkVmware,
  clockSettings,
  diskSettings,
  firmwareSettings,
  HOSTED_VMDK,
  isStaticVmwareMac,
  pciBridges,
  VMWARE_DISKS,
  vmwareMac,
  vmwareUuid,
  writeVmx,
  type Settings,
} from './vmx.ts';

const LIMITS: PlatformLimits = { cpus: 32, memoryMiB: 128 << 10, nics: 10, disks: VMWARE_DISKS };

/** Hardware version 16 runs on Workstation 15.1, Fusion 11.1 and all later ones; the bigger sizes came with 18. */
const USUAL_HARDWARE = { version: 16, cpus: 16, memoryMiB: 64 << 10 };
const BIG_HARDWARE_VERSION = 18;

export const vmwareWorkstation: Target = {
  id: 'vmware-workstation',
  name: 'VMware Workstation',
  formats: ['vmdk'],
  subformats: { vmdk: HOSTED_VMDK },
  buses: ['pvscsi', 'lsi-sas', 'nvme', 'ahci', 'lsi', 'ide'],
  nicModels: ['vmxnet3', 'e1000e', 'e1000'],
  newMac: vmwareMac,
  check: (machine) => [...checkAgainst(vmwareWorkstation, LIMITS, machine), ...checkWorkstation(machine)],
  configure: (machine) =>
    [{ name: `${fileStem(machine.name)}.vmx`, content: writeVmx(settings(machine)) }] satisfies ConfigFile[],
  importSteps,
};

function checkWorkstation(machine: VirtualMachine): Finding[] {
  const findings: Finding[] = checkVmware(machine);
  if (hardwareVersion(machine) > USUAL_HARDWARE.version)
    findings.push(
      info(
        'VMWARE_HARDWARE',
        'This many processors or this much memory needs Workstation 16.2 or later, or Fusion 12.2 or later.',
      ),
    );
  for (const nic of machine.nics) {
    if (nic.vlan !== null)
      findings.push(
        blocker(
          'VMWARE_VLAN',
          `VMware Workstation cannot put a network card on VLAN ${nic.vlan}.`,
          'Leave the tag out and bridge the card to a host interface that is on this VLAN.',
        ),
      );
    if (nic.network !== null && !/^vmnet\d{1,3}$/i.test(nic.network))
      findings.push(
        blocker(
          'VMWARE_NETWORK',
          `VMware Workstation calls its networks VMnet0 to VMnet255, and "${nic.network}" is none of them.`,
          'Name the network as the Virtual Network Editor shows it, or leave the name out.',
        ),
      );
  }
  return findings;
}

/** All settings in the order in which they are written. */
function settings(machine: VirtualMachine): Settings {
  const stem = fileStem(machine.name);
  return [
    ['.encoding', 'UTF-8'],
    ['config.version', '8'],
    ['virtualHW.version', String(hardwareVersion(machine))],
    ['virtualHW.productCompatibility', 'hosted'],
    ...pciBridges(),
    ['displayName', machine.name],
    ['guestOS', vmwareGuestOs(machine)],
    ['annotation', `${machine.os.name || 'Unknown system'}, converted from a physical server`],
    ['nvram', `${stem}.nvram`],
    ...firmwareSettings(machine),
    ['uuid.bios', vmwareUuid(machine.uuid)],
    // Without it the product asks whether the folder was moved or copied, and "copied" changes UUID and MAC addresses.
    ['uuid.action', 'keep'],
    ['numvcpus', String(machine.cpus)],
    ['cpuid.coresPerSocket', String(machine.cpus)],
    ['memsize', String(Math.ceil(machine.memoryMiB / 4) * 4)],
    ['hpet0.present', 'TRUE'],
    ['vmci0.present', 'TRUE'],
    ['floppy0.present', 'FALSE'],
    ['usb.present', 'TRUE'],
    ['ehci.present', 'TRUE'],
    ['tools.syncTime', 'FALSE'],
    ...clockSettings(machine),
    ['powerType.powerOff', 'soft'],
    ['powerType.suspend', 'soft'],
    ['powerType.reset', 'soft'],
    // Disks show their serial numbers, so that /dev/disk/by-id exists in the guest.
    ['disk.EnableUUID', 'TRUE'],
    ...diskSettings(machine.disks),
    ...machine.nics.flatMap(nicSettings),
  ];
}

function hardwareVersion(machine: VirtualMachine): number {
  const usual = machine.cpus <= USUAL_HARDWARE.cpus && machine.memoryMiB <= USUAL_HARDWARE.memoryMiB;
  return usual ? USUAL_HARDWARE.version : BIG_HARDWARE_VERSION;
}

function nicSettings(nic: VirtualNic, index: number): Settings {
  const key = `ethernet${index}`;
  return [
    [`${key}.present`, 'TRUE'],
    [`${key}.virtualDev`, nic.model],
    ...connection(nic).map(([name, value]): [string, string] => [`${key}.${name}`, value]),
    [`${key}.addressType`, 'static'],
    [`${key}.address`, nic.mac],
    // Any other address is refused at power-on as a conflict with VMware's own unless the check is off.
    ...(isStaticVmwareMac(nic.mac) ? [] : ([[`${key}.checkMACAddress`, 'FALSE']] satisfies Settings)),
    [`${key}.startConnected`, 'TRUE'],
  ];
}

function connection(nic: VirtualNic): Settings {
  if (nic.network !== null)
    return [
      ['connectionType', 'custom'],
      ['vnet', nic.network.replace(/^vmnet/i, 'VMnet')],
    ];
  if (nic.mode === 'bridged') return [['connectionType', 'bridged']];
  if (nic.mode === 'nat') return [['connectionType', 'nat']];
  // The host-only network forwards nothing: the machine reaches this computer and other machines on it, and no network.
  return [['connectionType', 'hostonly']];
}

function importSteps(machine: VirtualMachine): string {
  const file = `${fileStem(machine.name)}.vmx`;
  const isolated = machine.nics.some((nic) => nic.mode === 'isolated');
  return [
    'Open with VMware Workstation, Player or Fusion. Nothing needs to be imported: the folder is the machine.',
    '',
    '1. Copy this folder to a disk with room for the machine to grow.',
    `2. File > Open, choose ${file}; or on the command line:`,
    `     vmrun -T ws start "${file}"`,
    ...(isolated
      ? [
          '3. The network cards are on the host-only network, so that the machine cannot meet the original server.',
          '   When the original is switched off: Settings > Network Adapter > Bridged.',
        ]
      : []),
    '',
    `The guest system is set to ${vmwareGuestOs(machine)}; a release of Workstation that does not know it offers others under`,
    'Settings > Options > General.',
    '',
  ].join('\n');
}
