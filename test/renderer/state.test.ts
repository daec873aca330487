/** What the page knows without being drawn. */
import { describe, expect, it } from 'vitest';
import { CallFailed, type Client } from '../../migration-core/contract/client.ts';
import type { Job } from '../../migration-core/contract/jobs.ts';
import { makeFormat } from '../../renderer/format.ts';
import { changeOf, formOf } from '../../renderer/screens/inventory/annotations-form.ts';
import { facetFilter, splitList, type ServerRow } from '../../renderer/screens/inventory/rows.ts';
import { measureOf, targetsOf } from '../../renderer/screens/sources/measure.ts';
import { businessHours, dayMarks } from '../../renderer/state/load.ts';
import { describeProgress } from '../../renderer/state/progress.ts';
import { href, parseHash } from '../../renderer/state/router.svelte.ts';
import { removeFilter, savedFilters, saveFilter } from '../../renderer/state/saved-filters.ts';
import { findPlaces, type Place } from '../../renderer/state/search.ts';
import { SessionState } from '../../renderer/state/session.svelte.ts';
import { errorDetails, shownError } from '../../renderer/state/shown-error.ts';
import { TableState } from '../../renderer/state/table.svelte.ts';

const format = makeFormat('en-GB');
/** Narrow no-break spaces are hard to see in a test. */
const plain = (text: string): string => text.replaceAll(/[\u202f\u00a0]/gu, ' ');

describe('numbers and times', () => {
  it.each([
    [0, '0 B'],
    [1023, '1,023 B'],
    [1024, '1 KiB'],
    [1536, '1.5 KiB'],
    // Would round to 1,024 KiB.
    [1024 ** 2 - 1, '1 MiB'],
    [500 * 1024 ** 3, '500 GiB'],
    [1024 ** 6 * 3000, '3,000 EiB'],
    [null, '–'],
  ])('%s bytes are %s', (bytes, text) => expect(plain(format.bytes(bytes))).toBe(text));

  it.each([
    [5, '5 s'],
    [90, '2 min'],
    [3600 * 5 + 60 * 7, '5 h 7 min'],
    [86_400 * 3 + 3600, '3 d 1 h'],
  ])('%s seconds are %s', (seconds, text) => expect(plain(format.duration(seconds))).toBe(text));

  it('are of the locale, and of English where it is none', () => {
    expect(makeFormat('de-CH').number(1234567.8, 1)).toMatch(/^1.234.567\.8$/u);
    expect(makeFormat('de-DE').fixed(3, 1)).toBe('3,0');
    expect(makeFormat('not a locale').number(1234)).toBe('1,234');
    expect(plain(format.money(1234, 'no code'))).toBe('1,234 no code');
  });

  it('are of the site, not of this computer', () => {
    expect(format.dateTime(Date.UTC(2026, 0, 1, 23, 30), 60)).toContain('2 Jan 2026');
    expect(format.weekday(0)).toBe('Mon');
  });
});

describe('addresses', () => {
  it('come back as they were made', () => {
    expect(parseHash(href('inventory', 'a/b ü', 7))).toEqual({ screen: 'inventory', args: ['a/b ü', '7'] });
  });
  it.each(['', '#', '#/', '#/%E0%A4%A'])('%s is the start', (hash) =>
    expect(parseHash(hash)).toEqual({ screen: 'start', args: [] }),
  );
});

interface Row {
  id: number;
  name: string;
  size: number | null;
}
function table(rows: readonly Row[]): TableState<Row> {
  const state = new TableState<Row>(({ id }) => id);
  state.setColumns([
    { id: 'name', title: 'Name', value: (row) => row.name },
    { id: 'size', title: 'Size', value: (row) => row.size, numeric: true, hidden: true },
  ]);
  state.setRows(rows);
  return state;
}
const ROWS: Row[] = [
  { id: 1, name: 'web10', size: 5 },
  { id: 2, name: 'web9', size: null },
  { id: 3, name: 'DB1', size: 50 },
];
const names = (state: TableState<Row>): string[] => state.shown.map(({ name }) => name);

