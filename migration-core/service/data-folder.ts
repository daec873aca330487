/**
 * Small JSON files of the program itself: settings, recent engagements, jobs. They may be missing, damaged, of another
 * version, or on a medium that is full: the program works without them and says so once.
 */
import {
  closeSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import type { z } from 'zod';

/** Bytes; the longest of them, the list of jobs, has some hundred KB. */
const MAX_BYTES = 8 << 20;

export type KeptJson =
  | { state: 'there'; value: unknown }
  | { state: 'missing' }
  /** There, and no JSON or too long. */
  | { state: 'damaged' };

export function readJson(path: string): KeptJson {
  try {
    const stats = statSync(path);
    if (!stats.isFile() || stats.size > MAX_BYTES) return { state: 'damaged' };
    return { state: 'there', value: JSON.parse(readFileSync(path, 'utf8')) };
  } catch (error) {
    return { state: error instanceof SyntaxError ? 'damaged' : 'missing' };
  }
}

/** What is there and of the schema, or what stands for it. */
export function readKept<T extends z.ZodType>(path: string, schema: T, otherwise: z.output<T>): z.output<T> {
  const kept = readJson(path);
  if (kept.state !== 'there') return otherwise;
  const parsed = schema.safeParse(kept.value);
  return parsed.success ? parsed.data : otherwise;
}

/**
 * All of it or nothing, whenever the machine goes off. Only this user may read it.
 * @param unique two programs that write at once do not write into each other's half
 * @throws system errors
 */
export function writeJson(path: string, value: unknown, unique: string): void {
  const partial = `${path}.${unique}.partial`;
  try {
    const file = openSync(partial, 'w', 0o600);
    try {
      writeSync(file, `${JSON.stringify(value, null, 1)}\n`);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(partial, path);
  } catch (error) {
    removeQuietly(partial);
    throw error;
  }
}

/** What cannot be removed stays: nothing depends on it. */
export function removeQuietly(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // No file, or not ours to remove.
  }
}
