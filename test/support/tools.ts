/** Outside programs that make inputs and judge outputs. A missing one fails the test with the command that installs it. */
import { execFile } from 'node:child_process';
import { accessSync, constants, mkdtempSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, onTestFinished } from 'vitest';

const SYSTEM_PATH = `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin:/usr/bin:/bin`;

export function findTool(name: string): string | null {
  for (const folder of SYSTEM_PATH.split(delimiter)) {
    const path = join(folder, name);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // Not in this folder.
    }
  }
  return null;
}

/** Throws unless every program is there. */
export function needTools(...names: string[]): void {
  const missing = names.filter((name) => findTool(name) === null);
  if (missing.length > 0)
    throw new Error(`Missing on this machine: ${missing.join(', ')}. Install with: npm run test:setup`);
}

export interface Ran {
  status: number;
  stdout: string;
  stderr: string;
}

export interface RunOptions {
  input?: string | Uint8Array;
  env?: Record<string, string>;
  cwd?: string;
  timeoutSeconds?: number;
}

/** Runs a program and returns how it ended; throws only when it cannot be started. */
export function tryRun(program: string, args: string[], options: RunOptions = {}): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const child = execFile(
      program,
      args,
      {
        maxBuffer: 256 << 20,
        env: { ...process.env, PATH: SYSTEM_PATH, LC_ALL: 'C', ...options.env },
        ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
        timeout: (options.timeoutSeconds ?? 600) * 1000,
      },
      (error, stdout, stderr) => {
        if (error !== null && typeof error.code !== 'number') {
          reject(new Error(`${program}: ${error.message}`, { cause: error }));
          return;
        }
        resolve({ status: error === null ? 0 : (error.code as number), stdout, stderr });
      },
    );
    if (options.input !== undefined) child.stdin?.end(options.input);
  });
}

/** Runs a program that must succeed; returns its standard output. */
export async function run(program: string, args: string[], options: RunOptions = {}): Promise<string> {
  needTools(program);
  const ran = await tryRun(program, args, options);
  if (ran.status !== 0) {
    throw new Error(
      `${program} ${args.join(' ')} ended with ${ran.status}:\n${ran.stdout.slice(-4000)}\n${ran.stderr.slice(-4000)}`,
    );
  }
  return ran.stdout;
}

/** A folder that goes when the test has finished. */
export async function scratchFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'ironlift-test-'));
  onTestFinished(async () => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** A folder for all tests of a file, which goes when they have finished. */
export function scratchFolderForAll(): string {
  const folder = mkdtempSync(join(tmpdir(), 'ironlift-test-'));
  afterAll(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** A random number generator with a seed, for tests that must be repeatable: numbers in [0, 1). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
