/**
 * The OVF 1.1 description of a machine (DMTF DSP0243) as VMware writes and VirtualBox reads it. The children of an Item are
 * in alphabetical order, which the schema demands. Judged by the schema with VMware's extension.
 */
import { fileStem } from '../identity.ts';
import type { DiskBus, NicModel, VirtualDisk, VirtualMachine, VirtualNic } from '../machine.ts';
import { vmwareGuestOs, vsphereGuestId } from '../vmware-guest-os.ts';
import { isStaticVmwareMac } from '../vmx.ts';
import { writeXml, xml, type XmlElement } from '../xml.ts';

const NAMESPACES = {
  xmlns: 'http://schemas.dmtf.org/ovf/envelope/1',
  'xmlns:ovf': 'http://schemas.dmtf.org/ovf/envelope/1',
  'xmlns:rasd': 'http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_ResourceAllocationSettingData',
  'xmlns:vssd': 'http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_VirtualSystemSettingData',
  'xmlns:vmw': 'http://www.vmware.com/schema/ovf',
};
const STREAM_OPTIMIZED = 'http://www.vmware.com/interfaces/specifications/vmdk.html#streamOptimized';
/** ESXi 6.5 and later; VirtualBox takes any of VMware's. Its own name ("virtualbox-2.2") is refused by ESXi. */
const HARDWARE = 'vmx-13';

/** CIM_OperatingSystem.OsType by ID of /etc/os-release: 32 and 64 bits. */
const CIM_OS: Record<string, readonly [bits32: number, bits64: number]> = {
  rhel: [79, 80],
  rocky: [79, 80],
  almalinux: [79, 80],
  scientific: [79, 80],
  opensuse: [82, 83],
  'opensuse-leap': [82, 83],
  'opensuse-tumbleweed': [82, 83],
  sles: [84, 85],
  ubuntu: [93, 94],
  debian: [95, 96],
  centos: [106, 107],
  ol: [108, 109],
};
const CIM_LINUX = [36, 101] as const;
/** By version of Windows. The list ends with Windows 8 and Server 2012 R2; later ones are told apart by `vmw:osType`. */
const CIM_WINDOWS: Record<string, readonly [bits32: number, bits64: number]> = {
  xp: [67, 71],
  '2003': [69, 70],
  vista: [73, 74],
  '2008': [76, 77],
  '2008r2': [103, 103],
  '7': [105, 105],
  '2012': [112, 112],
  '8': [113, 114],
  '8.1': [113, 114],
  '10': [113, 114],
  '11': [113, 114],
};
const CIM_SERVER_2012_R2 = [115, 115] as const;

function cimOs({ os, architecture }: VirtualMachine): number {
  const numbers =
    os.id === 'windows' ? (CIM_WINDOWS[os.version] ?? CIM_SERVER_2012_R2) : (CIM_OS[os.id] ?? CIM_LINUX);
  return numbers[architecture === 'x86_64' ? 1 : 0];
}

/** CIM resource types (CIM_ResourceAllocationSettingData.ResourceType). */
const CPU = 3;
const MEMORY = 4;
const IDE_CONTROLLER = 5;
const SCSI_CONTROLLER = 6;
const NETWORK_CARD = 10;
const DISK = 17;
const OTHER_STORAGE = 20;

interface Controller {
  type: number;
  subType: string | null;
  name: string;
  disks: number;
}

const CONTROLLERS: Partial<Record<DiskBus, Controller>> = {
  'lsi-sas': { type: SCSI_CONTROLLER, subType: 'lsilogicsas', name: 'SCSI Controller', disks: 15 },
  lsi: { type: SCSI_CONTROLLER, subType: 'lsilogic', name: 'SCSI Controller', disks: 15 },
  pvscsi: { type: SCSI_CONTROLLER, subType: 'VirtualSCSI', name: 'SCSI Controller', disks: 15 },
  ahci: { type: OTHER_STORAGE, subType: 'vmware.sata.ahci', name: 'SATA Controller', disks: 30 },
  nvme: { type: OTHER_STORAGE, subType: 'vmware.nvme.controller', name: 'NVMe Controller', disks: 15 },
  ide: { type: IDE_CONTROLLER, subType: null, name: 'IDE', disks: 2 },
};

