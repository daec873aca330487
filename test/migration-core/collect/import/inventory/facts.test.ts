import { describe, expect, it } from 'vitest';
import { ansible } from '../../../../../migration-core/collect/import/inventory/ansible.ts';
import { facter } from '../../../../../migration-core/collect/import/inventory/facter.ts';
import { migrationPlanner } from '../../../../../migration-core/collect/import/inventory/migration-planner.ts';
import { ohai } from '../../../../../migration-core/collect/import/inventory/ohai.ts';
import { importers } from '../../../../../migration-core/collect/import/table.ts';
import { serverInventory } from '../../../../../migration-core/store/model/inventory.ts';
import { ANSIBLE, FACTER, OHAI, OLD_FACTER } from '../../../../support/facts.ts';
import { fileInput, folderInput, imported, NOW } from '../../../../support/import-input.ts';
import { hasShared, NEEDS_SHARED, sharedPath } from '../../../../support/shared.ts';
import { inputFromDisk } from '../../../../support/import-input.ts';

const json = (document: unknown): string => JSON.stringify(document, null, 4);

describe.each([
  ['ansible', ansible, ANSIBLE],
  ['facter', facter, FACTER],
  ['ohai', ohai, OHAI],
] as const)('facts of %s', (name, importer, document) => {
  it('give the same server', async () => {
    const { inventories, problems } = await imported(importer, fileInput('facts.json', json(document)));
    const [inventory] = inventories;
    expect(problems).toEqual([]);
    expect(serverInventory.parse(inventory)).toEqual(inventory);
    expect(inventory).toMatchObject({
      identity: {
        name: 'db01',
        fqdn: 'db01.corp.example',
        smbiosUuid: '4c4c4544-0058-4b10-8032-b7c04f4d344a',
        serial: '7XK2M4J',
        macs: ['00:21:9b:00:00:01'],
      },
      vendor: 'Dell Inc.',
      model: 'PowerEdge R710',
      firmware: { version: '6.6.0' },
      processors: [{ model: 'Intel(R) Xeon(R) CPU E5530 @ 2.40GHz', sockets: 2, cores: 8, threads: 16 }],
      disks: [{ name: 'sda', bytes: 599_550_590_976, model: 'PERC 6/i', rotational: true }],
      volumes: [{ mountPoint: '/', fileSystem: 'ext4' }],
      operatingSystem: { family: 'linux', id: 'centos', version: '6.10', build: '2.6.32-754.el6.x86_64' },
    });
    // A host of virtual machines is none itself.
    expect(inventory!.virtual).toBeUndefined();
    expect(inventory!.memoryBytes! / 2 ** 30).toBeCloseTo(47.1, 0);
    expect(inventory!.volumes).toHaveLength(1);
  });

  it('are known by no other importer as surely', () => {
    const sure = importers.map((one) => [one.id, one.recognise(fileInput('x', json(document)))] as const);
    const most = Math.max(...sure.map(([, how]) => how));
    expect(sure.filter(([, how]) => how === most)).toEqual([[importer.id, 3]]);
    expect(importer.recognise(fileInput('x', '{"other": 1}')), name).toBe(0);
  });
});

