/** Drivers that are not wanted, packages that cannot be used, and signatures that Windows does not take. */
import { describe, expect, it } from 'vitest';
import type { DriverPackage } from '../../../../../migration-core/guest/windows/driver-package.ts';
import { injectDrivers } from '../../../../../migration-core/guest/windows/drivers/inject.ts';
import type { Packages } from '../../../../support/driver-folder.ts';
import { MODELS, type PackageOptions } from '../../../../support/driver-packages.ts';
import {
  fixWindows,
  type FixedWindows,
  type WindowsContextOptions,
} from '../../../../support/fix-windows.ts';
import {
  WINDOWS_VERSIONS,
  WINDOWS_VERSION_IDS,
  windowsVolumes,
  type WindowsVersionId,
} from '../../../../support/windows-guest.ts';
import { driversFor, inject, sourceForAll, step, writes } from './injected.ts';

const virtio = sourceForAll();

describe('other machines', () => {
  const mixed: Packages = {
    p: { name: 'pvscsi', architecture: 'amd64', directory: '13' },
    v: { name: 'viostor', architecture: 'amd64' },
  };
  const registered = ({ edits }: FixedWindows): (string | undefined)[] =>
    edits.map(({ what }) => /^The driver (\S+) starts/u.exec(what)?.[1]).filter((name) => name !== undefined);

  it('of VMware get the drivers of VMware, from the driver store too', async () => {
    const fixed = await inject({ version: '2019' }, mixed, { target: 'vmware-esxi', buses: ['pvscsi'] });
    expect(registered(fixed)).toEqual(['pvscsi']);
    expect(writes(fixed)).toContain('/Windows/System32/drivers/pvscsi.sys');
    expect(writes(fixed).some((path) => path.includes('viostor'))).toBe(false);
  });

  it('of Hyper-V need none of them', async () => {
    const fixed = await inject({ version: '2019' }, mixed, { target: 'hyperv', buses: ['hyperv-scsi'] });
    expect(fixed.edits).toEqual([]);
    expect(fixed.findings).toEqual([]);
  });

  it('are told what their source has no driver for', async () => {
    const fixed = await inject({ version: '2012r2' }, { n: mixed['p']! });
    expect(fixed.findings).toEqual([
      {
        severity: 'warning',
        code: 'DRIVER_NOT_IN_SOURCE',
        message: 'The driver source has no driver of the VirtIO block controller for this Windows.',
        next: 'Name a source that has it, or list what a source has for it with `ironlift drivers PATH --for VERSION`.',
      },
    ]);
  });
});

describe('a package that cannot be used', () => {
  const message = async (
    options: Partial<PackageOptions>,
    change?: (one: DriverPackage) => DriverPackage,
  ): Promise<string[]> => {
    const volumes = await windowsVolumes({ version: '2022' });
    const found = await driversFor({ v: { name: 'viostor', architecture: 'amd64', ...options } }, volumes);
    const drivers = change === undefined ? found : found.map(change);
    const { findings, edits } = await fixWindows(volumes, injectDrivers, { drivers });
    expect(edits).toEqual([]);
    return findings.map((finding) => finding.message);
  };
  const name =
    'The driver of Example VirtIO SCSI controller (viostor.inf 100.95.104.26200) is not used: the package';
  const missing = 'The driver source has no driver of the VirtIO block controller for this Windows.';

  it('is told of, and nothing of it is left', async () => {
    expect(await message({ fileArchitecture: 'x86' })).toEqual([
      `${name} has a driver file, viostor.sys, for another processor (i686).`,
      missing,
    ]);
    expect(await message({ without: ['viostor.sys'] })).toEqual([
      `${name} is not whole: its driver file viostor.sys is not in the source.`,
      missing,
    ]);
    expect(await message({}, (one) => ({ ...one, inf: 'a&b.inf' }))).toEqual([
      'The driver of Example VirtIO SCSI controller (a&b.inf 100.95.104.26200) is not used: the package has an INF file whose name cannot stand in a command.',
      missing,
    ]);
    const huge = (one: DriverPackage): DriverPackage => ({
      ...one,
      files: one.files.map((file) => ({ ...file, bytes: 2 ** 40 })),
    });
    expect(await message({}, huge)).toEqual([
      `${name} has 3 TiB of files, more than any driver of a virtual machine.`,
      missing,
    ]);
  });

  it('is one that comes after half a gigabyte of others', async () => {
    const volumes = await windowsVolumes({ version: '2022' });
    const all = await driversFor(virtio, volumes);
    const third = await driversFor({ b: { name: 'balloon', architecture: 'amd64' } }, volumes);
    const drivers = [...all, ...third].map((one) => ({
      ...one,
      files: one.files.map((file) => ({ ...file, bytes: 70 << 20 })),
    }));
    const { findings, edits } = await fixWindows(volumes, injectDrivers, { drivers });
    expect(findings.map(({ message: text }) => text)).toContainEqual(
      expect.stringContaining(
        'is not used: the package comes after others that have 420 MiB of files, more than the drivers of any virtual machine.',
      ),
    );
    expect(edits.filter(({ action }) => action.path.includes('balloon'))).toEqual([]);
  });
});

