/**
 * Values out of JSON documents of other tools. Anything may be anything: what is not of the kind asked for is undefined.
 * A text longer than MAX_TEXT is cut, a list longer than MAX_LIST ends there.
 */

/** Characters; no name, model or version of a server is longer. */
export const MAX_TEXT = 4096;
/** Entries; a server with 100,000 connections is not to fill an engagement. */
export const MAX_LIST = 10_000;

export type Fields = Record<string, unknown>;

export const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The value below a path of names; undefined where there is none. Never what an object inherits. */
export function at(value: unknown, ...path: string[]): unknown {
  let here = value;
  for (const name of path) {
    if (!isFields(here) || !Object.hasOwn(here, name)) return undefined;
    here = here[name];
  }
  return here;
}

/** A text that says something, without blanks around it; numbers as they print. */
export function text(value: unknown): string | undefined {
  if (typeof value === 'number' && Number.isFinite(value)) return String(value);
  if (typeof value !== 'string') return undefined;
  const cut = value.slice(0, MAX_TEXT).trim();
  return cut === '' ? undefined : cut;
}

/** What firmware says when nobody filled in the form. */
const SAYS_NOTHING =
  /^(?:na|n\/a|none|null|unknown|default string|not (?:specified|available|provided|present).*|to be filled.*|system (?:product name|manufacturer|version)|o\.?e\.?m\.?|\.|-+)$/iu;

/** A text that is not a placeholder. */
export function said(value: unknown): string | undefined {
  const found = text(value);
  return found === undefined || SAYS_NOTHING.test(found) ? undefined : found;
}

/** A number, or the text of one. */
export function number(value: unknown): number | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined;
  if (typeof value !== 'string' || value.length > 64 || !/^\s*[-+]?\d+(?:\.\d+)?\s*$/u.test(value))
    return undefined;
  const parsed = Number(value);
  return Number.isFinite(parsed) ? parsed : undefined;
}

/** A whole number from 0 to 2^53-1. */
export function count(value: unknown): number | undefined {
  const found = number(value);
  return found !== undefined && Number.isSafeInteger(found) && found >= 0 ? found : undefined;
}

/** A size times a unit, bytes, rounded; undefined where it is no size. */
export function sized(value: unknown, unit: number): number | undefined {
  const found = number(value);
  if (found === undefined || found < 0) return undefined;
  return count(Math.round(found * unit));
}

export function flag(value: unknown): boolean | undefined {
  if (typeof value === 'boolean') return value;
  if (value === 1 || value === 0) return value === 1;
  if (typeof value !== 'string' || value.length > 8) return undefined;
  const word = value.trim().toLowerCase();
  if (['true', 'yes', 'on', '1'].includes(word)) return true;
  return ['false', 'no', 'off', '0'].includes(word) ? false : undefined;
}

export const list = (value: unknown): unknown[] => (Array.isArray(value) ? value.slice(0, MAX_LIST) : []);

/** Names and values of an object. */
export const pairs = (value: unknown): [string, unknown][] =>
  isFields(value) ? Object.entries(value).slice(0, MAX_LIST) : [];

const SIZE_UNITS: Record<string, number> = { b: 0, bytes: 0, k: 1, m: 2, g: 3, t: 4, p: 5 };

/** `1.82 TiB`, `931.51 GB`, `4096 kB` as tools of Linux print it, always in steps of 1024; bytes. */
export function bytesOf(value: unknown): number | undefined {
  if (typeof value === 'number') return count(Math.round(value));
  if (typeof value !== 'string' || value.length > 64) return undefined;
  const match = /^\s*(\d+(?:[.,]\d+)?)\s*(bytes|[bkmgtp])?(?:i?b)?\s*$/iu.exec(value);
  if (match === null) return undefined;
  const power = SIZE_UNITS[(match[2] ?? 'b').toLowerCase()] ?? 0;
  return sized(match[1]!.replace(',', '.'), 1024 ** power);
}

/** A name without path and control characters is nothing we need here: only its family is told. */
export function osFamily(name: string | undefined): 'linux' | 'windows' | 'unix' | 'other' {
  const lower = (name ?? '').toLowerCase();
  if (/windows|microsoft|win32/u.test(lower)) return 'windows';
  if (
    /linux|debian|ubuntu|centos|red ?hat|rhel|suse|fedora|photon|coreos|gentoo|alpine|rocky|arch|\balma|amazon/u.test(
      lower,
    )
  )
    return 'linux';
  if (/solaris|sunos|aix|hp-?ux|bsd|darwin|mac ?os|os x|unix/u.test(lower)) return 'unix';
  return 'other';
}

/** `{ name: undefined }` is not allowed in the model: names without a value are left away. */
export function known<T extends object>(fields: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>;
  };
}

/** Prefix length of a netmask; undefined where it is none. */
export function prefixLength(mask: string): number | undefined {
  if (/^\d{1,3}$/u.test(mask)) return Number(mask) <= 128 ? Number(mask) : undefined;
  const parts = mask.split('.');
  if (parts.length !== 4 || !parts.every((part) => /^\d{1,3}$/u.test(part) && Number(part) < 256))
    return undefined;
  const bits = parts.map((part) => Number(part).toString(2).padStart(8, '0')).join('');
  return /^1*0*$/u.test(bits) ? bits.replaceAll('0', '').length : undefined;
}
