/**
 * Runs a script of ours on a machine without leaving anything there: it goes in by standard input, into the memory of a
 * shell. No file is written, and nothing outlives the connection: a second shell waits for the end of the input and then
 * ends all others, so that it does not matter how the connection went.
 */
import { randomBytes } from 'node:crypto';
import { cancelled } from '../base/cancel.ts';
import { IronliftError } from '../base/errors.ts';
import type { Shell, ShellEnd, ShellProcess } from './shell.ts';

export interface ScriptOptions {
  /** $1, $2 ... of the script. Our own words, never those of others. */
  args?: readonly string[];
  /** Run by root through sudo; the password is asked for only where sudo wants one, null: there is none. */
  sudo?: { password: () => Promise<string | null> };
  /** More output than this ends the script with COLLECT_FAILED. */
  maximumBytes: number;
  signal?: AbortSignal | undefined;
}

export interface ScriptRun {
  /**
   * What the script prints, while it prints. To stop reading stops the script.
   * @throws COLLECT_FAILED (more than `maximumBytes`), CANCELLED
   */
  readonly output: AsyncIterable<Uint8Array>;
  readonly ended: Promise<ShellEnd>;
  /** The end of what it wrote to standard error, at most 4 KiB. */
  errors(): string;
  /** Ends the script and all it started, and waits until that is so. */
  stop(): Promise<void>;
}

/** Why sudo did not run the script. */
export type SudoRefusal = 'no password' | 'wrong password' | 'refused';

export class SudoRefused extends Error {
  readonly reason: SudoRefusal;
  constructor(reason: SudoRefusal) {
    super(reason);
    this.reason = reason;
  }
}

/** A login shell may greet before it runs our command; who talks longer than this is no shell. */
const GREETING_BYTES = 64 << 10;
const START_MILLISECONDS = 30_000;
const ERROR_BYTES = 4 << 10;
/** No script of ours complains that much in a month. */
const ERROR_FLOOD_BYTES = 64 << 20;
/** A server that is that slow is not waited for; its watcher ends the script when it gets to it. */
const STOP_MILLISECONDS = 3_000;

/**
 * Starts the script; resolves when it has been sent.
 * @throws SudoRefused, COLLECT_FAILED (no shell there), CANCELLED
 */
export async function runScript(shell: Shell, script: string, options: ScriptOptions): Promise<ScriptRun> {
  const { signal, sudo } = options;
  if (signal?.aborted === true) throw cancelled();
  const token = `ironlift${randomBytes(8).toString('hex')}`;
  const text = Buffer.from(`set -- ${(options.args ?? []).map(quote).join(' ')}\n${script}\n#${token}`);
  const program = `sh -c '${waitForScript(token, text.length)}'`;
  const process = await shell.start(
    sudo === undefined ? program : `sudo -k -S -p ${token}-password: ${program}`,
  );
  const state = new Running(process);
  try {
    await state.ready(token, sudo?.password, shell.machine, signal);
    process.input.write(text);
  } catch (error) {
    await state.stop();
    throw error;
  }
  return {
    output: state.read(shell.machine, options.maximumBytes, signal),
    ended: process.ended,
    errors: () => state.errorText,
    stop: () => state.stop(),
  };
}

/** For sh. */
export const quote = (word: string): string => `'${word.replaceAll("'", "'\\''")}'`;

/**
 * One line without single quotes, `!` or line ends, for the login shell that reads it first may be csh. dd takes exactly
 * what the script has and leaves the rest of the input to the watcher; a script that did not come whole is not run. The
 * watcher ends its session, not only its process group, for timeout(1) makes groups of its own.
 */
function waitForScript(token: string, bytes: number): string {
  const endSession = [
    'trap "" TERM HUP; kill -TERM 0',
    'read -r l </proc/self/stat; me=${l%% *}; set -- ${l##*) }; s=$4',
    'for f in /proc/[0-9]*/stat; do read -r l <$f || continue',
    'set -- ${l##*) }; [ "$4" = "$s" ] && [ "${l%% *}" != $me ] && kill -KILL ${l%% *}; done',
  ].join('; ');
  return [
    'LC_ALL=C; export LC_ALL; exec 3<&0',
    `echo ${token}-ready`,
    `s=$(dd bs=1 count=${bytes} 2>/dev/null <&3)`,
    `case $s in *"#${token}") ;; *) exit 97;; esac`,
    `(while read -r x; do :; done <&3; ${endSession}) >/dev/null 2>&1 & w=$!; (eval "$s") </dev/null 3<&-; r=$?`,
    'kill $w; exit $r',
  ].join('; ');
}

