/**
 * Proxmox VE 7.2 and later: a script with the host's own commands (qm) that imports the disks into a storage and creates the
 * machine, and the same settings as a configuration file to compare with. Judged by Proxmox's own API description.
 */
import type { Finding } from '../base/finding.ts';
import { blocker, checkAgainst, checkModes, info, uniqueFindings, type PlatformLimits } from './check.ts';
import { chooseChipset } from './chipset.ts';
import { fileStem } from './identity.ts';
import type { DiskBus, NicModel, VirtualDisk, VirtualMachine, VirtualNic } from './machine.ts';
import { importProxmoxScript, PROXMOX_SCRIPT, type ProxmoxOptions } from './proxmox-import.ts';
import type { ConfigFile, Target } from './target.ts';

const LIMITS: PlatformLimits = {
  cpus: 255,
  memoryMiB: 4 << 20,
  nics: 32,
  disks: { 'virtio-scsi': 31, 'virtio-blk': 16, ahci: 6, ide: 4 },
};
/** The bridge of every new host. */
const DEFAULT_BRIDGE = 'vmbr0';

/** How a bus is written: the family of options. */
const FAMILY: Partial<Record<DiskBus, string>> = {
  'virtio-scsi': 'scsi',
  'virtio-blk': 'virtio',
  ahci: 'sata',
  ide: 'ide',
};
const CARD: Partial<Record<NicModel, string>> = {
  'virtio-net': 'virtio',
  e1000e: 'e1000e',
  e1000: 'e1000',
  vmxnet3: 'vmxnet3',
};

export const proxmox: Target = {
  id: 'proxmox',
  name: 'Proxmox VE',
  formats: ['qcow2', 'raw'],
  buses: ['virtio-scsi', 'virtio-blk', 'ahci', 'ide'],
  nicModels: ['virtio-net', 'e1000e', 'e1000', 'vmxnet3'],
  // bc:24:11 is the range of Proxmox Server Solutions, from which hosts take addresses.
  newMac: (hash) => `bc:24:11:${Buffer.from(hash.subarray(0, 3)).toString('hex').match(/../g)!.join(':')}`,
  check: (machine) => [...checkAgainst(proxmox, LIMITS, machine), ...checkProxmox(machine)],
  configure: (machine) =>
    [
      { name: `${fileStem(machine.name)}.conf`, content: configFile(machine) },
      {
        name: PROXMOX_SCRIPT,
        content: importProxmoxScript(machine, proxmoxOptions(machine)),
        executable: true,
      },
    ] satisfies ConfigFile[],
  importSteps,
};

function checkProxmox(machine: VirtualMachine): Finding[] {
  const findings: Finding[] = [
    info('PROXMOX_CHIPSET', chooseChipset(machine).why),
    ...checkModes(proxmox, machine, {
      'host-only': 'Name a bridge without ports, for example --nic bridged:vmbr1.',
    }),
  ];
  if (machine.firmware === 'uefi' && machine.disks.some((disk) => disk.bus === 'ide'))
    findings.push(
      blocker(
        'TARGET_BUS',
        'UEFI guests run on the Q35 board here, which has no IDE disks.',
        'Choose ahci instead of ide with --bus.',
      ),
    );
  for (const { mode, network, vlan } of machine.nics) {
    if (mode !== 'nat' && network !== null && !/^[A-Za-z][\w.-]{0,14}$/.test(network))
      findings.push(
        blocker(
          'PROXMOX_BRIDGE',
          `"${network}" is not a name that a bridge of Proxmox VE can have.`,
          'Name the bridge as the host does, for example vmbr1.',
        ),
      );
    if (mode === 'nat' && (network !== null || vlan !== null))
      findings.push(
        blocker(
          'PROXMOX_NAT',
          'A card with address translation has no bridge and no VLAN on Proxmox VE.',
          'Leave network and VLAN out, or use a bridged card.',
        ),
      );
    if (mode === 'isolated')
      findings.push(
        info(
          'PROXMOX_ISOLATED',
          'Isolated cards are made unplugged (link_down), so that the machine cannot meet the original server.',
        ),
      );
  }
  return uniqueFindings(findings);
}

/** A host name of DNS, which Proxmox asks for: letters, digits and dashes, in parts of up to 63. */
function dnsName(machine: VirtualMachine): string {
  const name = fileStem(machine.name)
    .replaceAll('_', '-')
    .split('.')
    .map((part) => part.replace(/^-+|-+$/g, ''))
    .filter((part) => part !== '')
    .join('.');
  return name === '' ? 'server' : name;
}

/** By version of Windows: what qm(1) says of `ostype`. It sets what the hypervisor tells Windows of itself. */
const WINDOWS_TYPES: Record<string, string> = {
  xp: 'wxp',
  '2003': 'w2k3',
  vista: 'wvista',
  '2008': 'w2k8',
  '7': 'win7',
  '2008r2': 'win7',
  '8': 'win8',
  '8.1': 'win8',
  '2012': 'win8',
  '2012r2': 'win8',
  '10': 'win10',
  '2016': 'win10',
  '2019': 'win10',
};

