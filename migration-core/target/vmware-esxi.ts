/**
 * VMware ESXi 6.5 and later: the .vmx file (see vmx.ts), and a script that registers the machine from its folder on a
 * datastore. The disks are in the layout that VMFS itself uses, a descriptor and a flat file, so nothing is converted there.
 */
import type { Finding } from '../base/finding.ts';
import { blocker, checkAgainst, checkModes, info, uniqueFindings, type PlatformLimits } from './check.ts';
import { fileStem } from './identity.ts';
import type { VirtualMachine, VirtualNic } from './machine.ts';
import { shellComment, shellQuoted } from './shell.ts';
import type { ConfigFile, Target } from './target.ts';
import { vmwareGuestOs } from './vmware-guest-os.ts';
import {
  checkVmware,
  clockSettings,
  diskSettings,
  firmwareSettings,
  isStaticVmwareMac,
  pciBridges,
  VMWARE_DISKS,
  vmwareMac,
  vmwareUuid,
  writeVmx,
  type Settings,
} from './vmx.ts';

/** The port group that every new ESXi has. */
const DEFAULT_PORT_GROUP = 'VM Network';
/** A port group on a virtual switch without uplink: its machines see each other and nothing else. */
const ISOLATED_PORT_GROUP = 'ironlift-isolated';
const IMPORT_SCRIPT = 'import-esxi.sh';

/** Hardware versions, ascending, with the release that brought each and the largest machine it allows. */
const HARDWARE = [
  { version: 13, release: 'ESXi 6.5', cpus: 128, memoryMiB: 6128 << 10 },
  { version: 17, release: 'ESXi 7.0', cpus: 256, memoryMiB: 6128 << 10 },
  { version: 20, release: 'ESXi 8.0', cpus: 768, memoryMiB: 24 << 20 },
] as const;
const LARGEST = HARDWARE[HARDWARE.length - 1]!;

const LIMITS: PlatformLimits = {
  cpus: LARGEST.cpus,
  memoryMiB: LARGEST.memoryMiB,
  nics: 10,
  disks: VMWARE_DISKS,
  diskBytes: 62 * 2 ** 40,
};

export const vmwareEsxi: Target = {
  id: 'vmware-esxi',
  name: 'VMware ESXi',
  formats: ['vmdk'],
  subformats: { vmdk: ['vmfs'] },
  buses: ['pvscsi', 'lsi-sas', 'ahci', 'nvme', 'lsi', 'ide'],
  nicModels: ['vmxnet3', 'e1000e', 'e1000'],
  newMac: vmwareMac,
  check: (machine) => [...checkAgainst(vmwareEsxi, LIMITS, machine), ...checkEsxi(machine)],
  configure: (machine) =>
    [
      { name: vmxName(machine), content: writeVmx(settings(machine)) },
      { name: IMPORT_SCRIPT, content: importScript(machine), executable: true },
    ] satisfies ConfigFile[],
  importSteps,
};

const vmxName = (machine: VirtualMachine): string => `${fileStem(machine.name)}.vmx`;

/** The smallest hardware version the machine fits: it then runs on the oldest hosts. */
const hardwareFor = (machine: VirtualMachine): (typeof HARDWARE)[number] =>
  HARDWARE.find(({ cpus, memoryMiB }) => machine.cpus <= cpus && machine.memoryMiB <= memoryMiB) ?? LARGEST;

