/** From a target to a shell on it: reach it, see that it is the one it was, log in. */
import ssh2 from 'ssh2';
import type { Client } from 'ssh2';
import { cancelled } from '../../base/cancel.ts';
import { IronliftError, isIronliftError, systemErrorCode } from '../../base/errors.ts';
import { algorithmsFor } from './algorithms.ts';
import type { SshCredentials } from './credentials.ts';
import { checkHost, type OnUnknownHost } from './host-check.ts';
import type { HostKeyStore } from './known-hosts.ts';
import { loginHandler, type LoginReport } from './login.ts';
import { SshShell } from './shell.ts';
import { portOf, targetName, type SshTarget } from './target.ts';

export interface ConnectOptions {
  credentials: SshCredentials;
  hostKeys: HostKeyStore;
  /** Left away: no server is trusted that was never seen. */
  onUnknownHost?: OnUnknownHost | undefined;
  signal?: AbortSignal | undefined;
}

/** For the network and the server, not for people: the clock stands while one is asked. */
const ANSWER_MILLISECONDS = 20_000;
/** A connection that says nothing for three of these is lost. */
const KEEPALIVE_MILLISECONDS = 15_000;

/**
 * @throws HOST_NOT_REACHED, HOST_KEY_UNKNOWN, HOST_KEY_CHANGED, LOGIN_FAILED, COLLECT_FAILED (the list of known servers),
 * CANCELLED. No error holds what was sent to log in.
 */
export async function connectSsh(target: SshTarget, options: ConnectOptions): Promise<SshShell> {
  if (options.signal?.aborted === true) throw cancelled();
  const known = await options.hostKeys.find(target.host, portOf(target));
  const client = new ssh2.Client();
  const attempt = new Attempt(target, options, client);
  let trusted: Buffer | null = null;
  await new Promise<void>((resolve, reject) => {
    attempt.start(resolve, reject);
    try {
      client.connect({
        host: target.host,
        port: portOf(target),
        username: target.user,
        readyTimeout: 0,
        keepaliveInterval: KEEPALIVE_MILLISECONDS,
        algorithms: algorithmsFor(
          known.map((key) => key.algorithm),
          target.oldAlgorithms === true,
        ),
        hostVerifier: (blob: Buffer, verify: (permitted: boolean) => void) => {
          // Keys are exchanged again every hour or gigabyte. Nobody is asked twice, and nothing else is taken.
          if (trusted !== null) {
            verify(trusted.equals(blob));
            return;
          }
          attempt.ask(checkHost(target, blob, known, options.hostKeys, options.onUnknownHost)).then(
            () => {
              trusted = Buffer.from(blob);
              verify(true);
            },
            (error: unknown) => {
              attempt.fail(error);
              verify(false);
            },
          );
        },
        authHandler: loginHandler(
          target,
          options.credentials,
          attempt.login,
          (question) => attempt.ask(question),
          () => attempt.endless(),
        ),
      });
    } catch (error) {
      attempt.fail(error);
    }
  });
  return new SshShell(client, targetName(target));
}

class Attempt {
  readonly login: LoginReport = { tried: [], notTried: [], offered: [] };
  readonly #target: SshTarget;
  readonly #client: Client;
  readonly #signal: AbortSignal | undefined;
  #phase: 'connecting' | 'handshake' | 'login' | 'over' = 'connecting';
  #timer: NodeJS.Timeout | undefined;
  #settle: (error?: unknown) => void = () => undefined;

  constructor(target: SshTarget, options: ConnectOptions, client: Client) {
    this.#target = target;
    this.#client = client;
    this.#signal = options.signal;
  }

