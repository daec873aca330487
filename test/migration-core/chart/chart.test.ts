import { describe, expect, it } from 'vitest';
import { bars } from '../../../migration-core/chart/bars.ts';
import { coverageStrip } from '../../../migration-core/chart/coverage-strip.ts';
import { dayStack } from '../../../migration-core/chart/day-stack.ts';
import type { Mark, Picture, Role } from '../../../migration-core/chart/picture.ts';
import { linear, ticks } from '../../../migration-core/chart/scale.ts';
import { share } from '../../../migration-core/chart/share.ts';
import { sparkline } from '../../../migration-core/chart/sparkline.ts';
import { timeChart, type TimeChartInput } from '../../../migration-core/chart/time-chart.ts';
import { waterfall } from '../../../migration-core/chart/waterfall.ts';
import { weekGrid } from '../../../migration-core/chart/week-grid.ts';

const write = (value: number): string => `${Math.round(value * 10) / 10}`;
const rects = ({ marks }: Picture, role: Role): Extract<Mark, { kind: 'rect' }>[] =>
  marks.filter((mark) => mark.kind === 'rect').filter((mark) => mark.role === role);
const texts = ({ marks }: Picture): string[] =>
  marks.filter((mark) => mark.kind === 'text').map(({ text }) => text);
const lines = ({ marks }: Picture, role: Role): Extract<Mark, { kind: 'line' }>[] =>
  marks.filter((mark) => mark.kind === 'line').filter((mark) => mark.role === role);

describe('scales', () => {
  it('begin at zero and end on a round amount', () => {
    expect(ticks(83, 4)).toEqual([0, 50, 100]);
    expect(ticks(100, 4)).toEqual([0, 50, 100]);
    expect(ticks(7, 4)).toEqual([0, 2, 4, 6, 8]);
    expect(ticks(0.3, 4)).toEqual([0, 0.1, 0.2, 0.30000000000000004]);
    expect(ticks(16 * 1024 ** 3, 4, 1024).map((bytes) => bytes / 1024 ** 3)).toEqual([0, 4, 8, 12, 16]);
  });

  it.each([0, -1, Number.NaN, Infinity])('have something to draw for %s', (most) => {
    expect(ticks(most, 4)).toEqual([0, 1]);
  });

  it('put a span of nothing at its beginning', () => {
    expect(linear([5, 5], [10, 20])(5)).toBe(10);
    expect(linear([0, 10], [100, 0])(2.5)).toBe(75);
  });
});

const HOUR = 3_600_000;
const overTime = (more: Partial<TimeChartInput> = {}): Picture =>
  timeChart({
    title: 'CPU',
    unit: '%',
    width: 460,
    height: 128,
    from: 0,
    to: 10 * HOUR,
    step: HOUR,
    points: [0, 1, 2, 6, 7].map((hour) => ({
      at: hour * HOUR,
      mean: 10 * hour,
      minimum: 0,
      maximum: 12 * hour,
    })),
    atLeast: 100,
    lines: [{ value: 60, label: 'p95 60', role: 'guide' }],
    bands: [{ from: 2 * HOUR, to: 4 * HOUR }],
    write,
    writeTime: (at) => `${at / HOUR} h`,
    marks: [{ at: 0, label: 'Mon' }],
    gap: 'no data',
    ...more,
  });

describe('an amount over time', () => {
  it('breaks its line where nothing was measured, and marks the gap', () => {
    const picture = overTime();
    const drawn = picture.marks
      .filter((mark) => mark.kind === 'path')
      .filter(({ paint }) => paint === 'line');
    expect(drawn).toHaveLength(2);
    // Hours 2 to 6 on a plane from 52 to 452 for ten hours.
    expect(rects(picture, 'gap')).toEqual([expect.objectContaining({ x: 132, width: 160 })]);
    expect(picture.summary).toBe('CPU: 32 on average, 84 at most; p95 60. 1 gap without data.');
  });

  it('starts at zero, reaches to 100 and draws the figure that matters with its words', () => {
    const picture = overTime();
    const [axis] = lines(picture, 'axis');
    const [guide] = lines(picture, 'guide');
    expect(axis?.y1).toBe(108);
    // 60 of 100 between 108 and 8.
    expect(guide).toMatchObject({ x1: 52, x2: 452, y1: 48, y2: 48 });
    expect(texts(picture)).toEqual(expect.arrayContaining(['0', '50', '100', 'p95 60', 'Mon']));
  });

  it('shows the hours of business behind it and reads every point out', () => {
    const picture = overTime();
    expect(rects(picture, 'band')).toEqual([expect.objectContaining({ x: 132, width: 80 })]);
    expect(picture.readings.map(({ title }) => title)).toEqual(['0 h', '1 h', '2 h', '6 h', '7 h']);
    expect(picture.readings[4]!.values).toEqual([
      { name: 'CPU', text: '70' },
      { name: 'most', text: '84' },
      { name: 'least', text: '0' },
    ]);
    expect(picture.table.rows).toHaveLength(5);
  });

  it('says so where there is nothing at all', () => {
    const picture = overTime({ points: [], lines: [] });
    expect(picture.summary).toBe('CPU: no data.');
    expect(picture.marks.some((mark) => mark.kind === 'path')).toBe(false);
  });
});

