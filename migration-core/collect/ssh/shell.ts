/** A server at the other end of an SSH connection as a `Shell`: every command is a channel of the one connection. */
import { once } from 'node:events';
import type { Client, ClientChannel } from 'ssh2';
import { IronliftError } from '../../base/errors.ts';
import type { Shell, ShellProcess } from '../shell.ts';

/** For the server to answer our goodbye. */
const CLOSE_MILLISECONDS = 1_000;
/** For the server to open a channel. */
const OPEN_MILLISECONDS = 30_000;

export class SshShell implements Shell {
  readonly machine: string;
  readonly #client: Client;
  readonly #closed: Promise<void>;
  #isClosed = false;

  /** @param client is connected and logged in */
  constructor(client: Client, machine: string) {
    this.#client = client;
    this.machine = machine;
    this.#closed = new Promise((resolve) => {
      client.once('close', () => {
        this.#isClosed = true;
        resolve();
      });
    });
  }

  async start(command: string): Promise<ShellProcess> {
    const channel = await this.#open(command);
    let status: number | null = null;
    channel.on('exit', (code: number | null) => void (status = code));
    const closed = once(channel, 'close').catch(() => undefined);
    return {
      input: channel,
      output: channel,
      errors: channel.stderr,
      ended: Promise.race([closed, this.#closed]).then(() => ({ status })),
      kill: () => channel.destroy(),
    };
  }

  #open(command: string): Promise<ClientChannel> {
    return new Promise((resolve, reject) => {
      const fail = (cause?: unknown): void => {
        clearTimeout(timer);
        reject(
          new IronliftError(
            'COLLECT_FAILED',
            `The login on ${this.machine} works, but it may run no commands.`,
            {
              next: 'Use a login that may run commands; some are for file transfer or a menu only.',
              ...(cause === undefined ? {} : { cause }),
            },
          ),
        );
      };
      const timer = setTimeout(fail, OPEN_MILLISECONDS);
      if (this.#isClosed) {
        fail();
        return;
      }
      void this.#closed.then(() => fail());
      try {
        this.#client.exec(command, (error, channel) => {
          clearTimeout(timer);
          if (error === undefined) resolve(channel);
          else fail(error);
        });
      } catch (error) {
        fail(error);
      }
    });
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    const timer = setTimeout(() => this.#client.destroy(), CLOSE_MILLISECONDS);
    this.#client.end();
    await this.#closed;
    clearTimeout(timer);
  }
}
