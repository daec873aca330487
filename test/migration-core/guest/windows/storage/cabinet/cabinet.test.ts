/** Cabinets of every packing read back, and what is refused. That they are cabinets is judged in cabinet.tools.ts. */
import { describe, expect, test } from 'vitest';
import { isIronliftError } from '../../../../../../migration-core/base/errors.ts';
import {
  openCabinet,
  type Cabinet,
} from '../../../../../../migration-core/guest/windows/storage/cabinet/cabinet.ts';
import { windowsHives, WINDOWS_VERSIONS } from '../../../../../support/windows-guest.ts';
import { seeded } from '../../../../../support/tools.ts';
import { runBench } from '../bench.ts';
import { driverFile } from '../driver-file.ts';
import { buildCabinet, sampleBytes, type Packing } from './build-cabinet.ts';

export const open = (bytes: Uint8Array): Promise<Cabinet> =>
  openCabinet((offset, length) => Promise.resolve(bytes.slice(offset, offset + length)));

const random = seeded(20_011_025);
const files = {
  'atapi.sys': sampleBytes(95_360, random),
  'empty.txt': new Uint8Array(0),
  'intelide.sys': sampleBytes(5_504, random),
  'big.dll': sampleBytes(180_001, random),
};
const PACKINGS: [string, Packing][] = [
  ['stored', { method: 'stored' }],
  ['MSZIP', { method: 'mszip' }],
  ...[15, 16, 17, 21].map((windowBits): [string, Packing] => [
    `LZX with a window of 2^${windowBits} bytes`,
    {
      method: 'lzx',
      windowBits,
      random: seeded(windowBits),
      translation: windowBits % 2 === 1 ? 300_000 : 0,
    },
  ]),
];

describe('a cabinet', () => {
  test.each(PACKINGS)('packed by %s gives every file', async (_, packing) => {
    for (const reserve of packing.method === 'stored' ? [0, 20] : [0]) {
      const cabinet = await open(buildCabinet(files, { packing, reserve }));
      expect(cabinet.files.map(({ name, size }) => [name, size])).toEqual(
        Object.entries(files).map(([name, content]) => [name, content.length]),
      );
      for (const file of cabinet.files)
        expect(Buffer.compare(await cabinet.extract(file), files[file.name as keyof typeof files])).toBe(0);
    }
  });

  const bytes = buildCabinet(files, { packing: { method: 'mszip' } });
  const changed = (offset: number, ...values: number[]): Uint8Array => {
    const copy = Uint8Array.from(bytes);
    copy.set(values, offset);
    return copy;
  };
  const message = async (work: Promise<unknown>): Promise<string> => {
    try {
      await work;
    } catch (error) {
      if (isIronliftError(error)) return `${error.code}: ${error.message}`;
      throw error;
    }
    return 'nothing';
  };
  const extractAll = async (source: Uint8Array): Promise<void> => {
    const cabinet = await open(source);
    for (const file of cabinet.files) await cabinet.extract(file);
  };

  test.each([
    ['no cabinet', changed(0, 0), 'it does not begin as cabinets do'],
    ['a stub', bytes.subarray(0, 20), 'it is cut short'],
    ['tables cut off', bytes.subarray(0, 60), 'a name in it does not end'],
    ['tables that are too far away', changed(16, 0, 0, 0, 127), 'its tables are too large'],
    ['data cut off', bytes.subarray(0, 60_000), 'it is cut short'],
    [
      'a bit turned',
      changed(5_000, bytes[5_000]! ^ 1),
      'a block of data has another checksum than it should have',
    ],
    ['an unknown packing', changed(42, 4), 'it is packed by a method that cabinets do not have'],
    ['a window LZX does not have', changed(42, 3, 14), 'its window of 2^14 bytes is none of LZX'],
    ['a huge file', changed(44, 0, 0, 0, 127), 'a file in it is larger than a driver can be'],
    ['a file far behind', changed(48, 0, 0, 0, 127), 'a file in it lies too far behind'],
    ['too few blocks', changed(40, 1, 0), 'a file in it is cut short'],
  ])('%s is refused', async (_, source, what) => {
    expect(await message(extractAll(source))).toBe(`CABINET_DAMAGED: The cabinet is damaged: ${what}.`);
  });

  test('Quantum, and files that lie in two cabinets, are refused by name', async () => {
    expect(await message(extractAll(changed(42, 2)))).toBe(
      'CABINET_NOT_SUPPORTED: The cabinet is packed with Quantum, which no Windows used.',
    );
    expect(await message(extractAll(changed(52, 0xfd, 0xff)))).toBe(
      'CABINET_NOT_SUPPORTED: A file of the cabinet lies in two cabinets.',
    );
  });

  test('what LZX packed and somebody damaged is refused, with checksums and without', async () => {
    const lzx = buildCabinet(files, {
      packing: { method: 'lzx', random: seeded(3) },
      checksums: false,
    });
    for (let at = 400; at < 40_000; at += 4_001) {
      const copy = Uint8Array.from(lzx);
      copy.fill(0xff, at, at + 40);
      const said = await message(extractAll(copy));
      // Without checksums another content can come out; then nothing is said.
      expect(said).toMatch(/^(?:nothing|CABINET_DAMAGED: The cabinet is damaged: .*\.)$/u);
    }
  });
});

