/**
 * One server from the first contact to the end: inventory once, then samples until it is enough. What connects may break
 * and come back; a time nobody measured is reported as such, never filled.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { IronliftError, isIronliftError } from '../../base/errors.ts';
import type { ServerIdentity } from '../../store/model/identity.ts';
import type { CollectedItem } from '../collector.ts';
import type { ScriptOptions } from '../script.ts';
import type { Shell } from '../shell.ts';
import { LOOK_MILLISECONDS, WakeDetector, type Clock } from './clock.ts';
import { askInventory } from './inventory.ts';
import { sampleServer } from './sampling.ts';

export type WatchState = 'waiting' | 'connecting' | 'inventory' | 'sampling' | 'lost';

export type WatchEvent = CollectedItem | { kind: 'state'; state: WatchState };

export interface WatchOptions {
  inventory: boolean;
  /** null: inventory only. Seconds; `duration` null: until the signal. */
  performance: { interval: number; duration: number | null } | null;
  sudo?: ScriptOptions['sudo'] | undefined;
  clock: Clock;
  signal: AbortSignal;
  /** Resolves when it is this server's turn to connect and be asked; call the result when that is over. */
  turn: (signal: AbortSignal) => Promise<() => void>;
}

/** Seconds before the first, second ... attempt to connect again; the last is repeated. */
const BACK_OFF = [1, 2, 5, 10, 30, 60];
/** A server that sent nothing for so many intervals, and this on top, is lost. */
const SILENT_INTERVALS = 3;
const SILENT_MILLISECONDS = 30_000;

/** Errors that another attempt makes worse: a wrong password locks an account, another key may be an attacker's. */
const FINAL = new Set(['LOGIN_FAILED', 'HOST_KEY_CHANGED', 'HOST_KEY_UNKNOWN', 'CANCELLED']);

/**
 * Ends quietly when the signal fires or the duration is over. At the first contact every error ends it; later the server
 * is tried again until it answers.
 * @throws HOST_NOT_REACHED, HOST_KEY_UNKNOWN, HOST_KEY_CHANGED, LOGIN_FAILED, COLLECT_FAILED
 */
export async function* watchServer(
  name: string,
  connect: (signal: AbortSignal) => Promise<Shell>,
  options: WatchOptions,
): AsyncGenerator<WatchEvent> {
  const { signal } = options;
  let shell: Shell | null = null;
  try {
    yield { kind: 'state', state: 'waiting' };
    const done = await options.turn(signal);
    let identity: ServerIdentity = { name, macs: [] };
    try {
      yield { kind: 'state', state: 'connecting' };
      shell = await connect(signal);
      if (options.inventory) {
        yield { kind: 'state', state: 'inventory' };
        const now = (): number => options.clock.now();
        const answer = await askInventory(shell, { sudo: options.sudo, name, now, signal });
        identity = answer.inventory.identity;
        yield { kind: 'inventory', inventory: answer.inventory, observedAt: answer.observedAt };
        for (const message of answer.problems) yield problem(0, message);
      }
    } finally {
      done();
    }
    if (options.performance === null) return;
    const session = new Sessions(name, identity, options);
    for (;;) {
      yield { kind: 'state', state: 'sampling' };
      yield* session.sample(shell);
      await shell.close();
      shell = null;
      if (session.isOver) return;
      yield { kind: 'state', state: 'lost' };
      try {
        shell = await session.reconnect(async () => {
          const over = await options.turn(signal);
          return connect(signal).finally(over);
        });
      } catch (error) {
        yield session.openGap();
        throw error;
      }
      if (shell === null) {
        yield session.openGap();
        return;
      }
    }
  } catch (error) {
    if (!isIronliftError(error, 'CANCELLED')) throw error;
  } finally {
    await shell?.close();
  }
}

