/** A small server whose conversion is interrupted, and what there is of it then. */
import { spawn, type ChildProcess } from 'node:child_process';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { beforeAll } from 'vitest';
import { convertServer, type ConvertWorld } from '../../../migration-core/convert/convert.ts';
import { JOURNAL_NAME } from '../../../migration-core/convert/journal.ts';
import type { ConvertOptions } from '../../../migration-core/convert/options.ts';
import type { ChildRequest } from '../../support/convert-child.ts';
import { convertOptions } from '../../support/convert-options.ts';
import { sha256 } from '../../support/hash.ts';
import { pausedAt } from '../../support/paused-conversion.ts';
import { smallServer } from '../../support/small-server.ts';
import { scratchFolderForAll, seeded } from '../../support/tools.ts';

export const MIB = 1 << 20;
/** The clock of every run, milliseconds since 1970: it stands still, so that two of them have nothing to differ in. */
export const NOW = 1_700_000_000_000;
/** So that even small disks have some checkpoints. */
const DISTANCE = 2 * MIB;

export interface ServerToConvert {
  /** Its disk: 96 MiB, there before the first test. */
  disk: string;
  optionsFor(output: string, how?: Partial<ConvertOptions>): ConvertOptions;
  /** Interrupted by a pause when the copy has come so far: the same state that a kill leaves, at a known place. */
  interruptedAt(folder: string, how: Partial<ConvertOptions>, share?: number): Promise<void>;
}

/** Makes the server before the tests of the file that asks, and removes it after them. */
export function serverToConvert(): ServerToConvert {
  const disk = join(scratchFolderForAll(), 'disk.img');
  beforeAll(async () => {
    const random = seeded(7);
    const files: Record<string, Uint8Array> = {};
    for (let i = 0; i < 12; i++) {
      const bytes = Buffer.alloc(2 * MIB + i * 4096);
      for (let at = 0; at < bytes.length; at += 4) bytes.writeUInt32LE(random() * 2 ** 32, at);
      // Half of it can be packed, some of it is zeros.
      bytes.fill('a line of a log file\n', MIB, MIB + (MIB >> 1));
      bytes.fill(0, MIB + (MIB >> 1), 2 * MIB - 8192);
      files[`srv/data/file${i}`] = bytes;
    }
    await smallServer(disk, { sizeMiB: 96, files });
  });

  const optionsFor: ServerToConvert['optionsFor'] = (output, how = {}) =>
    convertOptions(disk, 'kvm', output, how);
  return {
    disk,
    optionsFor,
    interruptedAt: (folder, how, share = 0.5) =>
      pausedAt(folder, share, worldFor(), (world) => convertServer(optionsFor(folder, how), world)),
  };
}

export const worldFor = (more: Partial<ConvertWorld> = {}): ConvertWorld => ({
  now: () => NOW,
  version: 'test',
  checkpointDistance: { bytes: DISTANCE, milliseconds: 1e9 },
  onStep: () => undefined,
  ...more,
});

const CHILD = join(import.meta.dirname, '../../support/convert-child.ts');

export function startChild(request: Omit<ChildRequest, 'now' | 'distance'>): ChildProcess {
  const text = JSON.stringify({ now: NOW, distance: DISTANCE, ...request } satisfies ChildRequest);
  return spawn(process.execPath, [CHILD, text], { stdio: ['ignore', 'ignore', 'pipe'] });
}

/** All files of a result but the journal, which tells of the interruption. */
export async function filesOf(folder: string): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  for (const name of (await readdir(folder)).sort())
    if (name !== JOURNAL_NAME) files.set(name, await sha256(join(folder, name)));
  return files;
}

/** Waits until a file is there, or the process that is to make it has ended. */
export async function existsSoon(path: string, child: ChildProcess): Promise<void> {
  while (
    (await stat(path).catch(() => null)) === null &&
    child.exitCode === null &&
    child.signalCode === null
  )
    await wait(1);
}
