/**
 * Numbers, amounts and times as a person reads them: by the locale of the settings, bytes in binary units, and one way
 * for each everywhere. Screens get it from the session (`session.format`).
 */
const BYTE_UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB'] as const;

/** Between a number and its unit: narrow, and never broken. */
const GAP = '\u202f';

export interface Format {
  readonly locale: string;
  /** 1 234.5; at most `digits` places after the point, 0 if not told. */
  number(value: number | null, digits?: number): string;
  /** As many places after the point in every row of a column. */
  fixed(value: number | null, digits: number): string;
  /** `part` 0 to 1. */
  percent(part: number | null, digits?: number): string;
  /** 12.4 GiB */
  bytes(bytes: number | null): string;
  /** Of a column whose header says GiB. */
  gibibytes(bytes: number | null): string;
  /** 900 Mbit/s */
  bits(bitsPerSecond: number | null): string;
  money(amount: number | null, currency: string): string;
  /** Milliseconds since 1970, in the time zone of this computer unless an offset is given (minutes east of UTC). */
  date(time: number | null, utcOffsetMinutes?: number): string;
  /** "3 Nov": below an axis. */
  dayMonth(time: number | null, utcOffsetMinutes?: number): string;
  time(time: number | null, utcOffsetMinutes?: number): string;
  dateTime(time: number | null, utcOffsetMinutes?: number): string;
  /** "Mon", 0 is Monday. */
  weekday(day: number): string;
  /** Seconds: "2 h 10 min". */
  duration(seconds: number | null): string;
  /** "3 days ago" */
  ago(time: number, now: number): string;
}

/** @param locale BCP 47; null: that of the system. One that is not known counts as English. */
export function makeFormat(locale: string | null): Format {
  const used = usable(locale);
  const numbers = new Map<number, Intl.NumberFormat>();
  const numberFormat = (digits: number): Intl.NumberFormat => {
    let format = numbers.get(digits);
    if (format === undefined)
      numbers.set(digits, (format = new Intl.NumberFormat(used, { maximumFractionDigits: digits })));
    return format;
  };
  const times = new Map<string, Intl.DateTimeFormat>();
  const at = (
    time: number | null,
    offset: number | undefined,
    options: Intl.DateTimeFormatOptions,
  ): string => {
    if (time === null) return '–';
    const key = JSON.stringify(options) + String(offset !== undefined);
    let format = times.get(key);
    if (format === undefined)
      times.set(
        key,
        (format = new Intl.DateTimeFormat(
          used,
          offset === undefined ? options : { ...options, timeZone: 'UTC' },
        )),
      );
    return format.format(time + (offset ?? 0) * 60_000);
  };
  const number = (value: number | null, digits = 0): string =>
    value === null || !Number.isFinite(value) ? '–' : numberFormat(digits).format(value);
  const fixed = new Map<number, Intl.NumberFormat>();
  const percents = new Map<number, Intl.NumberFormat>();

  return {
    locale: used,
    number,
    fixed(value, digits) {
      if (value === null || !Number.isFinite(value)) return '–';
      let format = fixed.get(digits);
      if (format === undefined)
        fixed.set(
          digits,
          (format = new Intl.NumberFormat(used, {
            minimumFractionDigits: digits,
            maximumFractionDigits: digits,
          })),
        );
      return format.format(value);
    },
    percent(part, digits = 0) {
      if (part === null || !Number.isFinite(part)) return '–';
      let format = percents.get(digits);
      if (format === undefined)
        percents.set(
          digits,
          (format = new Intl.NumberFormat(used, { style: 'percent', maximumFractionDigits: digits })),
        );
      return format.format(part);
    },
    bytes(bytes) {
      if (bytes === null || !Number.isFinite(bytes)) return '–';
      let unit = 0;
      let value = bytes;
      // 1023.95 KiB would be shown as 1,024.0 KiB.
      while (Math.abs(value) >= (unit === 0 ? 1024 : 1023.95) && unit < BYTE_UNITS.length - 1) {
        value /= 1024;
        unit++;
      }
      return `${number(value, unit === 0 || Math.abs(value) >= 100 ? 0 : 1)}${GAP}${BYTE_UNITS[unit]!}`;
    },
    gibibytes(bytes) {
      if (bytes === null) return '–';
      const value = bytes / 1024 ** 3;
      return number(value, value >= 10 ? 0 : 1);
    },
    bits(bitsPerSecond) {
      if (bitsPerSecond === null) return '–';
      const [value, unit] =
        bitsPerSecond >= 1e9
          ? [bitsPerSecond / 1e9, 'Gbit/s']
          : bitsPerSecond >= 1e6
            ? [bitsPerSecond / 1e6, 'Mbit/s']
            : [bitsPerSecond / 1e3, 'kbit/s'];
      return `${number(value, value >= 10 ? 0 : 1)}${GAP}${unit}`;
    },
    money(amount, currency) {
      if (amount === null || !Number.isFinite(amount)) return '–';
      try {
        return new Intl.NumberFormat(used, { style: 'currency', currency, maximumFractionDigits: 0 }).format(
          amount,
        );
      } catch {
        // Not a code of ISO 4217: what a person typed stands as it is.
        return `${number(amount)}${GAP}${currency}`;
      }
    },
    date: (time, offset) => at(time, offset, { year: 'numeric', month: 'short', day: 'numeric' }),
    dayMonth: (time, offset) => at(time, offset, { month: 'short', day: 'numeric' }),
    time: (time, offset) => at(time, offset, { hour: '2-digit', minute: '2-digit' }),
    dateTime: (time, offset) =>
      at(time, offset, {
        year: 'numeric',
        month: 'short',
        day: 'numeric',
        hour: '2-digit',
        minute: '2-digit',
      }),
    // 5 January 1970 was a Monday.
    weekday: (day) => at((4 + day) * 86_400_000, 0, { weekday: 'short' }),
    duration(seconds) {
      if (seconds === null || !Number.isFinite(seconds)) return '–';
      const whole = Math.round(seconds);
      if (whole < 60) return `${number(whole)}${GAP}s`;
      const minutes = Math.round(whole / 60);
      if (minutes < 60) return `${number(minutes)}${GAP}min`;
      const hours = Math.floor(minutes / 60);
      if (hours < 48) return `${number(hours)}${GAP}h ${number(minutes % 60)}${GAP}min`;
      return `${number(Math.floor(hours / 24))}${GAP}d ${number(hours % 24)}${GAP}h`;
    },
    ago(time, now) {
      const relative = new Intl.RelativeTimeFormat(used, { numeric: 'auto' });
      const minutes = (time - now) / 60_000;
      if (Math.abs(minutes) < 60) return relative.format(Math.round(minutes), 'minute');
      if (Math.abs(minutes) < 60 * 24) return relative.format(Math.round(minutes / 60), 'hour');
      if (Math.abs(minutes) < 60 * 24 * 60) return relative.format(Math.round(minutes / 1440), 'day');
      return at(time, undefined, { year: 'numeric', month: 'short', day: 'numeric' });
    },
  };
}

function usable(locale: string | null): string {
  try {
    return new Intl.NumberFormat(locale ?? undefined).resolvedOptions().locale;
  } catch {
    return 'en';
  }
}
