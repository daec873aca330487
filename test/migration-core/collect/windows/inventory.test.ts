import { describe, expect, it } from 'vitest';
import { windowsInventory } from '../../../../migration-core/collect/windows/inventory.ts';
import { diskSerial } from '../../../../migration-core/collect/windows/disks.ts';
import {
  addRecord,
  isWindowsPart,
  type WindowsParts,
} from '../../../../migration-core/collect/windows/schema.ts';
import { windowsTime } from '../../../../migration-core/collect/windows/times.ts';
import { serverInventory, type ServerInventory } from '../../../../migration-core/store/model/inventory.ts';
import { WINDOWS_RECORDS } from '../../../support/windows-bundle.ts';

function partsOf(records: Record<string, Record<string, unknown>[]>): WindowsParts {
  const parts: WindowsParts = {};
  for (const [name, list] of Object.entries(records)) {
    if (!isWindowsPart(name)) throw new Error(`no part ${name}`);
    for (const record of list) expect(addRecord(parts, name, record), name).toBeNull();
  }
  return parts;
}

function inventoryOf(records: Record<string, Record<string, unknown>[]>): ServerInventory {
  const inventory = windowsInventory(partsOf(records));
  // What the engagement keeps is exactly what was made here.
  expect(serverInventory.parse(inventory)).toEqual(inventory);
  return inventory;
}

