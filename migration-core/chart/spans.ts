/** Things that last, a line for each row: waves over the weeks, backups over a night. */
import { round, type Mark, type Picture, type Reading, type Role, type Write } from './picture.ts';
import { linear } from './scale.ts';

export interface SpansInput {
  title: string;
  from: number;
  to: number;
  rows: readonly {
    name: string;
    spans: readonly { from: number; to: number; name: string; role: Role }[];
  }[];
  /** Along the top: where, and what is written. */
  marks: readonly { at: number; label: string }[];
  width: number;
  /** Room for the names of the rows, pixels. */
  nameWidth?: number;
  write: Write;
}

const TOP = 20;
const ROW = 22;
/** A letter of a label is about that wide, pixels. */
const LETTER = 6.2;
/** A mark that begins further right would leave the picture. */
const LABEL_ROOM = 40;

export function spans(input: SpansInput): Picture {
  const { title, from, to, rows, width, write, nameWidth = 170 } = input;
  const height = TOP + rows.length * ROW + 4;
  const x = linear([from, to], [nameWidth, width]);
  const marks: Mark[] = [];
  const readings: Reading[] = [];
  for (const { at, label } of input.marks) {
    if (at < from || at > to) continue;
    const place = round(x(at));
    marks.push({ kind: 'line', x1: place, y1: TOP - 4, x2: place, y2: height, role: 'grid' });
    if (place < width - LABEL_ROOM)
      marks.push({ kind: 'text', x: place, y: 11, text: label, anchor: 'start', role: 'label' });
  }
  for (const [at, row] of rows.entries()) {
    const top = TOP + at * ROW;
    marks.push({
      kind: 'text',
      x: nameWidth - 8,
      y: top + 15,
      text: cut(row.name, nameWidth - 8),
      anchor: 'end',
      role: 'label',
    });
    for (const span of row.spans) {
      const start = Math.max(from, span.from);
      const end = Math.min(to, span.to);
      if (!(end > start)) continue;
      const place = {
        x: round(x(start)),
        y: top + 4,
        // What lasts next to nothing is a dash, or nobody would see it.
        width: round(Math.max(2, x(end) - x(start) - 1)),
        height: ROW - 8,
      };
      marks.push({ kind: 'rect', ...place, role: span.role });
      readings.push({
        ...place,
        title: row.name,
        values: [{ name: span.name, text: `${write(span.from)} – ${write(span.to)}` }],
      });
    }
  }
  return {
    width,
    height,
    marks,
    readings,
    summary: `${title}: ${rows.length} ${rows.length === 1 ? 'line' : 'lines'}.`,
    table: {
      columns: ['', title, '', ''],
      rows: rows.flatMap(({ name, spans: of }) =>
        of.map((span) => [name, span.name, write(span.from), write(span.to)]),
      ),
    },
  };
}

/** A name as far as there is room for it. */
export function cut(name: string, room: number): string {
  const most = Math.max(3, Math.floor(room / LETTER));
  return name.length <= most ? name : `${name.slice(0, most - 1)}…`;
}