describe('a table', () => {
  it('sorts names as people count, numbers from the largest, and what is unknown last', () => {
    const state = table(ROWS);
    state.sortBy('name');
    expect(names(state)).toEqual(['DB1', 'web9', 'web10']);
    state.sortBy('name');
    expect(names(state)).toEqual(['web10', 'web9', 'DB1']);
    state.sortBy('name');
    expect(names(state)).toEqual(['web10', 'web9', 'DB1']);
    expect(state.sort).toBeNull();
    state.sortBy('size');
    expect(names(state)).toEqual(['DB1', 'web10', 'web9']);
    state.sortBy('size');
    expect(names(state)).toEqual(['web10', 'DB1', 'web9']);
  });

  it('filters by every word, in any column, and by what the screen asks for', () => {
    const state = table(ROWS);
    state.filter = 'WEB';
    expect(names(state)).toEqual(['web10', 'web9']);
    state.filter = 'web 5';
    expect(names(state)).toEqual(['web10']);
    state.filter = '';
    state.where = ({ size }) => size === null;
    expect(names(state)).toEqual(['web9']);
  });

  it('keeps what is selected by who it is, not by where it stands', () => {
    const state = table(ROWS);
    state.toggle(ROWS[2]!);
    state.sortBy('name');
    expect(state.selectedRows.map(({ name }) => name)).toEqual(['DB1']);
    state.toggleAll();
    expect(state.selected.size).toBe(3);
    state.setRows(ROWS.slice(0, 2));
    expect([...state.selected].sort()).toEqual([1, 2]);
    state.toggleAll();
    expect(state.selected.size).toBe(0);
  });

  it('extends a selection from where it began, and stops at the ends', () => {
    const state = table(ROWS);
    state.move(1);
    state.move(2, true);
    expect([...state.selected]).toEqual([2, 3]);
    state.move(99);
    expect(state.active).toBe(2);
    state.move(-5);
    expect(state.active).toBe(0);
  });

  it('shows columns that were chosen', () => {
    const state = table(ROWS);
    expect(state.visible.map(({ id }) => id)).toEqual(['name']);
    state.show('size', true);
    expect(state.visible.map(({ id }) => id)).toEqual(['name', 'size']);
  });

  it('filters and sorts 10,000 rows within a tenth of a second', () => {
    const rows = Array.from({ length: 10_000 }, (_, id) => ({
      id,
      name: `server-${id}`,
      size: (id * 7919) % 10_007,
    }));
    const state = table(rows);
    state.filter = 'warm up the texts';
    expect(state.shown).toHaveLength(0);
    const begun = performance.now();
    state.filter = 'server-99';
    expect(state.shown).toHaveLength(111);
    const filtered = performance.now() - begun;
    expect(filtered).toBeLessThan(100);
  });
});

it('filters that are saved are read again, and nonsense is none', () => {
  const kept = new Map<string, string>();
  const storage = {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
  };
  saveFilter('t', { name: 'mine', filter: 'a' }, storage);
  saveFilter('t', { name: 'mine', filter: 'b' }, storage);
  expect(savedFilters('t', storage)).toEqual([{ name: 'mine', filter: 'b' }]);
  expect(removeFilter('t', 'mine', storage)).toEqual([]);
  kept.set('ironlift.filters.t', '{"not": "a list"}');
  expect(savedFilters('t', storage)).toEqual([]);
  kept.set('ironlift.filters.t', '[1, {"name": 2}, {"name": "x", "filter": "y"}]');
  expect(savedFilters('t', storage)).toEqual([{ name: 'x', filter: 'y' }]);
});

