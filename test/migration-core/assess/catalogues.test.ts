/** Platforms, architectures, operating systems and roles: what came with the program, held against what it is about. */
import { describe, expect, it } from 'vitest';
import { architectureOf, platformById, shippedPlatforms } from '../../../migration-core/assess/platforms.ts';
import {
  isThirtyTwoBit,
  isYoung,
  notAGuest,
  releaseOf,
} from '../../../migration-core/assess/operating-systems.ts';
import { clusterSupport, rolesOf } from '../../../migration-core/assess/roles.ts';
import { ARCHITECTURES } from '../../../migration-core/assess/model/platform.ts';
import type { OperatingSystem } from '../../../migration-core/store/model/inventory.ts';
import type { VirtualMachine } from '../../../migration-core/target/machine.ts';
import { targets } from '../../../migration-core/target/table.ts';
import { annotationsOf, inventoryOf, NOW } from './support.ts';

describe('platforms', () => {
  const machine = (target: (typeof targets)[number], change: Partial<VirtualMachine>): VirtualMachine => ({
    name: 'web01',
    uuid: '6e9bd7c0-64a8-4c6c-8f5b-1d1e7b6f2a10',
    cpus: 1,
    memoryMiB: 1024,
    firmware: 'uefi',
    architecture: 'x86_64',
    os: { id: 'debian', version: '12', name: 'Debian 12' },
    clock: 'utc',
    disks: [
      { file: 'web01-disk0', format: target.formats[0]!, size: 2 ** 30, bus: target.buses[0]!, unit: 0 },
    ],
    nics: [],
    ...change,
  });
  const codes = (target: (typeof targets)[number], change: Partial<VirtualMachine>): string[] =>
    target
      .check(machine(target, change))
      .filter(({ severity }) => severity === 'blocker')
      .map(({ code }) => code);

  it.each(targets)('$id: its limits are those of the target that is converted for', (target) => {
    const profile = platformById(target.id);
    expect(codes(target, { cpus: profile.maxVcpus, memoryMiB: profile.maxMemoryBytes / 2 ** 20 })).toEqual(
      [],
    );
    expect(codes(target, { cpus: profile.maxVcpus + 1 })).toContain('TARGET_CPUS');
    expect(codes(target, { memoryMiB: profile.maxMemoryBytes / 2 ** 20 + 1 })).toContain('TARGET_MEMORY');
    const disk = (size: number) => ({ disks: [{ ...machine(target, {}).disks[0]!, size }] });
    expect(codes(target, disk(profile.maxDiskBytes))).toEqual([]);
    const nics = (count: number) => ({
      nics: Array.from({ length: count }, (_, at) => ({
        model: target.nicModels[0]!,
        mac: `52:54:00:00:00:${(at + 16).toString(16)}`,
        guestName: null,
        mode: 'isolated' as const,
        network: null,
        vlan: null,
      })),
    });
    expect(codes(target, nics(profile.maxNics))).not.toContain('TARGET_TOO_MANY_NICS');
    expect(codes(target, nics(profile.maxNics + 1)).join()).toMatch(/NIC/u);
    if (profile.bios !== undefined) {
      expect(codes(target, { firmware: 'bios', cpus: profile.bios.maxVcpus + 1 })).toContain('TARGET_CPUS');
      expect(
        codes(target, { firmware: 'bios', memoryMiB: profile.bios.maxMemoryBytes / 2 ** 20 + 1 }),
      ).toContain('TARGET_MEMORY');
    }
    // One of its buses holds that many disks, and none holds more.
    const room = target.buses.map((bus) => {
      const fits = (count: number): boolean => {
        const disks = Array.from({ length: count }, (_, unit) => ({
          file: `d${unit}`,
          format: target.formats[0]!,
          size: 2 ** 30,
          bus,
          unit,
        }));
        return !codes(target, { firmware: 'bios', disks }).includes('TARGET_TOO_MANY_DISKS');
      };
      return { most: fits(profile.maxDisks), more: fits(profile.maxDisks + 1) };
    });
    expect(room.some(({ most }) => most)).toBe(true);
  });

  it('has those of 2007 and of containers besides', () => {
    expect([...shippedPlatforms().keys()].sort()).toEqual(
      [...targets.map(({ id }) => id), 'container', 'full-virtualization-2007'].sort(),
    );
    expect(platformById('full-virtualization-2007')).toMatchObject({
      architecture: 'full',
      nestedPaging: false,
      devices: 'emulated',
      maxDisks: 60,
    });
  });

  it('refuses a platform that is not there, and names those that are', () => {
    expect(() => platformById('constructor')).toThrow('There is no platform constructor.');
  });

  it('knows what each architecture is good for', () => {
    for (const id of ARCHITECTURES) expect(architectureOf(id).environments).toContain('test');
    expect(architectureOf('full').environments).not.toContain('production');
    expect([
      architectureOf('os').isolation,
      architectureOf('full').isolation,
      architectureOf('hardware-assisted').isolation,
    ]).toEqual([1, 2, 3]);
  });
});

