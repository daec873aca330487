/** Damages images at random and sees to it that our readers end in words, in time, and in bounds. */
import { copyFile, open, readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { expect } from 'vitest';
import { isIronliftError } from '../../../migration-core/base/errors.ts';
import { CHECK_LIMIT, type ImageFormat } from '../../../migration-core/image/image.ts';
import { scratchFolder, seeded } from '../../support/tools.ts';

export interface HostileOptions {
  format: ImageFormat;
  /** A sound image, small. */
  image: string;
  /** Places worth changing: offset and length, bytes. */
  tables: { offset: number; length: number }[];
  /** Damaged images that are tried; IRONLIFT_FUZZ_CASES says another number. */
  rounds: number;
  seed: number;
  /** Sets checksums right after the damage, every other time, so that what lies behind them is reached. */
  mend?: (bytes: Buffer, random: () => number) => void;
  /** For images of several files: `image` is one of them, `beside` are the others, `open` is the name that is opened. */
  several?: { beside: string[]; open: string };
}

const MIB = 1 << 20;
/** Values that bounds checks like to forget. */
const EDGES = [0, 1, 2, 0x7f, 0x80, 0xff];

export interface HostileResult {
  opened: number;
  refused: number;
}

export async function expectWordsOnly(options: HostileOptions): Promise<HostileResult> {
  const { format, seed, mend } = options;
  const rounds = Number(process.env['IRONLIFT_FUZZ_CASES'] ?? options.rounds);
  const random = seeded(seed);
  const sound = await readFile(options.image);
  const folder = await scratchFolder();
  const { several } = options;
  const path = join(folder, several === undefined ? 'hostile' : basename(options.image));
  for (const file of several?.beside ?? []) await copyFile(file, join(folder, basename(file)));
  const opened = several === undefined ? path : join(folder, several.open);
  const result = { opened: 0, refused: 0 };
  const memory = process.memoryUsage().rss;
  for (let round = 0; round < rounds; round++) {
    const bytes = damage(sound, options.tables, random);
    mend?.(bytes, random);
    await writeFile(path, bytes);
    const began = performance.now();
    try {
      await readAll(format, opened, random);
      result.opened++;
    } catch (error) {
      if (!isIronliftError(error)) throw new Error(`round ${round}: ${String(error)}`, { cause: error });
      expect(error.next, `round ${round}`).not.toBe('');
      result.refused++;
    }
    await expectCheckInWords(format, opened, `round ${round}`);
    expect(performance.now() - began, `round ${round}`).toBeLessThan(5000);
  }
  expect(process.memoryUsage().rss - memory).toBeLessThan(400 * MIB);
  return result;
}

/** A check says what it finds, or refuses in words what is not its to check. */
async function expectCheckInWords(format: ImageFormat, path: string, round: string): Promise<void> {
  try {
    const { problems } = (await format.check?.(path)) ?? { problems: [] };
    expect(problems.length).toBeLessThanOrEqual(CHECK_LIMIT);
    for (const { message } of problems) expect(message, round).not.toBe('');
  } catch (error) {
    if (!isIronliftError(error)) throw new Error(`check, ${round}: ${String(error)}`, { cause: error });
  }
}

function damage(sound: Buffer, tables: HostileOptions['tables'], random: () => number): Buffer {
  const bytes = Buffer.from(sound);
  const count = 1 + Math.floor(random() ** 2 * 12);
  for (let i = 0; i < count; i++) {
    const { offset, length } = tables[Math.floor(random() * tables.length)]!;
    const at = (offset + Math.floor(random() * length)) % (bytes.length - 4);
    const edge = EDGES[Math.floor(random() * EDGES.length)]!;
    bytes[at] = random() < 0.5 ? edge : Math.floor(random() * 256);
    // Whole fields too: a 32-bit number of one repeated byte.
    if (random() < 0.3) bytes.fill(edge, at & ~3, (at & ~3) + 4);
  }
  return random() < 0.1 ? bytes.subarray(0, Math.floor(random() * bytes.length)) : bytes;
}

/** Opens, walks the first extents, and reads at both ends and somewhere. */
async function readAll(format: ImageFormat, path: string, random: () => number): Promise<void> {
  const image = await format.open(path);
  try {
    let steps = 0;
    let at = 0;
    for await (const extent of image.extents!(0, image.size)) {
      expect(extent.offset).toBe(at);
      expect(extent.length).toBeGreaterThan(0);
      at += extent.length;
      if (++steps > 20_000) break;
    }
    const buffer = new Uint8Array(Math.min(MIB, image.size));
    const last = image.size - buffer.length;
    for (const offset of [0, last, Math.floor(random() * last)]) {
      await image.read(buffer, offset);
      image.fileRange?.(offset, buffer.length);
    }
  } finally {
    await image.close();
  }
}

/** A file of `length` bytes with fields set by hand. */
export async function crafted(path: string, length: number, write: (bytes: Buffer) => void): Promise<string> {
  const head = Buffer.alloc(Math.min(length, 4 * MIB));
  write(head);
  const file = await open(path, 'w');
  await file.write(head);
  await file.truncate(length);
  await file.close();
  return path;
}