const CARDS: Partial<Record<NicModel, string>> = { vmxnet3: 'VmxNet3', e1000e: 'E1000e', e1000: 'E1000' };

/** A finished disk within the package. */
export interface OvfFile {
  name: string;
  bytes: number;
}

/** VirtualBox knows what networks of the names Internal, NAT and HostOnly are; "VM Network" is the one every ESXi has. */
export function networkName({ mode, network }: Pick<VirtualNic, 'mode' | 'network'>): string {
  if (network !== null) return network;
  return { isolated: 'Internal', nat: 'NAT', 'host-only': 'HostOnly', bridged: 'VM Network' }[mode];
}

/** The document. `files` are in the order of the machine's disks. */
export function ovfDocument(machine: VirtualMachine, files: readonly OvfFile[]): string {
  const networks = [...new Set(machine.nics.map(networkName))];
  return `<?xml version="1.0" encoding="UTF-8"?>\n${writeXml(
    xml(
      'Envelope',
      NAMESPACES,
      xml(
        'References',
        {},
        ...files.map(({ name, bytes }, index) =>
          xml('File', { 'ovf:href': name, 'ovf:id': fileId(index), 'ovf:size': bytes }),
        ),
      ),
      xml(
        'DiskSection',
        {},
        xml('Info', {}, 'The virtual disks'),
        ...machine.disks.map(({ size }, index) =>
          xml('Disk', {
            // The image is rounded up to whole sectors.
            'ovf:capacity': Math.ceil(size / 512) * 512,
            'ovf:capacityAllocationUnits': 'byte',
            'ovf:diskId': diskId(index),
            'ovf:fileRef': fileId(index),
            'ovf:format': STREAM_OPTIMIZED,
          }),
        ),
      ),
      xml(
        'NetworkSection',
        {},
        xml('Info', {}, 'The networks'),
        ...networks.map((name) =>
          xml('Network', { 'ovf:name': name }, xml('Description', {}, `The network ${name}`)),
        ),
      ),
      virtualSystem(machine),
    ),
  )}`;
}

const fileId = (index: number): string => `file${index + 1}`;
const diskId = (index: number): string => `vmdisk${index + 1}`;

function virtualSystem(machine: VirtualMachine): XmlElement {
  const system = machine.os.name || 'Unknown system';
  return xml(
    'VirtualSystem',
    { 'ovf:id': fileStem(machine.name) },
    xml('Info', {}, 'A virtual machine'),
    xml('Name', {}, machine.name),
    xml(
      'AnnotationSection',
      {},
      xml('Info', {}, 'The origin of the machine'),
      xml('Annotation', {}, `${system}, converted from a physical server`),
    ),
    xml(
      'OperatingSystemSection',
      {
        'ovf:id': cimOs(machine),
        'vmw:osType': vsphereGuestId(vmwareGuestOs(machine)),
      },
      xml('Info', {}, 'The installed operating system'),
      xml('Description', {}, system),
    ),
    xml(
      'VirtualHardwareSection',
      {},
      xml('Info', {}, 'The virtual hardware'),
      xml(
        'System',
        {},
        xml('vssd:ElementName', {}, 'Virtual Hardware Family'),
        xml('vssd:InstanceID', {}, '0'),
        xml('vssd:VirtualSystemIdentifier', {}, machine.name),
        xml('vssd:VirtualSystemType', {}, HARDWARE),
      ),
      ...items(machine),
      xml('vmw:Config', {
        'ovf:required': 'false',
        'vmw:key': 'firmware',
        'vmw:value': machine.firmware === 'uefi' ? 'efi' : 'bios',
      }),
      ...extraConfig('disk.EnableUUID', 'TRUE'),
      // Any address outside VMware's own range is refused at power-on as a conflict unless the check is off.
      ...machine.nics.flatMap(({ mac }, index) =>
        isStaticVmwareMac(mac) ? [] : extraConfig(`ethernet${index}.checkMACAddress`, 'FALSE'),
      ),
    ),
  );
}

