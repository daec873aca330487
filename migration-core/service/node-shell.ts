/** A shell without a window: for the loopback host, and for tests. Task processes are Node's own. */
import { fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { posix, win32 } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Capabilities } from '../contract/app.ts';
import type { Shell, TaskProcess } from './shell.ts';

export interface NodeShellOptions {
  version: string;
  /** That of the system for this user unless given; made if it is not there. */
  dataFolder?: string;
  homeFolder?: string;
  now?: () => number;
  capabilities?: Partial<Capabilities>;
  /** File that task processes run; service/tasks/process.ts unless given. */
  taskProgram?: string;
}

/** What a task process gets of the environment: what Node and programs that are started by it need to work, and no secrets. */
const ENVIRONMENT = [
  ...['PATH', 'HOME', 'USER', 'LOGNAME', 'LANG', 'LC_ALL', 'LC_CTYPE', 'TZ', 'TMPDIR', 'TMP', 'TEMP'],
  ...['SystemRoot', 'SYSTEMROOT', 'windir', 'ComSpec', 'PATHEXT', 'USERPROFILE', 'APPDATA', 'LOCALAPPDATA'],
  ...['ProgramData', 'ProgramFiles', 'NUMBER_OF_PROCESSORS', 'UV_THREADPOOL_SIZE', 'NODE_COMPILE_CACHE'],
  // Keys of the person's agent: how servers are reached over SSH.
  'SSH_AUTH_SOCK',
];

export const taskEnvironment = (own: Readonly<Record<string, string | undefined>>): Record<string, string> =>
  Object.fromEntries(ENVIRONMENT.flatMap((key) => (own[key] === undefined ? [] : [[key, own[key]]])));

/** Where the system wants programs to keep what is theirs. */
export function dataFolderOf(
  platform: string,
  environment: Readonly<Record<string, string | undefined>>,
  home: string,
): string {
  if (platform === 'win32')
    return win32.join(environment['APPDATA'] ?? win32.join(home, 'AppData', 'Roaming'), 'Ironlift');
  if (platform === 'darwin') return posix.join(home, 'Library', 'Application Support', 'Ironlift');
  // XDG base directories: one that is not absolute is to be ignored.
  const state = environment['XDG_STATE_HOME'] ?? '';
  return posix.join(state.startsWith('/') ? state : posix.join(home, '.local', 'state'), 'ironlift');
}

/** @throws system errors where the data folder cannot be made */
export function nodeShell(options: NodeShellOptions): Shell {
  const home = options.homeFolder ?? homedir();
  const dataFolder = options.dataFolder ?? dataFolderOf(process.platform, process.env, home);
  mkdirSync(dataFolder, { recursive: true, mode: 0o700 });
  const program = options.taskProgram ?? fileURLToPath(new URL('tasks/process.ts', import.meta.url));
  return {
    capabilities: {
      shell: 'browser',
      dialogs: 'in-app',
      reveal: false,
      credentials: 'session',
      localDisks: 'none',
      destroy: false,
      sleepBlocker: false,
      ...options.capabilities,
    },
    platform: process.platform,
    version: options.version,
    dataFolder,
    homeFolder: home,
    now: options.now ?? Date.now,
    randomId: () => randomBytes(16).toString('hex'),
    startProcess: (name) => forkTask(program, name),
  };
}

function forkTask(program: string, name: string): TaskProcess {
  const environment = taskEnvironment(process.env);
  const child = fork(program, [name], {
    // Bytes and NaN arrive as they were sent, as they do between processes of Electron.
    serialization: 'advanced',
    env: environment,
    execArgv: [],
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  let onExit: ((code: number | null) => void) | null = null;
  let ended: { code: number | null } | null = null;
  const end = (code: number | null): void => {
    if (ended !== null) return;
    ended = { code };
    onExit?.(code);
  };
  child.on('exit', (code) => end(code));
  // It could not be started at all. Also told of messages that do not arrive because it is gone: `exit` follows.
  child.on('error', () => {
    if (child.pid === undefined) end(null);
  });
  return {
    send(message) {
      if (child.connected) child.send(message as object, () => undefined);
    },
    onMessage: (listener) => void child.on('message', listener),
    onExit(listener) {
      onExit = listener;
      if (ended !== null) listener(ended.code);
    },
    kill: () => void child.kill('SIGKILL'),
  };
}
