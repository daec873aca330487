/** Values that every dialect writes in its own way. */

/** A whole number within bounds, or null. */
export function wholeNumber(text: string | null | undefined, most = 2 ** 40): number | null {
  if (text === null || text === undefined || !/^\s*\d{1,15}\s*$/u.test(text)) return null;
  const value = Number(text);
  return value <= most ? value : null;
}

/** A number of CPUs, or null where the text is none. */
export function cpuCount(text: string | null | undefined): number | null {
  const value = wholeNumber(text, 4096);
  return value === 0 ? null : value;
}

/** Twelve hex digits with whatever between them as a MAC address, or null. */
export function macAddress(text: string | null | undefined): string | null {
  const digits = (text ?? '').toLowerCase().replaceAll(/[:\-.\s]/gu, '');
  if (!/^[0-9a-f]{12}$/u.test(digits) || digits === '000000000000') return null;
  return digits.match(/../gu)!.join(':');
}

/** A VLAN of a switch, 1 to 4094, or null. */
export function vlanNumber(text: string | null | undefined): number | null {
  const value = wholeNumber(text, 4094);
  return value === 0 ? null : value;
}

export const MIB = 2 ** 20;

/** Bytes as whole MiB; null where that is none. */
export const mib = (bytes: number | null): number | null =>
  bytes === null || bytes < MIB || !Number.isFinite(bytes) ? null : Math.floor(bytes / MIB);

/** Windows paths have backslashes; what comes behind the last one is the file. */
export const slashes = (path: string): string => path.replaceAll('\\', '/');