const os = (name: string, more: Partial<OperatingSystem> = {}): OperatingSystem => ({
  family: /windows/iu.test(name) ? 'windows' : 'linux',
  name,
  ...more,
});

describe('operating systems', () => {
  it.each([
    ['Microsoft Windows Server 2012 R2 Standard', {}, 'Windows Server 2012 R2', '2023-10-10'],
    ['Microsoft® Windows Server® 2008 Enterprise', {}, 'Windows Server 2008', '2020-01-14'],
    ['Microsoft(R) Windows(R) Server 2003, Standard x64 Edition', {}, 'Windows Server 2003', '2015-07-14'],
    ['Microsoft Windows Server 2003 R2 (32-bit)', {}, 'Windows Server 2003 R2', '2015-07-14'],
    ['Windows Server Standard', { build: '20348' }, 'Windows Server 2022', '2031-10-14'],
    ['Windows 11 Pro', { build: '26100' }, null, null],
    ['Microsoft Windows NT Server 4.0', {}, 'Windows NT 4.0', '2004-12-31'],
    ['Red Hat Enterprise Linux 7 (64-bit)', {}, 'Red Hat Enterprise Linux 7', '2024-06-30'],
    [
      'Red Hat Enterprise Linux Server release 6.10 (Santiago)',
      { id: 'rhel', version: '6.10' },
      'Red Hat Enterprise Linux 6',
      '2020-11-30',
    ],
    ['CentOS Stream 9', { id: 'centos', version: '9' }, 'CentOS Stream 9', '2027-05-31'],
    ['CentOS 4/5 or later (64-bit)', {}, 'CentOS Linux 4', '2012-02-29'],
    ['Oracle Linux Server 8.9', { id: 'ol', version: '8.9' }, 'Oracle Linux 8', '2029-07-31'],
    [
      'SUSE Linux Enterprise Server 12 SP5',
      { id: 'sles', version: '12.5' },
      'SUSE Linux Enterprise Server 12',
      '2024-10-31',
    ],
    ['Ubuntu 20.04.6 LTS', { id: 'ubuntu', version: '20.04' }, 'Ubuntu 20.04', '2025-05-31'],
    ['Ubuntu 21.10', { id: 'ubuntu', version: '21.10' }, null, null],
    ['Ubuntu Linux (64-bit)', {}, null, null],
    ['Debian GNU/Linux 12 (bookworm)', { id: 'debian', version: '12.5' }, 'Debian 12', '2028-06-30'],
    ['Debian GNU/Linux 1', { id: 'debian', version: '1' }, null, null],
    ['Gentoo Linux', { id: 'gentoo' }, null, null],
  ] as const)('%s', (name, more, title, ends) => {
    const release = releaseOf(os(name, more));
    expect(release?.title ?? null).toBe(title);
    if (ends !== null) expect(release?.endsOn).toBe(ends);
  });

  it('knows those that are no guests', () => {
    expect(notAGuest(os('VMware ESXi 8.0'))).toBe(
      'It is a hypervisor, not a system that runs in a virtual machine.',
    );
    expect(notAGuest(os('AIX 7.2'))).toBe('It runs on processors of its vendor only.');
    expect(notAGuest(os('Debian GNU/Linux 12'))).toBeNull();
  });

  it('tells 32 bits from 64, and from not knowing', () => {
    expect(isThirtyTwoBit(os('Debian', { architecture: 'i686' }))).toBe(true);
    expect(isThirtyTwoBit(os('Debian', { architecture: 'x86_64' }))).toBe(false);
    expect(isThirtyTwoBit(os('CentOS 4/5 (32-bit)'))).toBe(true);
    expect(isThirtyTwoBit(os('Debian'))).toBeNull();
  });

  it('counts four years from the release, or to the end of its first phase of support', () => {
    const trixie = releaseOf(os('Debian GNU/Linux 13', { id: 'debian', version: '13' }))!;
    const jammy = releaseOf(os('Ubuntu 22.04', { id: 'ubuntu', version: '22.04' }))!;
    const rhel9 = releaseOf(os('Red Hat Enterprise Linux 9.4', { id: 'rhel', version: '9.4' }))!;
    expect([trixie, jammy, rhel9].map((one) => isYoung(one, 4, NOW))).toEqual([true, false, true]);
    expect(isYoung(trixie, 4, Date.UTC(2020, 0, 1))).toBe(false);
  });
});

