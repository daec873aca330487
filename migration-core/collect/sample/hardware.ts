/** Machines that stood in server rooms, as an inventory describes them. */
import type { Device, Driver, Processor, ServerInventory } from '../../store/model/inventory.ts';

export interface Machine {
  vendor: string;
  model: string;
  chassis: string;
  firmware: 'bios' | 'uefi';
  processor: Processor;
  /** PCI devices every one of them has; network cards are added by name. */
  storage: {
    vendorId: string;
    deviceId: string;
    vendor: string;
    name: string;
    driver: string;
    windows: string;
  };
  network: {
    vendorId: string;
    deviceId: string;
    vendor: string;
    name: string;
    driver: string;
    windows: string;
  };
  display: { vendorId: string; deviceId: string; vendor: string; name: string };
  agents: string[];
  rackUnits: number;
  nameplateWatts: number;
}

const xeon = (
  model: string,
  sockets: number,
  cores: number,
  threads: number,
  megahertz: number,
): Processor => ({
  model,
  vendor: 'GenuineIntel',
  sockets,
  cores: sockets * cores,
  threads: sockets * threads,
  megahertz,
  architecture: 'x86_64',
  hardwareVirtualization: true,
  nestedPaging: !/ [35]\d{3} @|E5[34]\d\d/u.test(model),
});

const MATROX = {
  vendorId: '102b',
  deviceId: '0532',
  vendor: 'Matrox Electronics Systems Ltd.',
  name: 'MGA G200eW WPCM450',
};
const ILO = {
  vendorId: '1002',
  deviceId: '515e',
  vendor: 'Advanced Micro Devices, Inc. [AMD/ATI]',
  name: 'ES1000',
};
const BROADCOM = {
  vendorId: '14e4',
  deviceId: '1639',
  vendor: 'Broadcom Inc. and subsidiaries',
  name: 'NetXtreme II BCM5709 Gigabit Ethernet',
  driver: 'bnx2',
  windows: 'b06bdrv',
};
const PERC = {
  vendorId: '1000',
  deviceId: '0079',
  vendor: 'Broadcom / LSI',
  name: 'MegaRAID SAS 2108 [Liberator]',
  driver: 'megaraid_sas',
  windows: 'percsas2',
};
const SMART = {
  vendorId: '103c',
  deviceId: '323a',
  vendor: 'Hewlett-Packard Company',
  name: 'Smart Array G6 controllers',
  driver: 'hpsa',
  windows: 'HpCISSs2',
};
const INTEL_NIC = {
  vendorId: '8086',
  deviceId: '1521',
  vendor: 'Intel Corporation',
  name: 'I350 Gigabit Network Connection',
  driver: 'igb',
  windows: 'e1rexpress',
};

