/** What a person types on the KVM host to import the result folder. */
import { fileStem } from './identity.ts';
import type { VirtualMachine } from './machine.ts';
import { shellQuoted } from './shell.ts';

/** Where libvirt's default storage pool lies on every distribution: what SELinux and AppArmor let QEMU read. */
export const IMAGE_FOLDER = '/var/lib/libvirt/images';
/** A network kept apart from every network of the host: no forwarding, no address of the host, no DHCP. */
export const ISOLATED_NETWORK = 'ironlift-isolated';

/**
 * The machine's name to libvirt, which makes folders and sockets of its first 20 bytes: a name with characters of several
 * bytes defines well and does not start. Such a name becomes the title instead.
 */
export function domainName(machine: VirtualMachine): string {
  return /^[\x20-\x7e]+$/.test(machine.name) ? machine.name : fileStem(machine.name);
}

export function kvmImportSteps(machine: VirtualMachine): string {
  const config = `${fileStem(machine.name)}.xml`;
  const name = shellQuoted(domainName(machine));
  const isolated = machine.nics.some((nic) => nic.mode === 'isolated' && nic.network === null);
  const steps: string[][] = [
    [
      `Copy the disks to ${IMAGE_FOLDER}, the place named in ${config}:`,
      `  sudo cp --sparse=always --interactive ${machine.disks.map((disk) => disk.file).join(' ')} ${IMAGE_FOLDER}/`,
    ],
  ];
  if (isolated)
    steps.push([
      'Create the isolated network, once for each host:',
      `  sudo virsh net-define ${ISOLATED_NETWORK}.xml`,
      `  sudo virsh net-autostart ${ISOLATED_NETWORK}`,
      `  sudo virsh net-start ${ISOLATED_NETWORK}`,
    ]);
  steps.push([
    'Define the machine and start it:',
    `  sudo virsh define --validate ${config}`,
    `  sudo virsh start ${name}`,
    `  sudo virsh console ${name}`,
  ]);
  if (isolated)
    steps.push([
      'When the original server is switched off, give the network cards their real network:',
      `  sudo virsh edit ${name}`,
      `  and replace <interface type="network"> with <source network="${ISOLATED_NETWORK}"/> by`,
      '  <interface type="bridge"> with <source bridge="br0"/>, br0 being the bridge of this host.',
    ]);
  return [
    'Import on a KVM host with libvirt. Run these commands in this folder on that host.',
    '',
    ...steps.flatMap((lines, index) => [`${index + 1}. ${lines[0]!}`, ...lines.slice(1), '']),
    `To keep the disks somewhere else, replace ${IMAGE_FOLDER} in ${config} by that absolute path first;`,
    'libvirt does not take paths relative to the file.',
    ...(machine.firmware === 'uefi'
      ? [
          'The host needs UEFI firmware for machines: package ovmf (Debian, Ubuntu) or edk2-ovmf (Red Hat, SUSE).',
        ]
      : []),
    'The machine sees the processor of this host (cpu mode host-model). To move it while running between hosts with',
    'different processors, set a model that all of them have: virsh cpu-baseline tells which.',
    '',
  ].join('\n');
}
