/** The named steps of a job: each is announced, timed, and journaled as soon as there is a journal. */
import { throwIfCancelled } from '../base/cancel.ts';
import type { Journal } from './journal.ts';

export interface StepTiming {
  step: string;
  seconds: number;
}

export class Steps {
  readonly timings: StepTiming[];
  readonly #now: () => number;
  readonly #signal: AbortSignal | undefined;
  readonly #announce: (sentence: string) => void;
  readonly #here: string[] = [];
  #journal: Journal | null = null;

  /** `before`: what a job took until it was interrupted; the same step again adds to it. */
  constructor(
    now: () => number,
    signal: AbortSignal | undefined,
    announce: (sentence: string) => void,
    before: readonly StepTiming[] = [],
  ) {
    this.#now = now;
    this.#signal = signal;
    this.#announce = announce;
    this.timings = before.map((timing) => ({ ...timing }));
  }

  /** From here on steps are journaled; those before wrote nothing that would need it. */
  async useJournal(journal: Journal): Promise<void> {
    this.#journal = journal;
    for (const step of this.#here) await journal.write(step, 'done');
  }

  /** `name` is the id in the journal, `sentence` what a person reads while it runs. */
  async run<T>(
    name: string,
    sentence: string,
    work: () => Promise<T>,
    facts?: (result: T) => Record<string, unknown>,
  ): Promise<T> {
    throwIfCancelled(this.#signal);
    this.#announce(sentence);
    const begun = this.#now();
    await this.#journal?.write(name, 'begun');
    const result = await work();
    this.#add(name, (this.#now() - begun) / 1000);
    await this.#journal?.write(name, 'done', facts?.(result));
    return result;
  }

  #add(step: string, seconds: number): void {
    this.#here.push(step);
    const known = this.timings.find((timing) => timing.step === step);
    if (known === undefined) this.timings.push({ step, seconds });
    else known.seconds += seconds;
  }
}
