/** What the page sees of the program, whichever shell it runs in. */
import type { EventData, EventName, Input, Method, Output } from './contract.ts';
import type { CallError } from './call.ts';

export interface Client {
  /** @throws CallFailed */
  call<M extends Method>(method: M, input: Input<M>, options?: { signal?: AbortSignal }): Promise<Output<M>>;
  /** Returns what ends it. Events that were missed while the line was down come first. */
  on<E extends EventName>(event: E, listener: (data: EventData<E>) => void): () => void;
}

export class CallFailed extends Error {
  override readonly name = 'CallFailed';
  readonly code: string;
  readonly next: string;
  readonly data: Record<string, unknown>;
  constructor(error: CallError) {
    super(error.message);
    this.code = error.code;
    this.next = error.next;
    this.data = error.data;
  }
}
