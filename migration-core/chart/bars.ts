/** Amounts side by side, each against its own or one common ceiling: how full hosts are. */
import { round, type Mark, type Picture, type Reading, type Role, type Write } from './picture.ts';
import { linear } from './scale.ts';

export interface Bar {
  name: string;
  /** In the order they are stacked; more than one where parts matter. */
  parts: readonly { name: string; value: number; role: Role }[];
}

export interface BarsInput {
  title: string;
  unit: string;
  bars: readonly Bar[];
  /** The end of the scale. */
  full: number;
  /** What may be used: drawn as a labelled line. */
  ceiling?: { value: number; label: string };
  width: number;
  rowHeight?: number;
  /** Room for names, pixels. */
  nameWidth?: number;
  write: Write;
}

export function bars(input: BarsInput): Picture {
  const { bars: rows, full, ceiling, width, write, rowHeight = 24, nameWidth = 120 } = input;
  const top = ceiling === undefined ? 0 : 16;
  const valueWidth = 72;
  const x = linear([0, full], [nameWidth, width - valueWidth]);
  const height = top + rows.length * rowHeight;
  const marks: Mark[] = [];
  const readings: Reading[] = [];
  for (const [at, row] of rows.entries()) {
    const y = top + at * rowHeight;
    const sum = row.parts.reduce((total, { value }) => total + value, 0);
    marks.push({
      kind: 'text',
      x: nameWidth - 8,
      y: y + rowHeight / 2 + 4,
      text: row.name,
      anchor: 'end',
      role: 'label',
    });
    marks.push({
      kind: 'rect',
      x: nameWidth,
      y: y + 4,
      width: round(x(full) - nameWidth),
      height: rowHeight - 8,
      role: 'muted',
    });
    let start = 0;
    for (const part of row.parts) {
      const end = Math.min(full, start + part.value);
      if (end > start)
        marks.push({
          kind: 'rect',
          x: round(x(start)),
          y: y + 4,
          width: round(x(end) - x(start)),
          height: rowHeight - 8,
          role: part.role,
        });
      start = end;
    }
    marks.push({
      kind: 'text',
      x: width,
      y: y + rowHeight / 2 + 4,
      text: write(sum),
      anchor: 'end',
      role: 'label',
    });
    readings.push({
      x: nameWidth,
      y,
      width: round(x(full) - nameWidth),
      height: rowHeight,
      title: row.name,
      values: row.parts.map(({ name, value }) => ({ name, text: write(value) })),
    });
  }
  if (ceiling !== undefined && ceiling.value <= full) {
    const at = round(x(ceiling.value));
    marks.push({ kind: 'line', x1: at, y1: top, x2: at, y2: height, role: 'limit' });
    marks.push({ kind: 'text', x: at, y: 11, text: ceiling.label, anchor: 'middle', role: 'limit' });
  }
  const over = rows.filter(
    (row) =>
      ceiling !== undefined && row.parts.reduce((total, { value }) => total + value, 0) > ceiling.value,
  );
  return {
    width,
    height,
    marks,
    readings,
    summary: `${input.title}: ${rows.length} ${rows.length === 1 ? 'bar' : 'bars'}${
      ceiling === undefined
        ? ''
        : over.length === 0
          ? `, none over ${ceiling.label}`
          : `, ${over.length} over ${ceiling.label}: ${over.map(({ name }) => name).join(', ')}`
    }.`,
    table: {
      columns: ['', ...(rows[0]?.parts.map(({ name }) => name) ?? []), input.unit],
      rows: rows.map((row) => [
        row.name,
        ...row.parts.map(({ value }) => write(value)),
        write(row.parts.reduce((total, { value }) => total + value, 0)),
      ]),
    },
  };
}