function checkEsxi(machine: VirtualMachine): Finding[] {
  const findings: Finding[] = [
    ...checkVmware(machine),
    ...checkModes(vmwareEsxi, machine, {
      nat: 'Use a bridged card with the name of a port group, for example --nic "bridged:VM Network".',
      'host-only': 'Use an isolated card, or a bridged one with the name of a port group without uplink.',
    }),
  ];
  const hardware = hardwareFor(machine);
  if (hardware !== HARDWARE[0])
    findings.push(
      info('VMWARE_HARDWARE', `This many processors or this much memory needs ${hardware.release} or later.`),
    );
  for (const nic of machine.nics) {
    if (nic.vlan !== null && nic.mode === 'bridged' && nic.network === null)
      findings.push(
        blocker(
          'VMWARE_VLAN',
          `On ESXi a VLAN belongs to a port group, and no port group is named for VLAN ${nic.vlan}.`,
          `Name one, for example --nic "bridged:VLAN ${nic.vlan},vlan=${nic.vlan}".`,
        ),
      );
    else if (nic.vlan !== null && nic.mode === 'bridged')
      findings.push(
        info(
          'VMWARE_VLAN_PORT_GROUP',
          `The port group "${nic.network ?? ''}" must be on VLAN ${nic.vlan}; ${IMPORT_SCRIPT} creates it so where it does not exist.`,
        ),
      );
    else if (nic.vlan !== null)
      findings.push(
        info(
          'VMWARE_VLAN_LATER',
          `VLAN ${nic.vlan} is of use once the card is bridged; isolated it has no effect.`,
        ),
      );
  }
  return uniqueFindings(findings);
}

function settings(machine: VirtualMachine): Settings {
  return [
    ['.encoding', 'UTF-8'],
    ['config.version', '8'],
    ['virtualHW.version', String(hardwareFor(machine).version)],
    ...pciBridges(),
    ['displayName', machine.name],
    ['guestOS', vmwareGuestOs(machine)],
    ['annotation', `${machine.os.name || 'Unknown system'}, converted from a physical server`],
    ['nvram', `${fileStem(machine.name)}.nvram`],
    ...firmwareSettings(machine),
    ['uuid.bios', vmwareUuid(machine.uuid)],
    // Without it the host asks at the first start whether the machine was moved or copied, and waits for an answer.
    ['uuid.action', 'keep'],
    ['numvcpus', String(machine.cpus)],
    ['cpuid.coresPerSocket', '1'],
    ['memSize', String(Math.ceil(machine.memoryMiB / 4) * 4)],
    ['vmci0.present', 'TRUE'],
    ['floppy0.present', 'FALSE'],
    ['svga.present', 'TRUE'],
    ['tools.syncTime', 'FALSE'],
    ...clockSettings(machine),
    ['powerType.powerOff', 'default'],
    ['powerType.suspend', 'soft'],
    ['powerType.reset', 'default'],
    // Disks show their serial numbers, so that /dev/disk/by-id exists in the guest.
    ['disk.EnableUUID', 'TRUE'],
    ...diskSettings(machine.disks),
    ...machine.nics.flatMap(nicSettings),
  ];
}

function nicSettings(nic: VirtualNic, index: number): Settings {
  const key = `ethernet${index}`;
  return [
    [`${key}.present`, 'TRUE'],
    [`${key}.virtualDev`, nic.model],
    [`${key}.networkName`, portGroup(nic)],
    [`${key}.addressType`, 'static'],
    [`${key}.address`, nic.mac],
    // Any other address is refused at power-on as a conflict with VMware's own unless the check is off.
    ...(isStaticVmwareMac(nic.mac) ? [] : ([[`${key}.checkMACAddress`, 'FALSE']] satisfies Settings)),
    [`${key}.startConnected`, 'TRUE'],
  ];
}

const portGroup = ({ mode, network }: VirtualNic): string =>
  network ?? (mode === 'isolated' ? ISOLATED_PORT_GROUP : DEFAULT_PORT_GROUP);

const needsIsolation = (machine: VirtualMachine): boolean =>
  machine.nics.some((nic) => portGroup(nic) === ISOLATED_PORT_GROUP);

