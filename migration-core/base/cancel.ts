import { IronliftError } from './errors.ts';

export function cancelled(): IronliftError {
  return new IronliftError('CANCELLED', 'The job was cancelled.', {
    next: 'Nothing on the source was changed; start the job again when you are ready.',
  });
}

/** What a shell gives to `AbortController.abort` to have a job keep what it has and be gone on with later. */
export const PAUSE = Symbol('pause');

export const isPause = (signal: AbortSignal | undefined): boolean =>
  signal?.aborted === true && signal.reason === PAUSE;

/** Throws CANCELLED when the signal has fired. */
export function throwIfCancelled(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw cancelled();
}
