/**
 * A real OpenSSH server on a port of this machine, with keys and settings of its own in a scratch folder. Users with
 * passwords exist in a mount namespace of the server only (root, unshare): this machine's own files stay as they are.
 * What it runs carries a mark in its environment, so that a test can see what is left of it.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { chmod, copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { onTestFinished } from 'vitest';
import { findTool, needTools, run, scratchFolder } from './tools.ts';

export interface SshUser {
  name: string;
  password: string;
  /** A line of sudoers after the name: `ALL=(ALL) NOPASSWD: ALL`. */
  sudo?: string;
  /** Login shell; /bin/sh unless told. */
  shell?: string;
}

export interface SshdOptions {
  /** Lines of sshd_config, before all others: the first of a kind counts. */
  config?: string[];
  users?: SshUser[];
  /** Every file system is read-only for the server and what it runs (root, unshare). */
  readOnly?: boolean;
  /** Of the host key: `ed25519`, `rsa`, `ecdsa`. */
  keyType?: string;
}

export interface Sshd {
  readonly port: number;
  /** Who may log in with `keyFile`. */
  readonly user: string;
  readonly folder: string;
  readonly keyFile: string;
  /** Private part, for tests that give it to the client. */
  readonly key: string;
  readonly hostKeyFile: string;
  start(): Promise<void>;
  /** Ends the server and every connection at once, as a power failure does. */
  kill(): Promise<void>;
  /** Makes the server show another key from its next start on. */
  changeHostKey(): Promise<void>;
  /** What the server started and still runs: process numbers and command lines. */
  leftovers(): string[];
  /** Connections that are open now, seen by `ss`. */
  connections(): Promise<number>;
  log(): string;
}

const READ_ONLY = [
  'while read -r device folder kind rest',
  'do case $kind in proc | sysfs | devpts | cgroup*) ;; *) mount -o remount,bind,ro "$folder" 2>/dev/null ;; esac',
  'done </proc/mounts; ! touch /tmp/ironlift-test /var/tmp/ironlift-test /dev/shm/ironlift-test 2>/dev/null',
].join('; ');

export const isRoot = process.getuid?.() === 0;

export async function startSshd(options: SshdOptions = {}): Promise<Sshd> {
  needTools('sshd', 'ssh-keygen', 'ss', 'unshare');
  const server = new LoopbackSshd(await scratchFolder(), await freePort(), options);
  onTestFinished(() => server.kill());
  await server.prepare();
  await server.start();
  return server;
}

class LoopbackSshd implements Sshd {
  readonly port: number;
  readonly folder: string;
  readonly user = userInfo().username;
  readonly keyFile: string;
  readonly hostKeyFile: string;
  key = '';
  readonly #options: SshdOptions;
  readonly #mark: string;
  #child: ChildProcess | null = null;
  #log = '';

  constructor(folder: string, port: number, options: SshdOptions) {
    this.folder = folder;
    this.port = port;
    this.#options = options;
    this.#mark = `IRONLIFT_TEST_SSHD=${process.pid}-${port}`;
    this.keyFile = join(folder, 'user_key');
    this.hostKeyFile = join(folder, 'host_key');
  }

