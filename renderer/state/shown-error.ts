/** Errors as screens show them. */
import { CallFailed } from '../../migration-core/contract/client.ts';

export interface ShownError {
  code: string;
  /** One sentence: what happened. */
  message: string;
  /** One sentence: what to do next. */
  next: string;
  data?: Record<string, unknown>;
}

/** Of whatever was thrown: a call that failed, or a mistake of the page itself. */
export function shownError(error: unknown): ShownError {
  if (error instanceof CallFailed)
    return { code: error.code, message: error.message, next: error.next, data: error.data };
  return {
    code: 'PAGE',
    message: 'This page made a mistake of its own.',
    next: 'Reload the page; what was saved is safe.',
    data: { what: error instanceof Error ? error.message : String(error) },
  };
}

/** What is copied for somebody who helps. */
export function errorDetails({ code, message, next, data }: ShownError): string {
  const facts = Object.entries(data ?? {}).map(
    ([name, value]) => `${name}: ${typeof value === 'string' ? value : JSON.stringify(value)}`,
  );
  return [`Code: ${code}`, message, next, ...facts].join('\n');
}
