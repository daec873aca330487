/** Cabinets that gcab made are read by us, and those we make for tests by cabextract and 7-Zip. Imports of drivers: objdump. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { importedModules } from '../../../../../../migration-core/guest/windows/storage/pe-imports.ts';
import { openCabinet } from '../../../../../../migration-core/guest/windows/storage/cabinet/cabinet.ts';
import { needTools, run, scratchFolder, seeded } from '../../../../../support/tools.ts';
import { driverFile } from '../driver-file.ts';
import { buildCabinet, sampleBytes, type Packing } from './build-cabinet.ts';

needTools('gcab', 'cabextract', '7zz', 'objdump');

const random = seeded(42);
const files: Record<string, Uint8Array> = {
  'atapi.sys': sampleBytes(95_360, random),
  'empty.txt': new Uint8Array(0),
  'tables.bin': Uint8Array.from({ length: 70_000 }, (_, i) => (i * i) >> 9),
  'big.dll': sampleBytes(700_003, random),
};

const PACKINGS: [string, Packing][] = [
  ['stored', { method: 'stored' }],
  ['mszip', { method: 'mszip' }],
  ...[15, 16, 18, 21].flatMap((windowBits): [string, Packing][] =>
    [0, 600_000].map((translation) => [
      `lzx ${windowBits} ${translation}`,
      { method: 'lzx', windowBits, translation, random: seeded(windowBits + translation) },
    ]),
  ),
];

test.each(PACKINGS)('cabextract and 7-Zip take out of a cabinet (%s) what we do', async (_, packing) => {
  const folder = await scratchFolder();
  const bytes = buildCabinet(files, { packing });
  const path = join(folder, 'test.cab');
  writeFileSync(path, bytes);
  await run('cabextract', ['-q', '-d', join(folder, 'libmspack'), path]);
  await run('7zz', ['x', '-y', `-o${join(folder, '7zip')}`, path]);
  const cabinet = await openCabinet((offset, length) =>
    Promise.resolve(bytes.slice(offset, offset + length)),
  );
  for (const file of cabinet.files) {
    const ours = await cabinet.extract(file);
    for (const judge of ['libmspack', '7zip'])
      expect(
        Buffer.compare(ours, readFileSync(join(folder, judge, file.name))),
        `${judge} ${file.name}`,
      ).toBe(0);
  }
});

test.each([[], ['-z']])('a cabinet that gcab made is read (%s)', async (...options) => {
  const folder = await scratchFolder();
  mkdirSync(join(folder, 'in'));
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, 'in', name), content);
  const names = Object.keys(files);
  await run('gcab', ['-n', '-c', ...options, '../gcab.cab', ...names], { cwd: join(folder, 'in') });
  const bytes = readFileSync(join(folder, 'gcab.cab'));
  const cabinet = await openCabinet((offset, length) =>
    Promise.resolve(new Uint8Array(bytes.subarray(offset, offset + length))),
  );
  expect(cabinet.files.map(({ name }) => name)).toEqual(names);
  for (const file of cabinet.files)
    expect(Buffer.compare(await cabinet.extract(file), files[file.name]!), file.name).toBe(0);
});

test.each([true, false])('objdump finds the same imports in a driver (64-bit: %s)', async (wide) => {
  const names = ['ntoskrnl.exe', 'storport.sys', 'HAL.dll'];
  const path = join(await scratchFolder(), 'driver.sys');
  for (const imports of [names, names.slice(1, 2), []]) {
    const bytes = driverFile(imports, { wide });
    writeFileSync(path, bytes);
    const told = await run('objdump', ['-p', path]);
    const theirs = [...told.matchAll(/DLL Name: (\S+)/gu)].map((match) => match[1]);
    expect(theirs).toEqual(imports);
    expect(importedModules(bytes)).toEqual(imports);
  }
});
