/** What writers say themselves, in English: chapters bring their own sentences. */
import type { Basis, Audience } from './model.ts';

export const words = {
  contents: 'Contents',
  preparedFor: 'Prepared for',
  preparedBy: 'Prepared by',
  date: 'Date',
  measured: 'Measured',
  scenario: 'Scenario',
  rules: 'Rules',
  program: 'Made with',
  inputs: 'Fingerprint of the data',
  draft: 'Draft',
  page: (page: number, pages: number): string => `${page} of ${pages}`,
  to: 'to',
  chartTable: 'The figures as a table',
  more: (count: string): string =>
    `${count} more rows are in the data formats (spreadsheet, CSV, JSON) of this report.`,
  unknownColumns: (headers: readonly string[]): string => `Not known of any row: ${headers.join('; ')}.`,
  moreHere: (count: string): string => `${count} more rows follow in the table on screen.`,
  sheetsElsewhere: (count: string, most: string): string =>
    `Sheets of single servers are left to the data formats (spreadsheet, CSV, JSON): there are ${count}, and this format shows them up to ${most}.`,
  sheetsPreview: (count: string): string => `${count} more sheets follow in the report.`,
  filter: 'Filter',
  filterOf: (table: string): string => `Filter the table: ${table}`,
  skip: 'Go to the report',
  page2: 'Page',
  basis: {
    measured: 'measured',
    estimated: 'estimated',
    entered: 'entered',
    computed: 'computed',
  } satisfies Record<Basis, string>,
  audience: {
    executive: 'For the management',
    technical: 'Technical report',
    owner: 'For the owner of the servers',
  } satisfies Record<Audience, string>,
} as const;
