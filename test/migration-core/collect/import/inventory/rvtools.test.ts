import { describe, expect, it } from 'vitest';
import { rvtools } from '../../../../../migration-core/collect/import/inventory/rvtools.ts';
import { csvRows } from '../../../../../migration-core/collect/import/inventory/sheets.ts';
import { serverInventory } from '../../../../../migration-core/store/model/inventory.ts';
import { fileInput, folderInput, imported } from '../../../../support/import-input.ts';
import { workbook } from '../../../../support/workbook.ts';

const HOSTS = [
  [
    'Host',
    'CPU Model',
    'Speed',
    '# CPU',
    'Cores per CPU',
    '# Cores',
    'HT Active',
    '# Memory',
    'ESX Version',
    'Vendor',
    'Model',
    'Service tag',
    'UUID',
  ],
  [
    'esx1.corp.example',
    'Intel(R) Xeon(R) Gold 6130 CPU @ 2.10GHz',
    '2095',
    '2',
    '16',
    '32',
    'True',
    '392886',
    'VMware ESXi 7.0.3 build-19193900',
    'Dell Inc.',
    'PowerEdge R740',
    'ABC1234',
    '4c4c4544-0042-4310-8031-c3c04f333332',
  ],
];
/** As version 3 wrote it: MB where MiB is meant, no identifiers. */
const OLD = {
  vInfo: [
    ['VM', 'Powerstate', 'Template', 'DNS Name', 'CPUs', 'Memory', 'Firmware', 'OS', 'Host', 'VM UUID'],
    [
      'web',
      'poweredOn',
      'False',
      'web.corp.example',
      '2',
      '4096',
      'bios',
      'Microsoft Windows Server 2008 R2 (64-bit)',
      'esx1.corp.example',
      '42302a1b-0c5d-4e6f-8a9b-0c1d2e3f4a5b',
    ],
    ['master', 'poweredOff', 'True', '', '1', '1024', 'bios', '', '', ''],
    ['', 'poweredOn', 'False', '', '1', '1', '', '', '', ''],
  ],
  vDisk: [
    ['VM', 'Disk', 'Capacity MB', 'Controller'],
    ['web', 'Hard disk 1', '40960', 'LSI Logic SAS'],
    ['web', 'Hard disk 2', 'a lot', ''],
    ['gone', 'Hard disk 1', '1', ''],
    ['master', 'Hard disk 1', '1', ''],
  ],
  vHost: HOSTS,
};
/** As version 4 writes it. Two machines of one name are told apart by their identifier. */
const NEW = {
  vInfo: [
    [
      'VM',
      'Powerstate',
      'CPUs',
      'Memory',
      'Firmware',
      'EFI Secure boot',
      'Host',
      'VM ID',
      'VM UUID',
      'SMBIOS UUID',
      'OS according to the VMware Tools',
    ],
    [
      'twin',
      'poweredOn',
      '1',
      '1024',
      'efi',
      'True',
      'esx1.corp.example',
      'vm-1',
      '500b85c1-ef0d-37fb-6897-61c47157f858',
      '420b85c1-ef0d-37fb-6897-61c47157f858',
      '=cmd|calc',
    ],
    [
      'twin',
      'poweredOn',
      '8',
      '65,536',
      'efi',
      'True',
      'esx1.corp.example',
      'vm-2',
      '500b85c1-ef0d-37fb-6897-61c47157f859',
      '',
      '',
    ],
  ],
  vCPU: [
    ['VM', 'CPUs', 'Sockets', 'VM ID'],
    ['twin', '8', '2', 'vm-2'],
  ],
  vMemory: [
    ['VM', 'Size MiB', 'VM ID'],
    ['twin', '65536', 'vm-2'],
  ],
  vDisk: [
    ['VM', 'Disk', 'Capacity MiB', 'VM ID'],
    ['twin', 'Hard disk 1', '10', 'vm-2'],
    ['twin', 'Hard disk 1', '20', 'vm-1'],
  ],
  vPartition: [
    ['VM', 'Disk', 'Capacity MiB', 'Consumed MiB', 'VM ID'],
    ['twin', 'C:\\', '9', '3', 'vm-2'],
  ],
  vNetwork: [
    ['VM', 'NIC label', 'Mac Address', 'IPv4 Address', 'Connected', 'VM ID'],
    ['twin', 'Network adapter 1', '00:50:56:AA:00:01', '192.0.2.5, 192.0.2.6', 'True', 'vm-2'],
  ],
  vHost: HOSTS,
  vHBA: [
    ['Host', 'Device', 'Type', 'Driver', 'Model', 'WWN'],
    [
      'esx1.corp.example',
      'vmhba2',
      'Fibre Channel',
      'qlnativefc',
      'ISP2532',
      '20000024ff123456 21000024ff123456',
    ],
    ['esx9', 'vmhba0', 'SCSI', '', '', ''],
  ],
  vNIC: [
    ['Host', 'Network Device', 'Driver', 'Speed', 'MAC'],
    ['esx1.corp.example', 'vmnic0', 'ixgben', '10000', 'f8:f2:1e:00:00:10'],
  ],
};

