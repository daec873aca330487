/**
 * The line to the loopback host: calls are POSTs, events one long answer of JSON lines. That is a fetch and no
 * EventSource, because only a fetch can carry the token in a header; see electron/host/guard.ts for what it is checked for.
 */
import type { CallResult } from '../../migration-core/contract/call.ts';
import type { Client } from '../../migration-core/contract/client.ts';
import type { Method } from '../../migration-core/contract/contract.ts';
import { cancelled, failed, resultOf, type Connection, type StreamLine } from './connection.ts';
import { Listeners } from './listeners.ts';

/** What this module needs of a browser; tests bring their own. */
export interface HttpWorld {
  /** `http://127.0.0.1:4711`, or '' for the page's own. */
  origin: string;
  fetch: typeof fetch;
  /** Survives a reload of the page, and is of this tab and port alone. */
  storage: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;
  /** `#c=...` as the page was opened with. */
  fragment: string;
  eraseFragment(): void;
  wait(milliseconds: number, signal: AbortSignal): Promise<void>;
}

const TOKEN = 'ironlift.token';
/** Of the wait before the line is tried again, milliseconds: doubled from the first to the last. */
const FIRST_WAIT = 250;
const LAST_WAIT = 8000;
/** The host gives a sign of life every 15 s; after three that did not come the line is dead, whatever TCP believes. */
export const SILENCE = 50_000;

const sessionOver = (): Error =>
  failed(
    'SESSION_OVER',
    'This page is not connected to the program any more.',
    'Open the address that `ironlift serve` printed when it was started last.',
  );

const notReached = (): Error =>
  failed(
    'NOT_CONNECTED',
    'The program does not answer.',
    'Look whether `ironlift serve` still runs; this page connects again by itself.',
  );

/** @throws CallFailed SESSION_OVER: the code of the address was used before, or too late, and there is no token */
export async function connectHttp(world: HttpWorld): Promise<Connection> {
  const token = await tokenOf(world);
  const listeners = new Listeners();
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const end = new AbortController();
  const over = (): Error => {
    world.storage.removeItem(TOKEN);
    listeners.setLine('gone');
    end.abort();
    return sessionOver();
  };

  const post = async (path: string, body: unknown, signal: AbortSignal | undefined): Promise<Response> => {
    try {
      return await world.fetch(`${world.origin}${path}`, {
        method: 'POST',
        headers,
        body: JSON.stringify(body),
        cache: 'no-store',
        credentials: 'omit',
        redirect: 'error',
        ...(signal === undefined ? {} : { signal }),
      });
    } catch {
      throw signal?.aborted === true ? cancelled() : notReached();
    }
  };

  const call = async (method: Method, input: unknown, signal?: AbortSignal): Promise<unknown> => {
    const response = await post('/api/call', { method, input }, signal);
    if (response.status === 401) throw over();
    let result: CallResult;
    try {
      result = (await response.json()) as CallResult;
    } catch {
      throw signal?.aborted === true ? cancelled() : notReached();
    }
    return resultOf(result);
  };

  void listen({ world, post, listeners, end: end.signal, over });
  return {
    client: {
      call: ((method, input, options) => call(method, input, options?.signal)) as Client['call'],
      on: (event, listener) => listeners.on(event, listener as (data: unknown) => void),
    },
    onLine: (listener) => listeners.onLine(listener),
  };
}

/** The code is good for one time, so the token that it brings is kept for reloads of this tab. */
async function tokenOf(world: HttpWorld): Promise<string> {
  const code = /^#c=([\w-]{20,200})$/u.exec(world.fragment)?.[1];
  if (code !== undefined) {
    // First of all: neither the history nor a picture of the screen is to hold it.
    world.eraseFragment();
    let response: Response;
    try {
      response = await world.fetch(`${world.origin}/api/session`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ code }),
        cache: 'no-store',
        credentials: 'omit',
      });
    } catch {
      throw notReached();
    }
    if (response.ok) {
      const { token } = (await response.json()) as { token: string };
      world.storage.setItem(TOKEN, token);
      return token;
    }
  }
  const kept = world.storage.getItem(TOKEN);
  if (kept === null) throw sessionOver();
  return kept;
}

interface Listening {
  world: HttpWorld;
  post: (path: string, body: unknown, signal: AbortSignal) => Promise<Response>;
  listeners: Listeners;
  end: AbortSignal;
  over: () => Error;
}

/** Until the session is over: opens the stream, reads it, and opens it again where it broke. */
async function listen({ world, post, listeners, end, over }: Listening): Promise<void> {
  for (let wait = FIRST_WAIT; !end.aborted; wait = Math.min(wait * 2, LAST_WAIT)) {
    const silent = new AbortController();
    const signal = AbortSignal.any([end, silent.signal]);
    try {
      const response = await post('/api/events', { since: listeners.place }, signal);
      if (response.status === 401) {
        over();
        return;
      }
      if (response.ok && response.body !== null) {
        await readLines(response.body, silent, world, (line) => {
          wait = FIRST_WAIT;
          listeners.take(line);
        });
      }
    } catch {
      // Down; tried again below.
    }
    listeners.setLine('down');
    await world.wait(wait, end);
  }
}

/** Ends when the stream does. @throws when it breaks, or was silent for too long */
async function readLines(
  body: ReadableStream<Uint8Array>,
  silent: AbortController,
  world: HttpWorld,
  onLine: (line: StreamLine) => void,
): Promise<void> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let rest = '';
  for (;;) {
    const read = new AbortController();
    void world.wait(SILENCE, read.signal).then(() => {
      if (!read.signal.aborted) silent.abort();
    });
    const piece = await reader.read().finally(() => read.abort());
    if (piece.done) return;
    const lines = (rest + decoder.decode(piece.value, { stream: true })).split('\n');
    rest = lines.pop()!;
    for (const line of lines) if (line !== '') onLine(JSON.parse(line) as StreamLine);
  }
}
