import { describe, expect, it } from 'vitest';
import { ruleBook, shippedRulePacks } from '../../migration-core/assess/rules/pack.ts';
import type { WavesView } from '../../migration-core/contract/waves.ts';
import { parseScenario } from '../../migration-core/plan/model/scenario.ts';
import { contradictions } from '../../migration-core/service/study/preview.ts';
import { ownRulePack, ruleList } from '../../migration-core/service/study/rules.ts';
import { changedPaths } from '../../migration-core/service/handlers/scenarios.ts';
import { makeFormat } from '../../renderer/format.ts';
import { readValue, withOwnValue } from '../../renderer/screens/sizing/own-pack.ts';
import { amountText, clockText, ruleValueText, verdictText } from '../../renderer/screens/verdicts.ts';
import { waveCalendar } from '../../renderer/screens/waves/calendar.ts';

const format = makeFormat('en-GB');

describe('what is shown of verdicts', () => {
  it('is words first, and amounts in their units', () => {
    expect(verdictText('candidate-with-conditions', 2)).toBe('With conditions: 2');
    expect(verdictText('candidate-with-conditions', 0)).toBe('With conditions');
    expect(verdictText('good-candidate', 0)).toBe('Good candidate');
    expect(amountText('cpu', 8.25, format)).toBe('8.3%');
    expect(amountText('cpu', 62.4, format)).toBe('62%');
    expect(amountText('memory', 3 * 2 ** 30, format)).toBe('3\u202fGiB');
    expect(amountText('networkBytes', 2 ** 20, format)).toBe('1\u202fMiB/s');
    expect(amountText('diskOperations', null, format)).toBe('–');
    expect(clockText(1500)).toBe('01:00');
  });

  it('writes values of rules as a person reads them', () => {
    expect(ruleValueText(0.15, format)).toBe('0.15');
    expect(ruleValueText(1_073_741_824, format)).toBe('1\u202fGiB');
    expect(ruleValueText({ low: 0.1, high: 0.2 }, format)).toBe('low 0.1, high 0.2');
    expect(ruleValueText(['database', 'mail'], format)).toBe('database, mail');
    expect(ruleValueText(true, format)).toBe('yes');
    expect(ruleValueText(null, format)).toBe('–');
  });
});

describe('a number of the customer', () => {
  const packs = shippedRulePacks();
  const shipped = ruleList('modern', packs, new Set(), null);

  it('makes a pack of its own that extends the shipped one, and is taken out of it again', () => {
    const own = withOwnValue(shipped, 'memory.headroom', { value: 1.5, source: 'Agreed' });
    expect(own).toMatchObject({ id: 'customer-modern', extends: 'modern', title: 'Numbers of the customer' });
    const made = ownRulePack({ ...own, about: '' }, packs, new Set(), Date.UTC(2026, 10, 26));
    expect(made.pack).toMatchObject({ version: 1, date: '2026-11-26' });
    expect(ruleBook('customer-modern', made.packs).version).toBe('customer-modern@1+modern@1');
    const list = ruleList('customer-modern', made.packs, new Set(['customer-modern']), null);
    const both = withOwnValue(list, 'memory.step', { value: 2 ** 31, source: 'Agreed' });
    expect(Object.keys(both.rules).sort()).toEqual(['memory.headroom', 'memory.step']);
    expect(withOwnValue(list, 'memory.headroom', null).rules).toEqual({});
    const again = ownRulePack(
      { ...both, about: '' },
      made.packs,
      new Set(['customer-modern']),
      Date.UTC(2026, 10, 27),
    );
    expect(again.pack.version).toBe(2);
  });

  it('is read as a number, a text or JSON, and nothing else', () => {
    expect(readValue(' 1.5 ', 1)).toBe(1.5);
    expect(readValue('{"low": 1}', {})).toEqual({ low: 1 });
    expect(readValue('p95', 'p90')).toBe('p95');
    expect(readValue('one and a half', 1)).toBeUndefined();
    expect(readValue('', 'p90')).toBeUndefined();
  });
});

