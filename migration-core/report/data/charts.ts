/** What a chart shows, as a table, and how a spreadsheet draws it again from there. */
import type { ChartSpec } from '../../chart/chart-spec.ts';
import type { Column, ColumnKind, Table, Value } from '../model.ts';

/** A chart made of cells of its table. */
export interface DrawnChart {
  shape: 'column' | 'bar' | 'line';
  title: string;
  /** Read out where the chart is not seen. */
  summary: string;
  /** `column`: series are columns, named by their headers, the first column names the points; `row`: the other way round. */
  by: 'column' | 'row';
  /** Of `row`: the first row that is drawn. */
  from: number;
  /** Of `column`: indexes of columns; of `row`: of rows, counted from `from`. */
  series: readonly number[];
  /** Those of `series` that are a line over the columns: what the others are held against. */
  limits?: readonly number[];
  /** What stands at the axes; '' for nothing. */
  axes: { points: string; values: string };
}

type Week = Extract<ChartSpec, { kind: 'week' }>;

const column = (id: string, title: string, kind: ColumnKind, unit?: string): Column => ({
  id,
  title,
  kind,
  ...(unit === undefined || unit === '' ? {} : { unit }),
});

const DAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];
const HOURS_OF_A_WEEK = 168;
/** Before the hours. */
export const WEEK_LABELS = 3;

export const weekColumns = (unit: string): Column[] => [
  column('of', 'Of', 'text'),
  column('what', 'What', 'text'),
  column('ceiling', 'Ceiling', 'number', unit),
  ...Array.from({ length: HOURS_OF_A_WEEK }, (_, hour) => {
    const clock = `${DAYS[Math.floor(hour / 24)]!} ${String(hour % 24).padStart(2, '0')}:00`;
    // Charts take their labels from these headers; the unit stands at the ceiling and at the axis.
    return column(clock.toLowerCase().replace(/\W+/gu, '-'), clock, 'number');
  }),
];

export const weekRows = (of: string, { rows, ceiling }: Week): Value[][] =>
  rows.map(({ title, values }) => [
    of,
    title,
    ceiling,
    ...Array.from({ length: HOURS_OF_A_WEEK }, (_, hour) => values[hour] ?? null),
  ]);

export function chartTable(
  id: string,
  title: string,
  summary: string,
  spec: Exclude<ChartSpec, Week>,
): Table & { charts: DrawnChart[] } {
  const { columns, rows, drawn } = contents(spec);
  return {
    id: `chart-${id}`,
    title,
    columns,
    rows,
    empty: 'There is nothing to draw.',
    charts: drawn === null || rows.length === 0 ? [] : [{ ...drawn, title, summary, by: 'column', from: 0 }],
  };
}

/** Counts are shown without a point. */
const kindOf = (values: readonly number[]): ColumnKind =>
  values.every(Number.isInteger) ? 'count' : 'number';

interface Contents {
  columns: Column[];
  rows: Value[][];
  drawn: Pick<DrawnChart, 'shape' | 'series' | 'limits' | 'axes'> | null;
}

function contents(spec: Exclude<ChartSpec, Week>): Contents {
  switch (spec.kind) {
    case 'shares':
      return {
        columns: [
          column('part', 'Part', 'text'),
          {
            ...column('value', 'Value', kindOf(spec.parts.map(({ value }) => value)), spec.unit),
            total: true,
          },
        ],
        rows: spec.parts.map(({ title, value }) => [title, value]),
        drawn: { shape: 'bar', series: [1], axes: { points: '', values: spec.unit } },
      };
    case 'bars':
      return {
        columns: [
          column('bar', 'Bar', 'text'),
          column('value', 'Value', 'number', spec.unit),
          column('ceiling', 'Ceiling', 'number', spec.unit),
        ],
        rows: spec.bars.map(({ title, value, ceiling }) => [title, value, ceiling]),
        drawn: {
          ...{ shape: 'column', limits: [2], axes: { points: '', values: spec.unit } },
          series: spec.bars.some(({ ceiling }) => ceiling !== null) ? [1, 2] : [1],
        },
      };
    case 'series':
      return {
        columns: [
          column('time', 'Time', 'time'),
          ...spec.lines.map(({ title }, index) => column(`line-${index + 1}`, title, 'number', spec.unit)),
        ],
        rows: spec.times.map((time, at) => [time, ...spec.lines.map(({ values }) => values[at] ?? null)]),
        drawn: {
          ...{ shape: 'line', axes: { points: '', values: spec.unit } },
          series: spec.lines.map((_, index) => index + 1),
        },
      };
    case 'steps': {
      let sum = spec.start;
      return {
        columns: [
          column('step', 'Step', 'text'),
          column('change', 'Change', 'number', spec.unit),
          column('sum', 'Sum', 'number', spec.unit),
        ],
        rows: [
          ['Start', null, spec.start],
          ...spec.steps.map(({ title, change }): Value[] => [title, change, (sum += change)]),
        ],
        drawn: { shape: 'column', series: [2], axes: { points: '', values: spec.unit } },
      };
    }
    case 'histogram': {
      const kind = kindOf(spec.bins.flatMap(({ from, to }) => [from, to]));
      return {
        columns: [
          // Charts name their columns by it.
          column('range', 'Range', 'text', spec.unit),
          column('from', 'From', kind, spec.unit),
          column('to', 'To', kind, spec.unit),
          { ...column('count', 'Count', 'count'), total: true },
        ],
        rows: spec.bins.map(({ from, to, count }) => [
          from === to ? String(from) : `${from} to ${to}`,
          ...[from, to, count],
        ]),
        drawn: { shape: 'column', series: [3], axes: { points: spec.unit, values: 'Count' } },
      };
    }
    case 'spans': {
      const kind = spec.unit === 'dates' ? 'time' : 'minutes';
      return {
        columns: [
          column('row', 'Row', 'text'),
          column('span', 'Span', 'text'),
          column('from', 'From', kind),
          column('to', 'To', kind),
        ],
        // No spreadsheet has bars that begin where they like.
        rows: spec.rows.flatMap(({ title, spans }) =>
          spans.map((span) => [title, span.title, span.from, span.to]),
        ),
        drawn: null,
      };
    }
  }
}