export const MACHINES = {
  pe2950: {
    vendor: 'Dell Inc.',
    model: 'PowerEdge 2950',
    chassis: 'Rack Mount Chassis',
    firmware: 'bios',
    processor: xeon('Intel(R) Xeon(R) CPU           E5410  @ 2.33GHz', 2, 4, 4, 2333),
    storage: { ...PERC, deviceId: '0060', name: 'MegaRAID SAS 1078', windows: 'percsas' },
    network: { ...BROADCOM, deviceId: '164c', name: 'NetXtreme II BCM5708 Gigabit Ethernet' },
    display: ILO,
    agents: ['Dell OpenManage Server Administrator'],
    rackUnits: 2,
    nameplateWatts: 750,
  },
  r710: {
    vendor: 'Dell Inc.',
    model: 'PowerEdge R710',
    chassis: 'Rack Mount Chassis',
    firmware: 'bios',
    processor: xeon('Intel(R) Xeon(R) CPU           X5650  @ 2.67GHz', 2, 6, 12, 2667),
    storage: PERC,
    network: BROADCOM,
    display: MATROX,
    agents: ['Dell OpenManage Server Administrator'],
    rackUnits: 2,
    nameplateWatts: 870,
  },
  r620: {
    vendor: 'Dell Inc.',
    model: 'PowerEdge R620',
    chassis: 'Rack Mount Chassis',
    firmware: 'uefi',
    processor: xeon('Intel(R) Xeon(R) CPU E5-2640 0 @ 2.50GHz', 2, 6, 12, 2500),
    storage: { ...PERC, deviceId: '005b', name: 'MegaRAID SAS 2208 [Thunderbolt]' },
    network: INTEL_NIC,
    display: { ...MATROX, deviceId: '0534', name: 'G200eR2' },
    agents: ['Dell OpenManage Server Administrator'],
    rackUnits: 1,
    nameplateWatts: 750,
  },
  dl380g5: {
    vendor: 'HP',
    model: 'ProLiant DL380 G5',
    chassis: 'Rack Mount Chassis',
    firmware: 'bios',
    processor: xeon('Intel(R) Xeon(R) CPU            5160  @ 3.00GHz', 2, 2, 2, 3000),
    storage: { ...SMART, deviceId: '3230', name: 'Smart Array P400', driver: 'cciss', windows: 'HpCISSs' },
    network: { ...BROADCOM, deviceId: '164c', name: 'NetXtreme II BCM5708 Gigabit Ethernet' },
    display: ILO,
    agents: ['HP Insight Management Agents', 'HP Version Control Agent'],
    rackUnits: 2,
    nameplateWatts: 800,
  },
  dl380g7: {
    vendor: 'HP',
    model: 'ProLiant DL380 G7',
    chassis: 'Rack Mount Chassis',
    firmware: 'bios',
    processor: xeon('Intel(R) Xeon(R) CPU           E5645  @ 2.40GHz', 2, 6, 12, 2400),
    storage: SMART,
    network: BROADCOM,
    display: ILO,
    agents: ['HP Insight Management Agents', 'HP System Management Homepage'],
    rackUnits: 2,
    nameplateWatts: 750,
  },
  bl460g8: {
    vendor: 'HP',
    model: 'ProLiant BL460c Gen8',
    chassis: 'Blade',
    firmware: 'bios',
    processor: xeon('Intel(R) Xeon(R) CPU E5-2670 0 @ 2.60GHz', 2, 8, 16, 2600),
    storage: { ...SMART, deviceId: '323b', name: 'Smart Array Gen8 Controllers' },
    network: {
      vendorId: '19a2',
      deviceId: '0710',
      vendor: 'Emulex Corporation',
      name: 'OneConnect 10Gb NIC (be3)',
      driver: 'be2net',
      windows: 'be2net',
    },
    display: { ...MATROX, deviceId: '0533', name: 'MGA G200EH' },
    agents: ['HP Insight Management Agents'],
    rackUnits: 0.625,
    nameplateWatts: 500,
  },
  x3650: {
    vendor: 'IBM',
    model: 'System x3650 M3 -[7945AC1]-',
    chassis: 'Rack Mount Chassis',
    firmware: 'uefi',
    processor: xeon('Intel(R) Xeon(R) CPU           E5620  @ 2.40GHz', 2, 4, 8, 2400),
    storage: { ...PERC, deviceId: '0073', name: 'MegaRAID SAS 2008 [Falcon]', windows: 'megasas' },
    network: BROADCOM,
    display: MATROX,
    agents: ['IBM Systems Director Platform Agent'],
    rackUnits: 2,
    nameplateWatts: 675,
  },
} as const satisfies Record<string, Machine>;
export type MachineName = keyof typeof MACHINES;

/** Devices of a machine with so many ports, and cards on top. */
export function devicesOf(
  machine: Machine,
  ports: number,
  family: 'linux' | 'windows',
  extra: readonly Device[],
): Device[] {
  const driverOf = (part: { driver: string; windows: string }): string =>
    family === 'windows' ? part.windows : part.driver;
  const pci = (
    address: string,
    classId: string,
    className: string,
    part: { vendorId: string; deviceId: string; vendor: string; name: string },
    driver?: string,
  ): Device => ({
    bus: 'pci',
    address,
    vendorId: part.vendorId,
    deviceId: part.deviceId,
    classId,
    className,
    vendor: part.vendor,
    name: part.name,
    ...(driver === undefined ? {} : { driver }),
  });
  return [
    pci('0000:03:00.0', '0104', 'RAID bus controller', machine.storage, driverOf(machine.storage)),
    ...Array.from({ length: ports }, (_, port) =>
      pci(`0000:01:00.${port}`, '0200', 'Ethernet controller', machine.network, driverOf(machine.network)),
    ),
    pci('0000:08:03.0', '0300', 'VGA compatible controller', machine.display),
    ...extra,
  ];
}

export function driversOf(machine: Machine, family: 'linux' | 'windows'): Driver[] {
  const name = family === 'windows' ? machine.storage.windows : machine.storage.driver;
  const network = family === 'windows' ? machine.network.windows : machine.network.driver;
  return [
    { name, vendor: machine.storage.vendor, startType: 'boot', loaded: true, bootCritical: true },
    { name: network, vendor: machine.network.vendor, startType: 'manual', loaded: true, bootCritical: false },
  ];
}

export const virtualMachine = (): Pick<ServerInventory, 'vendor' | 'model' | 'virtual'> => ({
  vendor: 'VMware, Inc.',
  model: 'VMware Virtual Platform',
  virtual: 'vmware',
});
