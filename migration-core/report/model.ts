/**
 * A report as data: chapters of paragraphs, tables and charts, each written once. Writers (HTML, PDF, XLSX, CSV, JSON,
 * Markdown) only draw what is here, so that a number is the same in all of them. Values stay values (bytes, shares,
 * milliseconds); how they look is a matter of locale and decided by format.ts alone.
 */
import type { ChartSpec } from '../chart/chart-spec.ts';

/** null: not measured, not known. Writers print "not measured" and never stumble. */
export type Value = number | string | boolean | null;

export const COLUMN_KINDS = [
  'text',
  /** Whole numbers. */
  'count',
  'number',
  /** 0 to 1, shown in per cent. */
  'share',
  'bytes',
  /** Per second. */
  'bytes-rate',
  'seconds',
  'minutes',
  /** Milliseconds since 1970. */
  'time',
  /** ISO date. */
  'date',
  /** In the currency of the engagement. */
  'money',
  /** One of a few words, shown with an icon: `status` says which tone each has. */
  'status',
  /** 0 to 100. */
  'score',
] as const;
export type ColumnKind = (typeof COLUMN_KINDS)[number];
export type Tone = 'good' | 'conditions' | 'stop' | 'information' | 'plain';

/** Where a figure comes from. */
export type Basis = 'measured' | 'estimated' | 'entered' | 'computed';

export interface Column {
  /** Stable: the header of JSON, the key of CSV. */
  id: string;
  title: string;
  kind: ColumnKind;
  /** In the header of a spreadsheet, where the kind does not say it: `IOPS`, `W`. */
  unit?: string;
  /** Tones of the words of a `status` column. */
  tones?: Readonly<Record<string, Tone>>;
  /** XLSX: the sum stands under it, as a formula. */
  total?: boolean;
  /** Names of servers, hosts, people, addresses, serial numbers: replaced where the report is redacted. */
  secret?: 'server' | 'host' | 'address' | 'serial' | 'person' | 'path';
  /** Relative width on paper, 1 unless told. */
  width?: number;
}

export interface Table {
  /** Stable: name of the sheet, of the CSV file, of the named table. */
  id: string;
  title: string;
  columns: readonly Column[];
  rows: readonly (readonly Value[])[];
  /** What an empty table means, one sentence. */
  empty: string;
  /** Rows that paper shows; the data formats show all. Absent: all. */
  paperRows?: number;
}

export type Block =
  | { kind: 'paragraph'; text: Text }
  | { kind: 'list'; items: readonly Text[] }
  /** Name and value, one under the other. */
  | { kind: 'facts'; facts: readonly Fact[] }
  | { kind: 'table'; table: Table }
  | {
      kind: 'chart';
      id: string;
      title: string;
      /** The point of it, one sentence; read out where the chart is not seen. */ summary: Text;
      spec: ChartSpec;
    }
  /** Something to be careful about. */
  | { kind: 'note'; tone: Tone; text: Text }
  /** PNG, as shown: the screen of a boot test. */
  | { kind: 'picture'; title: string; png: Uint8Array };

/** Sentences in which names that may have to be replaced are apart from the rest. */
export type Text = string | readonly (string | { secret: NonNullable<Column['secret']>; name: string })[];

export interface Fact {
  id: string;
  title: string;
  value: Value;
  kind: ColumnKind;
  unit?: string;
  basis?: Basis;
  secret?: Column['secret'];
}

export type Audience = 'executive' | 'technical' | 'owner';

export interface Section {
  /** Stable: `plan`, `servers/web01`. */
  id: string;
  title: string;
  audiences: readonly Audience[];
  /** The conclusion, before anything else. */
  lead: Text;
  blocks: readonly Block[];
  sections: readonly Section[];
}

export interface Report {
  meta: {
    title: string;
    customer: string;
    consultant: string;
    company: string;
    /** What the customer asked for: Project.driver. */
    driver: string;
    /** Milliseconds since 1970: given, never asked of a clock. */
    createdAt: number;
    /** Of the samples. */
    period: { from: number; to: number } | null;
    utcOffsetMinutes: number;
    currency: string;
    scenario: string;
    /** Packs, ids and versions. */
    rules: string;
    program: string;
    draft: boolean;
    confidentiality: string;
    /** SHA-256 of all that it was made from. */
    inputs: string;
  };
  /** The twenty figures that are compared between formats and screens. */
  figures: readonly Fact[];
  sections: readonly Section[];
}