class Sessions {
  readonly #name: string;
  readonly #identity: ServerIdentity;
  readonly #options: WatchOptions;
  readonly #interval: number;
  /** Milliseconds since 1970. */
  readonly #until: number;
  #records = 0;
  /** Of the last sample; null before the first. */
  #last: number | null = null;
  #lostBecause: string | null = null;
  /** Since the last sample: to connect alone proves nothing. */
  #attempts = 0;
  isOver = false;

  constructor(name: string, identity: ServerIdentity, options: WatchOptions) {
    this.#name = name;
    this.#identity = identity;
    this.#options = options;
    const { interval, duration } = options.performance!;
    this.#interval = interval;
    this.#until = duration === null ? Infinity : options.clock.now() + duration * 1000;
  }

  /** Until the connection is lost, or it is over. */
  async *sample(shell: Shell): AsyncGenerator<WatchEvent> {
    const { clock, signal } = this.#options;
    const end = new AbortController();
    const wake = new WakeDetector(clock);
    let heard = clock.running();
    let why = 'the connection was lost';
    const looking = setInterval(() => {
      const silent = clock.running() - heard > SILENT_INTERVALS * this.#interval * 1000 + SILENT_MILLISECONDS;
      if (clock.now() >= this.#until) this.isOver = true;
      else if (wake.look()) why = 'this computer was asleep, or its clock was set';
      else if (silent) why = 'the server sent nothing any more';
      else return;
      end.abort();
    }, LOOK_MILLISECONDS);
    try {
      const ending = AbortSignal.any([signal, end.signal]);
      for await (const event of sampleServer(shell, { interval: this.#interval, clock, signal: ending })) {
        heard = clock.running();
        this.#records++;
        if (event.kind === 'problem') {
          yield problem(this.#records, event.message, event.excerpt);
          continue;
        }
        if (this.#lostBecause !== null) yield this.#gap(event.at);
        this.#last = event.at;
        this.#attempts = 0;
        yield { kind: 'samples', server: this.#identity, batches: event.batches };
      }
    } catch (error) {
      // At the first contact it means that nothing can be measured there; later, that the server is going down.
      if (this.#last === null || isIronliftError(error, 'CANCELLED')) throw error;
    } finally {
      clearInterval(looking);
    }
    if (signal.aborted) this.isOver = true;
    this.#lostBecause ??= why;
  }

  /** null: the time or the signal came first. @throws what ends it for good */
  async reconnect(connect: () => Promise<Shell>): Promise<Shell | null> {
    const { clock, signal } = this.#options;
    for (;;) {
      // A room full of servers must not come back all in the same second.
      const seconds =
        BACK_OFF[Math.min(this.#attempts++, BACK_OFF.length - 1)]! * (0.75 + 0.5 * Math.random());
      const left = this.#until - clock.now();
      await sleep(Math.max(0, Math.min(seconds * 1000, left)), undefined, { signal }).catch(() => undefined);
      if (this.#ended()) return null;
      try {
        return await connect();
      } catch (error) {
        if (this.#ended()) return null;
        if (error instanceof IronliftError && FINAL.has(error.code)) throw error;
      }
    }
  }

  #ended(): boolean {
    return this.#options.signal.aborted || this.#options.clock.now() >= this.#until;
  }

  openGap(): WatchEvent {
    return this.#gap(this.#options.clock.now());
  }

  #gap(until: number): WatchEvent {
    const why = this.#lostBecause ?? 'the connection was lost';
    this.#lostBecause = null;
    const from = this.#last === null ? 'the beginning' : new Date(this.#last).toISOString();
    return problem(
      this.#records,
      `Nothing was measured on ${this.#name} from ${from} to ${new Date(until).toISOString()}: ${why}.`,
    );
  }
}

const problem = (at: number, message: string, excerpt?: string): WatchEvent => ({
  kind: 'problem',
  problem: { at, unit: 'record', message, ...(excerpt === undefined ? {} : { excerpt }) },
});
