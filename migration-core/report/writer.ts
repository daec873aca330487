/** What every format is made with. */
import type { Separator } from '../base/csv-table.ts';
import type { Formatter } from './format.ts';
import type { Report } from './model.ts';

export const PAPERS = ['A4', 'Letter'] as const;
export type Paper = (typeof PAPERS)[number];

export interface Logo {
  type: 'image/png' | 'image/jpeg';
  bytes: Uint8Array;
}

export interface WriteOptions {
  paper: Paper;
  /** `#1f6f78`; null: that of the program. */
  accent: string | null;
  logo: Logo | null;
  /** Absent: CSV_DEFAULTS. */
  csv?: CsvOptions | undefined;
}

export interface CsvOptions {
  /** With `;` between the cells numbers have a decimal comma. */
  delimiter: Separator;
  /** The file begins with one: Excel takes it for UTF-8 then. */
  byteOrderMark: boolean;
}

export const CSV_DEFAULTS: CsvOptions = { delimiter: ',', byteOrderMark: true };

export const WRITE_DEFAULTS: WriteOptions = { paper: 'A4', accent: null, logo: null };

/**
 * Prints a page without a network and without scripts, as PDF.
 * @param what `whole`: with tags and an outline; `places`: it is only looked up on which page things are, so that both are
 * left away: of a thousand servers they are nine tenths of the file and half of the time
 * @throws PDF_NOT_POSSIBLE (nothing there that prints), PDF_FAILED, CANCELLED
 */
export type PrintPdf = (
  page: string,
  what: 'whole' | 'places',
  signal: AbortSignal | undefined,
) => Promise<Uint8Array>;

export interface WriteWorld {
  format: Formatter;
  options: WriteOptions;
  /** Of the shell, where it prints itself; else Chromium is looked for on this computer. */
  printPdf?: PrintPdf | undefined;
  signal?: AbortSignal | undefined;
}

/** Of a format that is made of several files. */
export interface WrittenFile {
  /** Without a folder. */
  name: string;
  bytes: Uint8Array;
}

/** Same report, same world: same bytes. */
export type ReportWriter = (
  report: Report,
  world: WriteWorld,
) => Promise<Uint8Array | readonly WrittenFile[]>;