describe('progress', () => {
  const progress = {
    ...{ phase: 'copy', unit: 'bytes', done: 0, total: 0, skipped: 0, rate: 0, meanRate: 0 },
    ...{ left: null, recalculating: false, bottleneck: null, stalledSince: null },
  };
  const said = (more: object) => {
    const words = describeProgress({ ...progress, ...more }, format, 600_000);
    return Object.fromEntries(
      Object.entries(words).map(([key, value]) => [
        key,
        typeof value === 'string' ? plain(value) : (value as unknown),
      ]),
    );
  };

  it('is never at the end before it is', () => {
    expect(said({ done: 999, total: 1000 })).toMatchObject({ percent: '99%' });
    expect(said({ done: 1000, total: 1000 })).toMatchObject({ percent: '100%', part: 1 });
    expect(said({})).toMatchObject({ percent: '0%', left: 'time left not known yet', rate: null });
  });

  it('says what was skipped, how fast, how long, what limits it, and that it recalculates', () => {
    const GIB = 1024 ** 3;
    expect(
      said({
        ...{ done: 2 * GIB, total: 8 * GIB, skipped: GIB, rate: GIB / 8, meanRate: GIB / 16 },
        ...{ left: { least: 60, most: 120 }, bottleneck: 'source', stalledSince: 480_000 },
      }),
    ).toMatchObject({
      phase: 'Copy',
      amount: '2 GiB of 8 GiB',
      skipped: '1 GiB skipped (free space)',
      rate: '128 MiB/s',
      meanRate: 'mean 64 MiB/s',
      left: '1 min to 2 min left',
      limit: 'limited by reading the source',
      stalled: 'Nothing has moved for 2 min. The source may have gone to sleep or the network may be down.',
    });
    expect(said({ done: 1, total: 2, recalculating: true })).toMatchObject({ left: 'recalculating' });
  });
});

it('Ctrl-K finds screens before servers, and what begins with the text before what holds it', () => {
  const place = (kind: Place['kind'], title: string): Place => ({
    kind,
    title,
    icon: 'server',
    screen: title,
    args: [],
  });
  const found = findPlaces(
    'pl',
    [place('screen', 'Plan'), place('screen', 'Sample')],
    [place('server', 'pl-01')],
  );
  expect(found.map(({ title }) => title)).toEqual(['Plan', 'pl-01', 'Sample']);
  expect(findPlaces('zz', [], [place('server', 'a')])).toEqual([]);
});

describe('annotations as a form', () => {
  const before = { owner: 'Kim', tags: ['a', 'b'], downtimeMinutes: 30, cpuScore: 9, latencySensitive: true };
  it('change only what was touched', () => {
    const form = formOf(before);
    expect(changeOf(before, form)).toEqual({ set: {}, clear: [] });
    expect(
      changeOf(before, {
        ...form,
        owner: ' ',
        tags: 'b, c, c',
        downtimeMinutes: null,
        latencySensitive: 'no',
        site: '',
      }),
    ).toEqual({ set: { tags: ['b', 'c'], latencySensitive: false }, clear: ['owner', 'downtimeMinutes'] });
  });
  it('splits lists at commas', () => expect(splitList(' a, b;; a ,')).toEqual(['a', 'b']));
});

it('facets find what nobody said', () => {
  const row = { environment: null, criticality: 'high', operatingSystem: 'Debian GNU/Linux 12' } as ServerRow;
  expect(facetFilter({ environment: 'all', criticality: 'all', system: 'all' })).toBeNull();
  expect(facetFilter({ environment: 'unknown', criticality: 'high', system: 'linux' })!(row)).toBe(true);
  expect(facetFilter({ environment: 'production', criticality: 'all', system: 'all' })!(row)).toBe(false);
});

it('what is typed as servers and days becomes targets and seconds', () => {
  expect(targetsOf('web01, web02\n# none\n web01 # again\n')).toEqual(['web01', 'web02']);
  expect(measureOf({ what: 'inventory', days: 30, every: 60 })).toEqual({});
  expect(measureOf({ what: 'both', days: 0.5, every: 60 })).toEqual({
    measure: { every: 60, duration: 43_200 },
  });
});

it('business hours are those of the site on its working days', () => {
  // Monday 5 January 2026, 00:00 in Berlin.
  const monday = Date.UTC(2026, 0, 4, 23);
  const week = businessHours(monday, monday + 7 * 86_400_000 - 1, 60);
  expect(week).toHaveLength(5);
  expect(week[0]).toEqual({ from: monday + 8 * 3_600_000, to: monday + 18 * 3_600_000 });
  expect(dayMarks(monday, monday + 7 * 86_400_000 - 1, 60, 800, format).map(({ label }) => label)).toEqual(
    'Mon Tue Wed Thu Fri Sat Sun'.split(' '),
  );
  expect(dayMarks(monday, monday + 30 * 86_400_000, 60, 300, format).length).toBeLessThan(8);
});

