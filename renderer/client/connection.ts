/** How a page talks to the program, whichever shell it runs in. */
import type { CallResult } from '../../migration-core/contract/call.ts';
import type { Client } from '../../migration-core/contract/client.ts';
import type { NumberedEvent } from '../../migration-core/contract/contract.ts';
import { CallFailed } from '../../migration-core/contract/client.ts';

/** `down`: tried again by itself; `gone`: the program ended or this page has no right any more, and only a person helps. */
export type Line = 'up' | 'down' | 'gone';

export interface Connection {
  client: Client;
  /** Told at once of how it is, and of each change. Returns what ends it. */
  onLine(listener: (line: Line) => void): () => void;
}

/** Where a client stands in the stream of events: which run of the program, and the last number it saw of it. */
export interface Place {
  run: string;
  number: number;
}

/** What is on the stream: a greeting first, then events, and a sign of life when there are none. */
export type StreamLine = { run: string; number: number } | NumberedEvent | { alive: true };

export const resultOf = (result: CallResult): unknown => {
  if (result.ok) return result.output;
  throw new CallFailed(result.error);
};

export const failed = (code: string, message: string, next: string): CallFailed =>
  new CallFailed({ code, message, next, data: {} });

export const cancelled = (): CallFailed =>
  failed('CANCELLED', 'It was cancelled.', 'Start it again when you want it.');