describe('a scenario that is changed', () => {
  it('tells which fields differ from those of the program', () => {
    expect(changedPaths(parseScenario({ name: 'a', title: 'A title' }))).toEqual([]);
    const changed = { name: 'a', growth: 0.1, calendar: { people: 3 }, prices: { host: 1 } };
    expect(changedPaths(parseScenario(changed)).sort()).toEqual(['calendar.people', 'growth', 'prices.host']);
  });

  it('tells lists that cannot all be kept, through lists that overlap', () => {
    const scenario = parseScenario({
      name: 'a',
      together: [
        ['web', 'app'],
        ['APP', 'db'],
      ],
      apart: [
        ['db', 'web'],
        ['x', 'y'],
      ],
      pinned: [
        { server: 'web', host: 'host-01' },
        { server: 'db', host: 'host-02' },
        { server: 'x', host: 'host-01' },
        { server: 'y', host: 'host-01' },
      ],
    });
    expect(contradictions(scenario)).toEqual([
      'db and web are to stay together and to stay apart; take them out of one of the lists.',
      'web and db are to stay together, but are pinned to host-01 and host-02; let go of one pin.',
      'x, y are to stay apart, but two of them are pinned to host-01; let go of one pin.',
    ]);
    expect(contradictions(parseScenario({ name: 'b', together: [['a', 'b']], apart: [['a', 'c']] }))).toEqual(
      [],
    );
  });
});

describe('the calendar of waves', () => {
  const wave = (number: number, starts: string | null, ends: string | null): WavesView['waves'][number] => ({
    number,
    title: 'Production',
    kind: 'production',
    members: [],
    starts,
    ends,
    copyMinutes: 0,
    testMinutes: 0,
    people: [],
    gates: [],
    rollback: '',
    risks: [],
    confidence: [],
  });
  const draw = (waves: WavesView['waves']) =>
    waveCalendar({
      waves: {
        waves,
        outside: [],
        problems: [],
        notes: [],
        noted: [],
        byHand: [],
        signatures: [],
        stale: [],
        calendar: {
          start: '2027-01-11',
          windowHours: 8,
          nightsPerWave: 5,
          people: 2,
          copies: 2,
          freezes: [{ from: '2027-01-14', to: '2027-01-15', why: 'Stocktaking' }],
        },
      },
      width: 700,
      nameWidth: 100,
      title: ({ number }) => `Wave ${String(number)}`,
      servers: (count) => `${String(count)} servers`,
      freeze: (why) => `Freeze: ${why ?? ''}`,
      date: (time) => new Date(time).toISOString().slice(0, 10),
      columns: ['Wave', 'From', 'To', 'Servers'],
    });

  it('has a bar for each wave as long as its nights, freezes hatched, and the dates to be read', () => {
    const picture = draw([wave(1, '2027-01-11', '2027-01-12'), wave(2, '2027-01-18', '2027-01-18')])!;
    const bars = picture.marks.filter((mark) => mark.kind === 'rect' && mark.role === 'series-3');
    const hatch = picture.marks.filter((mark) => mark.kind === 'rect' && mark.role === 'hatch');
    expect(bars).toHaveLength(2);
    expect(hatch).toHaveLength(1);
    const widthOf = (mark: (typeof bars)[number]): number => (mark.kind === 'rect' ? mark.width : 0);
    expect(widthOf(bars[0]!)).toBeCloseTo(2 * widthOf(bars[1]!), 1);
    expect(picture.table.rows).toEqual([
      ['Wave 1', '2027-01-11', '2027-01-12', '0 servers'],
      ['Wave 2', '2027-01-18', '2027-01-18', '0 servers'],
    ]);
    expect(picture.summary).toBe('Wave 1: 2027-01-11. Wave 2: 2027-01-18. Freeze: Stocktaking.');
    for (const mark of picture.marks)
      if (mark.kind === 'rect') expect(mark.x + mark.width).toBeLessThanOrEqual(700.01);
  });

  it('is not drawn where nothing has a date', () => {
    expect(draw([wave(1, null, null)])).toBeNull();
  });
});
