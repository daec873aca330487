/** Sparse raw disks with data in awkward places, made from a seed. */
import { open } from 'node:fs/promises';
import { ExtentList } from '../../../migration-core/base/extents.ts';
import { seeded } from '../../support/tools.ts';

export interface Pattern {
  path: string;
  size: number;
  /** Where data was written, bytes. */
  used: ExtentList;
}

export interface PatternOptions {
  size: number;
  seed: number;
  /** Runs of data besides those at both ends of the disk. */
  runs: number;
  /** Longest run, bytes. */
  longest?: number;
}

/** Runs of noise, of text and of one repeated byte; a quarter of them has zeros in the middle. */
export async function sparseRaw(path: string, options: PatternOptions): Promise<Pattern> {
  const { size, seed, runs, longest = 300_000 } = options;
  const random = seeded(seed);
  const used = new ExtentList();
  const file = await open(path, 'wx');
  await file.truncate(size);
  const write = async (offset: number, length: number): Promise<void> => {
    await file.write(content(random, length), 0, length, offset);
    used.add(offset, length);
  };
  await write(0, Math.min(size, 5000));
  for (let i = 0; i < runs; i++) {
    const length = 1 + Math.floor(random() ** 3 * Math.min(longest, size));
    await write(Math.floor(random() * (size - length)), length);
  }
  await write(Math.max(0, size - 777), Math.min(777, size));
  await file.close();
  return { path, size, used };
}

function content(random: () => number, length: number): Uint8Array {
  const kind = random();
  const fixed = 1 + Math.floor(random() * 255);
  const bytes = new Uint8Array(length);
  for (let i = 0; i < length; i++)
    bytes[i] = kind < 0.4 ? Math.floor(random() * 256) : kind < 0.7 ? 32 + ((i * fixed) % 90) : fixed;
  if (random() < 0.25) bytes.fill(0, Math.floor(length / 4), Math.floor((length * 3) / 4));
  return bytes;
}
