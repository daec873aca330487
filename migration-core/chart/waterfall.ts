/** How one sum becomes another, step by step: what is saved, and where. */
import { round, type Mark, type Picture, type Reading, type Write } from './picture.ts';
import { linear, ticks } from './scale.ts';

export interface WaterfallInput {
  title: string;
  unit: string;
  start: { name: string; value: number };
  /** Negative: less. */
  changes: readonly { name: string; value: number }[];
  end: { name: string };
  width: number;
  height: number;
  write: Write;
}

const LEFT = 64;
const TOP = 20;
const BOTTOM = 34;

export function waterfall(input: WaterfallInput): Picture {
  const { start, changes, end, width, height, write } = input;
  let level = start.value;
  const steps: { name: string; from: number; to: number; kind: 'sum' | 'less' | 'more' }[] = [
    { name: start.name, from: 0, to: start.value, kind: 'sum' },
  ];
  for (const { name, value } of changes) {
    steps.push({ name, from: level, to: level + value, kind: value < 0 ? 'less' : 'more' });
    level += value;
  }
  steps.push({ name: end.name, from: 0, to: level, kind: 'sum' });
  const most = Math.max(0, ...steps.flatMap(({ from, to }) => [from, to]));
  const least = Math.min(0, ...steps.flatMap(({ from, to }) => [from, to]));
  const lines = ticks(most, 4);
  const y = linear([least, lines.at(-1)!], [height - BOTTOM, TOP]);
  const slot = (width - LEFT) / steps.length;
  const marks: Mark[] = [];
  const readings: Reading[] = [];
  for (const value of lines) {
    const at = round(y(value));
    marks.push({ kind: 'line', x1: LEFT, y1: at, x2: width, y2: at, role: value === 0 ? 'axis' : 'grid' });
    marks.push({
      kind: 'text',
      x: LEFT - 6,
      y: round(at + 4),
      text: write(value),
      anchor: 'end',
      role: 'label',
    });
  }
  for (const [at, { name, from, to, kind }] of steps.entries()) {
    const top = round(Math.min(y(from), y(to)));
    const place = {
      x: round(LEFT + at * slot + slot * 0.15),
      y: top,
      width: round(slot * 0.7),
      height: round(Math.max(1, Math.abs(y(from) - y(to)))),
    };
    marks.push({
      kind: 'rect',
      ...place,
      role: kind === 'sum' ? 'series-1' : kind === 'less' ? 'series-3' : 'series-2',
    });
    const middle = round(place.x + place.width / 2);
    const value = kind === 'sum' ? to : to - from;
    marks.push({
      kind: 'text',
      x: middle,
      y: round(top - 5),
      text: write(value),
      anchor: 'middle',
      role: 'label',
    });
    for (const [line, text] of wrapped(name, slot).entries())
      marks.push({
        kind: 'text',
        x: middle,
        y: height - BOTTOM + 14 + line * 13,
        text,
        anchor: 'middle',
        role: 'label',
      });
    const next = steps[at + 1];
    if (next !== undefined)
      marks.push({
        kind: 'line',
        x1: round(place.x + place.width),
        y1: round(y(to)),
        x2: round(place.x + slot),
        y2: round(y(to)),
        role: 'guide',
      });
    readings.push({ ...place, title: name, values: [{ name: input.title, text: write(value) }] });
  }
  return {
    width,
    height,
    marks,
    readings,
    summary: `${input.title}: from ${write(start.value)} to ${write(level)}.`,
    table: {
      columns: ['', `${input.title} (${input.unit})`],
      rows: steps.map(({ name, from, to, kind }) => [name, write(kind === 'sum' ? to : to - from)]),
    },
  };
}

/** At most two lines; about 6 pixels a letter. */
function wrapped(name: string, width: number): string[] {
  const room = Math.max(6, Math.floor(width / 6));
  const lines: string[] = [''];
  for (const word of name.split(' ')) {
    const line = lines.at(-1)!;
    if (line === '' || line.length + 1 + word.length <= room)
      lines[lines.length - 1] = `${line} ${word}`.trim();
    else lines.push(word);
  }
  const [first = '', ...rest] = lines;
  const second = rest.join(' ');
  return [first, second]
    .filter((line) => line !== '')
    .map((line) => (line.length > room ? `${line.slice(0, room - 1)}…` : line));
}
