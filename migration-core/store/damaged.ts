import { IronliftError } from '../base/errors.ts';

/** What is in the engagement file is not what this program wrote. `why` goes on from "are damaged:" or "is damaged:". */
export function damaged(what: string, why: string, data: Record<string, unknown> = {}): IronliftError {
  return new IronliftError('ENGAGEMENT_DAMAGED', `${what} damaged: ${why}.`, {
    next: 'Open a backup copy of the engagement file, or collect these servers again into a new one.',
    data,
  });
}
