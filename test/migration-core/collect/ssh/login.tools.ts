/** Every way to log in to a real OpenSSH server, and that no secret comes out again when it fails. */
import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { inspect } from 'node:util';
import type { AuthenticationType, AuthHandlerMiddleware, KeyboardInteractiveAuthMethod } from 'ssh2';
import { describe, expect, it, onTestFinished } from 'vitest';
import { collectSsh, type SshItem } from '../../../../migration-core/collect/ssh/collect.ts';
import type { SshCredentials } from '../../../../migration-core/collect/ssh/credentials.ts';
import { loginHandler, type LoginReport } from '../../../../migration-core/collect/ssh/login.ts';
import { isRoot, soon, startSshd, type Sshd } from '../../../support/sshd.ts';
import { all, failure, optionsOf, targetOf } from '../../../support/ssh-collect.ts';
import { needTools, run, scratchFolder } from '../../../support/tools.ts';

const SECRET = 'sEcReT-7f3a';
const USERS = [{ name: 'ironuser', password: SECRET }];

async function login(sshd: Sshd, credentials: SshCredentials, user = sshd.user): Promise<SshItem[]> {
  return all(
    collectSsh([{ ...targetOf(sshd), user }], { ...optionsOf(sshd), credentials, inventory: false }),
  );
}

async function startAgent(keyFile: string): Promise<string> {
  needTools('ssh-agent', 'ssh-add');
  const socket = join(await scratchFolder(), 'agent');
  const agent = spawn('ssh-agent', ['-D', '-a', socket], { stdio: 'ignore' });
  onTestFinished(() => void agent.kill());
  await soon(async () => (await run('sh', ['-c', `[ -S ${socket} ] && echo yes || true`])) !== '');
  await run('ssh-add', ['-q', keyFile], { env: { SSH_AUTH_SOCK: socket } });
  return socket;
}

describe('logging in', () => {
  it('with a key, a locked key and its passphrase, or an agent', async () => {
    const sshd = await startSshd();
    expect(failure(await login(sshd, { keys: async () => [{ name: 'k', content: sshd.key }] }))).toBe('');
    const socket = await startAgent(sshd.keyFile);
    expect(failure(await login(sshd, { agent: async () => socket }))).toBe('');
    await run('ssh-keygen', ['-q', '-p', '-N', SECRET, '-f', sshd.keyFile]);
    const content = await readFile(sshd.keyFile, 'utf8');
    const keys = async (): Promise<{ name: string; content: string }[]> => [{ name: 'locked', content }];
    expect(failure(await login(sshd, { keys, passphrase: async () => SECRET }))).toBe('');
    for (const passphrase of [undefined, async () => null, async () => `${SECRET}-wrong`]) {
      const items = await login(sshd, { keys, ...(passphrase === undefined ? {} : { passphrase }) });
      expect(failure(items)).toBe('LOGIN_FAILED');
      expect(inspect(items, { depth: 20 })).toMatch(/locked/u);
      expect(inspect(items, { depth: 20, showHidden: true })).not.toContain(SECRET);
    }
  });

  it.skipIf(!isRoot)(
    'with a password, by questions of the server, and with a key and then a password',
    async () => {
      const byPassword = await startSshd({
        users: USERS,
        config: ['PasswordAuthentication yes', 'KbdInteractiveAuthentication no'],
      });
      expect(failure(await login(byPassword, { password: async () => SECRET }, 'ironuser'))).toBe('');
      const byQuestions = await startSshd({
        users: USERS,
        config: ['UsePAM yes', 'PasswordAuthentication no', 'KbdInteractiveAuthentication yes'],
      });
      expect(failure(await login(byQuestions, { password: async () => SECRET }, 'ironuser'))).toBe('');
      const prompts: string[] = [];
      const answers: SshCredentials['answers'] = async (_target, questions) => {
        prompts.push(...questions.prompts.map(({ prompt }) => prompt));
        return [SECRET];
      };
      expect(failure(await login(byQuestions, { answers }, 'ironuser'))).toBe('');
      expect(prompts).toEqual(['Password: ']);
      const byBoth = await startSshd({
        users: USERS,
        config: ['PasswordAuthentication yes', 'AuthenticationMethods publickey,password'],
      });
      const keys = async (): Promise<{ name: string; content: string }[]> => [
        { name: 'k', content: byBoth.key },
      ];
      expect(failure(await login(byBoth, { keys, password: async () => SECRET }, 'ironuser'))).toBe('');
      expect(failure(await login(byBoth, { keys }, 'ironuser'))).toBe('LOGIN_FAILED');
    },
  );

  it.skipIf(!isRoot)('keeps secrets to itself, whatever goes wrong', async () => {
    const written: string[] = [];
    const { stdout, stderr } = process;
    for (const stream of [stdout, stderr]) {
      const write = stream.write.bind(stream);
      stream.write = (text: string | Uint8Array) => {
        written.push(Buffer.from(text as Uint8Array).toString());
        return write(text);
      };
      onTestFinished(() => void (stream.write = write));
    }
    const sshd = await startSshd({
      users: [...USERS, { name: 'irongone', password: SECRET, sudo: 'ALL=(ALL) ALL' }],
      config: ['PasswordAuthentication yes', 'MaxAuthTries 2'],
    });
    const wrong: SshCredentials = {
      password: async () => `${SECRET}-wrong`,
      answers: async () => [SECRET],
      sudoPassword: async () => `${SECRET}-sudo`,
      keys: async () => [{ name: 'no-key', content: `-----BEGIN OPENSSH PRIVATE KEY-----\n${SECRET}\n` }],
      passphrase: async () => SECRET,
      agent: async () => '/nowhere/agent',
    };
    const echo = await echoServer(`SSH-2.0-${SECRET}\r\n`);
    const talker = await echoServer(`${SECRET}\n`.repeat(1000));
    const target = { ...targetOf(sshd), user: 'ironuser' };
    const cases: [string, () => Promise<SshItem[]>][] = [
      ['LOGIN_FAILED', () => login(sshd, wrong, 'ironuser')],
      [
        'LOGIN_FAILED',
        () => login(sshd, { password: async () => Promise.reject(new Error(SECRET)) }, 'ironuser'),
      ],
      [
        'HOST_NOT_REACHED',
        () => all(collectSsh([{ ...target, port: 1 }], { ...optionsOf(sshd), credentials: wrong })),
      ],
      [
        'HOST_NOT_REACHED',
        () =>
          all(
            collectSsh([{ ...target, host: 'nowhere.invalid' }], { ...optionsOf(sshd), credentials: wrong }),
          ),
      ],
      [
        'HOST_NOT_REACHED',
        () => all(collectSsh([{ ...target, port: echo }], { ...optionsOf(sshd), credentials: wrong })),
      ],
      [
        'HOST_NOT_REACHED',
        () => all(collectSsh([{ ...target, port: talker }], { ...optionsOf(sshd), credentials: wrong })),
      ],
      [
        '',
        () =>
          all(
            collectSsh([{ ...target, user: 'irongone' }], {
              ...optionsOf(sshd),
              sudo: true,
              credentials: { password: async () => SECRET, sudoPassword: async () => `${SECRET}-sudo` },
            }),
          ),
      ],
    ];
    for (const [code, run] of cases) {
      const items = await run();
      expect(failure(items)).toBe(code);
      const shown =
        inspect(items, { depth: 30, showHidden: true, maxStringLength: null }) + JSON.stringify(items);
      // What a server says is not repeated either, for it may repeat what it was sent.
      expect(shown).not.toContain(SECRET);
      const failed = items.find((item) => item.kind === 'failed');
      if (failed !== undefined) {
        expect(failed.error.message).toMatch(/^[^\n]+[.]$/u);
        expect(failed.error.next).toMatch(/^[A-Z][^\n]+[.]$/u);
      }
    }
    expect(written.join('')).not.toContain(SECRET);
  });
});

