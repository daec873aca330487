/** Things that hold disks, damaged at random: compressed files, EnCase images, tar files. */
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { isIronliftError } from '../../../migration-core/base/errors.ts';
import { readBytes } from '../../../migration-core/block/source.ts';
import { adler32 } from '../../../migration-core/image/ewf/adler32.ts';
import { ewf } from '../../../migration-core/image/ewf/format.ts';
import { readTar } from '../../../migration-core/image/package/tar.ts';
import { openReadFile } from '../../../migration-core/image/read-file.ts';
import { openImage } from '../../../migration-core/image/table.ts';
import { run, scratchFolder, seeded } from '../../support/tools.ts';
import { sparseRaw } from './patterns.ts';

const MIB = 2 ** 20;
/** IRONLIFT_FUZZ_CASES for a long run. */
const CASES = Number(process.env['IRONLIFT_FUZZ_CASES'] ?? 400);
const temporaryFolder = mkdtempSync(join(tmpdir(), 'ironlift-test-'));
vi.stubEnv('TMPDIR', temporaryFolder);
afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(temporaryFolder, { recursive: true, force: true });
});

type Outcome = 'right' | 'wrong' | 'refused';

/** Opens and reads all of it; anything but a typed error is a fault of ours. */
async function outcomeOf(path: string, expected: string): Promise<Outcome> {
  const began = performance.now();
  try {
    const image = await openImage(path);
    try {
      const hash = createHash('sha256');
      for (let at = 0; at < Math.min(image.size, 64 * MIB); at += MIB)
        hash.update(await readBytes(image, at, Math.min(MIB, image.size - at)));
      return hash.digest('hex') === expected ? 'right' : 'wrong';
    } finally {
      await image.close();
    }
  } catch (error) {
    if (!isIronliftError(error)) throw error;
    expect(error.next).not.toBe('');
    return 'refused';
  } finally {
    expect(performance.now() - began).toBeLessThan(5000);
  }
}

function damage(sound: Buffer, random: () => number, hot: readonly [number, number][]): Buffer {
  const bytes = Buffer.from(sound);
  for (let i = 0; i < 1 + Math.floor(random() * 4); i++) {
    const [from, length] = hot[Math.floor(random() * hot.length)]!;
    const at = Math.min(bytes.length - 1, from + Math.floor(random() * length));
    bytes[at] =
      random() < 0.5 ? [0, 1, 0x7f, 0x80, 0xff][Math.floor(random() * 5)]! : Math.floor(random() * 256);
  }
  return random() < 0.1 ? bytes.subarray(0, Math.floor(random() * bytes.length)) : bytes;
}

async function smallDisk(folder: string): Promise<{ path: string; sha256: string }> {
  const { path } = await sparseRaw(join(folder, 'disk'), {
    size: 300_032,
    seed: 95,
    runs: 6,
    longest: 40_000,
  });
  return {
    path,
    sha256: createHash('sha256')
      .update(await readFile(path))
      .digest('hex'),
  };
}

describe('damaged compressed disks', () => {
  it.each([
    { command: 'gzip -c disk', checked: true },
    { command: 'xz -0 --block-size=64KiB -c disk', checked: true },
    { command: 'xz -0 --check=none -c disk', checked: false },
    { command: 'zstd -q --check -c disk', checked: true },
    { command: 'zstd -q --no-check -c disk', checked: false },
  ])('$command', async ({ command, checked }) => {
    const folder = await scratchFolder();
    const { sha256 } = await smallDisk(folder);
    await run('bash', ['-c', `${command} > packed`], { cwd: folder });
    const sound = await readFile(join(folder, 'packed'));
    const hot: [number, number][] = [
      [0, 40],
      [sound.length - 60, 60],
      [0, sound.length],
    ];
    const random = seeded(96);
    const counts = { right: 0, wrong: 0, refused: 0 };
    const path = join(folder, 'hostile');
    for (let round = 0; round < CASES / 4; round++) {
      await writeFile(path, damage(sound, random, hot));
      counts[await outcomeOf(path, sha256)]++;
    }
    expect(counts.refused).toBeGreaterThan(CASES / 16);
    // A gzip header says nothing of the disk; damage to its magic makes it another (raw) disk.
    if (checked) expect(counts.wrong).toBeLessThan(CASES / 16);
    expect((await readdir(temporaryFolder)).filter((name) => name.includes('unpack'))).toEqual([]);
  });
});

