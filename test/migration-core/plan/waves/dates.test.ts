import { describe, expect, it } from 'vitest';
import { daysFromIso, isoFromDays } from '../../../../migration-core/plan/waves/dates.ts';

describe('dates', () => {
  it('are those of the calendar, day by day over two centuries', () => {
    for (let days = -30_000; days < 50_000; days++) {
      const iso = new Date(days * 86_400_000).toISOString().slice(0, 10);
      if (isoFromDays(days) !== iso || daysFromIso(iso) !== days) expect(isoFromDays(days)).toBe(iso);
    }
    expect(daysFromIso('1970-01-01')).toBe(0);
    expect(isoFromDays(daysFromIso('9999-12-31')!)).toBe('9999-12-31');
    expect(isoFromDays(daysFromIso('0000-01-01')!)).toBe('0000-01-01');
  });

  it.each([
    '2025-02-29',
    '2100-02-29',
    '2026-13-01',
    '2026-00-10',
    '2026-04-31',
    '2026-1-1',
    ' 2026-01-01',
    'x',
  ])('knows that %s is none', (text) => {
    expect(daysFromIso(text)).toBeNull();
  });
});
