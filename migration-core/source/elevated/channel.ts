/** Starts the helper and gives the line to it: its own pipes, or those over which it calls back. */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { isRaised, raiseCommand, saidNo, type HelperCommand, type RaiseCommand } from './helper-command.ts';

export type Ending =
  { how: 'not-started'; error: Error } | { how: 'refused' | 'ended'; code: number | null; stderr: string };

export interface Channel {
  input: Writable;
  output: Readable;
  ended: Promise<Ending>;
}

/** pkexec(1): 126 when the person said no, 127 when nobody could be asked. sudo: 1. */
const pipedRefusal = (program: string, code: number | null): boolean =>
  code === 126 || code === 127 || (code === 1 && program.endsWith('sudo'));

/** @param args the disk, and what else the helper is told */
export async function openChannel(
  helper: HelperCommand,
  args: readonly string[],
  signal?: AbortSignal,
): Promise<Channel | Ending> {
  if (isRaised(helper)) {
    const question = `Ironlift reads the disk ${args[0]!}. Nothing is written to it.`;
    return callBack(
      (place) => raiseCommand(helper, ['--connect', place, ...args], question, process.env),
      (code, stderr) => saidNo(helper, code, stderr),
      signal,
    );
  }
  const [program, ...own] = helper;
  const { child, ended } = start({ program, args: [...own, ...args], environment: {} }, signal, (code) =>
    pipedRefusal(program, code),
  );
  return { input: child.stdin, output: child.stdout, ended };
}

/**
 * The helper calls back over a place that it is told. Whoever calls first is the one: in that folder, and at a pipe of
 * that name, nobody but this person and the administrator can.
 */
export async function callBack(
  raise: (place: string) => RaiseCommand,
  isRefusal: (code: number | null, stderr: string) => boolean,
  signal?: AbortSignal,
): Promise<Channel | Ending> {
  const isWindows = process.platform === 'win32';
  // mkdtemp makes it for this person alone.
  const folder = isWindows ? null : await mkdtemp(join(tmpdir(), 'ironlift-ask-'));
  const place =
    folder === null ? `\\\\.\\pipe\\ironlift-ask-${randomBytes(16).toString('hex')}` : join(folder, 'line');
  const server = createServer();
  server.maxConnections = 1;
  const called = new Promise<Socket>((resolve, reject) => {
    server.once('connection', resolve);
    server.once('error', reject);
  });
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(place, resolve);
    });
    const { child, ended } = start(raise(place), signal, isRefusal);
    child.stdin.end();
    // Nobody reads it; a pipe that is full would stop the helper.
    child.stdout.resume();
    const first = await Promise.race([called, ended]);
    if ('how' in first) return first;
    first.on('error', () => undefined);
    return { input: first, output: first, ended };
  } finally {
    server.close();
    if (folder !== null) await rm(folder, { recursive: true, force: true });
  }
}

function start(
  { program, args, environment }: RaiseCommand,
  signal: AbortSignal | undefined,
  isRefusal: (code: number | null, stderr: string) => boolean,
) {
  const child = spawn(program, args, {
    stdio: ['pipe', 'pipe', 'pipe'],
    windowsHide: true,
    env: { ...process.env, ...environment },
    ...(signal === undefined ? {} : { signal }),
  });
  // Writing to a process that has just ended is no news: how it ended is.
  child.stdin.on('error', () => undefined);
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(-2000);
  });
  const ended = new Promise<Ending>((resolve) => {
    child.once('error', (error) => resolve({ how: 'not-started', error }));
    child.once('close', (code) =>
      resolve({ how: isRefusal(code, stderr) ? 'refused' : 'ended', code, stderr }),
    );
  });
  return { child, ended };
}
