/** Inventory and performance of many servers at once over SSH: one connection each, nothing installed, nothing left there. */
import { cancelled } from '../../base/cancel.ts';
import { IronliftError, isIronliftError } from '../../base/errors.ts';
import type { CollectedItem } from '../collector.ts';
import { systemClock, type Clock } from '../live/clock.ts';
import { merge, Turns } from '../live/merge.ts';
import { watchServer, type WatchState } from '../live/watch.ts';
import { connectSsh } from './connect.ts';
import type { SshCredentials } from './credentials.ts';
import type { OnUnknownHost } from './host-check.ts';
import type { HostKeyStore } from './known-hosts.ts';
import { targetName, type SshTarget } from './target.ts';

export interface CollectSshOptions {
  credentials: SshCredentials;
  hostKeys: HostKeyStore;
  /** Left away: servers that were never seen are refused. */
  onUnknownHost?: OnUnknownHost;
  /** Default true. */
  inventory?: boolean;
  /** Seconds: `interval` from 5 to 300; `duration` left away: until the signal. Left away: inventory only. */
  performance?: { interval: number; duration?: number };
  /** Ask sudo for what only root may see. Default false: a refused sudo is reported to administrators by some systems. */
  sudo?: boolean;
  /** Servers that are connected to and asked for their inventory at the same time; default 16. Measured are all at once. */
  concurrency?: number;
  clock?: Clock;
  signal?: AbortSignal;
}

/** `failed` and `state` are for whoever watches; the others go into the engagement file. */
export type SshItem = { target: SshTarget } & (
  | CollectedItem
  | { kind: 'state'; state: WatchState }
  | { kind: 'warning'; message: string }
  /** Nothing more comes from this server. The others go on. */
  | { kind: 'failed'; error: IronliftError }
);

/** Of samples, in seconds: what is shorter measures mostly itself, what is longer hides every peak. */
export const SHORTEST_INTERVAL = 5;
export const LONGEST_INTERVAL = 300;
/** Handshakes of a hundred servers at once would make a laptop miss answers. */
const CONCURRENCY = 16;

/**
 * Ends when every server is done, failed, or its duration is over; with the signal it ends quietly after every connection
 * is closed. To stop reading does the same.
 * @throws USAGE
 */
export async function* collectSsh(
  targets: readonly SshTarget[],
  options: CollectSshOptions,
): AsyncGenerator<SshItem> {
  const { interval } = options.performance ?? { interval: SHORTEST_INTERVAL };
  if (!(interval >= SHORTEST_INTERVAL && interval <= LONGEST_INTERVAL)) {
    throw new IronliftError('USAGE', `Samples can not be ${interval} seconds apart.`, {
      next: `Choose from ${SHORTEST_INTERVAL} to ${LONGEST_INTERVAL} seconds.`,
    });
  }
  const ending = new AbortController();
  const signal =
    options.signal === undefined ? ending.signal : AbortSignal.any([options.signal, ending.signal]);
  const turns = new Turns(options.concurrency ?? CONCURRENCY);
  yield* merge(
    targets.map((target) => collectOne(target, options, turns, signal)),
    () => ending.abort(),
  );
}

async function* collectOne(
  target: SshTarget,
  options: CollectSshOptions,
  turns: Turns,
  signal: AbortSignal,
): AsyncGenerator<SshItem> {
  const { performance, credentials, hostKeys, onUnknownHost } = options;
  const password = async (): Promise<string | null> => (await credentials.sudoPassword?.(target)) ?? null;
  try {
    if (target.oldAlgorithms === true) yield { target, kind: 'warning', message: oldAlgorithms(target) };
    const events = watchServer(
      target.host,
      (ending) => connectSsh(target, { credentials, hostKeys, onUnknownHost, signal: ending }),
      {
        inventory: options.inventory ?? true,
        performance:
          performance === undefined
            ? null
            : { interval: performance.interval, duration: performance.duration ?? null },
        sudo: options.sudo === true ? { password } : undefined,
        clock: options.clock ?? systemClock,
        signal,
        turn: (ending) => turns.take(ending).catch(() => Promise.reject(cancelled())),
      },
    );
    for await (const event of events) yield { target, ...event };
  } catch (error) {
    if (!isIronliftError(error)) throw error;
    yield { target, kind: 'failed', error };
  }
}

const oldAlgorithms = (target: SshTarget): string =>
  `Old algorithms are allowed for ${targetName(target)}: whoever can change what goes over the network can read it.`;