const extraConfig = (key: string, value: string): XmlElement[] => [
  xml('vmw:ExtraConfig', { 'ovf:required': 'false', 'vmw:key': key, 'vmw:value': value }),
];

/** A rasd:* item; the keys are written in alphabetical order. */
function item(properties: Record<string, string | number | null>): XmlElement {
  const keys = Object.keys(properties).sort();
  return xml(
    'Item',
    {},
    ...keys.map((key) => (properties[key] === null ? null : xml(`rasd:${key}`, {}, String(properties[key])))),
  );
}

function items(machine: VirtualMachine): XmlElement[] {
  let id = 0;
  const nextId = (): number => ++id;
  const list = [
    item({
      AllocationUnits: 'hertz * 10^6',
      Description: 'Number of Virtual CPUs',
      ElementName: `${machine.cpus} virtual CPU(s)`,
      InstanceID: nextId(),
      ResourceType: CPU,
      VirtualQuantity: machine.cpus,
    }),
    item({
      AllocationUnits: 'byte * 2^20',
      Description: 'Memory Size',
      ElementName: `${Math.ceil(machine.memoryMiB / 4) * 4}MB of memory`,
      InstanceID: nextId(),
      ResourceType: MEMORY,
      VirtualQuantity: Math.ceil(machine.memoryMiB / 4) * 4,
    }),
  ];
  const { controllers, parents } = placeControllers(machine.disks, nextId);
  list.push(...controllers);
  for (const [index, disk] of machine.disks.entries()) {
    const place = disk.unit % CONTROLLERS[disk.bus]!.disks;
    const isScsi = CONTROLLERS[disk.bus]!.type === SCSI_CONTROLLER;
    list.push(
      item({
        // SCSI id 7 belongs to the controller.
        AddressOnParent: isScsi && place >= 7 ? place + 1 : place,
        ElementName: `Hard Disk ${index + 1}`,
        HostResource: `ovf:/disk/${diskId(index)}`,
        InstanceID: nextId(),
        Parent: parents[index]!,
        ResourceType: DISK,
      }),
    );
  }
  for (const [index, nic] of machine.nics.entries()) {
    list.push(
      item({
        Address: nic.mac,
        AddressOnParent: 7 + index,
        AutomaticAllocation: 'true',
        Connection: networkName(nic),
        Description: `${CARDS[nic.model]!} ethernet adapter on "${networkName(nic)}"`,
        ElementName: `Network adapter ${index + 1}`,
        InstanceID: nextId(),
        ResourceSubType: CARDS[nic.model]!,
        ResourceType: NETWORK_CARD,
      }),
    );
  }
  return list;
}

/** The controllers the disks need, and of each disk the InstanceID of its own. */
function placeControllers(
  disks: readonly VirtualDisk[],
  nextId: () => number,
): { controllers: XmlElement[]; parents: number[] } {
  const controllers: XmlElement[] = [];
  const ids = new Map<string, number>();
  /** Controllers of one kind share a row of numbers. */
  const numbers = new Map<string, number>();
  const parents = disks.map((disk) => {
    const { type, subType, name, disks: room } = CONTROLLERS[disk.bus]!;
    const index = Math.floor(disk.unit / room);
    const key = `${disk.bus} ${index}`;
    const known = ids.get(key);
    if (known !== undefined) return known;
    const id = nextId();
    ids.set(key, id);
    // IDE channels are fixed: the second is 1 even where the first is empty.
    const number = disk.bus === 'ide' ? index : (numbers.get(name) ?? 0);
    numbers.set(name, number + 1);
    controllers.push(
      item({
        Address: number,
        Description: name === 'IDE' ? 'IDE Controller' : name,
        ElementName: `${name} ${number}`,
        InstanceID: id,
        ResourceSubType: subType,
        ResourceType: type,
      }),
    );
    return id;
  });
  return { controllers, parents };
}
