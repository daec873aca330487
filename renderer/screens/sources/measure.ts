/** How long to measure, as fields of a form. */
export interface MeasurePlan {
  what: 'inventory' | 'both';
  days: number | null;
  /** Seconds. */
  every: number | null;
}

const DAY = 86_400;
const LEAST_SECONDS = 60;

/** For `collect.local` and `collect.ssh`. */
export function measureOf({ what, days, every }: MeasurePlan): {
  measure?: { every: number; duration: number };
} {
  if (what === 'inventory' || days === null || every === null) return {};
  return { measure: { every, duration: Math.max(LEAST_SECONDS, Math.round(days * DAY)) } };
}

/** One a line or with commas; empty lines and what follows a # do not count. */
export const targetsOf = (text: string): string[] => [
  ...new Set(
    text
      .split(/[\n,]/u)
      .map((line) => line.replace(/#.*/u, '').trim())
      .filter((line) => line !== ''),
  ),
];
