/** The shapes of a chart of a report: the same makers that draw the screens, by the kind of its data. */
import { bars } from './bars.ts';
import type { ChartSpec } from './chart-spec.ts';
import { columns } from './columns.ts';
import type { Mark, Picture, Role, Write } from './picture.ts';
import { share } from './share.ts';
import { cut, spans } from './spans.ts';
import { timeChart } from './time-chart.ts';
import { waterfall } from './waterfall.ts';

export interface SpecWorld {
  /** Pixels. */
  width: number;
  /** Numbers as the reader writes them. */
  write: Write;
  writeDate: Write;
}

const SERIES: readonly Role[] = ['series-1', 'series-2', 'series-3', 'series-4', 'series-5', 'series-6'];
const TONES: Readonly<Record<string, Role>> = {
  good: 'good',
  conditions: 'conditions',
  stop: 'stop',
  information: 'info',
  plain: 'muted',
};
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const WEEKDAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];
const NAME_WIDTH = 150;

export function pictureOf(spec: ChartSpec, title: string, world: SpecWorld): Picture {
  const { width, write } = world;
  switch (spec.kind) {
    case 'shares':
      return share({
        title,
        parts: spec.parts.map(({ title: name, value, tone }, at) => ({
          name,
          value,
          role: shareRole(spec.parts, tone, at),
        })),
        width,
        height: 46,
        write,
      });
    case 'histogram':
      return columns({ title, unit: spec.unit, bins: spec.bins, width, height: 150, write });
    case 'bars': {
      const known = spec.bars.map(({ value }) => value ?? 0);
      const ceilings = new Set(spec.bars.flatMap(({ ceiling }) => ceiling ?? []));
      const [ceiling] = ceilings;
      const percent = spec.unit === '%';
      return bars({
        title,
        unit: spec.unit,
        bars: spec.bars.map((bar) => ({
          name: cut(bar.title, NAME_WIDTH),
          parts: [
            {
              name: title,
              value: bar.value ?? 0,
              role: bar.ceiling !== null && (bar.value ?? 0) > bar.ceiling + 1e-6 ? 'conditions' : 'series-1',
            },
          ],
        })),
        full: Math.max(percent ? 100 : 1, ...known),
        // One line for all where all have the same; else each is told by the table.
        ...(ceilings.size === 1 && ceiling !== undefined
          ? { ceiling: { value: ceiling, label: `may be used: ${unitText(write(ceiling), spec.unit)}` } }
          : {}),
        width,
        nameWidth: NAME_WIDTH,
        write: (value) => unitText(write(value), spec.unit),
      });
    }
    case 'steps': {
      const sum = spec.steps.reduce((total, { change }) => total + change, spec.start);
      return waterfall({
        title,
        unit: spec.unit,
        start: { name: 'Before', value: spec.start },
        changes: spec.steps.map(({ title: name, change }) => ({ name, value: change })),
        end: { name: sum < spec.start ? 'After' : 'Sum' },
        ...{ width, height: 220, write },
      });
    }
    case 'spans': {
      const minutes = spec.unit === 'minutes';
      const when: Write = minutes ? clock : world.writeDate;
      return spans({
        title,
        from: spec.from,
        to: spec.to,
        rows: spec.rows.map((row) => ({
          name: row.title,
          spans: row.spans.map((span) => ({
            from: span.from,
            to: span.to,
            name: span.title,
            role: (span.tone === undefined ? undefined : TONES[span.tone]) ?? 'series-1',
          })),
        })),
        marks: minutes
          ? [0, 4, 8, 12, 16, 20].map((hour) => ({ at: hour * 60, label: clock(hour * 60) }))
          : datesBetween(spec.from, spec.to).map((at) => ({ at, label: world.writeDate(at) })),
        width,
        write: when,
      });
    }
    case 'series': {
      const from = spec.times[0] ?? 0;
      const to = spec.times.at(-1) ?? 1;
      const step = spec.times.length > 1 ? spec.times[1]! - from : DAY;
      return stacked(
        title,
        spec.lines.map(({ title: name, values }, at) => {
          const points = values.flatMap((mean, index) =>
            mean === null || !Number.isFinite(mean) ? [] : [{ at: spec.times[index]!, mean }],
          );
          return {
            name,
            picture: timeChart({
              ...{ title: name, unit: spec.unit, width, height: 120, from, to, step, points, write },
              role: SERIES[at % SERIES.length]!,
              writeTime: world.writeDate,
              marks: datesBetween(from, to).map((time) => ({ at: time, label: world.writeDate(time) })),
              gap: 'no data',
            }),
          };
        }),
      );
    }
    case 'week':
      return stacked(
        title,
        spec.rows.map(({ title: name, values }, at) => {
          const points = values.flatMap((mean, hour) =>
            mean === null || !Number.isFinite(mean) ? [] : [{ at: (hour + 0.5) * HOUR, mean }],
          );
          return {
            name,
            picture: timeChart({
              ...{ title: name, unit: spec.unit, width, from: 0, to: 7 * DAY, step: HOUR, points, write },
              height: spec.rows.length > 1 ? 74 : 110,
              role: SERIES[at % SERIES.length]!,
              ...(spec.unit === '%' && spec.rows.length > 1 ? { atLeast: 100 } : {}),
              lines:
                spec.ceiling === null
                  ? []
                  : [
                      {
                        value: spec.ceiling,
                        label: at === 0 ? `may be used: ${unitText(write(spec.ceiling), spec.unit)}` : '',
                        role: 'limit' as const,
                      },
                    ],
              writeTime: weekHour,
              marks: WEEKDAYS.map((label, day) => ({ at: day * DAY, label })),
              gap: 'no data',
            }),
          };
        }),
      );
  }
}