const csv = (rows: string[][], separator: string): string =>
  rows
    .map((row) =>
      row.map((cell) => (/[",;\n]/u.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell)).join(separator),
    )
    .join('\r\n');

describe('RVTools exports', () => {
  it('of version 3 give machines with their disks, and hosts; templates are no servers', async () => {
    const input = fileInput('RVTools_export_all.xlsx', workbook(OLD, { shared: true }));
    expect(rvtools.recognise(input)).toBe(3);
    const { inventories, problems } = await imported(rvtools, input);
    expect(inventories).toHaveLength(2);
    const [host, web] = inventories;
    expect(host).toMatchObject({
      identity: { name: 'esx1', fqdn: 'esx1.corp.example', serial: 'ABC1234' },
      model: 'PowerEdge R740',
      processors: [{ sockets: 2, cores: 32, threads: 64, megahertz: 2095 }],
      memoryBytes: 392_886 * 2 ** 20,
      operatingSystem: { id: 'esxi', version: '7.0.3', build: '19193900' },
      roles: ['hypervisor'],
    });
    expect(host!.virtual).toBeUndefined();
    expect(web).toMatchObject({
      identity: { name: 'web', fqdn: 'web.corp.example', smbiosUuid: '42302a1b-0c5d-4e6f-8a9b-0c1d2e3f4a5b' },
      virtual: 'VMware ESXi 7.0.3 build-19193900',
      processors: [{ model: 'Intel(R) Xeon(R) Gold 6130 CPU @ 2.10GHz', cores: 2 }],
      memoryBytes: 4 * 2 ** 30,
      disks: [{ name: 'Hard disk 1', bytes: 40 * 2 ** 30 }],
      operatingSystem: { family: 'windows' },
    });
    expect(problems.map(({ at, message }) => [at, message])).toEqual([
      [3, 'vInfo: master is a template and no server.'],
      [4, 'vInfo: the row has no name of a virtual machine.'],
      [3, 'vDisk: the capacity of a disk is no number.'],
      [4, 'vDisk: its virtual machine is not in vInfo.'],
    ]);
  });

  it('of version 4 tell machines of one name apart', async () => {
    const { inventories, problems } = await imported(rvtools, fileInput('a.xlsx', workbook(NEW)));
    const [host, one, two] = inventories;
    expect(problems).toEqual([]);
    for (const inventory of inventories) expect(serverInventory.parse(inventory)).toEqual(inventory);
    expect(host!.hostBusAdapters).toEqual([
      { name: 'ISP2532', kind: 'fc', wwpns: ['21:00:00:24:ff:12:34:56'], driver: 'qlnativefc' },
    ]);
    expect(host!.networkInterfaces).toMatchObject([{ name: 'vmnic0', speed: 1e10 }]);
    expect(one!.disks).toEqual([{ name: 'Hard disk 1', bytes: 20 * 2 ** 20 }]);
    expect(one!.identity.smbiosUuid).toBe('420b85c1-ef0d-37fb-6897-61c47157f858');
    expect(one!.operatingSystem).toEqual({ family: 'other', name: '=cmd|calc' });
    expect(two).toMatchObject({
      firmware: { kind: 'uefi', secureBoot: true },
      processors: [{ sockets: 2, cores: 8 }],
      // "65,536" is no number; vMemory has it.
      memoryBytes: 64 * 2 ** 30,
      disks: [{ bytes: 10 * 2 ** 20 }],
      volumes: [{ mountPoint: 'C:\\', usedBytes: 3 * 2 ** 20 }],
      networkInterfaces: [{ mac: '00:50:56:aa:00:01', addresses: ['192.0.2.5', '192.0.2.6'], up: true }],
    });
    // The identifier of vCenter is no UUID of a machine.
    expect(two!.identity.smbiosUuid).toBeUndefined();
  });

  it.each([',', ';', '\t'])('as CSV files separated by "%s" give the same', async (separator) => {
    const files = Object.fromEntries(
      Object.entries(NEW).map(([name, rows]) => [`RVTools_tab${name}.csv`, `\ufeff${csv(rows, separator)}`]),
    );
    const input = folderInput('export', files);
    expect(rvtools.recognise(input)).toBe(3);
    const expected = await imported(rvtools, fileInput('a.xlsx', workbook(NEW)));
    expect(await imported(rvtools, input)).toEqual(expected);
  });

  it('of one CSV file are known by their columns', async () => {
    const input = fileInput('anything.csv', csv(NEW.vInfo, ';'));
    expect(rvtools.recognise(input)).toBe(3);
    expect((await imported(rvtools, input)).inventories).toHaveLength(2);
  });

  it('are refused when they are something else, or a bomb', async () => {
    const refuse = (bytes: Buffer): Promise<unknown> => imported(rvtools, fileInput('a.xlsx', bytes));
    await expect(refuse(workbook({ Sheet1: [['a', 'b']] }))).rejects.toMatchObject({
      code: 'IMPORT_DAMAGED',
    });
    await expect(refuse(Buffer.from('PK\x03\x04'))).rejects.toMatchObject({ code: 'IMPORT_DAMAGED' });
    const sheet = 'xl/worksheets/sheet1.xml';
    const bomb = workbook(NEW, { files: { [sheet]: `<worksheet>${' '.repeat(64 << 20)}</worksheet>` } });
    await expect(refuse(bomb)).rejects.toMatchObject({ code: 'IMPORT_NOT_SUPPORTED' });
    const laughs = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><worksheet>&b;</worksheet>';
    await expect(refuse(workbook(NEW, { files: { [sheet]: laughs } }))).rejects.toMatchObject({
      code: 'IMPORT_DAMAGED',
    });
    await expect(refuse(workbook(NEW, { files: { [sheet]: '<worksheet><row>' } }))).rejects.toMatchObject({
      code: 'IMPORT_DAMAGED',
    });
  });
});

describe('CSV of strangers', () => {
  it('is read with quotes, line ends of any kind, and an open quote at the end', () => {
    expect([...csvRows('a,b\r\n"x ""y"", z",1\n\n"two\nlines",2\r"junk"x,3\n"open')]).toEqual([
      ['a', 'b'],
      ['x "y", z', '1'],
      ['two\nlines', '2'],
      ['junk', '3'],
      ['open'],
    ]);
  });
});