describe('the inventory of a Windows server', () => {
  const inventory = inventoryOf(WINDOWS_RECORDS);

  it('says which server it is', () => {
    expect(inventory.identity).toEqual({
      name: 'srv-sql01',
      fqdn: 'srv-sql01.corp.example',
      smbiosUuid: '34353536-3538-5a43-3332-333430315448',
      serial: 'CZ32340XTH',
      macs: ['10:60:4b:92:a5:a8'],
    });
    expect(inventory).toMatchObject({
      vendor: 'HP',
      model: 'ProLiant DL380p Gen8',
      chassis: 'rack mount chassis',
      boardSerial: 'PBQ0X0A1S4X0ZZ',
      firmware: { kind: 'bios', vendor: 'HP', version: 'P70' },
    });
    expect(inventory.virtual).toBeUndefined();
  });

  it('counts processors by socket and leaves the firmware chip out of the memory', () => {
    expect(inventory.processors).toEqual([
      {
        model: 'Intel(R) Xeon(R) CPU E5-2640 0 @ 2.50GHz',
        vendor: 'GenuineIntel',
        sockets: 2,
        cores: 12,
        threads: 24,
        megahertz: 2500,
        architecture: 'x86_64',
        hardwareVirtualization: true,
        nestedPaging: true,
      },
    ]);
    expect(inventory.memoryBytes).toBe(64 * 2 ** 30);
    expect(inventory.memoryModules).toHaveLength(4);
    expect(inventory.memoryModules![0]).toEqual({
      slot: 'PROC 1 DIMM 1',
      bytes: 16 * 2 ** 30,
      type: 'DDR3',
      speed: 1600,
      vendor: 'HP',
      partNumber: '672631-B21',
    });
  });

  it('takes the true sizes of disks, their bus and which one starts Windows', () => {
    expect(inventory.disks).toMatchObject([
      { name: 'PhysicalDrive0', bytes: 299_966_445_568, bus: 'raid', system: true, partitionTable: 'mbr' },
      {
        name: 'PhysicalDrive1',
        bytes: 2 ** 40,
        bus: 'fc',
        system: false,
        partitionTable: 'gpt',
        wwn: '600c0ff0001a2b3c4d5e6f7001000000',
      },
    ]);
  });

  it('finds dynamic disks, and BitLocker whose protection is suspended', () => {
    expect(inventory.volumes).toMatchObject([
      {
        mountPoint: 'C:',
        kind: 'partition',
        disks: ['PhysicalDrive0'],
        label: '=HYPERLINK("x")',
        uuid: '1C2D3E4F',
      },
      { mountPoint: 'E:', kind: 'ldm', disks: ['PhysicalDrive1'], encryption: 'bitlocker' },
    ]);
    expect(inventory.volumes![0]!.encryption).toBeUndefined();
    expect(inventory.volumes![0]!.usedBytes).toBe(200_000_000_000);
  });

  it('finds the RAID controller and says that its disks stay unknown', () => {
    expect(inventory.raidControllers).toEqual([
      { name: 'Smart Array P420i Controller', address: '0000:03:00.0', driver: 'HpCISSs2 62.28.0.64' },
    ]);
    expect(inventory.gaps.map(({ part }) => part)).toEqual(['raidControllers.physicalDisks', 'disks.paths']);
  });

  it('joins the ports of a Fibre Channel adapter', () => {
    expect(inventory.hostBusAdapters).toEqual([
      {
        name: 'QLogic Corporation HPAJ764A',
        kind: 'fc',
        wwpns: ['50:01:43:80:18:6c:8f:2a', '50:01:43:80:18:6c:8f:28'],
        driver: 'ql2300.sys 9.1.10.28',
        speed: 8e9,
      },
    ]);
  });

  it('tells ports, teams and VLANs apart, and leaves out the plumbing of Windows', () => {
    expect(inventory.networkInterfaces!.map(({ name, kind }) => [name, kind])).toEqual([
      ['NIC1', 'physical'],
      ['NIC2', 'physical'],
      ['Team', 'bond'],
      ['Team - VLAN 120', 'vlan'],
    ]);
    const [first, second, team, vlan] = inventory.networkInterfaces!;
    expect(first).toMatchObject({
      address: '0000:02:00.1',
      speed: 1e9,
      up: true,
      mtu: 1500,
      driver: 'b57nd60a',
    });
    expect(first!.vlan).toBeUndefined();
    expect(second!.speed).toBeUndefined();
    expect(team).toMatchObject({
      members: ['NIC1', 'NIC2'],
      teamMode: 'lacp',
      gateway: '192.0.2.1',
      addresses: ['192.0.2.17/25', 'fe80::1/64'],
    });
    // A mask with holes is no prefix.
    expect(vlan).toMatchObject({ vlan: 120, members: ['Team'], dhcp: true, addresses: ['198.51.100.3'] });
  });

  it('knows which drivers this hardware needs to start', () => {
    const drivers = new Map(inventory.drivers!.map((driver) => [driver.name, driver]));
    expect(drivers.get('HpCISSs2')).toEqual({
      name: 'HpCISSs2',
      version: '62.28.0.64',
      vendor: 'Hewlett-Packard Company',
      path: 'System32\\drivers\\HpCISSs2.sys',
      startType: 'boot',
      loaded: true,
      bootCritical: true,
    });
    expect(drivers.get('megasas')!.bootCritical).toBe(false);
    expect(drivers.get('b57nd60a')).toMatchObject({ startType: 'manual', bootCritical: false });
    expect(drivers.has('Spooler')).toBe(false);
  });

  it('names devices by their identifiers', () => {
    expect(inventory.devices).toHaveLength(4);
    expect(inventory.devices![0]).toMatchObject({
      bus: 'pci',
      vendorId: '103c',
      deviceId: '323b',
      subsystemVendorId: '103c',
      subsystemId: '3354',
      classId: '010400',
      driver: 'HpCISSs2',
    });
    expect(inventory.devices![3]).toMatchObject({ bus: 'usb', vendorId: '0424', deviceId: '2660' });
  });

  it('names devices that have no subsystem', () => {
    const { devices } = inventoryOf({
      Win32_PnPEntity: [{ DeviceID: 'PCI\\VEN_8086&DEV_1C02&REV_05\\3&1' }],
    });
    expect(devices).toEqual([{ bus: 'pci', vendorId: '8086', deviceId: '1c02' }]);
  });

  it('knows what runs on it, whom it serves, and which agents stay behind', () => {
    expect(inventory.software!.map(({ name }) => name)).toEqual([
      'Microsoft SQL Server 2012 (64-bit)',
      'HP System Management Homepage',
    ]);
    // A service that is switched off makes no web server.
    expect(inventory.roles).toEqual(['database', '.NET Framework 4.5']);
    expect(inventory.vendorAgents).toEqual([
      { name: 'HP Insight Management Agents', vendor: 'HPE' },
      { name: 'HP System Management Homepage', vendor: 'HPE', version: '7.2.2.9' },
    ]);
    expect(inventory.listeners).toEqual([
      { protocol: 'tcp', address: '0.0.0.0', port: 1433, process: 'sqlservr.exe' },
      { protocol: 'udp', address: '::', port: 123 },
    ]);
    expect(inventory.connections).toMatchObject([{ remoteAddress: '192.0.2.40', process: 'sqlservr.exe' }]);
  });

  it('leaves away what was not collected, and is empty where there is none', () => {
    expect(inventoryOf({})).toEqual({ identity: { name: '', macs: [] }, gaps: [] });
    const parts: WindowsParts = { Uninstall: [], Win32_DiskDrive: [] };
    expect(windowsInventory(parts)).toMatchObject({ software: [], disks: [], vendorAgents: [] });
    expect(windowsInventory(parts).services).toBeUndefined();
  });

  it.each([
    ['VMware, Inc.', 'VMware7,1', 'VMware'],
    ['Microsoft Corporation', 'Virtual Machine', 'Hyper-V'],
    ['innotek GmbH', 'VirtualBox', 'VirtualBox'],
    ['QEMU', 'Standard PC (Q35 + ICH9, 2009)', 'KVM'],
    ['Xen', 'HVM domU', 'Xen'],
    ['Microsoft Corporation', 'Surface Laptop', undefined],
  ])('knows that %s %s is %s', (Manufacturer, Model, expected) => {
    expect(inventoryOf({ Win32_ComputerSystem: [{ Name: 'x', Manufacturer, Model }] }).virtual).toBe(
      expected,
    );
  });

  it('does not believe "no virtualisation" where a hypervisor hides it', () => {
    const Win32_Processor = [
      { Name: 'x', NumberOfCores: 1, VirtualizationFirmwareEnabled: false, MaxClockSpeed: 12_076 },
    ];
    const hidden = inventoryOf({ Win32_Processor, Win32_ComputerSystem: [{ HypervisorPresent: true }] });
    expect(hidden.processors![0]!.hardwareVirtualization).toBeUndefined();
    expect(hidden.processors![0]!.megahertz).toBeUndefined();
    expect(inventoryOf({ Win32_Processor }).processors![0]!.hardwareVirtualization).toBe(false);
  });
});

