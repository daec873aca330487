/** Parts of a whole in one bar: the mix of verdicts. */
import { round, type Mark, type Picture, type Reading, type Role, type Write } from './picture.ts';

export interface ShareInput {
  title: string;
  parts: readonly { name: string; value: number; role: Role }[];
  width: number;
  height: number;
  write: Write;
}

/** Pixels; narrower parts have no label of their own and are read in the table. */
const LABEL_AT_LEAST = 28;

export function share({ title, parts, width, height, write }: ShareInput): Picture {
  const whole = parts.reduce((sum, { value }) => sum + Math.max(0, value), 0);
  const marks: Mark[] = [];
  const readings: Reading[] = [];
  const barHeight = height - 18;
  let start = 0;
  for (const { name, value, role } of parts) {
    if (value <= 0 || whole === 0) continue;
    const from = round((start / whole) * width);
    start += value;
    const to = round((start / whole) * width);
    const place = { x: from, y: 0, width: round(Math.max(0.5, to - from - 1)), height: barHeight };
    marks.push({ kind: 'rect', ...place, role });
    if (to - from >= LABEL_AT_LEAST)
      marks.push({
        kind: 'text',
        x: from,
        y: height - 4,
        text: write(value),
        anchor: 'start',
        role: 'label',
      });
    readings.push({ ...place, title: name, values: [{ name: title, text: write(value) }] });
  }
  if (whole === 0) marks.push({ kind: 'rect', x: 0, y: 0, width, height: barHeight, role: 'muted' });
  return {
    width,
    height,
    marks,
    readings,
    summary: `${title}: ${parts.map(({ name, value }) => `${name} ${write(value)}`).join(', ')}.`,
    table: { columns: ['', title], rows: parts.map(({ name, value }) => [name, write(value)]) },
  };
}
