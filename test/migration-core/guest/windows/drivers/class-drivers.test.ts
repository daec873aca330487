/** Drivers whose INF names only the class of a controller: used where no INF names the controller itself. Expected by hand. */
import { describe, expect, it } from 'vitest';
import { targetWindows } from '../../../../../migration-core/convert/driver-sources.ts';
import { bootDrivers } from '../../../../../migration-core/guest/windows/storage/boot-drivers.ts';
import { inspectGuest } from '../../../../../migration-core/guest/inspect.ts';
import { classRank, devicesOf } from '../../../../../migration-core/guest/windows/drivers/hardware.ts';
import { injectDrivers } from '../../../../../migration-core/guest/windows/drivers/inject.ts';
import { openDriverSource } from '../../../../../migration-core/guest/windows/drivers/source.ts';
import { loadableDrivers } from '../../../../../migration-core/guest/windows/loadable-drivers.ts';
import type { DiskBus } from '../../../../../migration-core/target/machine.ts';
import { driverFolder, type Packages } from '../../../../support/driver-folder.ts';
import { MODELS, type PackageOptions } from '../../../../support/driver-packages.ts';
import { fixWindows } from '../../../../support/fix-windows.ts';
import { windowsVolumes, type WindowsVersionId } from '../../../../support/windows-guest.ts';

/** A driver of disk controllers with these IDs, one device for each list. */
const driver = (
  name: string,
  ids: string[][],
  architecture: PackageOptions['architecture'] = 'amd64',
): PackageOptions => ({
  name,
  architecture,
  digest: 'sha1',
  decoration: architecture === 'x86' ? null : '',
  model: { ...MODELS['viostor']!, description: `Controllers of ${name}`, ids },
});

/** `service: the IDs it is bound to`, as the registry has them. */
async function bound(
  version: WindowsVersionId,
  bus: DiskBus,
  packages: Packages,
  target = 'kvm',
): Promise<string[]> {
  const volumes = await windowsVolumes({ version });
  const { guest } = await inspectGuest(volumes);
  const source = await openDriverSource(await driverFolder(packages));
  const drivers = await source.packagesFor(targetWindows(guest)!);
  const { edits } = await fixWindows(volumes, injectDrivers, { drivers, buses: [bus], target });
  return edits.flatMap(({ what, action }) => {
    const service = /^The driver (\S+) starts with Windows/u.exec(what)?.[1];
    if (service === undefined || action.kind !== 'registry') return [];
    const keys = action.changes.flatMap(
      ({ key }) => /(?:CriticalDeviceDatabase\\|DeviceIds\\PCI\\)([^\\]+)$/iu.exec(key)?.[1] ?? [],
    );
    const ids = [...new Set(keys.map((key) => key.toUpperCase().replace('PCI#', '')))];
    return [`${service}: ${ids.join(' ')}`];
  });
}

describe('the planned disk', () => {
  it.each([
    ['ahci', 'PCI\\CC_0106', 'CC_0106'],
    ['ahci', 'PCI\\CC_010601', 'CC_010601'],
    ['nvme', 'PCI\\CC_010802', 'CC_010802'],
  ] as const)('on %s gets a driver for %s', async (bus, id, key) => {
    for (const version of ['2008r2', '2019'] as const)
      expect(await bound(version, bus, { a: driver('general', [[id]]) }, 'vmware-esxi')).toEqual([
        `general: ${key}`,
      ]);
  });

  it('gets the one that names its chip, wherever that stands', async () => {
    const chip = driver('ofchip', [['PCI\\VEN_8086&DEV_2922&CC_0106']]);
    const general = driver('general', [['PCI\\CC_010601']]);
    const expected = ['ofchip: VEN_8086&DEV_2922&CC_0106 VEN_8086&DEV_2922'];
    expect(await bound('2008r2', 'ahci', { a: chip, b: general })).toEqual(expected);
    expect(await bound('2008r2', 'ahci', { a: general, b: chip })).toEqual(expected);
    // VirtualBox has another chip, for which the general one is all there is.
    expect(await bound('2008r2', 'ahci', { a: chip, b: general }, 'virtualbox')).toEqual([
      'general: CC_010601',
    ]);
  });

  it('gets the closest of the general ones', async () => {
    const wide = driver('wide', [['PCI\\CC_0106']]);
    const close = driver('close', [['PCI\\CC_010601', 'PCI\\CC_0106']]);
    const vendor = driver('vendor', [['PCI\\VEN_8086&CC_0106']]);
    expect(await bound('2008r2', 'ahci', { a: wide, b: close })).toEqual(['close: CC_010601 CC_0106']);
    expect(await bound('2008r2', 'ahci', { a: wide, b: close, c: vendor })).toEqual([
      'vendor: VEN_8086&CC_0106',
    ]);
    expect(await bound('2008r2', 'ahci', { a: wide, b: vendor }, 'vmware-esxi')).toEqual(['wide: CC_0106']);
  });

  it('gets none for another class, nor where it is on something else', async () => {
    const other = driver('raid', [['PCI\\CC_0104', 'PCI\\CC_01', 'PCI\\CC_010602']]);
    expect(await bound('2008r2', 'ahci', { a: other })).toEqual([]);
    const general = driver('general', [['PCI\\CC_010601', 'PCI\\CC_010802']]);
    expect(await bound('2008r2', 'ide', { a: general })).toEqual([]);
  });
});

it('an XP, which has no driver for SATA, reaches its disk by a general one', async () => {
  const volumes = await windowsVolumes({ version: 'xp' });
  const { guest, tree } = await inspectGuest(volumes);
  const without = await loadableDrivers(tree, guest.windows!, []);
  expect(without.disks.ahci).toEqual({
    problem: 'this Windows has no driver for the SATA (AHCI) controller',
  });
  const source = await openDriverSource(
    await driverFolder({ a: driver('general', [['PCI\\CC_0106']], 'x86') }),
  );
  const drivers = await source.packagesFor(targetWindows(guest)!);
  const { disks } = await loadableDrivers(tree, guest.windows!, drivers);
  expect(disks.ahci).toMatchObject({ services: expect.arrayContaining(['general', 'disk']) as string[] });
  const { findings } = await fixWindows(volumes, [injectDrivers, bootDrivers], { drivers, buses: ['ahci'] });
  expect(findings.map(({ message }) => message)).toContain(
    'Windows reaches its disks on SATA (AHCI) with general, atapi and disk, which it loads together with its kernel.',
  );
  expect(findings.filter(({ severity }) => severity === 'blocker')).toEqual([]);
});

it('IDs of the class rank as the bus driver lists them', () => {
  const [ahci] = devicesOf('kvm', { disks: [{ bus: 'ahci' }] as never, nics: [] }).filter(
    ({ planned }) => planned,
  );
  const rank = (id: string): number | null => classRank(ahci!, id);
  expect(
    ['PCI\\VEN_8086&CC_010601', 'pci\\ven_8086&cc_0106', 'PCI\\CC_010601', 'PCI\\CC_0106'].map(rank),
  ).toEqual([0, 1, 2, 3]);
  for (const id of [
    'PCI\\VEN_15AD&CC_0106',
    'PCI\\CC_01',
    'PCI\\CC_010602',
    'CC_0106&X',
    'PCI\\VEN_8086',
    '',
  ])
    expect(rank(id), id).toBeNull();
});
