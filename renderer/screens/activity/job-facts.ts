import type { Job } from '../../state/types.ts';

/** How long it ran, or has run so far; null: it never began. @param now milliseconds since 1970 */
export function jobSeconds(
  { startedAt, endedAt }: Pick<Job, 'startedAt' | 'endedAt'>,
  now: number,
): number | null {
  if (startedAt === null) return null;
  // A clock that was set back between the two.
  return Math.max(0, ((endedAt ?? now) - startedAt) / 1000);
}

/** One line of an entry's details: `file: web01.img, lines: 12`. What is nested stands as JSON. */
export const detailText = (details: Record<string, unknown>): string =>
  Object.entries(details)
    .filter(([, value]) => value !== null && value !== undefined)
    .map(([name, value]) => `${name}: ${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(', ');
