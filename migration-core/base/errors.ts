/**
 * One error class for everything that goes wrong on purpose. The message says what happened in one sentence, `next`
 * says what to do about it in one sentence; both are read aloud to customers. `code` is stable and machine-readable.
 */
import { ERROR_KINDS, type ErrorCode, type ErrorKind } from './error-codes.ts';

/** Exit status of the command line for each kind of error. */
export const EXIT_STATUS: Record<ErrorKind, number> = { failed: 1, usage: 2, refused: 3, cancelled: 130 };

export interface ErrorDetails {
  /** One sentence: what to do next. */
  next: string;
  /** The facts behind the sentence (offsets, expected, found), for logs and `--json`. */
  data?: Record<string, unknown>;
  cause?: unknown;
}

export class IronliftError extends Error {
  override readonly name = 'IronliftError';
  readonly code: ErrorCode;
  readonly next: string;
  readonly data: Record<string, unknown>;

  constructor(code: ErrorCode, message: string, details: ErrorDetails) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.next = details.next;
    this.data = details.data ?? {};
  }

  get kind(): ErrorKind {
    return ERROR_KINDS[this.code];
  }

  get exitStatus(): number {
    return EXIT_STATUS[this.kind];
  }

  toJSON(): { code: string; message: string; next: string; data: Record<string, unknown> } {
    return { code: this.code, message: this.message, next: this.next, data: this.data };
  }
}

export function isIronliftError(error: unknown, code?: ErrorCode): error is IronliftError {
  return error instanceof IronliftError && (code === undefined || error.code === code);
}

/** The `code` of a Node system error (`ENOENT`, `ENOSPC` ...), or undefined. */
export function systemErrorCode(error: unknown): string | undefined {
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code;
  return undefined;
}
