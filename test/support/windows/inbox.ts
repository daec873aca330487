/**
 * Drivers of Windows itself (and of the server's RAID controller) as setup leaves them in the registry, by generation: services with
 * their real Start, Group and Tag, and the devices that their INF files claim. Read off hives of XP, 7 and 10.
 */
import type { WindowsVersion } from './versions.ts';

export const CLASS = {
  disk: '{4D36E967-E325-11CE-BFC1-08002BE10318}',
  ide: '{4D36E96A-E325-11CE-BFC1-08002BE10318}',
  net: '{4D36E972-E325-11CE-BFC1-08002BE10318}',
  scsi: '{4D36E97B-E325-11CE-BFC1-08002BE10318}',
  system: '{4D36E97D-E325-11CE-BFC1-08002BE10318}',
  volume: '{71A27CDD-812A-11D0-BEC7-08002BE2092F}',
} as const;

export interface InboxDriver {
  service: string;
  start: number;
  /** `null` writes none. */
  group: string | null;
  tag: number | null;
  errorControl: number;
  /** Name of the .sys file; the letters lie so on the volume. */
  binary: string;
  /** How the registry spells the path; `none` leaves ImagePath out, as XP does for drivers that its loader knows by name. */
  image: 'relative' | 'systemroot' | 'none';
  /** StartOverride\0, which Windows 8 and later write for drivers that this machine has no use for. */
  override: number | null;
  inf: string;
  classGuid: string;
  ids: string[];
  /** Section of the INF. */
  section: string;
}

type Row = [
  service: string,
  start: number,
  group: string | null,
  tag: number | null,
  inf: string,
  classGuid: string,
  ids: string[],
  more?: Partial<InboxDriver>,
];

const driver = ([service, start, group, tag, inf, classGuid, ids, more = {}]: Row): InboxDriver => ({
  service,
  start,
  group,
  tag,
  errorControl: 1,
  binary: `${service.toLowerCase()}.sys`,
  image: 'relative',
  override: null,
  inf,
  classGuid,
  ids,
  section: `${service}_Inst`,
  ...more,
});

const BUS = 'System Bus Extender';
const NONE = { image: 'none' } as const;
const ROOT = { image: 'systemroot' } as const;

/** XP and 2003 register only what setup found in the machine: an ICH with IDE and the RAID controller. */
const NT5: Row[] = [
  ['ACPI', 0, 'Boot Bus Extender', 1, 'acpi.inf', CLASS.system, []],
  ['PCI', 0, 'Boot Bus Extender', 3, 'machine.inf', CLASS.system, ['PCI\\CC_0604']],
  ['PCIIde', 0, BUS, 3, 'mshdc.inf', CLASS.ide, [], NONE],
  ['IntelIde', 0, BUS, 4, 'mshdc.inf', CLASS.ide, ['PCI\\VEN_8086&DEV_24CB']],
  ['MountMgr', 0, BUS, null, '', '', [], NONE],
  ['Ftdisk', 0, BUS, 9, 'machine.inf', CLASS.system, ['root\\ftdisk']],
  ['PartMgr', 0, BUS, 5, '', '', [], NONE],
  ['VolSnap', 0, BUS, null, '', '', [], NONE],
  [
    'atapi',
    0,
    'SCSI miniport',
    0x19,
    'mshdc.inf',
    CLASS.ide,
    ['primary_ide_channel', 'secondary_ide_channel'],
  ],
  ['Disk', 0, 'SCSI Class', 2, 'disk.inf', CLASS.disk, ['gendisk']],
  ['intelppm', 1, 'Extended Base', 4, 'cpu.inf', CLASS.system, []],
];

