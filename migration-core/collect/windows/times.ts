/** Dates as Windows tools write them. */

/**
 * A CIM datetime (DMTF DSP0004 5.2.4: `yyyymmddHHMMSS.mmmmmm+UUU`, UUU minutes east of UTC) or an ISO 8601 one.
 * @returns milliseconds since 1970, or undefined
 */
export function windowsTime(text: string | undefined): number | undefined {
  if (text === undefined || text.length > 40) return undefined;
  const cim = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)\.\d{6}([-+]\d{3})$/u.exec(text);
  if (cim !== null) {
    const [year, month, day, hour, minute, second, offset] = cim.slice(1).map(Number) as [
      number,
      number,
      number,
      number,
      number,
      number,
      number,
    ];
    if (month < 1 || month > 12 || day < 1 || day > 31 || hour > 23 || minute > 59 || second > 59)
      return undefined;
    return Date.UTC(year, month - 1, day, hour, minute - offset, second);
  }
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,7})?(?:Z|[-+]\d\d:\d\d)$/u.test(text)) return undefined;
  const parsed = Date.parse(text);
  return Number.isNaN(parsed) ? undefined : parsed;
}