describe('damaged EnCase images', () => {
  it.each([
    ['encase5', '.E01'],
    ['encase1', '.E01'],
    ['smart', '.s01'],
  ])('%s never gives another disk', async (format, first) => {
    const folder = await scratchFolder();
    const { path: disk, sha256 } = await smallDisk(folder);
    await run('ewfacquire', ['-u', '-q', '-f', format, '-c', 'fast', '-t', join(folder, 'evidence'), disk]);
    const sound = await readFile(join(folder, `evidence${first}`));
    const path = join(folder, `hostile${first}`);
    const sections = [...offsetsOf(sound)];
    const hot = sections.map(([at]): [number, number] => [at, 140]);
    const random = seeded(97);
    const counts = { right: 0, wrong: 0, refused: 0 };
    for (let round = 0; round < CASES; round++) {
      const bytes = damage(sound, random, [...hot, [0, sound.length]]);
      // Most damage must get past the checksums to reach the checks behind them.
      const mended = bytes.length === sound.length && random() < 0.8;
      if (mended) mend(bytes, sections);
      await writeFile(path, bytes);
      const outcome = await outcomeOf(path, sha256);
      // What nobody forged is found out, whatever bits of the medium fell over.
      if (!mended) expect(outcome, `round ${round}`).not.toBe('wrong');
      counts[outcome]++;
      if (round % 10 === 0)
        await ewf.check!(path).catch((error: unknown) => expect(isIronliftError(error)).toBe(true));
    }
    expect(counts.refused).toBeGreaterThan(CASES / 4);
    expect(counts.right).toBeGreaterThan(0);
  });
});

/** Start and contents of all sections of a sound file. */
function* offsetsOf(bytes: Buffer): Generator<[number, number, string]> {
  for (let at = 13; ;) {
    const next = Number(bytes.readBigUInt64LE(at + 16));
    const type = bytes.toString('latin1', at, at + 16).split('\0')[0]!;
    yield [at, next - at, type];
    if (type === 'done' || next <= at) return;
    at = next;
  }
}

/** Sets the checksums of descriptors, of tables and of the volume right again. */
function mend(bytes: Buffer, sections: readonly [number, number, string][]): void {
  const set = (from: number, length: number): void => {
    bytes.writeUInt32LE(adler32(bytes.subarray(from, from + length)), from + length);
  };
  for (const [at, length, type] of sections) {
    set(at, 72);
    if (type.startsWith('table')) set(at + 76, 20);
    if (type === 'volume' || type === 'disk') set(at + 76, length > 1000 ? 1048 : 90);
    if (!type.startsWith('table')) continue;
    const entries = bytes.readUInt32LE(at + 76);
    if (length === 76 + 24 + entries * 4 + 4) set(at + 100, entries * 4);
  }
}

describe('damaged tar files', () => {
  it.each(['ustar', 'gnu', 'pax'])('%s', async (format) => {
    const folder = await scratchFolder();
    await writeFile(join(folder, 'web01.ovf'), 'x'.repeat(700));
    await writeFile(join(folder, `${'long'.repeat(format === 'ustar' ? 10 : 40)}.vmdk`), 'x'.repeat(3000));
    await run('bash', ['-c', `tar --format=${format} -cf all.tar web01.ovf long*`], { cwd: folder });
    const sound = await readFile(join(folder, 'all.tar'));
    const random = seeded(98);
    const path = join(folder, 'hostile');
    let refused = 0;
    for (let round = 0; round < CASES; round++) {
      const bytes = damage(sound, random, [
        [0, 512],
        [1536, 512],
        [2048, 1024],
        [2560, 512],
        [124, 12],
      ]);
      if (random() < 0.8)
        for (let at = 0; at + 512 <= bytes.length; at += 512) mendTar(bytes.subarray(at, at + 512));
      await writeFile(path, bytes);
      const file = await openReadFile(path);
      try {
        for (const { offset, length } of readTar(file)) {
          expect(length).toBeGreaterThanOrEqual(0);
          expect(offset + length).toBeLessThanOrEqual(bytes.length);
        }
      } catch (error) {
        if (!isIronliftError(error)) throw error;
        refused++;
      } finally {
        await file.close();
      }
    }
    expect(refused).toBeGreaterThan(CASES / 16);
    await rm(path);
  });
});

function mendTar(header: Buffer): void {
  if (!header.toString('latin1', 257, 262).startsWith('ustar')) return;
  header.fill(' ', 148, 156);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
}
