/** One call as both shells answer it: what the shell does not allow is refused, the rest dispatched, and the log told. */
import { IronliftError } from '../migration-core/base/errors.ts';
import type { CallResult } from '../migration-core/contract/call.ts';
import { calls, type Method } from '../migration-core/contract/contract.ts';
import { dispatch, errorOf, type Handlers } from '../migration-core/contract/dispatch.ts';
import type { Log } from './log-file.ts';

export interface Answering {
  handlers: Handlers;
  /** Whether calls that destroy are taken. */
  destroy: boolean;
  log: Log;
  /** Milliseconds, of a clock that does not jump. */
  clock: () => number;
}

/** Never throws. The log gets method, duration and outcome; inputs never. */
export async function answerCall(
  { handlers, destroy, log, clock }: Answering,
  method: unknown,
  input: unknown,
  signal: AbortSignal,
): Promise<CallResult> {
  const began = clock();
  const result = mayRun(method, destroy)
    ? await dispatch(handlers, method, input, { signal }, (error, name) => log.fault(name, error))
    : refusal();
  const known = typeof method === 'string' && Object.hasOwn(calls, method);
  log.info('call', {
    method: known ? method : '(unknown)',
    milliseconds: Math.round(clock() - began),
    outcome: result.ok ? 'ok' : result.error.code,
  });
  return result;
}

const mayRun = (method: unknown, destroy: boolean): boolean =>
  destroy ||
  typeof method !== 'string' ||
  !Object.hasOwn(calls, method) ||
  // Widened: which kinds of calls there are today is not for this line to know.
  (calls[method as Method].needs as string) !== 'destroy';

const refusal = (): CallResult => ({
  ok: false,
  error: errorOf(
    new IronliftError('WRITE_NOT_ALLOWED', 'Nothing may be overwritten or removed from a browser.', {
      next: 'Start it with `ironlift serve --allow-write`, or use the desktop application.',
    }),
  ),
});
