/**
 * What a call and an event of the interface are: one definition, checked at run time on the side that cannot trust the
 * other, and known to the compiler on both. Each area has a file of its own here; contract.ts is the table of all.
 */
import type { z } from 'zod';

/**
 * `read` changes nothing that is kept; `write` changes the engagement or writes new files; `destroy` overwrites or
 * removes what a person may still want. A shell may refuse the last kind (electron/host does, unless told otherwise).
 */
export type Needs = 'read' | 'write' | 'destroy';

export interface CallDefinition<I extends z.ZodType = z.ZodType, O extends z.ZodType = z.ZodType> {
  input: I;
  output: O;
  needs: Needs;
}

/** Inputs are strict objects with bounds on every text and list: they come from a page. */
export const call = <I extends z.ZodType, O extends z.ZodType>(
  needs: Needs,
  input: I,
  output: O,
): CallDefinition<I, O> => ({ needs, input, output });

/** The error of a call, as every shell hands it over: `IronliftError.toJSON`. */
export interface CallError {
  code: string;
  /** One sentence: what happened. */
  message: string;
  /** One sentence: what to do next. */
  next: string;
  data: Record<string, unknown>;
}

export type CallResult = { ok: true; output: unknown } | { ok: false; error: CallError };