  async prepare(): Promise<void> {
    // Where sshd of root locks up its unprivileged half.
    if (isRoot && !existsSync('/run/sshd')) mkdirSync('/run/sshd', { mode: 0o755 });
    await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'test', '-f', this.keyFile]);
    this.key = await readFile(this.keyFile, 'utf8');
    await copyFile(`${this.keyFile}.pub`, join(this.folder, 'authorized_keys'));
    // sshd reads it as the user who logs in.
    await chmod(this.folder, 0o711);
    await this.changeHostKey();
    const lines = [
      ...(this.#options.config ?? []),
      `Port ${this.port}`,
      'ListenAddress 127.0.0.1',
      `HostKey ${this.hostKeyFile}`,
      `AuthorizedKeysFile ${join(this.folder, 'authorized_keys')}`,
      `SetEnv ${this.#mark}`,
      'PidFile none',
      'StrictModes no',
      'UsePAM no',
      'PermitRootLogin prohibit-password',
      'MaxStartups 100',
      'LogLevel VERBOSE',
    ];
    await writeFile(join(this.folder, 'sshd_config'), `${lines.join('\n')}\n`);
    await this.#writeUsers(this.#options.users ?? []);
  }

  async #writeUsers(users: SshUser[]): Promise<void> {
    if (users.length === 0) return;
    const etc = join(this.folder, 'etc');
    await mkdir(join(etc, 'sudoers.d'), { recursive: true });
    for (const name of ['passwd', 'shadow', 'group']) await copyFile(join('/etc', name), join(etc, name));
    for (const [index, { name, password, sudo, shell }] of users.entries()) {
      const id = 64_200 + index;
      const hash = (await run('openssl', ['passwd', '-6', password])).trim();
      await append(join(etc, 'passwd'), `${name}:x:${id}:${id}::/tmp:${shell ?? '/bin/sh'}\n`);
      await append(join(etc, 'shadow'), `${name}:${hash}:19000:0:99999:7:::\n`);
      await append(join(etc, 'group'), `${name}:x:${id}:\n`);
      if (sudo !== undefined) {
        await writeFile(
          join(etc, 'sudoers.d', name),
          `Defaults env_keep += "${this.#mark.split('=')[0]}"\n${name} ${sudo}\n`,
          {
            mode: 0o440,
          },
        );
      }
    }
  }

  async changeHostKey(): Promise<void> {
    await run('rm', ['-f', this.hostKeyFile, `${this.hostKeyFile}.pub`]);
    const type = this.#options.keyType ?? 'ed25519';
    await run('ssh-keygen', ['-q', '-t', type, '-N', '', '-C', 'host', '-f', this.hostKeyFile]);
  }

  async start(): Promise<void> {
    const sshd = `exec ${findTool('sshd')!} -D -e -f ${join(this.folder, 'sshd_config')}`;
    const etc = join(this.folder, 'etc');
    const binds = ['passwd', 'shadow', 'group', 'sudoers.d'].map(
      (name) => `mount --bind ${etc}/${name} /etc/${name}`,
    );
    const before = [
      ...(this.#options.users === undefined ? [] : binds),
      ...(this.#options.readOnly === true ? [READ_ONLY] : []),
    ];
    const [program, ...args] =
      before.length === 0
        ? ['sh', '-c', sshd]
        : ['unshare', '--mount', 'sh', '-c', [...before, sshd].join(' && ')];
    const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] });
    this.#child = child;
    child.stderr.setEncoding('utf8').on('data', (text: string) => void (this.#log += text));
    for (let tries = 0; tries < 200; tries++) {
      if (await answers(this.port)) return;
      if (child.exitCode !== null) break;
      await sleep(50);
    }
    throw new Error(`sshd did not start:\n${this.#log}`);
  }

  async kill(): Promise<void> {
    const child = this.#child;
    this.#child = null;
    if (child?.pid === undefined || child.exitCode !== null) return;
    const gone = new Promise((resolve) => child.once('close', resolve));
    // The listener last: children whose parent has gone are not found.
    for (const pid of descendants(child.pid).filter((one) => commandOf(one).startsWith('sshd'))) end(pid);
    end(child.pid);
    await gone;
  }

  leftovers(): string[] {
    return markedProcesses(this.#mark);
  }

  async connections(): Promise<number> {
    const text = await run('ss', ['-Htn', 'state', 'established', `( dport = :${this.port} )`]);
    return text.split('\n').filter((line) => line.trim() !== '').length;
  }

  log(): string {
    return this.#log;
  }
}

/** Processes that were started with this in their environment (`NAME=value`): numbers and command lines. */
export const markedProcesses = (mark: string): string[] =>
  processes()
    .filter((pid) => fileOf(pid, 'environ').split('\0').includes(mark))
    .map((pid) => `${pid} ${fileOf(pid, 'cmdline').replaceAll('\0', ' ').slice(0, 100)}`);

/** Waits until it is so; false when it is not within the time. */
export async function soon(what: () => boolean | Promise<boolean>, seconds = 5): Promise<boolean> {
  for (let tries = 0; tries < seconds * 20; tries++) {
    if (await what()) return true;
    await sleep(50);
  }
  return what();
}

async function append(path: string, text: string): Promise<void> {
  const before = await readFile(path, 'utf8');
  await writeFile(path, `${before.replace(/\n?$/u, '\n')}${text}`);
}

function end(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has gone.
  }
}

const processes = (): number[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/u.test(name))
    .map(Number);

function fileOf(pid: number, name: string): string {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'latin1');
  } catch {
    return '';
  }
}

const commandOf = (pid: number): string => fileOf(pid, 'comm').trim();

function descendants(pid: number): number[] {
  const parents = new Map(
    processes().map((one) => [one, Number(/\) . (\d+)/u.exec(fileOf(one, 'stat'))?.[1])] as const),
  );
  const children = [...parents].filter(([, parent]) => parent === pid).map(([child]) => child);
  return children.flatMap((child) => [...descendants(child), child]);
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('data', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}
