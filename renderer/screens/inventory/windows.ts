/** Backup windows as people type them: hours of the day, and days. */
import type { ServerSheet } from '../../../migration-core/contract/servers.ts';

export type BackupWindow = NonNullable<ServerSheet['annotations']['backup']>['windows'][number];
const MINUTES = 60;
const MOST = 24 * MINUTES;

/** `22:00`; the end of a day, 24:00, is 00:00 of the next. */
export const clockOf = (minutes: number): string => {
  const within = minutes % MOST;
  return `${String(Math.floor(within / MINUTES)).padStart(2, '0')}:${String(within % MINUTES).padStart(2, '0')}`;
};

/** null: that is no time of day. */
export function minutesOf(clock: string): number | null {
  const found = /^(\d\d):(\d\d)$/u.exec(clock);
  if (found === null) return null;
  const minutes = Number(found[1]) * MINUTES + Number(found[2]);
  return minutes < MOST && Number(found[2]) < MINUTES ? minutes : null;
}

/** How long it is; over midnight where it ends before it begins. */
export const lengthOf = ({ startMinute, endMinute }: BackupWindow): number =>
  (endMinute - startMinute + MOST) % MOST;

export function withDay(window: BackupWindow, day: number, isIn: boolean): BackupWindow {
  const days = new Set(window.days.length === 0 ? [0, 1, 2, 3, 4, 5, 6] : window.days);
  if (isIn) days.add(day);
  else days.delete(day);
  const all = [...days].sort((a, b) => a - b);
  // Every day is said by naming none; a window of no day is not one.
  if (all.length === 0) return window;
  return { ...window, days: all.length === 7 ? [] : all };
}

/** A usual one: two hours at night, every day. */
export const NEW_WINDOW: BackupWindow = { startMinute: 22 * MINUTES, endMinute: 0, days: [] };