/** Vista to 7: all of Windows' storage drivers have a service; those without a device wait with Start 3. */
const NT6: Row[] = [
  ['ACPI', 0, 'Core', 2, 'acpi.inf', CLASS.system, ['ACPI_HAL\\PNP0C08']],
  ['pci', 0, 'Boot Bus Extender', 3, 'machine.inf', CLASS.system, ['PCI\\CC_0604']],
  ['msisadrv', 0, 'Boot Bus Extender', 2, 'machine.inf', CLASS.system, ['PCI\\CC_0601']],
  ['partmgr', 0, 'Boot Bus Extender', null, '', '', [], { errorControl: 3 }],
  ['mountmgr', 0, BUS, null, '', '', [], { errorControl: 3 }],
  ['volmgr', 0, BUS, 9, 'machine.inf', CLASS.system, ['root\\volmgr']],
  ['volsnap', 0, null, null, 'volume.inf', CLASS.volume, []],
  ['disk', 0, null, null, 'disk.inf', CLASS.disk, ['GenDisk']],
  [
    'atapi',
    0,
    'SCSI Miniport',
    0x21,
    'mshdc.inf',
    CLASS.ide,
    ['Internal_IDE_Channel', '*PNP0600'],
    { errorControl: 3 },
  ],
  [
    'intelide',
    3,
    BUS,
    4,
    'mshdc.inf',
    CLASS.ide,
    ['PCI\\VEN_8086&DEV_7010', 'PCI\\VEN_8086&DEV_7111'],
    { ...ROOT, errorControl: 3 },
  ],
  ['pciide', 3, BUS, 3, 'mshdc.inf', CLASS.ide, ['PCI\\CC_0101'], { ...ROOT, errorControl: 3 }],
  [
    'msahci',
    3,
    'SCSI Miniport',
    null,
    'mshdc.inf',
    CLASS.ide,
    ['PCI\\CC_010601'],
    { ...ROOT, errorControl: 3 },
  ],
  [
    'LSI_SAS',
    3,
    'SCSI Miniport',
    0x40,
    'lsi_sas.inf',
    CLASS.scsi,
    ['PCI\\VEN_1000&DEV_0054', 'PCI\\VEN_1000&DEV_0058'],
    ROOT,
  ],
  ['LSI_SCSI', 3, 'SCSI Miniport', 0x22, 'lsi_scsi.inf', CLASS.scsi, ['PCI\\VEN_1000&DEV_0030'], ROOT],
  ['iaStorV', 3, 'SCSI Miniport', 0x19, 'iastorv.inf', CLASS.scsi, ['PCI\\VEN_8086&DEV_2682'], ROOT],
  ['intelppm', 3, 'Extended Base', 0x1b, 'cpu.inf', CLASS.system, [], ROOT],
];

/** The drivers of Hyper-V came with 7 and 2008 R2. */
const NT61: Row[] = [
  ['vmbus', 0, BUS, null, 'wvmbus.inf', CLASS.system, ['ACPI\\VMBUS']],
  [
    'storvsc',
    3,
    'Base',
    null,
    'wstorvsc.inf',
    CLASS.scsi,
    ['VMBUS\\{ba6163d9-04a1-4d29-b605-72e2ffb1dc7f}'],
    ROOT,
  ],
];

const OFF = { override: 3 } as const;

/** Windows 8 and later: Start 0 for all, and StartOverride for those without a device. */
const NT62: Row[] = [
  [
    'ACPI',
    0,
    'Core',
    2,
    'acpi.inf',
    CLASS.system,
    ['ACPI\\PNP0C08'],
    { errorControl: 3, binary: 'ACPI.sys' },
  ],
  ['pci', 0, 'Boot Bus Extender', 3, 'pci.inf', CLASS.system, ['PCI\\CC_0604'], { errorControl: 3 }],
  ['msisadrv', 0, 'Boot Bus Extender', 2, 'machine.inf', CLASS.system, ['PCI\\CC_0601'], { errorControl: 3 }],
  ['partmgr', 0, 'Boot Bus Extender', null, '', '', [], { errorControl: 3 }],
  ['mountmgr', 0, BUS, null, '', '', [], { errorControl: 3 }],
  ['spaceport', 0, BUS, 8, 'spaceport.inf', CLASS.scsi, ['Root\\Spaceport'], { errorControl: 3 }],
  ['volmgr', 0, BUS, 9, 'volmgr.inf', CLASS.system, ['ROOT\\VOLMGR'], { errorControl: 3 }],
  ['volsnap', 0, null, null, '', '', [], { errorControl: 3 }],
  ['disk', 0, null, null, 'disk.inf', CLASS.disk, ['GenDisk'], { section: 'disk_install.NT' }],
  [
    'atapi',
    0,
    'SCSI Miniport',
    0x1e,
    'mshdc.inf',
    CLASS.ide,
    ['Internal_IDE_Channel', 'Primary_IDE_Channel', 'Secondary_IDE_Channel'],
    { ...OFF, errorControl: 3 },
  ],
  [
    'intelide',
    0,
    BUS,
    9,
    'mshdc.inf',
    CLASS.ide,
    ['PCI\\VEN_8086&DEV_7010', 'PCI\\VEN_8086&DEV_7111'],
    { ...OFF, errorControl: 3 },
  ],
  ['pciide', 0, BUS, 8, 'mshdc.inf', CLASS.ide, ['PCI\\CC_0101'], { ...OFF, errorControl: 3 }],
  [
    'storahci',
    0,
    'SCSI Miniport',
    0x1f,
    'mshdc.inf',
    CLASS.ide,
    ['PCI\\CC_010601'],
    { ...OFF, errorControl: 3, section: 'msahci_Inst' },
  ],
  [
    'LSI_SAS',
    0,
    'SCSI Miniport',
    9,
    'lsi_sas.inf',
    CLASS.scsi,
    ['PCI\\VEN_1000&DEV_0054', 'PCI\\VEN_1000&DEV_0058'],
    OFF,
  ],
  [
    'iaStorV',
    0,
    'SCSI Miniport',
    0x19,
    'iastorv.inf',
    CLASS.scsi,
    ['PCI\\VEN_8086&DEV_2682'],
    { ...OFF, binary: 'iaStorV.sys' },
  ],
  ['vmbus', 0, BUS, 11, 'wvmbus.inf', CLASS.system, ['ACPI\\VMBus'], OFF],
  [
    'storvsc',
    0,
    'Base',
    0x19,
    'wstorvsc.inf',
    CLASS.scsi,
    ['VMBUS\\{ba6163d9-04a1-4d29-b605-72e2ffb1dc7f}'],
    OFF,
  ],
  ['storflt', 0, 'Extended Base', 0x2e, 'wstorflt.inf', CLASS.disk, [], { ...OFF, binary: 'vmstorfl.sys' }],
  ['intelppm', 3, 'Extended Base', 0x1b, 'cpu.inf', CLASS.system, [], ROOT],
  [
    'netvsc',
    3,
    'Extended Base',
    0x2f,
    'wnetvsc.inf',
    CLASS.net,
    ['VMBUS\\{f8615163-df3e-46c5-913f-f2d2f965ed0e}'],
    ROOT,
  ],
  ['e1i65x64', 3, 'NDIS', 13, 'net1ic64.inf', CLASS.net, ['PCI\\VEN_8086&DEV_10D3'], ROOT],
  [
    'E1G60',
    3,
    'NDIS',
    14,
    'nete1g3e.inf',
    CLASS.net,
    ['PCI\\VEN_8086&DEV_100F'],
    { ...ROOT, binary: 'E1G6032E.sys' },
  ],
];