describe('records of the Windows collector', () => {
  it('cost only themselves when a property is of another type', () => {
    const parts: WindowsParts = {};
    expect(addRecord(parts, 'Win32_Service', { Name: 'a', Unknown: { deep: [1] } })).toBeNull();
    expect(addRecord(parts, 'Win32_Service', { Name: ['b'] })).toMatch(/Win32_Service.*Name/u);
    expect(addRecord(parts, 'Win32_Service', null)).toMatch(/Win32_Service/u);
    expect(addRecord(parts, 'Win32_DiskDrive', { Size: -1 })).toMatch(/Size/u);
    expect(addRecord(parts, 'Win32_DiskDrive', { Size: '12.5' })).toMatch(/Size/u);
    expect(parts.Win32_Service).toHaveLength(1);
  });
});

describe('texts of Windows', () => {
  it('reads both kinds of dates', () => {
    expect(windowsTime('20120220103145.468269+060')).toBe(Date.UTC(2012, 1, 20, 9, 31, 45));
    expect(windowsTime('2026-11-20T08:00:00Z')).toBe(Date.UTC(2026, 10, 20, 8));
    expect(windowsTime('20129920103145.468269+060')).toBeUndefined();
    expect(windowsTime('yesterday')).toBeUndefined();
  });

  it('reads serial numbers that come as swapped hexadecimal', () => {
    expect(diskSerial('42566332666666303539622d6632643731622031')).toBe('VB2cff0f95-b2f7db11');
    expect(diskSerial('WD-WCC4N1234567')).toBe('WD-WCC4N1234567');
    // Hexadecimal that is no text stays what it is.
    expect(diskSerial('600508b1001c4a8b9d2e3f405162738a')).toBe('600508b1001c4a8b9d2e3f405162738a');
  });
});
