/** INF files, catalogues and driver files changed at random: a typed error or a package whose names lead nowhere, in bounded time. */
import { expect, it } from 'vitest';
import { isIronliftError } from '../../../../../migration-core/base/errors.ts';
import { signatureOf } from '../../../../../migration-core/guest/windows/drivers/inf/catalogue.ts';
import { signersOf } from '../../../../../migration-core/guest/windows/drivers/inf/signers.ts';
import { isPlainName } from '../../../../../migration-core/guest/windows/drivers/inf/files.ts';
import { packageOf, versionOf } from '../../../../../migration-core/guest/windows/drivers/inf/package.ts';
import { parseInf } from '../../../../../migration-core/guest/windows/drivers/inf/syntax.ts';
import { readExecutableBytes } from '../../../../../migration-core/guest/windows/inspect/executable.ts';
import { WINDOWS_NAMES } from '../../../../../migration-core/guest/windows/drivers/windows-names.ts';
import { catalogue } from '../../../../support/catalogues.ts';
import { packageFiles } from '../../../../support/driver-packages.ts';
import { seeded } from '../../../../support/tools.ts';

const CASES = Number(process.env['IRONLIFT_FUZZ_CASES'] ?? 1500);
const SLOW = 2000;
const PIECES = [
  '"',
  '=',
  ',',
  '%',
  '[',
  ']',
  '\\\r\n',
  ';',
  '..\\',
  '%%',
  '\0',
  '@',
  '[inst]',
  'NTamd64.10.0',
  'é',
  '%DESC%',
];

function mutated(bytes: Buffer, random: () => number): Buffer {
  const below = (limit: number): number => Math.floor(random() * limit);
  let result = Buffer.from(bytes);
  for (let i = 0, count = 1 + below(10); i < count; i++) {
    const at = below(result.length);
    const kind = random();
    if (kind < 0.3) result[at] = below(256);
    else if (kind < 0.7)
      result = Buffer.concat([
        result.subarray(0, at),
        Buffer.from(PIECES[below(PIECES.length)]!, 'latin1'),
        result.subarray(at),
      ]);
    else if (kind < 0.85) result = Buffer.concat([result.subarray(0, at), result.subarray(at + below(60))]);
    else result.copyWithin(at, below(result.length), below(result.length));
  }
  return result;
}

it('INF files', () => {
  let packages = 0;
  for (let seed = 0; seed < CASES; seed++) {
    const random = seeded(seed);
    const encoding = (['ansi', 'utf-8', 'utf-16le'] as const)[seed % 3]!;
    const files = packageFiles({
      name: seed % 2 === 0 ? 'viostor' : 'netkvm',
      architecture: 'amd64',
      encoding,
    });
    const [text] = Object.values(files);
    const bytes = mutated(Buffer.from(text!), random);
    const begun = performance.now();
    try {
      const inf = parseInf(bytes, 'x.inf');
      versionOf(inf, 'amd64');
      const windows = WINDOWS_NAMES[seed % WINDOWS_NAMES.length]!;
      const found = packageOf(inf, { ...windows, architecture: 'amd64' });
      if (found !== null) packages++;
      for (const { name, path } of found?.copies ?? [])
        expect([name, ...path.split('/')].every(isPlainName), `${name} ${path}`).toBe(true);
      for (const { service } of found?.devices ?? [])
        if (service !== null) expect(isPlainName(service.binary) && isPlainName(service.name)).toBe(true);
    } catch (error) {
      if (!isIronliftError(error, 'INF_NOT_UNDERSTOOD')) throw error;
    }
    expect(performance.now() - begun, `seed ${seed}`).toBeLessThan(SLOW);
  }
  expect(packages).toBeGreaterThan(CASES / 10);
});

it('catalogues and driver files', async () => {
  const { 'viostor.sys': driver } = packageFiles({ name: 'viostor', architecture: 'amd64' });
  for (let seed = 0; seed < CASES; seed++) {
    const random = seeded(seed);
    expect(['sha1', 'sha2', 'unknown']).toContain(
      signatureOf(mutated(catalogue(seed % 2 === 0 ? 'sha1' : 'sha256').subarray(0, 80), random)),
    );
    for (const { name, thumbprint } of signersOf(mutated(catalogue('sha256', 'maker'), random)) ?? []) {
      expect(name.length).toBeLessThanOrEqual(200);
      expect(thumbprint).toMatch(/^[0-9A-F]{40}$/u);
    }
    await readExecutableBytes(mutated(Buffer.from(driver!), random));
  }
});
