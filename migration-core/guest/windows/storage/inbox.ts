/**
 * Storage drivers that come with Windows, as its SYSTEM hives have them. Sources: the hives of XP, 7 and 10 described in
 * service-key.ts and driver-database.ts (names, groups, classes, files); Microsoft KB 314082 (the IDE entries of XP and 2003);
 * KB 2990941 and KB 3087873 (NVMe for 7 and 2008 R2); VMware's table of guests for which it has LSI and PVSCSI adapters.
 */
import { dword } from '../../../registry/types.ts';
import type { BootDriver } from '../boot-driver.ts';

export interface InboxDriver {
  driver: Omit<BootDriver, 'hardwareIds' | 'package'>;
  /** Versions of NT that bring it, both ends included: `5.1`, `10.0`. */
  since: string;
  until: string;
  /** IDs under which Windows' own INF binds it: what is entered where its table lacks them. */
  ids: readonly string[];
  /** INF of Windows whose driver store directories hold its file, from Vista on. */
  inf: string;
}

const CLASS = {
  hdc: '{4D36E96A-E325-11CE-BFC1-08002BE10318}',
  scsiAdapter: '{4D36E97B-E325-11CE-BFC1-08002BE10318}',
  system: '{4D36E97D-E325-11CE-BFC1-08002BE10318}',
  diskDrive: '{4D36E967-E325-11CE-BFC1-08002BE10318}',
} as const;

const KERNEL_DRIVER = 1;
const ERROR_NORMAL = 1;
const NEWEST = '10.0';

/** Makes a driver for Plug and Play out of a miniport (SCSI and Storport miniports of all hives have it). */
const PNP_INTERFACE_PCI = {
  key: 'Parameters\\PnpInterface',
  name: '5',
  type: dword(1)[0],
  data: dword(1)[1],
};

function inbox(
  service: string,
  displayName: string,
  group: string,
  classGuid: string,
  rest: Partial<InboxDriver> & { ids: readonly string[]; inf: string; binary?: string; miniport?: boolean },
): InboxDriver {
  return {
    driver: {
      service,
      displayName,
      type: KERNEL_DRIVER,
      errorControl: ERROR_NORMAL,
      group,
      binary: rest.binary ?? `${service.toLowerCase()}.sys`,
      classGuid,
      values: rest.miniport === true ? [PNP_INTERFACE_PCI] : [],
    },
    since: rest.since ?? '5.1',
    until: rest.until ?? NEWEST,
    ids: rest.ids,
    inf: rest.inf,
  };
}

/** Controllers whose function is that of the Intel PIIX: QEMU's, VMware's, VirtualBox's and Hyper-V's IDE. */
export const INTELIDE = inbox('intelide', 'IntelIde', 'System Bus Extender', CLASS.hdc, {
  ids: ['PCI\\VEN_8086&DEV_7010', 'PCI\\VEN_8086&DEV_7111'],
  inf: 'mshdc.inf',
});

/** Every other IDE controller on PCI. */
export const PCIIDE = inbox('pciide', 'PCIIde', 'System Bus Extender', CLASS.hdc, {
  ids: ['PCI\\CC_0101'],
  inf: 'mshdc.inf',
});

/** The channels of IDE controllers, and up to Windows 7 those of AHCI controllers. */
export const ATAPI: readonly InboxDriver[] = [
  inbox('atapi', 'Standard IDE/ESDI Hard Disk Controller', 'SCSI miniport', CLASS.hdc, {
    until: '5.2',
    ids: ['Primary_IDE_Channel', 'Secondary_IDE_Channel', '*PNP0600', '*AZT0502'],
    inf: 'mshdc.inf',
  }),
  inbox('atapi', 'IDE Channel', 'SCSI Miniport', CLASS.hdc, {
    since: '6.0',
    ids: ['Internal_IDE_Channel', 'Primary_IDE_Channel', 'Secondary_IDE_Channel', '*PNP0600'],
    inf: 'mshdc.inf',
  }),
];

/** The ISA bridge of the PIIX4; XP enters it itself on a machine that has one. */
export const ISAPNP = inbox('isapnp', 'PnP ISA/EISA Bus Driver', 'Boot Bus Extender', CLASS.system, {
  until: '5.2',
  ids: ['PCI\\VEN_8086&DEV_7110&CC_0601'],
  inf: 'machine.inf',
});

