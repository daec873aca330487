/** What a report can be written as. A format is one writer and one line here. */
import type { Separator } from '../base/csv-table.ts';
import type { Formatter } from './format.ts';
import type { Report } from './model.ts';

export interface WriterOptions {
  /** Of CSV; with `;` numbers have a decimal comma. */
  delimiter: Separator;
  /** CSV begins with a byte order mark: Excel takes it for UTF-8 then. */
  byteOrderMark: boolean;
}

export const WRITER_DEFAULTS: WriterOptions = { delimiter: ',', byteOrderMark: true };

export interface WriterWorld {
  format: Formatter;
  options: WriterOptions;
}

/** The bytes of one file; the same for the same report and world, everywhere. */
export type ReportWriter = (report: Report, world: WriterWorld) => Promise<Uint8Array>;

export interface ReportFormat {
  id: string;
  title: string;
  /** Of the file, without a dot. */
  extension: string;
  load(): Promise<ReportWriter>;
}

export const REPORT_FORMATS: readonly ReportFormat[] = [
  {
    id: 'xlsx',
    title: 'Workbook',
    extension: 'xlsx',
    load: async () => (await import('./xlsx.ts')).write,
  },
  {
    id: 'csv',
    title: 'Tables as CSV',
    extension: 'csv.zip',
    load: async () => (await import('./csv.ts')).write,
  },
  {
    id: 'json',
    title: 'Data for programs',
    extension: 'json',
    load: async () => (await import('./json.ts')).write,
  },
];