/** For the shell of ESXi (ash). Changes nothing that exists, and may be run again. */
function importScript(machine: VirtualMachine): string {
  const tagged = machine.nics.filter(
    ({ mode, network, vlan }) => mode === 'bridged' && network !== null && vlan !== null,
  );
  return [
    '#!/bin/sh',
    shellComment(
      `Registers the machine ${machine.name}. Run it on the ESXi host, in the machine's folder on a datastore.`,
    ),
    '# With --thin the disks are made thin first, which gives back the room of what is empty.',
    'set -eu',
    '# Started by a full path, the script finds its folder all the same.',
    'cd "$(dirname "$0")"',
    `vmx=${shellQuoted(vmxName(machine))}`,
    'case "$PWD" in',
    '  /vmfs/volumes/*) ;;',
    '  *) echo "Copy this folder to a datastore (/vmfs/volumes/NAME/) and run the script there." >&2; exit 1 ;;',
    'esac',
    `for file in "$vmx" ${machine.disks.map(({ file }) => shellQuoted(file)).join(' ')}; do`,
    '  [ -f "$file" ] || { echo "$file is not in $PWD." >&2; exit 1; }',
    'done',
    'if vim-cmd vmsvc/getallvms | grep -F -q " $(basename "$PWD")/$vmx "; then',
    '  echo "$(basename "$PWD")/$vmx is registered already; nothing was changed." >&2',
    '  exit 1',
    'fi',
    ...(needsIsolation(machine)
      ? [
          '',
          '# A switch without uplink, so that the machine cannot meet the original server.',
          `if ! esxcli network vswitch standard portgroup list | grep -q '^${ISOLATED_PORT_GROUP} '; then`,
          `  esxcli network vswitch standard list --vswitch-name=${ISOLATED_PORT_GROUP} >/dev/null 2>&1 ||`,
          `    esxcli network vswitch standard add --vswitch-name=${ISOLATED_PORT_GROUP}`,
          `  esxcli network vswitch standard portgroup add --portgroup-name=${ISOLATED_PORT_GROUP} --vswitch-name=${ISOLATED_PORT_GROUP}`,
          'fi',
        ]
      : []),
    ...tagged.flatMap((nic) => [
      '',
      `group=${shellQuoted(portGroup(nic))}`,
      'if ! esxcli network vswitch standard portgroup list | grep -F -q "$group "; then',
      '  esxcli network vswitch standard portgroup add --portgroup-name="$group" --vswitch-name=vSwitch0',
      `  esxcli network vswitch standard portgroup set --portgroup-name="$group" --vlan-id=${String(nic.vlan)}`,
      'fi',
    ]),
    '',
    'if [ "${1:-}" = --thin ]; then',
    `  for disk in ${machine.disks.map(({ file }) => shellQuoted(file)).join(' ')}; do`,
    '    vmkfstools -i "$disk" -d thin "thin-$disk"',
    '    vmkfstools -E "$disk" "full-$disk"',
    '    vmkfstools -E "thin-$disk" "$disk"',
    '    vmkfstools -U "full-$disk"',
    '  done',
    'fi',
    '',
    'id=$(vim-cmd solo/registervm "$PWD/$vmx")',
    'echo "Registered as machine $id. Start it with: vim-cmd vmsvc/power.on $id"',
    '',
  ].join('\n');
}

function importSteps(machine: VirtualMachine): string {
  const stem = fileStem(machine.name);
  return [
    'Import on an ESXi 6.5 or later host, or through the vCenter that manages it.',
    '',
    `1. Make a folder ${stem} on a datastore and copy into it ${vmxName(machine)}, ${IMPORT_SCRIPT} and all .vmdk files of`,
    '   this folder: with the datastore browser of the web client, or with SSH switched on at the host:',
    `     scp ${vmxName(machine)} ${IMPORT_SCRIPT} *.vmdk root@HOST:/vmfs/volumes/DATASTORE/${stem}/`,
    '   The flat files are sent whole; on a slow line, convert with --to ova instead, which is compressed.',
    '2. On the host, over SSH:',
    `     sh /vmfs/volumes/DATASTORE/${stem}/${IMPORT_SCRIPT} --thin`,
    '   It registers the machine and changes nothing that exists. --thin makes the disks thin (vmkfstools); leave it out',
    '   to keep them fully allocated. Without SSH: in the web client, Register an existing virtual machine; networks that',
    '   are missing then have to be made by hand.',
    '3. Start it in the web client, or with the command the script prints.',
    ...(needsIsolation(machine)
      ? [
          `4. The network cards are on the port group ${ISOLATED_PORT_GROUP}, which leads nowhere, so that the machine cannot`,
          '   meet the original server. When the original is switched off: Edit > Network adapter, choose the real network.',
        ]
      : []),
    '',
    `The guest system is set to ${vmwareGuestOs(machine)}; a host that does not know it offers others in Edit > VM Options.`,
    '',
  ].join('\n');
}
