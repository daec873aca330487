import { describe, expect, it } from 'vitest';
import { inventorySheet } from '../../../../../migration-core/collect/import/inventory/inventory-sheet.ts';
import { importers } from '../../../../../migration-core/collect/import/table.ts';
import { serverInventory } from '../../../../../migration-core/store/model/inventory.ts';
import { fileInput, imported } from '../../../../support/import-input.ts';
import { workbook } from '../../../../support/workbook.ts';

const GIB = 2 ** 30;

describe('a list of servers', () => {
  it('is found in a workbook below its title, by the names of columns', async () => {
    const bytes = workbook({
      Details: [
        ['This export was made', 'by a tool'],
        ['Version', '7'],
      ],
      Servers: [
        ['Customer: Example'],
        [
          'Server Name',
          'Operating System',
          'Manufacturer',
          'Model',
          'Serial Number',
          'CPU Description',
          'CPU Sockets',
          'CPU Cores',
          'CPU Speed (GHz)',
          'Net Memory (GiB)',
          'Used and Free Local Capacity (GiB)',
          'Used Local Capacity (GiB)',
          'Hypervisor',
          'IP Address',
        ],
        [
          'fs01.corp.example',
          'Microsoft Windows Server 2008 R2',
          'HP',
          'ProLiant DL380 G7',
          'CZJ0210001',
          'Intel(R) Xeon(R) X5650',
          '2',
          '12',
          '2.67',
          '47.99',
          '1,024.5',
          '700',
          '',
          '192.0.2.4, 192.0.2.5',
        ],
        ['', 'Linux', '', '', '', '', '', '4', '', '8', '', '', '', ''],
        ['vm7', 'Ubuntu 20.04', '', '', '', '', '', '2', '', '4', '', '', 'VMware ESXi', ''],
      ],
    });
    const { inventories, problems } = await imported(inventorySheet, fileInput('liveoptics.xlsx', bytes));
    for (const inventory of inventories) expect(serverInventory.parse(inventory)).toEqual(inventory);
    expect(inventories).toHaveLength(2);
    expect(inventories[0]).toMatchObject({
      identity: { name: 'fs01.corp.example', fqdn: 'fs01.corp.example', serial: 'CZJ0210001' },
      model: 'ProLiant DL380 G7',
      processors: [{ model: 'Intel(R) Xeon(R) X5650', sockets: 2, cores: 12, megahertz: 2670 }],
      memoryBytes: Math.round(47.99 * GIB),
      disks: [{ bytes: 1024.5 * GIB }],
      volumes: [{ usedBytes: 700 * GIB }],
      networkInterfaces: [{ addresses: ['192.0.2.4', '192.0.2.5'] }],
      operatingSystem: { family: 'windows' },
    });
    expect(inventories[0]!.virtual).toBeUndefined();
    expect(inventories[1]).toMatchObject({ virtual: 'VMware ESXi', operatingSystem: { family: 'linux' } });
    expect(problems).toEqual([{ at: 4, unit: 'row', message: 'Servers: the row has no name of a server.' }]);
  });

  it.each([
    ['Hostname;vCPU;RAM (MB)\nweb;4;16384', 16],
    ['Hostname;vCPU;RAM\nweb;4;16', 16],
    ['Hostname;vCPU;RAM\nweb;4;65536', 64],
    ['Hostname;vCPU;RAM (TiB)\nweb;4;0,5', 512],
    ['Hostname\tvCPU\tMemory [GB]\nweb\t4\t1.024', 1024],
  ])('takes units from names and numbers as people write them: %j', async (text, gib) => {
    const input = fileInput('servers.csv', text);
    expect(inventorySheet.recognise(input)).toBe(2);
    const { inventories } = await imported(inventorySheet, input);
    expect(inventories[0]).toMatchObject({ memoryBytes: gib * GIB, processors: [{ cores: 4 }] });
  });

  it('names the columns that it does not know, and rows that only a name could tell apart', async () => {
    const text =
      'Name;Seriennummer;Memory (GB);Cores;Kerne\nfibu01;CZ1;64;4;4\nFIBU01;CZ2;32;4;4\nweb;CZ3;8;2;2\n';
    const { inventories, problems } = await imported(inventorySheet, fileInput('servers.csv', text));
    expect(inventories).toHaveLength(3);
    expect(problems).toEqual([
      {
        at: 0,
        unit: 'row',
        message:
          '2 columns have names that are not known and were left out: Seriennummer, Kerne. Names that are known are "Manufacturer", "Model", "Serial number", "Cores" and "Operating system", for example.',
      },
      {
        at: 3,
        unit: 'row',
        message:
          'Row 2 names the server FIBU01 too, and no serial number or UUID tells them apart: both rows were taken for one server.',
      },
    ]);
  });

  it.each([
    ['the same serial number, said twice', 'Hostname,vCPU,Serial number\nweb,4,A1B2C3\nweb,4,a1b2c3'],
    ['names that differ', 'Hostname,vCPU,Serial number\nweb,4,A1B2C3\nweb2,4,A1B2C4'],
  ])('says nothing of rows with %s', async (_, text) => {
    const { problems } = await imported(inventorySheet, fileInput('servers.csv', text));
    expect(problems).toEqual([]);
  });

  it.each([
    ['serial numbers', 'Hostname,vCPU,Serial number\nweb,4,A1B2C3\nWeb,2,A1B2C4\nweb,2,A1B2C5'],
    ['domains', 'Hostname,vCPU,FQDN\nweb,4,web.a.example\nweb,4,web.b.example'],
  ])('says once that a name is that of several servers, told apart by %s', async (_, text) => {
    const { problems } = await imported(inventorySheet, fileInput('servers.csv', text));
    expect(problems).toEqual([
      {
        at: 0,
        unit: 'row',
        message:
          'Several servers have the same name and were told apart by serial number, UUID or domain: web. What is measured under the name alone may be of any of them; look at it before you rely on it.',
      },
    ]);
  });

  it('takes a 0 for not known, and says which numbers it could not read', async () => {
    const text =
      'Server name;Cores;Memory (GB);Disk (GB);Disk used\na;0;0;0;0\nb;-4;abc;1e99;\nc;n/a;?;-;\nd;4;16 GB;1.024,5;3\n';
    const { inventories, problems } = await imported(inventorySheet, fileInput('servers.csv', text));
    const [a, b, c, d] = inventories;
    for (const one of [a, b, c]) {
      expect(one!.memoryBytes).toBeUndefined();
      expect(one!.disks).toBeUndefined();
      expect(one!.processors).toBeUndefined();
    }
    expect(d).toMatchObject({
      memoryBytes: 16 * GIB,
      disks: [{ bytes: 1024.5 * GIB }],
      processors: [{ cores: 4 }],
    });
    expect(problems.map(({ at, message }) => `${at}: ${message}`)).toEqual([
      '2: Cores: "0" was taken for not known.',
      '2: Memory: "0" was taken for not known.',
      '2: Disk: "0" was taken for not known.',
      '3: Cores: "-4" is no number and was left out.',
      '3: Memory: "abc" is no number and was left out.',
      '3: Disk: "1e99" is no number and was left out.',
    ]);
  });

  it('is refused where no column is known, with the names that are', async () => {
    const input = fileInput('prices.csv', 'article,price\nscrew,1');
    expect(inventorySheet.recognise(input)).toBe(0);
    await expect(imported(inventorySheet, input)).rejects.toMatchObject({ code: 'IMPORT_DAMAGED' });
  });

  it('is not taken for one of RVTools', () => {
    const input = fileInput('x.csv', 'Hostname,vCPU,RAM\nweb,4,16');
    const how = (id: string): number => importers.find((one) => one.id === id)!.recognise(input);
    expect(how('inventory-sheet')).toBe(2);
    expect(how('rvtools')).toBe(0);
    // The importer of any CSV takes only what nobody else knows.
    for (const { id } of importers) if (id !== 'inventory-sheet') expect(how(id), id).toBeLessThan(2);
  });
});
