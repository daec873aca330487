/** The process that a task runs in, as child of Node: what the loopback host starts (Electron's is in main/task-process.ts). */
import { fork } from 'node:child_process';
import type { TaskProcess } from '../migration-core/service/shell.ts';

/**
 * What a task may know of this process: where programs and temporary files are, the locale, the person's agent for SSH.
 * Everything else stays here: an environment is where secrets of other programs lie.
 */
const ENVIRONMENT = [
  'PATH',
  'HOME',
  'USER',
  'LOGNAME',
  'LANG',
  'LC_ALL',
  'TZ',
  'TMPDIR',
  'TEMP',
  'TMP',
  'SSH_AUTH_SOCK',
  // Windows: without these no program starts.
  'SystemRoot',
  'SystemDrive',
  'windir',
  'ComSpec',
  'PATHEXT',
  'USERPROFILE',
  'APPDATA',
  'LOCALAPPDATA',
  'ProgramData',
  'ProgramFiles',
] as const;

export function taskEnvironment(own: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const passed: Record<string, string> = {};
  for (const name of ENVIRONMENT) {
    const value = own[name];
    if (value !== undefined) passed[name] = value;
  }
  return passed;
}

/** @param entry service/tasks/process.ts, or what it was built to */
export function forkTask(
  entry: string,
  environment: Record<string, string>,
  onOutput: (text: string) => void,
): TaskProcess {
  const child = fork(entry, [], {
    env: environment,
    execArgv: [],
    serialization: 'advanced',
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  // A program that cannot be started has no exit; and one message may be on its way to a process that has just died.
  let ended = false;
  let tell: (code: number | null) => void = () => undefined;
  const end = (code: number | null): void => {
    if (ended) return;
    ended = true;
    tell(code);
  };
  child.on('error', () => {
    if (child.pid === undefined) end(null);
  });
  child.on('exit', (code) => end(code));
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding('utf8').on('data', (text: string) => onOutput(text));
  return {
    send: (message) => {
      if (child.connected) child.send(message as object, () => undefined);
    },
    onMessage: (listener) => void child.on('message', listener),
    onExit: (listener) => {
      tell = listener;
      if (ended) listener(child.exitCode);
    },
    kill: () => void child.kill('SIGKILL'),
  };
}
