/** The engagement file that a collection goes into. */
import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import { IronliftError } from '../base/errors.ts';
import type { EngagementFile } from '../store/engagement.ts';
import { createEngagement, openEngagement } from '../store/open.ts';

/**
 * Opens the file for writing; makes it where there is none, named after the file, with the clock of this computer for
 * that of the site.
 * @throws ENGAGEMENT_READ_ONLY when another program has it open, and what openEngagement and createEngagement throw
 */
export function engagementAt(
  path: string,
  now: () => number,
): { engagement: EngagementFile; isNew: boolean } {
  if (!existsSync(path)) {
    const name = basename(path).replace(/\.ironlift$/iu, '');
    const utcOffsetMinutes = -new Date(now()).getTimezoneOffset();
    return { engagement: createEngagement(path, { name, now, utcOffsetMinutes }), isNew: true };
  }
  const engagement = openEngagement(path, { now });
  if (!engagement.readOnly) return { engagement, isNew: false };
  engagement.close();
  throw new IronliftError('ENGAGEMENT_READ_ONLY', `${basename(path)} can only be read at the moment.`, {
    next: 'Close the other program that has it open, or copy it to a place that may be written to.',
    data: { path },
  });
}
