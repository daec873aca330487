/**
 * An amount over time: its mean as a line, what it ranged over as a pale area, nothing where nothing was measured; the
 * limit and the figure that matter as labelled lines, business hours as a band. From zero, always.
 */
import { round, type Mark, type Picture, type Reading, type Role, type Write } from './picture.ts';
import { gridLines, linear, ticks } from './scale.ts';

export interface TimePoint {
  /** Milliseconds since 1970: the middle of its stretch. */
  at: number;
  mean: number;
  minimum?: number;
  maximum?: number;
}

export interface TimeChartInput {
  title: string;
  unit: string;
  width: number;
  height: number;
  from: number;
  to: number;
  /** Milliseconds between points; two that are further apart than twice that have a gap between them. */
  step: number;
  points: readonly TimePoint[];
  role?: Role;
  /** 'decimal' for amounts in tens, 'binary' for bytes. */
  base?: 'decimal' | 'binary';
  /** The scale reaches at least here: 100 for percent. */
  atLeast?: number;
  lines?: readonly { value: number; label: string; role: 'limit' | 'guide' }[];
  bands?: readonly { from: number; to: number }[];
  write: Write;
  writeTime: Write;
  /** Below the axis: where, and what is written. */
  marks: readonly { at: number; label: string }[];
  /** What a gap is called: "no data". */
  gap: string;
}

const LEFT = 52;
const RIGHT = 8;
const TOP = 8;
const BOTTOM = 20;
/** A label below the axis that begins further right would leave the picture. */
const LABEL_ROOM = 24;
/** Rows of the table that goes with the picture: more are no help to anybody who hears them. */
const TABLE_ROWS = 200;

export function timeChart(input: TimeChartInput): Picture {
  const {
    width,
    height,
    from,
    to,
    step,
    points,
    lines = [],
    bands = [],
    write,
    writeTime,
    role = 'series-1',
  } = input;
  const most = Math.max(
    input.atLeast ?? 0,
    ...points.map((point) => point.maximum ?? point.mean),
    ...lines.filter((line) => line.role === 'guide').map(({ value }) => value),
  );
  const steps = ticks(most, 4, input.base === 'binary' ? 1024 : 10);
  const x = linear([from, to], [LEFT, width - RIGHT]);
  const y = linear([0, steps.at(-1)!], [height - BOTTOM, TOP]);
  const left = round(x(from));
  const right = round(x(to));
  const marks: Mark[] = [];
  const bottom = round(y(0));

  for (const band of bands) {
    const start = Math.max(band.from, from);
    const end = Math.min(band.to, to);
    if (end > start)
      marks.push({
        kind: 'rect',
        x: round(x(start)),
        y: TOP,
        width: round(x(end) - x(start)),
        height: round(bottom - TOP),
        role: 'band',
      });
  }
  marks.push(...gridLines(steps, y, { left, right, write }));
  for (const { at, label } of input.marks)
    if (at >= from && at <= to && x(at) < right - LABEL_ROOM)
      marks.push({
        kind: 'text',
        x: round(x(at)),
        y: height - 5,
        text: label,
        anchor: 'start',
        role: 'label',
      });

  const parts = withoutGaps(points, step);
  for (const [at, part] of parts.entries()) {
    if (part.some((point) => point.maximum !== undefined)) {
      const upper = part.map((point) => `${round(x(point.at))},${round(y(point.maximum ?? point.mean))}`);
      const lower = part
        .map((point) => `${round(x(point.at))},${round(y(point.minimum ?? point.mean))}`)
        .reverse();
      marks.push({ kind: 'path', d: `M${[...upper, ...lower].join('L')}Z`, paint: 'area', role });
    }
    const line = part.map((point) => `${round(x(point.at))},${round(y(point.mean))}`);
    // A point alone is a dash, or nobody would see it.
    marks.push({
      kind: 'path',
      d: line.length === 1 ? `M${line[0]!}h2` : `M${line.join('L')}`,
      paint: 'line',
      role,
    });
    const next = parts[at + 1];
    if (next !== undefined) {
      const start = round(x(part.at(-1)!.at));
      marks.push({
        kind: 'rect',
        x: start,
        y: round(bottom - 4),
        width: round(x(next[0]!.at) - start),
        height: 4,
        role: 'gap',
      });
    }
  }
  for (const { value, label, role: lineRole } of lines) {
    if (value > steps.at(-1)!) continue;
    const at = round(y(value));
    marks.push({ kind: 'line', x1: left, y1: at, x2: right, y2: at, role: lineRole });
    // Below the line where there is no room above it.
    const beside = at < TOP + 12 ? at + 12 : at - 4;
    marks.push({ kind: 'text', x: right, y: round(beside), text: label, anchor: 'end', role: lineRole });
  }

  return {
    width,
    height,
    marks,
    readings: points.map((point): Reading => {
      const half = (x(step) - x(0)) / 2;
      return {
        x: round(x(point.at) - half),
        y: TOP,
        width: round(half * 2),
        height: round(bottom - TOP),
        title: writeTime(point.at),
        values: [
          { name: input.title, text: write(point.mean) },
          ...(point.maximum === undefined ? [] : [{ name: 'most', text: write(point.maximum) }]),
          ...(point.minimum === undefined ? [] : [{ name: 'least', text: write(point.minimum) }]),
        ],
      };
    }),
    summary: summaryOf(input, parts.length),
    table: {
      columns: ['', `${input.title} (${input.unit})`],
      rows: thinned(points, TABLE_ROWS).map((point) => [writeTime(point.at), write(point.mean)]),
    },
  };
}

function summaryOf({ title, points, lines = [], write, gap }: TimeChartInput, parts: number): string {
  if (points.length === 0) return `${title}: ${gap}.`;
  const mean = points.reduce((sum, point) => sum + point.mean, 0) / points.length;
  const most = Math.max(...points.map((point) => point.maximum ?? point.mean));
  const said = lines.map(({ label }) => label);
  const gaps = parts > 1 ? ` ${parts - 1} ${parts === 2 ? 'gap' : 'gaps'} without data.` : '';
  return `${title}: ${write(mean)} on average, ${write(most)} at most${said.length === 0 ? '' : `; ${said.join('; ')}`}.${gaps}`;
}

/** Stretches between which more than twice the step is missing. */
export function withoutGaps<T extends { at: number }>(points: readonly T[], step: number): T[][] {
  const parts: T[][] = [];
  for (const point of points) {
    const part = parts.at(-1);
    if (part === undefined || point.at - part.at(-1)!.at > 2 * step) parts.push([point]);
    else part.push(point);
  }
  return parts;
}

/** At most `count` of them, evenly. */
export function thinned<T>(items: readonly T[], count: number): T[] {
  if (items.length <= count) return [...items];
  const every = Math.ceil(items.length / count);
  return items.filter((_, at) => at % every === 0);
}
