/**
 * Dates as people write them in a calendar, without times or time zones: days are counted from 1970-01-01 in the
 * proleptic Gregorian calendar (ISO 8601). No `Date`: its zone would be that of the laptop.
 */
const DAYS_PER_ERA = 146_097;
const DAYS_TO_EPOCH = 719_468;

const daysFromCivil = (year: number, month: number, day: number): number => {
  // Years begin in March, so that the leap day is the last of a year.
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const ofEra = y - era * 400;
  const ofYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1;
  const inEra = ofEra * 365 + Math.floor(ofEra / 4) - Math.floor(ofEra / 100) + ofYear;
  return era * DAYS_PER_ERA + inEra - DAYS_TO_EPOCH;
};

/** @returns days since 1970-01-01; null for what is no date that there is */
export function daysFromIso(date: string): number | null {
  const match = /^(\d{4})-(\d\d)-(\d\d)$/u.exec(date);
  if (match === null) return null;
  const [year, month, day] = [Number(match[1]), Number(match[2]), Number(match[3])];
  if (month < 1 || month > 12 || day < 1 || day > 31) return null;
  const days = daysFromCivil(year, month, day);
  return isoFromDays(days) === date ? days : null;
}

/** Of days since 1970-01-01, from year 0 to 9999. */
export function isoFromDays(days: number): string {
  const at = days + DAYS_TO_EPOCH;
  const era = Math.floor(at / DAYS_PER_ERA);
  const inEra = at - era * DAYS_PER_ERA;
  const ofEra = Math.floor(
    (inEra - Math.floor(inEra / 1460) + Math.floor(inEra / 36_524) - Math.floor(inEra / 146_096)) / 365,
  );
  const ofYear = inEra - (365 * ofEra + Math.floor(ofEra / 4) - Math.floor(ofEra / 100));
  const shifted = Math.floor((5 * ofYear + 2) / 153);
  const day = ofYear - Math.floor((153 * shifted + 2) / 5) + 1;
  const month = shifted < 10 ? shifted + 3 : shifted - 9;
  const year = ofEra + era * 400 + (month <= 2 ? 1 : 0);
  const digits = (value: number, width: number): string => String(value).padStart(width, '0');
  return `${digits(year, 4)}-${digits(month, 2)}-${digits(day, 2)}`;
}
