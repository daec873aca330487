/** This computer as a `Shell`. */
import { spawn } from 'node:child_process';
import { IronliftError } from '../../base/errors.ts';
import type { Shell, ShellProcess } from '../shell.ts';

export class LocalShell implements Shell {
  readonly machine = 'this computer';
  readonly #running = new Set<ShellProcess>();

  async start(command: string): Promise<ShellProcess> {
    // A process group of its own: the script ends its group, and that must not be ours.
    const child = spawn('sh', ['-c', command], { detached: true, stdio: 'pipe' });
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', (cause) => {
        reject(
          new IronliftError(
            'COLLECT_FAILED',
            `No shell could be started on this computer: ${cause.message}.`,
            {
              next: 'Check that /bin/sh is there and that more processes may be started.',
              cause,
            },
          ),
        );
      });
    });
    const process: ShellProcess = {
      input: child.stdin,
      output: child.stdout,
      errors: child.stderr,
      ended: new Promise((resolve) => child.once('close', (status) => resolve({ status }))),
      kill: () => {
        child.stdin.destroy();
        child.stdout.destroy();
        child.stderr.destroy();
        endGroup(child.pid);
      },
    };
    this.#running.add(process);
    void process.ended.then(() => this.#running.delete(process));
    return process;
  }

  async close(): Promise<void> {
    for (const process of this.#running) process.kill();
    await Promise.all([...this.#running].map((process) => process.ended));
  }
}

function endGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It has gone already.
  }
}