const NVME: Row[] = [
  [
    'stornvme',
    0,
    'SCSI Miniport',
    0x20,
    'stornvme.inf',
    CLASS.scsi,
    ['PCI\\CC_010802'],
    { ...OFF, errorControl: 3 },
  ],
];

/** Windows 10 gave the volumes a driver of their own. */
const VOLUME: Row[] = [
  ['volume', 0, null, null, 'volume.inf', CLASS.volume, ['STORAGE\\Volume'], { errorControl: 3 }],
];

/** The RAID controller the server boots from: its device in Enum and the driver of it. */
export interface RaidController {
  hardwareIds: string[];
  instance: string;
  description: string;
  driver: InboxDriver;
  disk: string;
}

const SMART_ARRAY = 'PCI\\VEN_103C&DEV_323A&SUBSYS_3245103C';
const PERC = 'PCI\\VEN_1000&DEV_005D&SUBSYS_1F491028';

export function raidController({ nt }: WindowsVersion): RaidController {
  const modern = nt === '10.0';
  const id = modern ? PERC : SMART_ARRAY;
  const row: Row = modern
    ? ['percsas3i', 0, 'SCSI Miniport', 0x2c, 'percsas3i.inf', CLASS.scsi, [id]]
    : Number(nt) >= 6.1
      ? ['HpSAMD', 0, 'SCSI Miniport', 0x2a, 'hpsamd.inf', CLASS.scsi, [id], { binary: 'HpSAMD.sys' }]
      : ['HpCISSs2', 0, 'SCSI miniport', 0x102, 'oem1.inf', CLASS.scsi, [id], { binary: 'HpCISSs2.sys' }];
  return {
    hardwareIds: [`${id}&REV_01`, id],
    instance: `${id.slice(4)}&REV_01\\4&1f1c2d3a&0&0010`,
    description: modern ? 'PERC H730 Mini' : 'Smart Array P410i Controller',
    driver: driver(row),
    disk: modern ? 'Disk&Ven_DELL&Prod_PERC_H730_Mini' : 'Disk&Ven_HP&Prod_LOGICAL_VOLUME',
  };
}

export function inboxDrivers(version: WindowsVersion): InboxDriver[] {
  const nt = version.nt === '10.0' ? 10 : Number(version.nt);
  const rows =
    nt < 6
      ? NT5
      : nt < 6.2
        ? [...NT6, ...(nt >= 6.1 ? NT61 : [])]
        : [...NT62, ...(nt >= 6.3 ? NVME : []), ...(nt >= 10 ? VOLUME : [])];
  return [...rows.map(driver), raidController(version).driver];
}
