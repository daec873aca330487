/** A host's day: the load of its machines on top of each other, slot by slot, under the ceiling; backups hatched. */
import { round, type Mark, type Picture, type Reading, type Role, type Write } from './picture.ts';
import { gridLines, linear, ticks } from './scale.ts';

export interface DayStackInput {
  title: string;
  unit: string;
  /** From the bottom up; each has a value for each slot. */
  layers: readonly { name: string; role: Role; values: readonly number[] }[];
  /** What the host has, and what of it may be used. */
  full: number;
  ceiling: { value: number; label: string };
  /** Of the day, in minutes after midnight; an end before the start is on the next day. */
  windows?: readonly { startMinute: number; endMinute: number; name: string }[];
  width: number;
  height: number;
  write: Write;
  /** Without scales: in a card. */
  bare?: boolean;
}

const DAY = 1440;

export function dayStack(input: DayStackInput): Picture {
  const { layers, full, ceiling, windows = [], width, height, write, bare = false } = input;
  const left = bare ? 0 : 52;
  const bottom = bare ? 0 : 20;
  const top = 8;
  const slots = Math.max(0, ...layers.map(({ values }) => values.length));
  const sums = Array.from({ length: slots }, (_, slot) =>
    layers.reduce((sum, { values }) => sum + (values[slot] ?? 0), 0),
  );
  const most = Math.max(full, ...sums);
  const lines = bare ? [0, most] : ticks(most, 4);
  const x = linear([0, Math.max(1, slots)], [left, width]);
  const y = linear([0, lines.at(-1)!], [height - bottom, top]);
  const marks: Mark[] = [];
  for (const { startMinute, endMinute } of windows)
    for (const [from, to] of startMinute < endMinute
      ? [[startMinute, endMinute]]
      : [
          [startMinute, DAY],
          [0, endMinute],
        ]) {
      const start = round(left + (from! / DAY) * (width - left));
      marks.push({
        kind: 'rect',
        x: start,
        y: top,
        width: round(((to! - from!) / DAY) * (width - left)),
        height: round(y(0) - top),
        role: 'hatch',
      });
    }
  if (!bare) marks.push(...gridLines(lines, y, { left, right: width, write }));
  const below = Array.from({ length: slots }, () => 0);
  for (const { values, role } of layers) {
    const lower = [...below];
    for (let slot = 0; slot < slots; slot++) below[slot]! += values[slot] ?? 0;
    // Steps, not slopes: a slot is one amount.
    const upperLine = below.map(
      (value, slot) => `${round(x(slot))},${round(y(value))}H${round(x(slot + 1))}`,
    );
    const lowerLine = lower
      .map((value, slot) => `${round(x(slot + 1))},${round(y(value))}H${round(x(slot))}`)
      .reverse();
    if (slots > 0)
      marks.push({ kind: 'path', d: `M${[...upperLine, ...lowerLine].join('L')}Z`, paint: 'area', role });
  }
  const limit = round(y(ceiling.value));
  marks.push({ kind: 'line', x1: left, y1: limit, x2: width, y2: limit, role: 'limit' });
  if (!bare) {
    marks.push({
      kind: 'text',
      x: width,
      y: round(limit - 4),
      text: ceiling.label,
      anchor: 'end',
      role: 'limit',
    });
    for (const hour of [0, 6, 12, 18])
      marks.push({
        kind: 'text',
        x: round(left + (hour / 24) * (width - left)),
        y: height - 5,
        text: `${String(hour).padStart(2, '0')}:00`,
        anchor: 'start',
        role: 'label',
      });
  }
  const clock = (slot: number): string => {
    const minute = Math.floor((slot * DAY) / Math.max(1, slots));
    return `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`;
  };
  const peak = sums.reduce((best, value, slot) => (value > (sums[best] ?? 0) ? slot : best), 0);
  return {
    width,
    height,
    marks,
    readings: sums.map((sum, slot): Reading => ({
      x: round(x(slot)),
      y: top,
      width: round(x(slot + 1) - x(slot)),
      height: round(y(0) - top),
      title: clock(slot),
      values: [
        { name: input.title, text: write(sum) },
        ...layers
          .map(({ name, values }) => ({ name, value: values[slot] ?? 0 }))
          .filter(({ value }) => value > 0)
          .sort((a, b) => b.value - a.value)
          .slice(0, 6)
          .map(({ name, value }) => ({ name, text: write(value) })),
      ],
    })),
    summary:
      slots === 0
        ? `${input.title}: nothing.`
        : `${input.title}: ${write(sums[peak]!)} at most, at ${clock(peak)}; ${ceiling.label}${
            windows.length === 0 ? '' : `; backups: ${windows.map(({ name }) => name).join(', ')}`
          }.`,
    table: {
      columns: ['', `${input.title} (${input.unit})`],
      rows: sums.map((sum, slot) => [clock(slot), write(sum)]),
    },
  };
}
