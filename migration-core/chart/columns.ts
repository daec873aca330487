/** How many have which value: a column for each bin, its count above it and its bounds below. */
import { round, type Mark, type Picture, type Reading, type Write } from './picture.ts';
import { linear } from './scale.ts';

export interface ColumnsInput {
  title: string;
  /** Of the values along the axis. */
  unit: string;
  bins: readonly { from: number; to: number; count: number }[];
  width: number;
  height: number;
  write: Write;
}

const TOP = 18;
const BOTTOM = 36;
/** Pixels between two columns. */
const GAP = 6;

export function columns({ title, unit, bins, width, height, write }: ColumnsInput): Picture {
  const most = Math.max(1, ...bins.map(({ count }) => count));
  const y = linear([0, most], [height - BOTTOM, TOP]);
  const slot = bins.length === 0 ? width : width / bins.length;
  const bottom = height - BOTTOM;
  const marks: Mark[] = [{ kind: 'line', x1: 0, y1: bottom, x2: width, y2: bottom, role: 'axis' }];
  const readings: Reading[] = [];
  // Bins of one whole number are called by it.
  const name = (bin: (typeof bins)[number]): string =>
    bin.to === bin.from ? write(bin.from) : `${write(bin.from)}–${write(bin.to)}`;
  for (const [at, bin] of bins.entries()) {
    const top = round(y(bin.count));
    const place = {
      x: round(at * slot + GAP / 2),
      y: top,
      width: round(Math.max(1, slot - GAP)),
      height: round(bottom - top),
    };
    const middle = round(at * slot + slot / 2);
    if (bin.count > 0) marks.push({ kind: 'rect', ...place, role: 'series-1' });
    marks.push({
      kind: 'text',
      x: middle,
      y: round(top - 5),
      text: write(bin.count),
      anchor: 'middle',
      role: 'label',
    });
    marks.push({
      kind: 'text',
      x: middle,
      y: bottom + 15,
      text: name(bin),
      anchor: 'middle',
      role: 'label',
    });
    readings.push({
      ...place,
      y: TOP,
      height: round(bottom - TOP),
      title: `${name(bin)} ${unit}`,
      values: [{ name: title, text: write(bin.count) }],
    });
  }
  marks.push({
    kind: 'text',
    x: round(width / 2),
    y: height - 4,
    text: unit,
    anchor: 'middle',
    role: 'label',
  });
  return {
    width,
    height,
    marks,
    readings,
    summary: `${title}: ${bins.map((bin) => `${name(bin)} ${unit} ${write(bin.count)}`).join(', ')}.`,
    table: { columns: [unit, title], rows: bins.map((bin) => [name(bin), write(bin.count)]) },
  };
}
