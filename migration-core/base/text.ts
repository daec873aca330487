/** Numbers in words a person reads: one way for the terminal, the reports and the error sentences. */

const UNITS = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];

/** `1.6 GiB`, `512 bytes`. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024;
    unit++;
  }
  const digits = unit === 0 || value >= 100 || Number.isInteger(value) ? 0 : 1;
  return `${value.toFixed(digits)} ${UNITS[unit]}`;
}

/** `4.2 s`, `3 min 10 s`, `2 h 5 min`. */
export function formatSeconds(seconds: number): string {
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const [large, small] =
    whole < 3600
      ? [`${Math.floor(whole / 60)} min`, `${whole % 60} s`]
      : [`${Math.floor(whole / 3600)} h`, `${Math.floor((whole % 3600) / 60)} min`];
  return small.startsWith('0 ') ? large : `${large} ${small}`;
}

/** `1 disk`, `3 disks`. */
export const plural = (count: number, one: string, many = `${one}s`): string =>
  `${count} ${count === 1 ? one : many}`;

/** Names in a sentence, unless told. */
const NAMED = 8;

/** `a`, `a and b`, `a, b and c`; of long lists the first `most` and how many more. */
export function listed(names: readonly string[], most = NAMED): string {
  if (names.length > most) return `${names.slice(0, most).join(', ')} and ${names.length - most} more`;
  if (names.length < 2) return names.join('');
  return `${names.slice(0, -1).join(', ')} and ${names.at(-1)!}`;
}