class Running {
  readonly #process: ShellProcess;
  /** What came after the greeting. */
  #rest: Buffer = Buffer.alloc(0);
  errorText = '';
  #onError: (() => void) | null = null;

  constructor(process: ShellProcess) {
    this.#process = process;
    // A script that ended early does not read its input; its exit status tells.
    process.input.on('error', () => undefined);
    process.output.on('error', () => undefined);
    process.errors.on('error', () => undefined);
    let errorBytes = 0;
    process.errors.on('data', (piece: Buffer) => {
      errorBytes += piece.length;
      if (errorBytes > ERROR_FLOOD_BYTES) void this.stop();
      this.errorText = (this.errorText + piece.toString('latin1')).slice(-ERROR_BYTES);
      this.#onError?.();
    });
  }

  /** Reads until our shell says that it waits for the script. */
  async ready(
    token: string,
    password: (() => Promise<string | null>) | undefined,
    machine: string,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const mark = Buffer.from(`${token}-ready\n`);
    const { input, output, ended } = this.#process;
    await new Promise<void>((resolve, reject) => {
      let asked = 0;
      let settled = false;
      const settle = (error?: Error): void => {
        if (settled) return;
        settled = true;
        clearTimeout(timer);
        output.off('data', onData);
        output.pause();
        signal?.removeEventListener('abort', onAbort);
        this.#onError = null;
        if (error === undefined) resolve();
        else reject(error);
      };
      const onData = (piece: Buffer): void => {
        this.#rest = Buffer.concat([this.#rest, piece]);
        const at = this.#rest.indexOf(mark);
        if (at >= 0) {
          this.#rest = this.#rest.subarray(at + mark.length);
          settle();
        } else if (this.#rest.length > GREETING_BYTES) settle(noShell(machine));
      };
      const onAbort = (): void => settle(cancelled());
      const timer = setTimeout(() => settle(noShell(machine)), START_MILLISECONDS);
      this.#onError = () => {
        const prompts = this.errorText.split(`${token}-password:`).length - 1;
        if (password === undefined || prompts <= asked) return;
        asked = prompts;
        if (prompts > 1) {
          settle(new SudoRefused('wrong password'));
          return;
        }
        // The person who is asked may take longer than a server that is slow.
        timer.refresh();
        password().then(
          (answer) => {
            if (answer === null) settle(new SudoRefused('no password'));
            else input.write(`${answer}\n`);
          },
          () => settle(new SudoRefused('no password')),
        );
      };
      output.on('data', onData);
      signal?.addEventListener('abort', onAbort, { once: true });
      void ended.then(() => settle(password === undefined ? noShell(machine) : new SudoRefused('refused')));
    });
  }

  async *read(
    machine: string,
    maximumBytes: number,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<Uint8Array> {
    const onAbort = (): void => void this.stop();
    signal?.addEventListener('abort', onAbort, { once: true });
    try {
      let bytes = 0;
      if (this.#rest.length > 0) yield this.#rest;
      for await (const piece of this.#process.output as AsyncIterable<Buffer>) {
        if (signal?.aborted === true) break;
        bytes += piece.length;
        if (bytes > maximumBytes) throw tooMuch(machine, maximumBytes);
        yield piece;
      }
    } catch (error) {
      if (error instanceof IronliftError) throw error;
      // The connection went in the middle of a piece; `ended` tells.
    } finally {
      signal?.removeEventListener('abort', onAbort);
      await this.stop();
    }
    if (signal?.aborted === true) throw cancelled();
  }

  async stop(): Promise<void> {
    const { input, output, ended } = this.#process;
    if (!input.writableEnded) input.end();
    // Nobody reads any more; without readers the end would not come.
    output.resume();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<'late'>((resolve) => {
      timer = setTimeout(() => resolve('late'), STOP_MILLISECONDS);
    });
    const first = await Promise.race([ended, late]);
    clearTimeout(timer);
    if (first === 'late') this.#process.kill();
  }
}

const noShell = (machine: string): IronliftError =>
  new IronliftError('COLLECT_FAILED', `The login on ${machine} works, but it runs no commands.`, {
    next: 'Use a login whose shell runs commands without asking questions; "sh" has to be there.',
  });

const tooMuch = (machine: string, bytes: number): IronliftError =>
  new IronliftError('COLLECT_FAILED', `The answer of ${machine} is larger than ${bytes >> 20} MiB.`, {
    next: 'Look on the server at what prints without end, then collect again.',
    data: { maximumBytes: bytes },
  });
