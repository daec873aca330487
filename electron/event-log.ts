/** The events of one run of the program, numbered and kept for a while: who comes back asks for what it missed. */
import { CHANGED, type EventName, type NumberedEvent } from './contract.ts';
import type { Job } from '../migration-core/contract/jobs.ts';

/** What a client says: which run it listened to, and the last number it saw. */
export interface Place {
  run: string;
  number: number;
}

export type StreamLine = { run: string; number: number } | NumberedEvent | { alive: true };

/** Two minutes of five jobs at ten events a second would be 6000, but of each job only the last is kept. */
const KEPT = 1000;

export class EventLog {
  readonly #run: string;
  readonly #jobs: () => readonly Job[];
  readonly #followers = new Set<(line: StreamLine) => void>();
  #kept: NumberedEvent[] = [];
  #number = 0;
  /** The last number that was dropped because too many were kept. */
  #dropped = 0;

  /** @param run unguessable by accident only: tells this run from the one before */
  constructor(run: string, jobs: () => readonly Job[]) {
    this.#run = run;
    this.#jobs = jobs;
  }

  add(event: EventName, data: unknown): void {
    const numbered: NumberedEvent = { number: ++this.#number, event, data };
    const id = jobOf(numbered);
    // A job that is told of again replaces what was told before.
    if (id !== null) this.#kept = this.#kept.filter((one) => one.event !== 'job' || jobOf(one) !== id);
    this.#kept.push(numbered);
    if (this.#kept.length > KEPT) this.#dropped = this.#kept.shift()!.number;
    for (const follower of [...this.#followers]) follower(numbered);
  }

  /** A greeting, what was missed since `place`, and all that comes until the function returned is called. */
  follow(place: Place | null, follower: (line: StreamLine) => void): () => void {
    follower({ run: this.#run, number: this.#number });
    if (place !== null) {
      const known = place.run === this.#run && place.number >= this.#dropped && place.number <= this.#number;
      for (const line of known ? this.#since(place.number) : this.#afresh()) follower(line);
    }
    this.#followers.add(follower);
    return () => void this.#followers.delete(follower);
  }

  get followers(): number {
    return this.#followers.size;
  }

  #since(number: number): NumberedEvent[] {
    return this.#kept.filter((event) => event.number > number);
  }

  /** For a client that missed too much: ask for everything again. Outside the count, hence number 0. */
  #afresh(): NumberedEvent[] {
    return [
      { number: 0, event: 'changed', data: { what: [...CHANGED] } },
      ...this.#jobs().map((job): NumberedEvent => ({ number: 0, event: 'job', data: job })),
    ];
  }
}

const jobOf = ({ event, data }: NumberedEvent): string | null =>
  event === 'job' ? (data as { id: string }).id : null;

/** A place as a page says it; null for anything else, which is as good as a page that heard nothing yet. */
export function placeOf(since: unknown): Place | null {
  if (typeof since !== 'object' || since === null) return null;
  const { run, number } = since as Record<string, unknown>;
  return typeof run === 'string' && typeof number === 'number' && Number.isSafeInteger(number)
    ? { run, number }
    : null;
}
