/**
 * What a chart is: marks on a plane, without a word of how they are drawn. The page draws them as SVG with a read-out, a
 * report as SVG text; both show the same. Every picture carries what it says as a sentence and as a table, for those who
 * cannot see it.
 */

/** What a mark means; the drawer gives it its colour (`--series-1` ...). */
export type Role =
  | 'series-1'
  | 'series-2'
  | 'series-3'
  | 'series-4'
  | 'series-5'
  | 'series-6'
  | 'good'
  | 'conditions'
  | 'stop'
  | 'info'
  | 'axis'
  | 'grid'
  /** A stretch of time that is set off: business hours. */
  | 'band'
  /** A backup window. */
  | 'hatch'
  /** The limit that matters. */
  | 'limit'
  /** A figure worth a line: p95. */
  | 'guide'
  /** Where nothing was measured. */
  | 'gap'
  | 'muted'
  /** Seven steps of one amount, from none to full. */
  | `heat-${0 | 1 | 2 | 3 | 4 | 5 | 6}`;

export type Mark =
  | { kind: 'rect'; x: number; y: number; width: number; height: number; role: Role }
  /** `area`: filled and pale; `line`: a stroke. */
  | { kind: 'path'; d: string; paint: 'area' | 'line'; role: Role }
  | { kind: 'line'; x1: number; y1: number; x2: number; y2: number; role: Role }
  | {
      kind: 'text';
      x: number;
      y: number;
      text: string;
      anchor: 'start' | 'middle' | 'end';
      role: Role | 'label';
    };

/** What is read out where the pointer or the focus is. */
export interface Reading {
  /** The place on the plane that it belongs to. */
  x: number;
  y: number;
  width: number;
  height: number;
  title: string;
  values: readonly { name: string; text: string }[];
}

export interface ChartTable {
  columns: readonly string[];
  rows: readonly (readonly string[])[];
}

export interface Picture {
  width: number;
  height: number;
  marks: readonly Mark[];
  readings: readonly Reading[];
  /** One or two sentences: what the chart shows. */
  summary: string;
  table: ChartTable;
}

/** How values are written, chosen by who draws: by locale in the page, by the customer's in a report. */
export type Write = (value: number) => string;

/** Hundredths of a pixel: short paths, and the same on every platform. */
export const round = (value: number): number => Math.round(value * 100) / 100;
