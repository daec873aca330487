/** What the loopback host can do of what the program asks of its shell: no dialogs, no key store, and a browser looks on. */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { accessSync, constants } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import type { Shell } from '../../migration-core/service/shell.ts';
import { forkTask, taskEnvironment } from '../job-process.ts';
import type { Log } from '../log-file.ts';

export interface HostShellOptions {
  dataFolder: string;
  version: string;
  destroy: boolean;
  taskEntry: string;
  log: Log;
  environment: Readonly<Record<string, string | undefined>>;
}

export function hostShell({
  dataFolder,
  version,
  destroy,
  taskEntry,
  log,
  environment,
}: HostShellOptions): Shell {
  const awake = awakeCommand(process.platform, environment['PATH'] ?? '');
  return {
    capabilities: {
      shell: 'browser',
      dialogs: 'in-app',
      reveal: false,
      credentials: 'session',
      // A host has no window to ask in: who wants disks read starts it with the right to.
      localDisks: process.getuid?.() === 0 ? 'direct' : 'none',
      destroy,
      sleepBlocker: awake !== null,
    },
    platform: process.platform,
    version,
    dataFolder,
    homeFolder: homedir(),
    now: () => Date.now(),
    randomId: () => randomBytes(16).toString('hex'),
    startProcess: (name) =>
      forkTask(taskEntry, taskEnvironment(environment), (text) =>
        log.info('task-output', { name, text: text.slice(0, 4000) }),
      ),
    ...(awake === null ? {} : { keepAwake: sharedHold(() => hold(awake)) }),
  };
}

/** The system's own program that keeps it awake as long as it runs; null: there is none. */
export function awakeCommand(platform: string, path: string): readonly [string, ...string[]] | null {
  const why = 'Ironlift is working; sleep would interrupt it.';
  if (platform === 'linux' && onPath('systemd-inhibit', path) && onPath('sleep', path))
    return ['systemd-inhibit', '--what=sleep:idle', '--who=Ironlift', `--why=${why}`, 'sleep', 'infinity'];
  if (platform === 'darwin') return ['/usr/bin/caffeinate', '-i', '-w', String(process.pid)];
  return null;
}

const onPath = (program: string, path: string): boolean =>
  path.split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return folder !== '';
    } catch {
      return false;
    }
  });

function hold([program, ...args]: readonly [string, ...string[]]): () => void {
  const child = spawn(program, args, { stdio: 'ignore' });
  // Without a session bus it ends at once: then the system sleeps when it wants to, and the job is interrupted.
  child.on('error', () => undefined);
  child.unref();
  return () => void child.kill();
}

/** Held by the first who asks and let go by the last. */
export function sharedHold(take: () => () => void): () => () => void {
  let holders = 0;
  let release: (() => void) | null = null;
  return () => {
    if (holders++ === 0) release = take();
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      if (--holders === 0) release?.();
    };
  };
}