/** Two parts of one tone are told apart by their hue: a status is said by the words beside it. */
function shareRole(parts: readonly { tone?: string }[], tone: string | undefined, at: number): Role {
  const role = tone === undefined ? undefined : TONES[tone];
  const first = parts.findIndex((part) => part.tone === tone) === at;
  return role !== undefined && first ? role : SERIES[at % SERIES.length]!;
}

const unitText = (text: string, unit: string): string => (unit === '' ? text : `${text}\u202f${unit}`);

/** Pictures one under the other, each with its name above it. */
function stacked(title: string, parts: readonly { name: string; picture: Picture }[]): Picture {
  const NAME = parts.length > 1 ? 18 : 0;
  let top = 0;
  const marks: Mark[] = [];
  const readings: Picture['readings'][number][] = [];
  for (const { name, picture } of parts) {
    if (NAME > 0) marks.push({ kind: 'text', x: 0, y: top + 13, text: name, anchor: 'start', role: 'label' });
    const by = top + NAME;
    for (const mark of picture.marks) marks.push(moved(mark, by));
    for (const reading of picture.readings) readings.push({ ...reading, y: reading.y + by });
    top = by + picture.height;
  }
  const [first] = parts;
  return {
    width: first?.picture.width ?? 1,
    height: Math.max(1, top),
    marks,
    readings,
    summary: parts.map(({ picture }) => picture.summary).join(' ') || `${title}: no data.`,
    table: {
      columns: ['', ...parts.map(({ name }) => name)],
      rows: rowsOf(parts),
    },
  };
}

/** By what stands in the first column: a part that was not measured then has an empty cell. */
function rowsOf(parts: readonly { picture: Picture }[]): string[][] {
  const rows = new Map<string, string[]>();
  for (const [at, { picture }] of parts.entries())
    for (const [when = '', value = ''] of picture.table.rows) {
      const row = rows.get(when) ?? [when, ...parts.map(() => '')];
      row[at + 1] = value;
      rows.set(when, row);
    }
  return [...rows.values()];
}

function moved(mark: Mark, by: number): Mark {
  switch (mark.kind) {
    case 'rect':
    case 'text':
      return { ...mark, y: mark.y + by };
    case 'line':
      return { ...mark, y1: mark.y1 + by, y2: mark.y2 + by };
    case 'path':
      return { ...mark, d: movedPath(mark.d, by) };
  }
}

/** Paths of this room are made of absolute M, L and H, of relative h, and of Z. */
const movedPath = (d: string, by: number): string =>
  d.replace(
    /([ML])(-?[\d.]+),(-?[\d.]+)/gu,
    (_, letter: string, x: string, y: string) => `${letter}${x},${Math.round((Number(y) + by) * 100) / 100}`,
  );

const two = (value: number): string => String(value).padStart(2, '0');
const clock: Write = (minute) => `${two(Math.floor(minute / 60))}:${two(Math.round(minute % 60))}`;
const weekHour: Write = (at) => {
  const hour = Math.floor(at / HOUR);
  return `${WEEKDAYS[Math.floor(hour / 24)] ?? ''} ${two(hour % 24)}:00`;
};

/** At most seven days at even distances, from the first midnight on. */
function datesBetween(from: number, to: number): number[] {
  const days = Math.max(1, Math.ceil((to - from) / DAY));
  const every = Math.max(1, Math.ceil(days / 7));
  const first = Math.ceil(from / DAY) * DAY;
  const dates: number[] = [];
  for (let at = first; at <= to; at += every * DAY) dates.push(at);
  return dates;
}
