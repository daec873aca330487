/** The process that a task runs in, as Electron's utility process: a sandbox of its own against crashes, not against the system. */
import type { UtilityProcess, utilityProcess } from 'electron';
import type { TaskProcess } from '../../migration-core/service/shell.ts';

export function startTask(
  utility: Pick<typeof utilityProcess, 'fork'>,
  entry: string,
  name: string,
  environment: Record<string, string>,
  onOutput: (text: string) => void,
): TaskProcess {
  const child: UtilityProcess = utility.fork(entry, [], {
    serviceName: `ironlift-${name}`,
    env: environment,
    execArgv: [],
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (text: Buffer) => onOutput(text.toString('utf8')));
  let ended = false;
  return {
    send: (message) => {
      if (!ended) child.postMessage(message);
    },
    onMessage: (listener) => void child.on('message', listener),
    onExit: (listener) => {
      child.once('exit', (code) => {
        ended = true;
        listener(code);
      });
    },
    // Electron's kill asks (SIGTERM); who does not listen is ended by the system.
    kill: () => {
      const { pid } = child;
      if (child.kill() && pid !== undefined && process.platform !== 'win32') killAfterAll(pid, () => ended);
    },
  };
}

function killAfterAll(pid: number, ended: () => boolean): void {
  setTimeout(() => {
    // Only while the process has not been told of as ended: afterwards its number may be another's.
    if (!ended()) tryKill(pid);
  }, 2000).unref();
}

function tryKill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // Ended in this very moment.
  }
}
