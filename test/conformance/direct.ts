/** No line at all: the dispatch and the event log, called in the same process. What the others are measured by. */
import { answerCall } from '../../electron/answer.ts';
import { cancelled, resultOf, type Connection } from '../../renderer/client/connection.ts';
import { Listeners } from '../../renderer/client/listeners.ts';
import type { Client } from '../../migration-core/contract/client.ts';
import type { PracticeProgram } from './practice.ts';
import type { Transport } from './transport.ts';

export async function openDirect(program: PracticeProgram): Promise<Transport> {
  const ends: (() => void)[] = [];
  const open = (): Connection & { leave(): void; cut(): void } => {
    const listeners = new Listeners();
    const gone = new AbortController();
    let end = program.events.follow(null, (line) => listeners.take(line));
    ends.push(() => end());
    const call = async (method: string, input: unknown, signal?: AbortSignal): Promise<unknown> => {
      const both = signal === undefined ? gone.signal : AbortSignal.any([gone.signal, signal]);
      const answering = { handlers: program.handlers, destroy: false, log: program.log, clock: () => 0 };
      const result = await answerCall(answering, method, input, both);
      if (both.aborted) throw cancelled();
      return resultOf(result);
    };
    return {
      client: {
        call: ((method, input, options) => call(method, input, options?.signal)) as Client['call'],
        on: (event, listener) => listeners.on(event, listener as (data: unknown) => void),
      },
      onLine: (listener) => listeners.onLine(listener),
      leave: () => {
        gone.abort();
        end();
      },
      cut: () => {
        end();
        setTimeout(() => {
          end = program.events.follow(listeners.place, (line) => listeners.take(line));
        }, 20);
      },
    };
  };
  const connection = open();
  return {
    connection,
    cut: () => connection.cut(),
    another: async () => open(),
    leave: async () => connection.leave(),
    close: async () => {
      for (const end of ends) end();
    },
  };
}
