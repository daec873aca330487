/** The events of the program as both lines carry them: who comes back says where it was, and hears what it missed. */
import { CHANGED, type NumberedEvent } from '../migration-core/contract/contract.ts';
import { KEPT_EVENTS, type EventHub } from '../migration-core/service/events.ts';
import type { Job } from '../migration-core/contract/jobs.ts';

/** What a client says: which run of the program it listened to, and the last number it saw. */
export interface Place {
  run: string;
  number: number;
}

export type StreamLine = { run: string; number: number } | NumberedEvent | { alive: true };

export class EventStream {
  readonly #run: string;
  readonly #hub: Pick<EventHub, 'last' | 'since' | 'subscribe'>;
  readonly #jobs: () => readonly Job[];
  #followers = 0;

  /** @param run tells this run of the program from those before; numbers begin anew in each */
  constructor(run: string, hub: Pick<EventHub, 'last' | 'since' | 'subscribe'>, jobs: () => readonly Job[]) {
    this.#run = run;
    this.#hub = hub;
    this.#jobs = jobs;
  }

  /** A greeting, what was missed since `place`, and all that comes until the function returned is called. */
  follow(place: Place | null, follower: (line: StreamLine) => void): () => void {
    follower({ run: this.#run, number: this.#hub.last });
    if (place !== null)
      for (const line of this.#keeps(place) ? this.#hub.since(place.number) : this.#afresh()) follower(line);
    const end = this.#hub.subscribe(follower);
    this.#followers++;
    let ended = false;
    return () => {
      if (ended) return;
      ended = true;
      this.#followers--;
      end();
    };
  }

  get followers(): number {
    return this.#followers;
  }

  #keeps({ run, number }: Place): boolean {
    const { last } = this.#hub;
    return run === this.#run && number >= 0 && number <= last && last - number <= KEPT_EVENTS;
  }

  /** For a client that missed too much: ask for everything again. Outside the count, hence number 0. */
  #afresh(): NumberedEvent[] {
    return [
      { number: 0, event: 'changed', data: { what: [...CHANGED] } },
      ...this.#jobs().map((job): NumberedEvent => ({ number: 0, event: 'job', data: job })),
    ];
  }
}

/** A place as a page says it; null for anything else, which is as good as a page that heard nothing yet. */
export function placeOf(since: unknown): Place | null {
  if (typeof since !== 'object' || since === null) return null;
  const { run, number } = since as Record<string, unknown>;
  return typeof run === 'string' && typeof number === 'number' && Number.isSafeInteger(number)
    ? { run, number }
    : null;
}
