/** The line to Electron's main process, by the few functions that the preload script puts on the window. */
import type { CallResult } from '../../migration-core/contract/call.ts';
import type { Client } from '../../migration-core/contract/client.ts';
import { cancelled, failed, resultOf, type Connection, type Place, type StreamLine } from './connection.ts';
import { Listeners } from './listeners.ts';

/** `window.ironlift`; made in electron/preload. */
export interface Bridge {
  /** `id` is of this call alone, for `cancel`. */
  call(id: number, method: string, input: unknown): Promise<CallResult>;
  cancel(id: number): Promise<void>;
  /** Brings what came after the place, then what comes. A second call takes the place of the first. */
  listen(since: Place | null, listener: (lines: StreamLine[]) => void): Promise<void>;
}

/** A plain copy: what the compiler's proxies of state hold cannot be cloned over the line. */
const plain = (input: unknown): unknown =>
  input === undefined ? undefined : JSON.parse(JSON.stringify(input));

export async function connectBridge(bridge: Bridge): Promise<Connection> {
  const listeners = new Listeners();
  let calls = 0;

  const call = async (method: string, input: unknown, signal?: AbortSignal): Promise<unknown> => {
    if (signal?.aborted === true) throw cancelled();
    const id = ++calls;
    const result = bridge.call(id, method, plain(input)).catch((): never => {
      throw failed('NOT_CONNECTED', 'The program does not answer.', 'Close this window and open it again.');
    });
    if (signal === undefined) return resultOf(await result);
    const back = Promise.withResolvers<never>();
    const takeBack = (): void => {
      void bridge.cancel(id).catch(() => undefined);
      back.reject(cancelled());
    };
    signal.addEventListener('abort', takeBack, { once: true });
    try {
      return resultOf(await Promise.race([result, back.promise]));
    } finally {
      signal.removeEventListener('abort', takeBack);
      // Nobody waits for the loser of the race.
      void result.catch(() => undefined);
    }
  };

  await bridge.listen(null, (lines) => {
    for (const line of lines) listeners.take(line);
  });
  return {
    client: {
      call: ((method, input, options) => call(method, input, options?.signal)) as Client['call'],
      on: (event, listener) => listeners.on(event, listener as (data: unknown) => void),
    },
    onLine: (listener) => listeners.onLine(listener),
  };
}