export const DISK: readonly InboxDriver[] = [
  inbox('disk', 'Disk Driver', 'SCSI Class', CLASS.diskDrive, {
    until: '5.2',
    ids: ['GenDisk'],
    inf: 'disk.inf',
  }),
  inbox('disk', 'Disk Driver', '', CLASS.diskDrive, { since: '6.0', ids: ['GenDisk'], inf: 'disk.inf' }),
];

export const AHCI: readonly InboxDriver[] = [
  inbox('msahci', 'AHCI 1.0', 'SCSI Miniport', CLASS.hdc, {
    since: '6.0',
    until: '6.1',
    ids: ['PCI\\CC_010601'],
    inf: 'mshdc.inf',
  }),
  inbox('storahci', 'Microsoft Standard SATA AHCI Driver', 'SCSI Miniport', CLASS.hdc, {
    since: '6.2',
    ids: ['PCI\\CC_010601'],
    inf: 'mshdc.inf',
    miniport: true,
  }),
];

/** Of Windows 8.1 and 2012 R2 on; 7 and 2008 R2 have it where the updates are installed. */
export const STORNVME = inbox(
  'stornvme',
  'Microsoft Standard NVM Express Driver',
  'SCSI Miniport',
  CLASS.scsiAdapter,
  { since: '6.1', ids: ['PCI\\CC_010802'], inf: 'stornvme.inf', miniport: true },
);

export const LSI_SAS = inbox('LSI_SAS', 'LSI_SAS', 'SCSI Miniport', CLASS.scsiAdapter, {
  since: '6.0',
  ids: ['PCI\\VEN_1000&DEV_0054'],
  inf: 'lsi_sas.inf',
  miniport: true,
});

export const LSI_PARALLEL: readonly InboxDriver[] = [
  // Server 2003 and XP x64; the 32-bit XP has no driver for it.
  inbox('symmpi', 'symmpi', 'SCSI miniport', CLASS.scsiAdapter, {
    since: '5.2',
    until: '5.2',
    ids: ['PCI\\VEN_1000&DEV_0030'],
    inf: 'pnpscsi.inf',
    miniport: true,
  }),
  inbox('LSI_SCSI', 'LSI_SCSI', 'SCSI Miniport', CLASS.scsiAdapter, {
    since: '6.0',
    until: '6.1',
    ids: ['PCI\\VEN_1000&DEV_0030'],
    inf: 'lsi_scsi.inf',
    miniport: true,
  }),
];

/** In late builds of Windows 10 and 11 only, 21H2 has none: its file decides. */
export const PVSCSI = inbox('pvscsi', 'pvscsi', 'SCSI Miniport', CLASS.scsiAdapter, {
  since: '10.0',
  ids: ['PCI\\VEN_15AD&DEV_07C0'],
  inf: 'pvscsi.inf',
  miniport: true,
});

export const VMBUS = inbox('vmbus', 'Virtual Machine Bus', 'System Bus Extender', CLASS.system, {
  since: '6.1',
  ids: ['ACPI\\VMBus'],
  inf: 'wvmbus.inf',
});

export const STORVSC = inbox('storvsc', 'storvsc', 'Base', CLASS.scsiAdapter, {
  since: '6.1',
  ids: ['VMBUS\\{ba6163d9-04a1-4d29-b605-72e2ffb1dc7f}'],
  inf: 'wstorvsc.inf',
});

/**
 * wstorflt.inf puts it, as lower filter, under every IDE disk that Hyper-V shows (`IDE\DiskVirtual_HD...1.1.0`): a disk whose filter
 * was not loaded does not start.
 */
export const STORFLT = inbox(
  'storflt',
  'Microsoft Hyper-V Storage Accelerator',
  'Extended Base',
  CLASS.diskDrive,
  { since: '6.1', ids: [], binary: 'vmstorfl.sys', inf: 'wstorflt.inf' },
);

/** `6.1` as a number that can be compared; unreadable versions count as the newest. */
export function ntNumber(version: string): number {
  const match = /^(\d{1,3})\.(\d{1,3})$/u.exec(version);
  return match === null ? Number.MAX_SAFE_INTEGER : Number(match[1]) * 1000 + Number(match[2]);
}

/** The driver of the list that this version of NT brings. */
export const inboxFor = (drivers: readonly InboxDriver[], ntVersion: string): InboxDriver | undefined =>
  drivers.find(
    ({ since, until }) => ntNumber(since) <= ntNumber(ntVersion) && ntNumber(ntVersion) <= ntNumber(until),
  );
