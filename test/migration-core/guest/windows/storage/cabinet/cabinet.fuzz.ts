/** Cabinets and driver files with bytes changed, cut and put in: a typed error or bytes, never a crash, in bounded time. */
import { expect, test } from 'vitest';
import { isIronliftError } from '../../../../../../migration-core/base/errors.ts';
import { importedModules } from '../../../../../../migration-core/guest/windows/storage/pe-imports.ts';
import { openCabinet } from '../../../../../../migration-core/guest/windows/storage/cabinet/cabinet.ts';
import { seeded } from '../../../../../support/tools.ts';
import { driverFile } from '../driver-file.ts';
import { buildCabinet, sampleBytes, type Packing } from './build-cabinet.ts';

const CASES = Number(process.env['IRONLIFT_FUZZ_CASES'] ?? 400);

function damage(bytes: Uint8Array, random: () => number): Uint8Array<ArrayBuffer> {
  let copy = Uint8Array.from(bytes);
  const at = (): number => Math.floor(random() * (random() < 0.5 ? Math.min(200, copy.length) : copy.length));
  for (let i = Math.floor(random() * 6); i >= 0; i--) {
    const kind = random();
    if (kind < 0.6) copy[at()] = Math.floor(random() * 256);
    else if (kind < 0.8) copy.fill(random() < 0.5 ? 0 : 255, at(), at());
    else if (kind < 0.9) copy = copy.slice(0, Math.max(1, at()));
    else copy.copyWithin(at(), at(), at());
  }
  return copy;
}

test('damaged cabinets', async () => {
  const random = seeded(0xcab);
  const files = { 'a.sys': sampleBytes(50_000, random), 'b.sys': sampleBytes(41_000, random) };
  const packings: Packing[] = [
    { method: 'stored' },
    { method: 'mszip' },
    { method: 'lzx', windowBits: 15, random: seeded(1) },
    { method: 'lzx', windowBits: 17, random: seeded(2), translation: 90_000 },
  ];
  const sources = packings.map((packing) => buildCabinet(files, { packing, checksums: false }));
  let refused = 0;
  for (let i = 0; i < CASES; i++) {
    const bytes = damage(sources[i % sources.length]!, random);
    try {
      const cabinet = await openCabinet((offset, length) =>
        Promise.resolve(bytes.slice(offset, offset + length)),
      );
      for (const file of cabinet.files.slice(0, 4)) await cabinet.extract(file);
    } catch (error) {
      if (!isIronliftError(error)) throw new Error(`case ${i}`, { cause: error });
      expect(['CABINET_DAMAGED', 'CABINET_NOT_SUPPORTED']).toContain(error.code);
      refused++;
    }
  }
  expect(refused).toBeGreaterThan(CASES / 4);
});

test('damaged driver files', () => {
  const random = seeded(0x5a4d);
  const sources = [driverFile(['ntoskrnl.exe', 'storport.sys']), driverFile(['hal.dll'], { wide: false })];
  for (let i = 0; i < CASES * 10; i++) {
    const found = importedModules(damage(sources[i % 2]!, random));
    if (found !== null) expect(found.length).toBeLessThanOrEqual(256);
  }
});
