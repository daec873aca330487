/** A report as it was asked for, with names or without. */
import { buildReport } from './build/report.ts';
import { REPORT_DEFAULTS, type ReportInput, type ReportOptions } from './input.ts';
import type { Report } from './model.ts';
import { redact, redactionOf } from './redact.ts';

/** Without names, a server is the same word in every report of the estate, whatever part of it this one is about. */
export function makeReport(input: ReportInput, options: ReportOptions, redacted: boolean): Report {
  const report = buildReport(input, options);
  if (!redacted) return report;
  const { audience, owner, sections, servers } = options;
  const isWhole = audience === 'technical' && owner === null && sections === null && servers === null;
  return redact(report, redactionOf(isWhole ? report : buildReport(input, REPORT_DEFAULTS)));
}
