/** A series in the height of a line of text, for tables. From zero. */
import { round, type Mark, type Picture, type Role } from './picture.ts';
import { linear } from './scale.ts';

export interface SparklineInput {
  title: string;
  /** null: nothing was measured. */
  values: readonly (number | null)[];
  /** The end of the scale; left away: the largest value. */
  full?: number;
  width: number;
  height: number;
  role?: Role;
}

export function sparkline({
  title,
  values,
  full,
  width,
  height,
  role = 'series-1',
}: SparklineInput): Picture {
  const known = values.filter((value) => value !== null);
  const most = full ?? Math.max(0, ...known);
  const x = linear([0, Math.max(1, values.length - 1)], [0.5, width - 0.5]);
  const y = linear([0, most > 0 ? most : 1], [height - 0.5, 1]);
  const marks: Mark[] = [
    { kind: 'line', x1: 0, y1: height - 0.5, x2: width, y2: height - 0.5, role: 'grid' },
  ];
  let part: string[] = [];
  const end = (): void => {
    if (part.length > 0)
      marks.push({
        kind: 'path',
        d: part.length === 1 ? `M${part[0]!}h1` : `M${part.join('L')}`,
        paint: 'line',
        role,
      });
    part = [];
  };
  for (const [at, value] of values.entries()) {
    if (value === null) end();
    else part.push(`${round(x(at))},${round(y(Math.min(value, most)))}`);
  }
  end();
  return {
    width,
    height,
    marks,
    readings: [],
    summary: known.length === 0 ? `${title}: no data.` : `${title}: ${known.length} values.`,
    table: { columns: [title], rows: [] },
  };
}