it('a week says its busiest hour, and hours that nobody saw are gaps', () => {
  const hours = Array.from({ length: 168 }, (_, hour) => (hour === 3 ? null : hour === 25 ? 90 : 5));
  const picture = weekGrid({
    ...{ title: 'CPU', hours, full: 100, width: 276, height: 156, write, gap: 'no data' },
    weekday: (day) => ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'][day]!,
  });
  expect(picture.summary).toBe('CPU: busiest on Tue 01:00–02:00 with 90.');
  expect(rects(picture, 'gap')).toHaveLength(1);
  expect(rects(picture, 'heat-6')).toHaveLength(1);
  expect(rects(picture, 'heat-1')).toHaveLength(166);
  expect(picture.readings[3]!.values).toEqual([{ name: 'CPU', text: 'no data' }]);
  expect(picture.table.rows[0]![4]).toBe('no data');
});

it('bars say who is over the ceiling, and stop at the end of the scale', () => {
  const picture = bars({
    title: 'Memory',
    unit: 'GiB',
    bars: [
      { name: 'host-1', parts: [{ name: 'VMs', value: 50, role: 'series-1' }] },
      { name: 'host-2', parts: [{ name: 'VMs', value: 130, role: 'series-1' }] },
    ],
    full: 100,
    ceiling: { value: 80, label: '80 usable' },
    width: 292,
    write,
  });
  expect(picture.summary).toBe('Memory: 2 bars, 1 over 80 usable: host-2.');
  // A hundred pixels for a hundred.
  expect(rects(picture, 'series-1').map(({ width }) => width)).toEqual([50, 100]);
  expect(texts(picture)).toEqual(expect.arrayContaining(['50', '130', '80 usable']));
});

it('shares fill the width and leave nobody out of the table', () => {
  const picture = share({
    title: 'Servers',
    parts: [
      { name: 'good', value: 30, role: 'good' },
      { name: 'none', value: 0, role: 'info' },
      { name: 'stop', value: 10, role: 'stop' },
    ],
    width: 400,
    height: 40,
    write,
  });
  expect(rects(picture, 'good')[0]).toMatchObject({ x: 0, width: 299 });
  expect(rects(picture, 'stop')[0]).toMatchObject({ x: 300, width: 99 });
  expect(picture.table.rows).toEqual([
    ['good', '30'],
    ['none', '0'],
    ['stop', '10'],
  ]);
  expect(rects(share({ title: 'Servers', parts: [], width: 10, height: 40, write }), 'muted')).toHaveLength(
    1,
  );
});

it('savings add up from the first bar to the last', () => {
  const picture = waterfall({
    title: 'Cost a year',
    unit: 'EUR',
    start: { name: 'Today', value: 100 },
    changes: [
      { name: 'Power', value: -30 },
      { name: 'Licences', value: 10 },
    ],
    end: { name: 'After' },
    width: 464,
    height: 254,
    write,
  });
  expect(picture.summary).toBe('Cost a year: from 100 to 80.');
  expect(picture.table.rows).toEqual([
    ['Today', '100'],
    ['Power', '-30'],
    ['Licences', '10'],
    ['After', '80'],
  ]);
  const heights = ['series-1', 'series-3', 'series-2'].flatMap((role) =>
    rects(picture, role as Role).map(({ height }) => height),
  );
  expect(heights).toEqual([200, 160, 60, 20]);
});

it('a day of a host stacks its machines under the ceiling, backups over midnight in two parts', () => {
  const picture = dayStack({
    title: 'CPU',
    unit: 'cores',
    layers: [
      { name: 'a', role: 'series-1', values: [1, 2, 3, 4] },
      { name: 'b', role: 'series-2', values: [1, 1, 4, 0] },
    ],
    full: 10,
    ceiling: { value: 8, label: '8 usable' },
    windows: [{ startMinute: 1320, endMinute: 120, name: 'nightly' }],
    width: 292,
    height: 128,
    write,
  });
  expect(rects(picture, 'hatch').map(({ x, width }) => [x, width])).toEqual([
    [272, 20],
    [52, 20],
  ]);
  expect(picture.summary).toBe('CPU: 7 at most, at 12:00; 8 usable; backups: nightly.');
  expect(picture.readings[2]!.values).toEqual([
    { name: 'CPU', text: '7' },
    { name: 'b', text: '4' },
    { name: 'a', text: '3' },
  ]);
});

it('strips of coverage leave gaps wide enough to be seen', () => {
  const picture = coverageStrip({
    title: 'web',
    ...{ from: 0, to: 1000, first: 100, last: 1000, width: 100, height: 14 },
    gaps: [{ from: 500, to: 501 }],
    writeTime: write,
  });
  expect(rects(picture, 'series-1').map(({ x, width }) => [x, width])).toEqual([
    [10, 40],
    [52, 48],
  ]);
  expect(picture.summary).toBe('web: 100 to 1000, 1 gap.');
});

it('sparklines break at what was not measured', () => {
  const { marks } = sparkline({ title: 'CPU', values: [1, 2, null, 3], width: 40, height: 10 });
  expect(marks.filter(({ kind }) => kind === 'path')).toHaveLength(2);
});
