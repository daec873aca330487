/** A typical week, an hour a cell: when a server works and when it sleeps, seen at once. */
import { round, type Mark, type Picture, type Reading, type Write } from './picture.ts';

export interface WeekGridInput {
  title: string;
  /** 168 values from Monday 00:00; null or NaN: nothing was measured. */
  hours: readonly (number | null)[];
  /** What is full: 100 for percent. */
  full: number;
  width: number;
  height: number;
  write: Write;
  /** "Mon"; 0 is Monday. */
  weekday: (day: number) => string;
  gap: string;
}

const LEFT = 36;
const BOTTOM = 16;
const STEPS = 6;

export function weekGrid({ title, hours, full, width, height, write, weekday, gap }: WeekGridInput): Picture {
  const cellWidth = (width - LEFT) / 24;
  const cellHeight = (height - BOTTOM) / 7;
  const marks: Mark[] = [];
  const readings: Reading[] = [];
  let busiest: { value: number; at: number } | null = null;
  for (let day = 0; day < 7; day++) {
    marks.push({
      kind: 'text',
      x: LEFT - 6,
      y: round((day + 0.5) * cellHeight + 4),
      text: weekday(day),
      anchor: 'end',
      role: 'label',
    });
    for (let hour = 0; hour < 24; hour++) {
      const at = day * 24 + hour;
      const value = hours[at] ?? Number.NaN;
      const known = Number.isFinite(value);
      if (known && (busiest === null || value > busiest.value)) busiest = { value, at };
      const place = {
        x: round(LEFT + hour * cellWidth),
        y: round(day * cellHeight),
        width: round(cellWidth - 1),
        height: round(cellHeight - 1),
      };
      marks.push({ kind: 'rect', ...place, role: known ? `heat-${heat(value, full)}` : 'gap' });
      readings.push({
        ...place,
        title: hourName(weekday(day), hour),
        values: [{ name: title, text: known ? write(value) : gap }],
      });
    }
  }
  for (const hour of [0, 6, 12, 18])
    marks.push({
      kind: 'text',
      x: round(LEFT + hour * cellWidth),
      y: height - 3,
      text: `${String(hour).padStart(2, '0')}:00`,
      anchor: 'start',
      role: 'label',
    });
  return {
    width,
    height,
    marks,
    readings,
    summary:
      busiest === null
        ? `${title}: ${gap}.`
        : `${title}: busiest on ${hourName(weekday(Math.floor(busiest.at / 24)), busiest.at % 24)} with ${write(busiest.value)}.`,
    table: {
      columns: ['', ...Array.from({ length: 24 }, (_, hour) => `${hour}`)],
      rows: Array.from({ length: 7 }, (_, day) => [
        weekday(day),
        ...Array.from({ length: 24 }, (_, hour) => {
          const value = hours[day * 24 + hour] ?? Number.NaN;
          return Number.isFinite(value) ? write(value) : gap;
        }),
      ]),
    },
  };
}

const hourName = (day: string, hour: number): string =>
  `${day} ${String(hour).padStart(2, '0')}:00–${String(hour + 1).padStart(2, '0')}:00`;

/** 0: next to nothing; 6: full or more. */
function heat(value: number, full: number): 0 | 1 | 2 | 3 | 4 | 5 | 6 {
  if (full <= 0 || value <= 0) return 0;
  return Math.min(STEPS, Math.ceil((value / full) * STEPS)) as 0 | 1 | 2 | 3 | 4 | 5 | 6;
}
