/** Registries and trees that no Windows wrote: nothing but typed errors, no endless search, and facts that stay plain data. */
import { expect, test } from 'vitest';
import { IronliftError } from '../../../../../migration-core/base/errors.ts';
import { inspectGuest } from '../../../../../migration-core/guest/inspect.ts';
import { loadableDrivers } from '../../../../../migration-core/guest/windows/loadable-drivers.ts';
import { openHive } from '../../../../../migration-core/registry/hive.ts';
import { seeded } from '../../../../support/tools.ts';
import {
  applyKeys,
  portableExecutable,
  windowsHives,
  windowsVolumes,
  type Keys,
  type WindowsGuestOptions,
  type WindowsVersionId,
} from '../../../../support/windows-guest.ts';
import { seal } from '../../../registry/build-hive.ts';

const CASES = Number(process.env['IRONLIFT_FUZZ_CASES'] ?? 12);
const VERSIONS: WindowsVersionId[] = ['xp', '2008r2', '2022'];
/** One case, on a machine that is busy with other things; inspection of a sound server takes some hundredths of this. */
const SLOWEST_MS = 10_000;

async function survives(options: WindowsGuestOptions): Promise<void> {
  const began = performance.now();
  try {
    const { guest, tree } = await inspectGuest(await windowsVolumes(options));
    if (guest.windows !== undefined) await loadableDrivers(tree, guest.windows);
    expect(JSON.parse(JSON.stringify(guest))).toEqual(guest);
    for (const { message, next } of guest.findings) {
      expect(message).toMatch(/\S/u);
      expect(next).toMatch(/\S/u);
    }
  } catch (error) {
    if (!(error instanceof IronliftError)) throw error;
    expect(error.code).not.toBe('INTERNAL');
    expect(error.next).toMatch(/\S/u);
  }
  expect(performance.now() - began).toBeLessThan(SLOWEST_MS);
}

test.each(VERSIONS)('damaged bytes in the hives of %s', async (version) => {
  const random = seeded(8);
  const sound = windowsHives(version);
  const damage = (bytes: Uint8Array): Buffer => {
    const hive = Buffer.from(bytes);
    const hits = 1 + Math.floor(random() * 40);
    for (let i = 0; i < hits; i++) {
      const at = 512 + Math.floor(random() * (hive.length - 512));
      if (random() < 0.3)
        hive.writeUInt32LE(Math.floor(random() * 2 ** 32), Math.min(at & ~3, hive.length - 4));
      else hive[at] = random() * 256;
    }
    return seal(hive);
  };
  for (let i = 0; i < CASES; i++)
    await survives({
      version,
      hives: {
        system: random() < 0.8 ? damage(sound.system) : sound.system,
        software: random() < 0.8 ? damage(sound.software) : sound.software,
      },
    });
});

/** Values that do not belong where they are. */
function hostileData(random: () => number): [number, Uint8Array] {
  const types = [0, 1, 2, 3, 4, 5, 6, 7, 8, 11, 0xffff0011, 0xffffffff];
  const type = types[Math.floor(random() * types.length)]!;
  const texts = [
    '\u001b[31m<script>alert(1)</script>',
    '=cmd|calc',
    '..\\..\\..\\..\\x.sys',
    '\\\\?\\GLOBALROOT\\Device\\x',
    '@%SystemRoot%\\system32\\x.dll,-1',
    'A'.repeat(40_000),
    '\u0000\u0000',
    '\ud800\udfff\ud800',
    'C:\\Windows\\..\\..\\x',
    '4294967296',
    '{00000000-0000-0000-0000-000000000000}',
  ];
  const text = texts[Math.floor(random() * texts.length)]!;
  if (random() < 0.5) return [type, Buffer.from(`${text}\0`, 'utf16le')];
  return [type, Buffer.from(Array.from({ length: Math.floor(random() * 30) }, () => random() * 256))];
}

test.each(VERSIONS)('values of wrong types everywhere in %s', async (version) => {
  const random = seeded(88);
  const sound = windowsHives(version);
  for (let i = 0; i < CASES; i++) {
    const hives = Object.fromEntries(
      Object.entries(sound).map(([name, bytes]) => {
        const hive = openHive(bytes);
        for (const key of [...hive.walk()])
          for (const value of key.values())
            if (random() < 0.25) key.setValue(value.name, ...hostileData(random));
        return [name, hive.serialise(new Date(0))];
      }),
    );
    await survives({ version, hives });
  }
});

test('keys by the thousand, chains that end in themselves, names of every sort', async () => {
  const system: Keys = {};
  for (let i = 0; i < 1000; i++) system[`CCS\\Services\\s${i}`] = { Type: 1, Start: 0 };
  for (let i = 0; i < 500; i++)
    system[`CCS\\Enum\\PCI\\DEV${i}\\3&1&0&${i}`] = {
      ClassGUID: '{4d36e967-e325-11ce-bfc1-08002be10318}',
      Service: 'disk',
      ParentIdPrefix: '3&1&0',
    };
  for (let i = 0; i < 26; i++)
    system['MountedDevices'] = {
      ...system['MountedDevices'],
      [`\\DosDevices\\${String.fromCharCode(65 + i)}:`]: [3, new Uint8Array(i)],
    };
  system['CCS\\Services\\../../etc'] = { Type: 1, Start: 0, ImagePath: '..\\..\\..\\x.sys' };
  system['CCS\\Services\\\u001b[2J<b>'] = { Type: 1, Start: 0 };
  await survives({ version: '2022', system });
  for (const number of ['000', '999'])
    await survives({
      version: '2022',
      system: { [`ControlSet${number}`]: {}, Select: { Current: Number(number) } },
    });
});

test('hostile files in the places of programs, settings and stores', async () => {
  const random = seeded(888);
  const program = portableExecutable('amd64', { originalName: 'hal.dll', version: '6.1.7601.1' });
  const places = [
    '/Windows/System32/ntoskrnl.exe',
    '/Windows/System32/hal.dll',
    '/Windows/System32/cmd.exe',
    '/Windows/System32/config/DRIVERS',
    '/Windows/INF/net1ic64.inf',
    '/boot.ini',
  ];
  for (let i = 0; i < CASES; i++) {
    const files: Record<string, Uint8Array | string> = {};
    for (const place of places) {
      const broken = Buffer.from(program);
      for (let hit = 0; hit < 30; hit++) broken[Math.floor(random() * 0x400)] = random() * 256;
      files[place] =
        random() < 0.5 ? broken : Buffer.from(Array.from({ length: 5000 }, () => random() * 256));
    }
    files['/boot.ini'] = 'multi(0)disk(0)rdisk(0)partition(1)\\..\\..\\x\r\n'.repeat(500);
    const bootFiles = {
      '/EFI/Microsoft/Boot/BCD': Buffer.from(Array.from({ length: 9000 }, () => random() * 256)),
    };
    await survives({ version: i % 2 === 0 ? '2022' : '2008r2', files, bootFiles });
  }
});

test('the table of a hive that was edited at random stays readable', async () => {
  const { system } = windowsHives('2022');
  const hive = openHive(system);
  applyKeys(hive, {
    'CCS\\Control\\Class': null,
    'CCS\\Enum': null,
    MountedDevices: null,
    DriverDatabase: null,
  });
  await survives({ version: '2022', hives: { system: hive.serialise(new Date(0)) } });
});
