/**
 * OVA: one file with an OVF 1.1 description and compressed disks, which vSphere, VMware Workstation, VirtualBox and many
 * clouds import. The virtual hardware is VMware's, as both VMware and VirtualBox understand it.
 */
import type { Finding } from '../../base/finding.ts';
import { checkAgainst, info, uniqueFindings, warning, type PlatformLimits } from '../check.ts';
import { fileStem } from '../identity.ts';
import type { VirtualMachine } from '../machine.ts';
import { packOva } from './package.ts';
import type { Target } from '../target.ts';
import { checkVmware, VMWARE_DISKS, vmwareMac } from '../vmx.ts';
import { networkName } from './ovf.ts';

/** What virtual hardware of version 13 (ESXi 6.5 and later) allows. */
const LIMITS: PlatformLimits = {
  cpus: 128,
  memoryMiB: 6128 << 10,
  nics: 10,
  disks: VMWARE_DISKS,
  diskBytes: 62 * 2 ** 40,
};

const fileName = (machine: VirtualMachine): string => `${fileStem(machine.name)}.ova`;

export const ova: Target = {
  id: 'ova',
  name: 'OVA (VMware, VirtualBox)',
  formats: ['vmdk'],
  subformats: { vmdk: ['streamOptimized'] },
  // VirtualBox imports all but pvscsi.
  buses: ['lsi-sas', 'ahci', 'lsi', 'nvme', 'pvscsi', 'ide'],
  nicModels: ['vmxnet3', 'e1000e', 'e1000'],
  newMac: vmwareMac,
  check: (machine) => [...checkAgainst(ova, LIMITS, machine), ...checkOva(machine)],
  // The description tells the sizes of the finished disks: it is written when they are packed.
  configure: () => [],
  importSteps,
  packaging: { fileName, pack: packOva },
};

function checkOva(machine: VirtualMachine): Finding[] {
  const findings: Finding[] = checkVmware(machine);
  if (machine.disks.some(({ bus }) => bus === 'pvscsi'))
    findings.push(
      info('OVA_PVSCSI', 'VirtualBox has no pvscsi controller: this OVA can be imported into VMware only.'),
    );
  if (machine.firmware === 'uefi')
    findings.push(
      info(
        'OVA_FIRMWARE',
        'VMware sets UEFI by itself; in VirtualBox, Settings > System > Enable EFI has to be switched on after the import.',
      ),
    );
  if (machine.nics.some(({ model }) => model === 'vmxnet3'))
    findings.push(
      info(
        'OVA_VMXNET3',
        'VirtualBox has no vmxnet3 card and gives the machine an Intel one instead, for which the guest has drivers too.',
      ),
    );
  for (const { vlan } of machine.nics)
    if (vlan !== null)
      findings.push(
        warning(
          'OVA_VLAN',
          `An OVA cannot tell the VLAN of a network card, so VLAN ${vlan} is left out.`,
          `When importing, choose a network that is on VLAN ${vlan}.`,
        ),
      );
  return uniqueFindings(findings);
}

function importSteps(machine: VirtualMachine): string {
  const file = fileName(machine);
  const isolated = machine.nics.some(({ mode }) => mode === 'isolated');
  return [
    `Everything is in ${file}; the other files of this folder are for your records.`,
    '',
    `vSphere:      Deploy OVF Template, choose ${file}; or with VMware's ovftool:`,
    `                ovftool --name="NAME" ${file} vi://USER@HOST/`,
    `ESXi:         Create / Register VM > Deploy a virtual machine from an OVF or OVA file.`,
    `Workstation:  File > Open, choose ${file}.`,
    `VirtualBox:   File > Import Appliance, MAC Address Policy "Include all network adapter MAC addresses"; or:`,
    `                VBoxManage import ${file} --options keepallmacs`,
    ...(isolated
      ? [
          '',
          `Map the network "${networkName({ mode: 'isolated', network: null })}" to one that leads nowhere (on ESXi: a port group on a switch without uplink),`,
          'so that the machine cannot meet the original server, until that is switched off.',
        ]
      : []),
    '',
  ].join('\n');
}
