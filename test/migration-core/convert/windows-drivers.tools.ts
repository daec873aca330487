/**
 * A Windows server on NTFS converted with a CD image of drivers, by the command line: every file and key is in the finished image
 * for ntfs-3g and hivexregedit, and nothing else of the volume has changed.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import type { GuestFileSystem } from '../../../migration-core/filesystem/filesystem.ts';
import type { OpenVolume } from '../../../migration-core/guest/inspect.ts';
import { driverFolder, manyBuilds } from '../../support/driver-folder.ts';
import { sha256 } from '../../support/hash.ts';
import { needTools, run, scratchFolder } from '../../support/tools.ts';
import { windowsVolumes } from '../../support/windows-guest.ts';
import { ironlift } from '../../support/world.ts';
import { diskTree, makeNtfs, withMount } from '../filesystem/ntfs/ntfs-image.ts';
import { hivexExport, parseExport } from '../registry/fixtures.ts';
import { makeDisk } from '../volume/disk-file.ts';

beforeAll(() => needTools('mkntfs', 'ntfs-3g', 'sfdisk', 'qemu-img', 'hivexregedit', 'xorriso'));

const MIB = 1 << 20;
/** Where test/support/windows-guest.ts says that the volumes lie, and the sizes they get here. */
const PLACES = [
  { offset: 1, mib: 100 },
  { offset: 101, mib: 120 },
] as const;
const SIGNATURE = '0x5cbea03e';

async function copyTree(from: GuestFileSystem, to: string, folder = ''): Promise<void> {
  for (const { name, type } of await from.readdir(folder === '' ? '/' : folder)) {
    const path = `${folder}/${name}`;
    if (type === 'directory') await copyTree(from, to, path);
    else {
      await mkdir(dirname(join(to, path)), { recursive: true });
      await writeFile(join(to, path), await from.readFile(path));
    }
  }
}

/** A raw disk with an MBR and both volumes. */
async function windowsDisk(folder: string, volumes: OpenVolume[]): Promise<string> {
  const disk = await makeDisk(join(folder, 'server.img'), 240 * MIB);
  const table = PLACES.map(
    ({ offset, mib }, i) => `start=${offset * 2048},size=${mib * 2048},type=7${i === 0 ? ',bootable' : ''}`,
  );
  await run('sfdisk', ['-q', disk], {
    input: [`label: dos`, `label-id: ${SIGNATURE}`, ...table, ''].join('\n'),
  });
  for (const [i, { offset, mib }] of PLACES.entries()) {
    const volume = await makeNtfs(folder, `volume${i}.ntfs`, mib, ['-p', String(offset * 2048)]);
    await withMount(volume, 'rw', (mount) => copyTree(volumes[i]!.fileSystem!, mount));
    await run('dd', [
      `if=${volume}`,
      `of=${disk}`,
      'bs=1M',
      `seek=${offset}`,
      'conv=notrunc,sparse',
      'status=none',
    ]);
  }
  return disk;
}

async function volumeOf(disk: string, folder: string): Promise<string> {
  const { offset, mib } = PLACES[1];
  const path = join(folder, 'windows.ntfs');
  await run('dd', [
    `if=${disk}`,
    `of=${path}`,
    'bs=1M',
    `skip=${offset}`,
    `count=${mib}`,
    'conv=sparse',
    'status=none',
  ]);
  return path;
}

it.each([
  ['2008r2', 'sha1'],
  ['2019', 'sha256'],
] as const)('a Server %s reaches its disk by a driver of the CD image', async (version, digest) => {
  const scratch = await scratchFolder();
  const disk = await windowsDisk(scratch, await windowsVolumes({ version, firmware: 'bios' }));
  const builds = manyBuilds(['viostor', 'netkvm', 'balloon']);
  for (const build of Object.values(builds)) build.digest = digest;
  const source = await driverFolder(builds);
  const iso = join(scratch, 'drivers.iso');
  await run('xorriso', ['-as', 'mkisofs', '-quiet', '-J', '-r', '-o', iso, source]);
  const before = await sha256(disk);

  const without = await ironlift([
    'convert',
    disk,
    '--to',
    'kvm',
    '--plan',
    '--json',
    '-o',
    join(scratch, 'none'),
  ]);
  expect(without.out).not.toContain('viostor.sys is added');
  const out = join(scratch, 'out');
  const done = await ironlift(['convert', disk, '--to', 'kvm', '-o', out, '--drivers', iso, '--json']);
  expect(done.status, done.err + done.out).toBe(0);
  expect(await sha256(disk)).toBe(before);
  const { machine, disks } = JSON.parse(await readFile(join(out, 'ironlift.json'), 'utf8')) as {
    machine: { disks: { bus: string }[] };
    disks: { file: string }[];
  };
  expect(machine.disks[0]?.bus).toBe('virtio-blk');

  const raw = join(scratch, 'whole.raw');
  await run('qemu-img', ['convert', '-O', 'raw', join(out, disks[0]!.file), raw]);
  const old = await withMount(
    await volumeOf(disk, scratch),
    'ro',
    async (mount) => new Map(await diskTree(mount)),
  );
  const volume = await volumeOf(raw, scratch);
  await run('ntfsfix', ['-n', volume]);
  await withMount(volume, 'ro', async (mount) => {
    const folder = version === '2019' ? '2k19' : '2k8R2';
    const expected: Record<string, string> = {
      'Windows/System32/drivers/viostor.sys': `viostor/${folder}/amd64/viostor.sys`,
    };
    for (const name of ['viostor', 'netkvm', 'balloon'])
      for (const ending of ['inf', 'sys', 'cat'])
        expected[`Windows/Ironlift/Drivers/${name}/${name}.${ending}`] =
          `${name}/${folder}/amd64/${name}.${ending}`;
    for (const [path, from] of Object.entries(expected))
      expect((await readFile(join(mount, path))).equals(await readFile(join(source, from))), path).toBe(true);
    const batch = await readFile(join(mount, 'Windows/Ironlift/FirstBoot/10-drivers.cmd'), 'latin1');
    expect(batch).toContain(version === '2019' ? '/add-driver' : '-i -a');

    const system = parseExport(await hivexExport(join(mount, 'Windows/System32/config/SYSTEM')));
    expect(system.get('ControlSet001\\Services\\viostor')).toContain('"Start"=dword:00000000');
    const bound =
      version === '2019'
        ? 'DriverDatabase\\DeviceIds\\PCI\\VEN_1AF4&DEV_1001'
        : 'ControlSet001\\Control\\CriticalDeviceDatabase\\pci#ven_1af4&dev_1001';
    expect(system.get(bound)?.length).toBeGreaterThan(0);
    const software = parseExport(await hivexExport(join(mount, 'Windows/System32/config/SOFTWARE')));
    const path = software
      .get('Microsoft\\Windows\\CurrentVersion')
      ?.find((line) => line.startsWith('"DevicePath"'));
    expect(path).toContain(
      Buffer.from('\\Drivers\\viostor', 'utf16le').toString('hex').match(/../gu)!.join(','),
    );

    const now = new Map(await diskTree(mount));
    const changed = [...old].filter(([name, is]) => JSON.stringify(now.get(name)) !== JSON.stringify(is));
    expect(
      changed.map(([name]) => name).filter((name) => !/config[\\/]S(YSTEM|OFTWARE)$/u.test(name)),
    ).toEqual([]);
    const added = [...now.keys()].filter((name) => !old.has(name));
    expect(added.filter((name) => !/Windows\/Ironlift(\/|$)|drivers\/viostor\.sys$/u.test(name))).toEqual([]);
  });
});
