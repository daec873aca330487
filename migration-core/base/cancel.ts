import { IronliftError } from './errors.ts';

export function cancelled(): IronliftError {
  return new IronliftError('CANCELLED', 'The job was cancelled.', {
    next: 'Nothing on the source was changed; start the job again when you are ready.',
  });
}

/** Throws CANCELLED when the signal has fired. */
export function throwIfCancelled(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw cancelled();
}