describe('roles', () => {
  const roles = (change: Parameters<typeof inventoryOf>[0]) =>
    rolesOf(
      inventoryOf({
        roles: undefined,
        services: undefined,
        software: undefined,
        listeners: undefined,
        ...change,
      }),
    );

  it('reads the words of Windows, of sheets and of collectors alike', () => {
    expect(
      roles({ roles: ['Web Server (IIS)', 'domain controller', 'DB', 'Print and Document Services'] }).roles,
    ).toEqual(['database', 'domain-controller', 'print', 'web']);
  });
  it('sees services that run, programs that listen and software that is installed', () => {
    expect(
      roles({
        services: [
          { name: 'MSSQL$PROD', running: true },
          { name: 'W3SVC', running: false },
        ],
      }).roles,
    ).toEqual(['database']);
    expect(
      roles({ listeners: [{ protocol: 'tcp', address: '0.0.0.0', port: 1521, process: 'tnslsnr' }] }).roles,
    ).toEqual(['database']);
    expect(roles({ software: [{ name: 'Microsoft Exchange Server 2016' }] }).roles).toEqual(['mail']);
  });
  it('keeps words that are in no list, and knows when it knows nothing', () => {
    expect(roles({ roles: ['__proto__', 'Lagerverwaltung'] }).roles).toEqual([
      'Lagerverwaltung',
      '__proto__',
    ]);
    expect(roles({}).known).toBe(false);
    expect(rolesOf(null).known).toBe(false);
  });
  it('takes the weakest of several applications for what can be clustered', () => {
    const support = (change: Parameters<typeof inventoryOf>[0]) =>
      clusterSupport(roles(change), annotationsOf(), ['database', 'mail', 'erp']).support;
    expect(support({ services: [{ name: 'mysqld', running: true }] })).toBe('native');
    expect(
      support({
        services: [
          { name: 'mysqld', running: true },
          { name: 'postgresql@14-main', running: true },
        ],
      }),
    ).toBe('os-cluster');
    expect(
      support({
        services: [
          { name: 'mysqld', running: true },
          { name: 'firebird3.0', running: true },
        ],
      }),
    ).toBe('none');
    expect(support({ roles: ['erp'], services: [{ name: 'mysqld', running: true }] })).toBe('unknown');
    expect(clusterSupport(roles({}), annotationsOf({ clustering: 'native' }), []).support).toBe('native');
  });
});