it('errors have a sentence, a next step and what can be copied', () => {
  const failed = new CallFailed({
    code: 'LOGIN_FAILED',
    message: 'No.',
    next: 'Ask.',
    data: { host: 'web', tried: ['a'] },
  });
  expect(errorDetails(shownError(failed))).toBe('Code: LOGIN_FAILED\nNo.\nAsk.\nhost: web\ntried: ["a"]');
  expect(shownError(new TypeError('x is undefined'))).toMatchObject({
    code: 'PAGE',
    message: 'This page made a mistake of its own.',
  });
});

describe('the session', () => {
  type Listener = (data: never) => void;
  function fakeClient(answers: Record<string, unknown>) {
    const listeners = new Map<string, Set<Listener>>();
    const client = {
      call: async (method: string) => answers[method],
      on(event: string, listener: Listener) {
        const all = listeners.get(event) ?? new Set();
        listeners.set(event, all.add(listener));
        return () => void all.delete(listener);
      },
    } as unknown as Client;
    const tell = (event: string, data: unknown): void =>
      listeners.get(event)?.forEach((listener) => listener(data as never));
    return { client, tell };
  }
  const job = (id: string, state: Job['state'], createdAt = 1): Job =>
    ({ id, state, createdAt, title: id, notes: [], progress: null }) as unknown as Job;

  it('keeps the jobs that events tell of, newest first, and forgets those that are taken away', async () => {
    const { client, tell } = fakeClient({
      'jobs.list': { jobs: [job('job-1', 'done')] },
      'app.settings': {},
      'app.about': {},
    });
    const session = new SessionState(client);
    const end = session.start();
    tell('job', job('job-2', 'running', 2));
    await new Promise((done) => setTimeout(done, 5));
    expect(session.jobs.map(({ id }) => id)).toEqual(['job-2', 'job-1']);
    expect(session.activeJobs.map(({ id }) => id)).toEqual(['job-2']);
    tell('job', job('job-2', 'failed', 2));
    expect(session.activeJobs).toEqual([]);
    tell('job-removed', { id: 'job-1' });
    expect(session.jobs.map(({ id }) => id)).toEqual(['job-2']);
    end();
  });

  it('shows four times a second how far a job is, and at once how it ended', async () => {
    const { client, tell } = fakeClient({ 'jobs.list': { jobs: [] }, 'app.settings': {}, 'app.about': {} });
    const session = new SessionState(client);
    const end = session.start();
    await new Promise((done) => setTimeout(done, 5));
    const seen = new Set<number | null>();
    const at = (done: number): Job => ({ ...job('job-1', 'running'), createdAt: done });
    tell('job', at(0));
    const until = performance.now() + 600;
    for (let done = 1; performance.now() < until; done++) {
      tell('job', at(done));
      seen.add(session.jobs[0]!.createdAt);
      await new Promise((next) => setTimeout(next, 10));
    }
    expect(seen.size).toBeGreaterThan(1);
    expect(seen.size).toBeLessThanOrEqual(4);
    tell('job', job('job-1', 'done'));
    expect(session.jobs[0]!.state).toBe('done');
    // What was held back is of before, and not shown any more.
    await new Promise((next) => setTimeout(next, 300));
    expect(session.jobs[0]!.state).toBe('done');
    end();
  });

  it('waits for a job that is over later, or was before', async () => {
    const { client, tell } = fakeClient({ 'jobs.get': job('job-1', 'running') });
    const session = new SessionState(client);
    const over = session.jobOver('job-1');
    await new Promise((done) => setTimeout(done, 1));
    tell('job', job('job-1', 'done'));
    expect((await over).state).toBe('done');
    const { client: other } = fakeClient({ 'jobs.get': job('job-1', 'failed') });
    expect((await new SessionState(other).jobOver('job-1')).state).toBe('failed');
  });
});
