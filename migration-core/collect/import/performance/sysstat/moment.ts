/** The time of a record of sadf: {"date": "2019-04-18", "time": "13:20:19", "tz": "UTC", "interval": 31}, "utc": 1 before. */
import { isRecord, textIn } from '../json-stream.ts';
import { timeAt } from '../numbers.ts';

export interface Moment {
  /** Milliseconds since 1970 of the clock as it is written. */
  time: number;
  isUtc: boolean;
  /** Seconds. */
  interval: number;
}

export function momentOf(timestamp: unknown): Moment | null {
  if (!isRecord(timestamp)) return null;
  const clock = textIn(timestamp, 'time');
  const zone = textIn(timestamp, 'tz');
  const isCounted = /^\d{9,11}$/u.test(clock);
  const time = isCounted ? Number(clock) * 1000 : clockTime(`${textIn(timestamp, 'date')} ${clock}`);
  if (Number.isNaN(time)) return null;
  const interval = Number(timestamp['interval']);
  return {
    time,
    isUtc: isCounted || timestamp['utc'] === 1 || zone === 'UTC' || zone === 'GMT',
    interval: interval > 0 && interval < 1e7 ? interval : 0,
  };
}

/** `2019-04-18 13:20:19`, as if it were UTC; NaN where it is no time. */
export function clockTime(text: string): number {
  const bytes = Buffer.from(text, 'latin1');
  return timeAt(bytes, 0, bytes.length, 'ymd', 0);
}