describe('facts of ansible', () => {
  it('come for many hosts in one file; those that were not reached are counted', async () => {
    const text = `web01 | SUCCESS => ${json(ANSIBLE)}\nweb02 | UNREACHABLE! => ${json({ msg: 'Failed "to" {connect' })}\nweb03 | SUCCESS => ${json({ ansible_facts: { ansible_hostname: 'web03' } })}\nweb04 | SUCCESS => {\n "ansible_facts": {`;
    const { inventories, problems, observedAt } = await imported(ansible, fileInput('out.txt', text));
    expect(inventories.map(({ identity }) => identity.name)).toEqual(['db01', 'web03']);
    expect(problems.map(({ at, excerpt }) => [at, excerpt])).toEqual([
      [2, 'web02'],
      [4, 'web04'],
    ]);
    expect(observedAt).toEqual([1_700_000_000_000, NOW]);
  });

  it('come as one file for each host', async () => {
    const { inventories, problems } = await imported(
      ansible,
      folderInput('facts', { web1: json(ANSIBLE), web2: '{', web3: json({ other: true }) }),
    );
    expect(inventories).toHaveLength(1);
    expect(problems).toHaveLength(2);
  });

  it('tell bonds, VLANs and their members', async () => {
    const { inventories } = await imported(ansible, fileInput('a', json(ANSIBLE)));
    expect(inventories[0]!.networkInterfaces).toMatchObject([
      { name: 'lo', kind: 'loopback' },
      { name: 'em1', mac: '00:21:9b:00:00:01', driver: 'bnx2', address: '0000:01:00.0', speed: 1e9 },
      {
        name: 'bond0',
        kind: 'bond',
        members: ['em1', 'em2'],
        teamMode: 'active-backup',
        addresses: ['192.0.2.10/24', 'fe80::1/64'],
        gateway: '192.0.2.1',
      },
      { name: 'bond0.12', kind: 'vlan', vlan: 12, members: ['bond0'], up: false },
    ]);
  });

  it('are data, whatever they are called', async () => {
    const hostile = {
      ansible_facts: {
        ansible_hostname: '<script>\u001b[2J',
        ansible_interfaces: ['__proto__', 'constructor', 7, null],
        ansible_devices: JSON.parse('{"__proto__": {"size": "1 GB"}}') as object,
        ansible_memtotal_mb: 1e300,
        ansible_processor_count: -1,
        ansible_mounts: 'none',
      },
    };
    const { inventories } = await imported(ansible, fileInput('a', json(hostile)));
    expect(inventories[0]!.identity.name).toBe('<script>\u001b[2J');
    expect(inventories[0]!.networkInterfaces).toEqual([]);
    expect(inventories[0]!.memoryBytes).toBeUndefined();
    expect(inventories[0]!.disks).toEqual([{ name: '__proto__', bytes: 2 ** 30 }]);
  });
});

describe('facts of facter', () => {
  it('of old versions are flat', async () => {
    const { inventories } = await imported(facter, fileInput('a', json(OLD_FACTER)));
    expect(inventories[0]).toMatchObject({
      identity: { name: 'db01', macs: ['00:50:56:aa:00:09'] },
      virtual: 'VMware',
      processors: [{ sockets: 2, threads: 4 }],
      networkInterfaces: [{ name: 'eth0', addresses: ['192.0.2.9/24'] }, { name: 'lo' }],
      disks: [{ name: 'sda', bytes: 40 * 2 ** 30 }],
      operatingSystem: { name: 'CentOS 6.10', family: 'linux' },
    });
    expect(inventories[0]!.memoryBytes).toBe(Math.round(7873.55 * 2 ** 20));
  });
});

describe('inventories of migration-planner', () => {
  it.skipIf(!hasShared)(
    `with sums alone are refused with what to import instead ${NEEDS_SHARED}`,
    async () => {
      const input = inputFromDisk(sharedPath('perf/rvtools/kubev2v-inventory.json'));
      expect(migrationPlanner.recognise(input)).toBe(3);
      await expect(imported(migrationPlanner, input)).rejects.toMatchObject({
        code: 'IMPORT_NOT_SUPPORTED',
        message: expect.stringContaining('10 machines') as string,
        next: expect.stringContaining('RVTools') as string,
      });
    },
  );

  it('give their hosts', async () => {
    const hosts = [{ id: 'host-1', cpuCores: 32, cpuSockets: 2, memoryMB: 1024, vendor: 'HPE' }, { id: {} }];
    const { inventories, problems } = await imported(
      migrationPlanner,
      fileInput('i.json', json({ inventory: { vms: { totalMigratable: 1 }, infra: { hosts } } })),
    );
    expect(inventories).toMatchObject([
      { identity: { name: 'host-1' }, vendor: 'HPE', memoryBytes: 2 ** 30, processors: [{ cores: 32 }] },
    ]);
    expect(problems).toHaveLength(1);
  });
});
