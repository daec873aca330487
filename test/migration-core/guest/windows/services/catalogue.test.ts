import { describe, expect, it } from 'vitest';
import {
  catalogueSchema,
  findKnownSoftware,
  isAtLeast,
  isKnownService,
  knownServices,
  windowsCatalogue,
} from '../../../../../migration-core/guest/windows/services/catalogue.ts';
import { findWindowsAgents } from '../../../../../migration-core/guest/windows/services/agents.ts';
import type { WindowsFacts, WindowsService } from '../../../../../migration-core/guest/windows/facts.ts';
import { openHive } from '../../../../../migration-core/registry/hive.ts';
import { emptyHive } from '../../../registry/build-hive.ts';
import { factsOf } from '../world.ts';

const service = (name: string, more: Partial<WindowsService> = {}): WindowsService => ({
  name,
  displayName: '',
  type: 16,
  start: 2,
  startOverride: null,
  image: '',
  group: '',
  file: null,
  ...more,
});
const factsWith = (services: WindowsService[], more: Partial<WindowsFacts> = {}): WindowsFacts => ({
  ...factsOf(openHive(emptyHive())),
  services,
  ...more,
});

describe('the catalogue', () => {
  const catalogue = windowsCatalogue();

  it('names every vendor and hypervisor the conversion is to know', () => {
    const vendors = catalogue.entries.map(({ vendor }) => vendor);
    for (const vendor of ['HPE', 'Dell', 'IBM', 'Lenovo', 'Supermicro', 'Fujitsu', 'Intel', 'Broadcom'])
      expect(vendors).toContain(vendor);
    for (const vendor of ['VMware', 'Oracle', 'Citrix and Xen', 'Parallels', 'QEMU', 'Microsoft', 'APC'])
      expect(vendors).toContain(vendor);
  });

  it('names no service twice, uses every source it explains, and has proofs that are regular expressions', () => {
    const known = catalogue.entries.flatMap(knownServices);
    const names = known.map(({ name }) => name.toLowerCase());
    expect(names.filter((name, at) => names.indexOf(name) !== at)).toEqual([]);
    const used = new Set([...known, ...catalogue.encryption].map(({ source }) => source));
    expect(Object.keys(catalogue.sources).filter((source) => !used.has(source))).toEqual([]);
    for (const { proof } of known)
      if (proof !== undefined) expect(() => new RegExp(proof, 'iu')).not.toThrow();
  });

  it('names nothing that Windows cannot start without', () => {
    const known = catalogue.entries.flatMap(knownServices);
    for (const name of [
      ...[
        'acpi',
        'atapi',
        'disk',
        'partmgr',
        'volmgr',
        'volsnap',
        'mountmgr',
        'ntfs',
        'pci',
        'pciide',
        'intelide',
      ],
      ...['msahci', 'storahci', 'stornvme', 'LSI_SAS', 'LSI_SCSI', 'symmpi', 'pvscsi', 'viostor', 'vioscsi'],
      ...['vmbus', 'storvsc', 'storflt', 'netvsc', 'kbdclass', 'mouclass', 'i8042prt', 'mpio', 'msdsm'],
      ...['megasas', 'HpCISSs2', 'percsas2', 'iaStorV', 'iaStorAVC', 'vmmouse', 'vmxnet3', 'vmscsi'],
    ])
      expect(
        known.filter((one) => isKnownService(one, name, [`system32\\drivers\\${name}.sys`, name])),
        name,
      ).toEqual([]);
  });

  it('refuses a name without certainty or proof', () => {
    const [first] = catalogue.entries;
    const bad = (services: unknown[]): boolean =>
      catalogueSchema.safeParse({ ...catalogue, entries: [{ ...first, services }] }).success;
    expect(bad([{ name: 'hpsvc', source: 'field' }])).toBe(true);
    expect(bad([{ name: 'hpsvc*', source: 'field' }])).toBe(false);
    expect(bad([{ name: 'hpsvc', source: 'not-seen' }])).toBe(false);
    expect(bad([{ name: 'hpsvc', source: 'nowhere' }])).toBe(false);
    expect(bad([])).toBe(false);
    expect(catalogueSchema.safeParse({ ...catalogue, entries: [first, first] }).success).toBe(false);
  });
});

describe('what is found', () => {
  it('is proved where its name alone says little', () => {
    const found = (services: WindowsService[]): string[] =>
      findWindowsAgents(factsWith(services)).flatMap((agent) => [agent.id, ...agent.services]);
    expect(found([service('cqmghost')])).toEqual(['hpe-insight-agents', 'cqmghost']);
    expect(found([service('sysdown')])).toEqual([]);
    expect(found([service('sysdown', { displayName: 'HP ProLiant System Shutdown Service' })])).toEqual([
      'hpe-proliant-drivers',
      'sysdown',
    ]);
    expect(found([service('Server Administrator', { image: 'C:\\Tools\\admin.exe' })])).toEqual([]);
    expect(
      found([
        service('Server Administrator', { displayName: 'DSM SA Connection Service' }),
        service('dcstor64', {
          image: '"C:\\Program Files\\Dell\\SysMgt\\dataeng\\bin\\dsm_sa_datamgr64.exe"',
        }),
      ]),
    ).toEqual(['dell-openmanage', 'Server Administrator', 'dcstor64']);
  });

  it('leaves parts of Windows, and multipath software where disks have several paths', () => {
    const sleeping = [service('vmicheartbeat', { start: 3 })];
    expect(findKnownSoftware(factsWith(sleeping, { ntVersion: '10.0' }))).toEqual([]);
    expect(findKnownSoftware(factsWith(sleeping, { ntVersion: '5.2' })).map(({ entry }) => entry.id)).toEqual(
      ['hyperv-integration'],
    );
    const powerPath = [service('EmcpBase', { image: 'system32\\DRIVERS\\EmcpBase.sys' })];
    const disk = { description: '', service: 'disk', classGuid: '', hardwareIds: [], bootCritical: true };
    const paths = [{ ...disk, instance: 'MPIO\\Disk&Ven_EMC&Prod_SYMMETRIX\\1&7f6ac24' }];
    expect(findKnownSoftware(factsWith(powerPath)).map(({ entry }) => entry.id)).toEqual(['emc-powerpath']);
    expect(findKnownSoftware(factsWith(powerPath, { storage: paths }))).toEqual([]);
  });

  it('compares versions by their numbers', () => {
    expect(isAtLeast('10.0', 6, 1)).toBe(true);
    expect(isAtLeast('6.0', 6, 1)).toBe(false);
    expect(isAtLeast('', 6, 1)).toBe(false);
    expect(isAtLeast('6.1.7601', 6, 1)).toBe(false);
  });
});