describe('the driver cache of XP', () => {
  const driver = (name: string, from: string): Uint8Array => {
    const imports = name.toLowerCase() === 'intelide.sys' ? ['PCIIDEX.SYS'] : [];
    return Buffer.concat([driverFile(imports, { wide: false }), Buffer.from(`of ${from}`)]);
  };
  const cab = (names: string[], from: string): Uint8Array =>
    buildCabinet(Object.fromEntries(names.map((name) => [name, driver(name, from)])), {
      packing: { method: 'lzx', windowBits: 21, random: seeded(7) },
    });

  test('gives the files that a server without IDE lacks, the newest service pack first', async () => {
    const cache = '/Windows/Driver Cache/i386';
    const result = await runBench({
      ntVersion: WINDOWS_VERSIONS['2003'].nt,
      system: windowsHives('2003', {
        system: {
          'CCS\\Services\\IntelIde': null,
          'CCS\\Services\\atapi': null,
          'CCS\\Control\\CriticalDeviceDatabase\\primary_ide_channel': null,
          'CCS\\Control\\CriticalDeviceDatabase\\secondary_ide_channel': null,
        },
      }).system,
      drivers: ['disk.sys', 'pci.sys', 'partmgr.sys', 'ftdisk.sys', 'mountmgr.sys', 'volsnap.sys'],
      buses: ['ide'],
      files: {
        [`${cache}/driver.cab`]: cab(['atapi.sys', 'intelide.sys', 'pciidex.sys'], 'driver'),
        [`${cache}/sp1.cab`]: cab(['intelide.sys'], 'sp1'),
        [`${cache}/SP2.cab`]: cab(['INTELIDE.SYS', 'unrelated.sys'], 'sp2'),
      },
    });
    const written = result.edits.flatMap(({ action, what }) =>
      action.kind === 'write' ? [[what, Buffer.from(action.content).toString('latin1').split('of ')[1]]] : [],
    );
    const put = (name: string, from: string): string =>
      `The driver file C:\\Windows\\System32\\drivers\\${name} is put in its place, taken from C:\\Windows\\Driver Cache\\i386\\${from}.`;
    expect(written).toEqual([
      [put('intelide.sys', 'SP2.cab'), 'sp2'],
      [put('PCIIDEX.SYS', 'driver.cab'), 'driver'],
      [put('atapi.sys', 'driver.cab'), 'driver'],
    ]);
    expect(result.findings.map(({ message: said }) => said)).toEqual([
      'Windows reaches its disks on IDE with intelide, atapi and disk, which it loads together with its kernel.',
    ]);
    expect(result.difference).toContain('ControlSet002\\Services\\intelide\\@Start = 0x0');
    expect(await result.again()).toEqual([]);
  });

  test('that is damaged gives nothing, and the controller is refused', async () => {
    const result = await runBench({
      ntVersion: '5.1',
      system: windowsHives('xp').system,
      drivers: ['disk.sys', 'atapi.sys'],
      buses: ['ide'],
      files: { '/Windows/Driver Cache/i386/driver.cab': new Uint8Array(500) },
    });
    expect(result.findings[0]!.message).toContain('no driver for the IDE controller (PIIX3) ("intelide"');
  });
});
