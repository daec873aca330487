/** Waves on the days that they take: a bar each, freezes hatched, weeks marked. */
import { round, type Mark, type Picture, type Reading } from '../../../migration-core/chart/picture.ts';
import type { WavesView } from '../../../migration-core/contract/waves.ts';

const DAY = 86_400_000;
const ROW = 24;
const TOP = 20;
/** Days that are drawn: two years; what lies behind is read in the list. */
const MOST_DAYS = 732;

export interface CalendarInput {
  waves: WavesView;
  width: number;
  nameWidth: number;
  title: (wave: WavesView['waves'][number]) => string;
  servers: (count: number) => string;
  freeze: (why: string | null) => string;
  /** Of a day, milliseconds since 1970. */
  date: (time: number) => string;
  columns: readonly [string, string, string, string];
}

const timeOf = (iso: string): number => Date.parse(`${iso}T00:00:00Z`);

/** null: no wave has a date. */
export function waveCalendar(input: CalendarInput): Picture | null {
  const { waves, width, nameWidth, title, servers, freeze, date, columns } = input;
  const dated = waves.waves.flatMap((wave) =>
    wave.starts === null || wave.ends === null
      ? []
      : [{ wave, from: timeOf(wave.starts), to: timeOf(wave.ends) + DAY }],
  );
  if (dated.length === 0) return null;
  const from = Math.min(...dated.map((one) => one.from)) - DAY;
  const to = Math.min(Math.max(...dated.map((one) => one.to)) + DAY, from + MOST_DAYS * DAY);
  const x = (time: number): number =>
    round(nameWidth + ((Math.max(from, Math.min(to, time)) - from) / (to - from)) * (width - nameWidth));
  const height = TOP + dated.length * ROW;
  const marks: Mark[] = [];
  const readings: Reading[] = [];
  for (const { from: start, to: end } of waves.calendar.freezes) {
    const [a, b] = [x(timeOf(start)), x(timeOf(end) + DAY)];
    if (b > a)
      marks.push({ kind: 'rect', x: a, y: TOP, width: round(b - a), height: height - TOP, role: 'hatch' });
  }
  // Mondays, at most one label each 64 pixels.
  const monday = from + ((8 - ((Math.floor(from / DAY) + 4) % 7)) % 7) * DAY;
  let lastLabel = -Infinity;
  for (let day = monday; day < to; day += 7 * DAY) {
    marks.push({ kind: 'line', x1: x(day), y1: TOP, x2: x(day), y2: height, role: 'grid' });
    if (x(day) - lastLabel < 72) continue;
    lastLabel = x(day);
    marks.push({ kind: 'text', x: x(day) + 2, y: 12, text: date(day), anchor: 'start', role: 'label' });
  }
  for (const [at, { wave, from: start, to: end }] of dated.entries()) {
    const y = TOP + at * ROW;
    const place = { x: x(start), y: y + 4, width: Math.max(2, round(x(end) - x(start))), height: ROW - 8 };
    marks.push({
      kind: 'text',
      x: nameWidth - 8,
      y: y + ROW / 2 + 4,
      text: title(wave),
      anchor: 'end',
      role: 'label',
    });
    marks.push({ kind: 'rect', ...place, role: 'series-3' });
    readings.push({
      ...place,
      x: nameWidth,
      width: width - nameWidth,
      title: title(wave),
      values: [
        { name: columns[1], text: date(start) },
        { name: columns[2], text: date(end - DAY) },
        { name: columns[3], text: servers(wave.members.length) },
      ],
    });
  }
  const first = dated[0]!;
  const last = dated.at(-1)!;
  return {
    width,
    height,
    marks,
    readings,
    summary: `${title(first.wave)}: ${date(first.from)}. ${title(last.wave)}: ${date(last.to - DAY)}.${waves.calendar.freezes
      .map(({ why }) => ` ${freeze(why)}.`)
      .join('')}`,
    table: {
      columns,
      rows: dated.map(({ wave, from: start, to: end }) => [
        title(wave),
        date(start),
        date(end - DAY),
        servers(wave.members.length),
      ]),
    },
  };
}