it('packages with the same INF name, and with folders of their own, are kept apart', async () => {
  const model = { ...MODELS['balloon']!, ids: [['PCI\\VEN_1AF4&DEV_1005']] };
  const fixed = await inject(
    { version: '2022' },
    {
      a: { name: 'balloon', architecture: 'amd64' },
      b: { name: 'balloon', architecture: 'amd64', model },
    },
    { buses: [] },
  );
  const folders = new Set(writes(fixed).map((path) => path.split('/')[4]));
  expect([...folders].filter((name) => name?.startsWith('balloon'))).toEqual(['balloon', 'balloon-2']);
  expect(step(fixed)?.filter((line) => line.includes('pnputil'))).toHaveLength(2);
});

describe('signatures', () => {
  const PACKAGES = 'Microsoft\\Windows\\CurrentVersion\\Component Based Servicing\\Packages';
  const told = async (
    version: WindowsVersionId,
    digest: 'sha1' | 'sha256' | null,
    update: string | null = null,
    buses: WindowsContextOptions['buses'] = ['virtio-blk'],
  ): Promise<(string | undefined)[]> => {
    const { architecture } = WINDOWS_VERSIONS[version];
    const { findings } = await inject(
      {
        version,
        ...(update === null ? {} : { software: { [`${PACKAGES}\\${update}`]: { CurrentState: 112 } } }),
      },
      { v: { name: 'viostor', architecture, digest } },
      { buses },
    );
    return findings.flatMap(({ severity, message }) => [severity, message]);
  };
  const driver = 'The driver of Example VirtIO SCSI controller (viostor.inf 100.95.104.26200)';

  it('by SHA-2 stop a Windows 7 without the update, and only where its disk needs the driver', async () => {
    const why = `${driver} is signed by SHA-2, which this Windows cannot check without the update KB3033929 or KB4474419`;
    expect(await told('7', 'sha256', 'Package_for_KB976932~31bf~amd64~~6.1')).toEqual([
      'blocker',
      `${why}; Windows would not start with it.`,
    ]);
    expect(await told('2008r2', 'sha256', 'Package_for_KB976932', ['ahci'])).toEqual(['warning', `${why}.`]);
    expect(await told('7', 'sha256')).toEqual(['warning', `${why}, of which its registry does not tell.`]);
    expect(await told('7', 'sha256', 'Package_for_KB3033929~31bf3856ad364e35~amd64~~6.1.1.1')).toEqual([]);
    expect(await told('2008', 'sha256', 'Package_for_KB4474419~31bf~amd64~~6.0')).toEqual([]);
    expect(await told('7', 'sha1', 'Package_for_KB976932')).toEqual([]);
  });

  it('are told of on XP and 2003, which load the driver but ask', async () => {
    const why = `${driver} is signed by SHA-2, which this Windows cannot check, so that it takes it for unsigned.`;
    expect(await told('xp', 'sha256')).toEqual(['warning', why]);
    expect(await told('2003', 'sha256')).toEqual(['warning', why]);
    expect(await told('xp', 'sha1')).toEqual([]);
  });

  it('are of no matter from Windows 8 on, but for none at all', async () => {
    expect(await told('2012', 'sha256')).toEqual([]);
    expect(await told('2022', null)).toEqual([
      'warning',
      `${driver} has no catalogue, so nobody has signed it.`,
    ]);
  });

  /** The file with a signature in which somebody is named. */
  function signed(program: Uint8Array, by: string): Uint8Array<ArrayBuffer> {
    const signature = Buffer.concat([Buffer.alloc(8), Buffer.from(by, 'latin1')]);
    const file = Buffer.concat([program, signature]);
    const directories = 0x98 + (file.readUInt16LE(0x98) === 0x20b ? 112 : 96);
    file.writeUInt32LE(16, directories - 4);
    file.writeUInt32LE(program.length, directories + 4 * 8);
    file.writeUInt32LE(signature.length, directories + 4 * 8 + 4);
    return new Uint8Array(file);
  }

  it('inside the driver of a disk have to name Microsoft where the kernel is 64-bit', async () => {
    const codes = async (version: WindowsVersionId, by: string): Promise<[string, string][]> => {
      const { architecture } = WINDOWS_VERSIONS[version];
      const volumes = await windowsVolumes({ version });
      const packages = await driversFor({ v: { name: 'viostor', architecture, digest: 'sha1' } }, volumes);
      const drivers = packages.map((one) => ({
        ...one,
        files: one.files.map((file) =>
          file.name.endsWith('.sys') ? { ...file, read: async () => signed(await file.read(), by) } : file,
        ),
      }));
      const { findings } = await fixWindows(volumes, injectDrivers, { drivers, buses: ['virtio-blk'] });
      return findings.map(({ severity, message }) => [severity, message]);
    };
    expect(await codes('2012r2', 'Virtio_Win_Red_Hat_CA')).toEqual([
      [
        'warning',
        `The driver file viostor.sys of ${driver.replace('The driver of ', '')} is signed by its maker alone, without Microsoft; 64-bit Windows does not start with such a driver (error 0xC0000428) unless it is in test mode.`,
      ],
    ]);
    expect(await codes('2012r2', 'Red Hat, Inc. Microsoft Code Verification Root')).toEqual([]);
    expect(await codes('2022', 'Microsoft Windows Hardware Compatibility Publisher')).toEqual([]);
    const old = WINDOWS_VERSION_IDS.filter((id) => WINDOWS_VERSIONS[id].architecture === 'x86');
    expect(old.length).toBeGreaterThan(0);
    for (const id of old) expect(await codes(id, 'Virtio_Win_Red_Hat_CA')).toEqual([]);
  });
});