function osType({ os }: VirtualMachine): string {
  if (os.id === '') return 'other';
  return os.id === 'windows' ? (WINDOWS_TYPES[os.version] ?? 'win11') : 'l26';
}

function proxmoxOptions(machine: VirtualMachine): ProxmoxOptions {
  const { chipset } = chooseChipset(machine);
  const uefi = machine.firmware === 'uefi';
  const first = machine.disks[0];
  return {
    machine: [
      ['name', dnsName(machine)],
      [
        'description',
        `${machine.name}: ${machine.os.name || 'unknown system'}, converted from a physical server`,
      ],
      ['ostype', osType(machine)],
      ['bios', uefi ? 'ovmf' : 'seabios'],
      // `pc` is what a configuration without the key means.
      ...(chipset === 'q35' ? ([['machine', 'q35']] satisfies [string, string][]) : []),
      ['sockets', '1'],
      ['cores', String(machine.cpus)],
      ['cpu', 'host'],
      ['memory', String(machine.memoryMiB)],
      ['localtime', machine.clock === 'localtime' ? '1' : '0'],
      ['smbios1', `uuid=${machine.uuid}`],
      ['scsihw', 'virtio-scsi-single'],
      ['serial0', 'socket'],
      ['onboot', '0'],
      ...machine.nics.map((nic, index): [string, string] => [`net${index}`, card(nic)]),
    ],
    disks: machine.disks.map((disk) => ({
      key: `${FAMILY[disk.bus]!}${disk.unit}`,
      file: disk.file,
      settings: diskSettings(disk),
    })),
    efiDisk: uefi,
    boot: first === undefined ? '' : `order=${FAMILY[first.bus]!}${first.unit}`,
  };
}

function card({ model, mac, mode, network, vlan }: VirtualNic): string {
  const parts = [`${CARD[model]!}=${mac.toUpperCase()}`];
  // Without a bridge the card gets address translation by QEMU.
  if (mode !== 'nat') parts.push(`bridge=${network ?? DEFAULT_BRIDGE}`);
  if (vlan !== null) parts.push(`tag=${vlan}`);
  if (mode === 'isolated') parts.push('link_down=1');
  return parts.join(',');
}

/** Each SCSI disk has its own controller with virtio-scsi-single, and so its own thread. */
function diskSettings({ bus }: VirtualDisk): string {
  return bus === 'virtio-scsi' || bus === 'virtio-blk' ? 'discard=on,iothread=1' : 'discard=on';
}

/** /etc/pve/qemu-server/VMID.conf as it is after the import into a storage. */
function configFile(machine: VirtualMachine): string {
  const { machine: options, disks, efiDisk, boot } = proxmoxOptions(machine);
  const plain = options.filter(([key]) => key !== 'description');
  const description = options.find(([key]) => key === 'description')?.[1] ?? '';
  const volumes = disks.map(({ key, settings }, index): [string, string] => [
    key,
    `STORAGE:vm-VMID-disk-${index + (efiDisk ? 1 : 0)},${settings}`,
  ]);
  const efi: [string, string][] = efiDisk
    ? [['efidisk0', 'STORAGE:vm-VMID-disk-0,efitype=4m,pre-enrolled-keys=0']]
    : [];
  const lines = [...plain, ...efi, ...volumes, ...(boot === '' ? [] : [['boot', boot] as [string, string]])];
  return [
    // The file keeps the description in comments, percent-encoded.
    `#${encodeURIComponent(description.toWellFormed()).replaceAll('%20', ' ')}`,
    ...lines.sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, value]) => `${key}: ${value}`),
    '',
  ].join('\n');
}

function importSteps(machine: VirtualMachine): string {
  const isolated = machine.nics.flatMap((nic, index) => (nic.mode === 'isolated' ? [{ nic, index }] : []));
  return [
    'Import on a Proxmox VE 7.2 or later host.',
    '',
    `1. Copy this folder to the host, for example to /var/tmp, with ${PROXMOX_SCRIPT} and all disks.`,
    '2. On the host, as root, with the storage that shall hold the disks (pvesm status lists them):',
    `     bash ${PROXMOX_SCRIPT} local-lvm`,
    '   It takes the next free number for the machine; a second argument names one. It changes no machine that exists,',
    '   and takes back the one it began when a step fails.',
    '3. Start it in the web interface, or with the command the script prints.',
    ...(isolated.length > 0
      ? [
          '4. The network cards are unplugged, so that the machine cannot meet the original server. When the original is',
          '   switched off:',
          ...isolated.map(
            ({ nic, index }) =>
              `     qm set VMID --net${index} ${card(nic).replace('link_down=1', 'link_down=0')}`,
          ),
        ]
      : []),
    '',
    `${fileStem(machine.name)}.conf shows the settings as /etc/pve/qemu-server/VMID.conf holds them afterwards. By hand, disks are`,
    'imported with: qm importdisk VMID FILE STORAGE',
    'The machine sees the processor of this host (cpu host). To move it while running between hosts with different',
    'processors, choose a model that all of them have, for example: qm set VMID --cpu x86-64-v2-AES',
    '',
  ].join('\n');
}