/** Says something that is no SSH, or not enough of it, and hangs up. */
async function echoServer(text: string): Promise<number> {
  const server: Server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.end(text);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return (server.address() as { port: number }).port;
}

describe('the clock of a login', () => {
  const target = { host: 'web1', user: 'root' };
  const report = (): LoginReport => ({ tried: [], notTried: [], offered: [] });
  const next = (handler: AuthHandlerMiddleware, offered: AuthenticationType[] | null): Promise<unknown> =>
    new Promise((resolve) => {
      handler(offered as AuthenticationType[], false, resolve);
    });

  it('stands while a person types the passphrase of a key', async () => {
    needTools('ssh-keygen');
    const file = join(await scratchFolder(), 'locked');
    await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', SECRET, '-f', file]);
    const content = await readFile(file, 'utf8');
    let [standing, stood] = [0, false];
    const handler = loginHandler(
      target,
      {
        keys: async () => [{ name: 'locked', content }],
        passphrase: async () => {
          await sleep(5);
          stood = standing > 0;
          return SECRET;
        },
      },
      report(),
      async (question) => {
        standing++;
        return question.finally(() => standing--);
      },
      () => undefined,
    );
    await next(handler, null);
    expect(await next(handler, ['publickey'])).toMatchObject({ type: 'publickey' });
    expect(stood).toBe(true);
  });

  it('is not stopped for ever by a server that asks and asks', async () => {
    let [gaveUp, answers] = [0, 0];
    const handler = loginHandler(
      target,
      { answers: async () => [SECRET] },
      report(),
      (question) => question,
      () => gaveUp++,
    );
    await next(handler, null);
    const method = (await next(handler, ['keyboard-interactive'])) as KeyboardInteractiveAuthMethod;
    for (let round = 0; round < 50; round++) {
      method.prompt('', '', '', [{ prompt: 'Again: ' }], () => answers++);
      await sleep(0);
    }
    expect(gaveUp).toBeGreaterThan(0);
    expect(answers).toBe(10);
  });
});
