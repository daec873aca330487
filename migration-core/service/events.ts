/** Tells pages what happens. Events are numbered, and the last thousand are kept for pages whose line was down. */
import { CHANGED, type EventData, type EventName, type NumberedEvent } from '../contract/contract.ts';

/** Some minutes of a busy program; a page that was away for longer asks for everything again. */
export const KEPT_EVENTS = 1000;

export interface EventHub {
  /** Number of the newest event; 0 before the first. */
  readonly last: number;
  emit<E extends EventName>(event: E, data: EventData<E>): void;
  /**
   * What came after the event of that number, oldest first. Where some of it is kept no longer, or the number is of an
   * earlier run of the program: one `changed` of everything.
   */
  since(number: number): NumberedEvent[];
  /** Returns what ends it. A listener that throws does not keep others from being told. */
  subscribe(listener: (event: NumberedEvent) => void): () => void;
}

export function eventHub(onFault: (error: unknown) => void = () => undefined): EventHub {
  /** Number n stands at n % KEPT_EVENTS. */
  const ring: NumberedEvent[] = [];
  const listeners = new Set<(event: NumberedEvent) => void>();
  let last = 0;
  return {
    get last() {
      return last;
    },
    emit(event, data) {
      last++;
      const numbered = { number: last, event, data };
      ring[last % KEPT_EVENTS] = numbered;
      for (const listener of [...listeners])
        try {
          listener(numbered);
        } catch (error) {
          onFault(error);
        }
    },
    since(number) {
      if (number === last) return [];
      if (number < 0 || number > last || last - number > KEPT_EVENTS)
        return [{ number: last, event: 'changed', data: { what: [...CHANGED] } }];
      return Array.from({ length: last - number }, (_, i) => ring[(number + 1 + i) % KEPT_EVENTS]!);
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
