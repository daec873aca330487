/** One call from outside: checked, handed to its handler, and its answer checked. Every shell calls this and nothing else. */
import { z } from 'zod';
import { IronliftError, isIronliftError } from '../base/errors.ts';
import type { CallError, CallResult } from './call.ts';
import { calls, type Method, type Output, type ParsedInput } from './contract.ts';

export interface CallContext {
  /** Aborted when the caller goes away or takes the call back. */
  signal: AbortSignal;
}

export type Handler<M extends Method> = (
  input: ParsedInput<M>,
  context: CallContext,
) => Promise<Output<M>> | Output<M>;
export type Handlers = { [M in Method]: Handler<M> };

/** The bounds of a call's name in a refusal. */
const shownName = (method: unknown): string =>
  typeof method === 'string' ? JSON.stringify(method.slice(0, 80)) : `a ${typeof method}`;

/**
 * Never throws: what goes wrong is in the result. `report` is told of faults of the program itself, which the page sees
 * only as INTERNAL.
 */
export async function dispatch(
  handlers: Handlers,
  method: unknown,
  rawInput: unknown,
  context: CallContext,
  report: (error: unknown, method: string) => void,
): Promise<CallResult> {
  try {
    if (typeof method !== 'string' || !Object.hasOwn(calls, method))
      throw new IronliftError('USAGE', `There is no call ${shownName(method)}.`, {
        next: 'Reload the page: it is of another version than the program.',
      });
    const name = method as Method;
    const input = calls[name].input.safeParse(rawInput);
    if (!input.success)
      throw new IronliftError(
        'USAGE',
        `${name} was not asked as it must be: ${z.prettifyError(input.error)}.`,
        {
          next: 'Reload the page and try again.',
        },
      );
    const answer = await (handlers[name] as (input: unknown, context: CallContext) => unknown)(
      input.data,
      context,
    );
    const output = calls[name].output.safeParse(answer);
    if (!output.success)
      throw new Error(`The answer of ${name} is not of its schema: ${z.prettifyError(output.error)}`);
    return { ok: true, output: output.data };
  } catch (error) {
    if (!isIronliftError(error)) report(error, String(method));
    return { ok: false, error: errorOf(error) };
  }
}

/** Of a fault of the program no text leaves: it may hold paths and contents. */
export function errorOf(error: unknown): CallError {
  if (isIronliftError(error)) return error.toJSON();
  return {
    code: 'INTERNAL',
    message: 'The program made a mistake of its own.',
    next: 'Export the log under Activity and send it to us; what was saved is safe.',
    data: {},
  };
}
