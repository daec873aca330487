/** What a chart of a report shows, as data; spec-picture.ts makes the shapes of it that screens have, too. */

/** A value for each hour of a week from Monday 00:00; null: nothing was seen. */
export type WeekOfHours = readonly (number | null)[];

export type ChartSpec =
  /** Parts of a whole: verdicts. */
  | {
      kind: 'shares';
      unit: string;
      parts: readonly { id: string; title: string; value: number; tone?: string }[];
    }
  /** Load over a week against a ceiling, per resource. */
  | {
      kind: 'week';
      unit: string;
      ceiling: number | null;
      rows: readonly { title: string; values: WeekOfHours }[];
    }
  /** Bars against a ceiling: hosts. */
  | {
      kind: 'bars';
      unit: string;
      bars: readonly { title: string; value: number | null; ceiling: number | null }[];
    }
  /** Values over time with gaps. */
  | {
      kind: 'series';
      unit: string;
      /** Milliseconds since 1970. */
      times: readonly number[];
      lines: readonly { title: string; values: readonly (number | null)[] }[];
    }
  /** What adds up to what: savings, score. */
  | { kind: 'steps'; unit: string; start: number; steps: readonly { title: string; change: number }[] }
  /** Things that last: waves, backup windows. Times in `unit`: `minutes` of a day or `dates` as milliseconds. */
  | {
      kind: 'spans';
      unit: 'minutes' | 'dates';
      from: number;
      to: number;
      rows: readonly {
        title: string;
        spans: readonly { from: number; to: number; title: string; tone?: string }[];
      }[];
    }
  /** How many have which value. */
  | { kind: 'histogram'; unit: string; bins: readonly { from: number; to: number; count: number }[] };