  start(resolve: () => void, reject: (error: unknown) => void): void {
    const onAbort = (): void => this.fail(cancelled());
    this.#signal?.addEventListener('abort', onAbort, { once: true });
    this.#settle = (error) => {
      this.#phase = 'over';
      clearTimeout(this.#timer);
      this.#signal?.removeEventListener('abort', onAbort);
      if (error === undefined) resolve();
      else reject(error);
    };
    this.#client
      .on('connect', () => void (this.#phase = 'handshake'))
      .on('handshake', () => void (this.#phase = 'login'))
      .on('ready', () => {
        if (this.#phase !== 'over') this.#settle();
      })
      .on('change password', () => this.fail(this.#loginFailed('the password has expired')))
      // Stays for the life of the connection: without a listener a lost connection would end the program.
      .on('error', (error: Error & { level?: string }) => {
        if (error.level !== 'agent') this.fail(error);
        else if (this.#phase !== 'over') this.login.notTried.push('the agent does not answer');
      })
      .on('close', () => this.fail(new Error('The connection was closed.')));
    this.#watch();
  }

  /** @param error our own, or one of ssh2 */
  fail(error: unknown): void {
    if (this.#phase === 'over') return;
    const sentence = isIronliftError(error) ? error : this.#explain(error);
    this.#settle(sentence);
    this.#client.destroy();
  }

  endless(): void {
    this.fail(this.#loginFailed('the server asks questions without end'));
  }

  async ask<T>(question: Promise<T>): Promise<T> {
    clearTimeout(this.#timer);
    try {
      return await question;
    } finally {
      if (this.#phase !== 'over') this.#watch();
    }
  }

  #watch(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.fail(new Error('No answer in time.')), ANSWER_MILLISECONDS);
  }

  #explain(error: unknown): IronliftError {
    const reason = error instanceof Error ? error.message.slice(0, 200) : '';
    const level = error instanceof Error && 'level' in error ? error.level : undefined;
    // A numeric code: the words are the server's, which may repeat what it was sent.
    const ours = !(error instanceof Error && 'code' in error && typeof error.code === 'number');
    const data = { host: this.#target.host, port: portOf(this.#target), ...(ours ? { reason } : {}) };
    if (level === 'client-authentication' || (this.#phase === 'login' && /^Too many auth/u.test(reason)))
      return this.#loginFailed();
    if (/no matching/iu.test(reason)) {
      return new IronliftError(
        'HOST_NOT_REACHED',
        `${targetName(this.#target)} and this program know no common way to encrypt: the server may be too old.`,
        { next: 'Allow old algorithms for this server if you trust the network to it.', data },
      );
    }
    const name = targetName(this.#target);
    return new IronliftError('HOST_NOT_REACHED', `${name} was not reached: ${this.#why(error)}.`, {
      next: 'Check name, port and firewall, and that its SSH server runs.',
      data,
    });
  }

  #why(error: unknown): string {
    switch (systemErrorCode(error)) {
      case 'ECONNREFUSED':
        return `nothing answers on port ${portOf(this.#target)}`;
      case 'ENOTFOUND':
      case 'EAI_AGAIN':
        return 'its name is not known';
      case 'EHOSTUNREACH':
      case 'ENETUNREACH':
        return 'there is no way to it';
      case 'ETIMEDOUT':
        return 'it does not answer';
      default:
    }
    if (this.#phase === 'connecting') return 'it does not answer';
    if (this.#phase === 'handshake') return 'it answers, but not as an SSH server does';
    return 'it closed the connection during the login';
  }

  #loginFailed(why?: string): IronliftError {
    const { tried, notTried, offered } = this.login;
    const facts = [
      why,
      tried.length > 0 ? `tried: ${tried.join(', ')}` : 'nothing could be tried',
      ...notTried,
      offered.length > 0 ? `the server takes: ${offered.join(', ')}` : undefined,
    ].filter((fact) => fact !== undefined);
    return new IronliftError(
      'LOGIN_FAILED',
      `${targetName(this.#target)} did not accept the login of "${this.#target.user}" (${facts.join('; ')}).`,
      {
        next: 'Check user name and password or key; too many attempts may lock the account.',
        data: {
          host: this.#target.host,
          port: portOf(this.#target),
          user: this.#target.user,
          tried,
          notTried,
          offered,
        },
      },
    );
  }
}
