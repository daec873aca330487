/** Every format of a report: one line each, loaded when asked for. */
import type { ReportWriter } from './writer.ts';

export interface ReportFormat {
  id: string;
  /** As a person chooses it. */
  title: string;
  /** What it is for, one sentence. */
  purpose: string;
  /** Of the file; of a format of several files, of each. */
  extension: string;
  load: () => Promise<ReportWriter>;
  /**
   * Why it cannot be written on this computer, and what to do about it; null: it can. Absent: it can always.
   * @param shellPrints the shell prints pages itself (`WriteWorld.printPdf`)
   */
  missing?: (shellPrints?: boolean) => Promise<string | null>;
}

export const FORMATS = [
  {
    id: 'pdf',
    title: 'PDF',
    purpose: 'To hand over, print and sign.',
    extension: 'pdf',
    load: async () => (await import('./pdf/write.ts')).writePdf,
    missing: async (shellPrints = false) =>
      shellPrints ? null : (await import('./pdf/chromium.ts')).whyNoPdf(),
  },
  {
    id: 'html',
    title: 'HTML',
    purpose: 'To read on a screen: one file, tables that sort and filter.',
    extension: 'html',
    load: async () => (await import('./html/write.ts')).writeHtml,
  },
  {
    id: 'md',
    title: 'Markdown',
    purpose: 'A summary for a wiki: the answer, and the reason of each wave.',
    extension: 'md',
    load: async () => (await import('./markdown/write.ts')).writeMarkdown,
  },
  {
    id: 'xlsx',
    title: 'Workbook',
    purpose: 'To sort, filter and reckon with: a sheet for each table, with the charts of a spreadsheet.',
    extension: 'xlsx',
    load: async () => (await import('./xlsx.ts')).writeXlsx,
  },
  {
    id: 'csv',
    title: 'CSV',
    purpose: 'To take into other programs: a file for each table, all in one ZIP.',
    extension: 'csv.zip',
    load: async () => (await import('./csv.ts')).writeCsv,
  },
  {
    id: 'json',
    title: 'JSON',
    purpose: 'For programs: everything that is in the report, after a published schema.',
    extension: 'json',
    load: async () => (await import('./json.ts')).writeJson,
  },
] as const satisfies readonly ReportFormat[];

export type ReportFormatId = (typeof FORMATS)[number]['id'];

/** In their order. */
export const formats: readonly ReportFormat[] = FORMATS;

export const formatById = (id: string): ReportFormat | undefined => formats.find((one) => one.id === id);
