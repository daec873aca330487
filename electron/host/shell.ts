/** What the loopback host can do of what the program asks of its shell: no dialogs, no key store, and a browser looks on. */
import { spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { nodeShell } from '../../migration-core/service/node-shell.ts';
import type { Shell } from '../../migration-core/service/shell.ts';

export interface HostShellOptions {
  /** That of the system unless given. */
  dataFolder: string | undefined;
  version: string;
  destroy: boolean;
  taskProgram: string;
  environment: Readonly<Record<string, string | undefined>>;
}

/** @throws system errors where the data folder cannot be made */
export function hostShell({
  dataFolder,
  version,
  destroy,
  taskProgram,
  environment,
}: HostShellOptions): Shell {
  const awake = awakeCommand(process.platform, environment['PATH'] ?? '');
  return {
    ...nodeShell({
      version,
      taskProgram,
      ...(dataFolder === undefined ? {} : { dataFolder }),
      capabilities: {
        // A host has no window to ask in: who wants disks read starts it with the right to.
        localDisks: process.getuid?.() === 0 ? 'direct' : 'none',
        destroy,
        sleepBlocker: awake !== null,
      },
    }),
    ...(awake === null ? {} : { keepAwake: () => hold(awake) }),
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
