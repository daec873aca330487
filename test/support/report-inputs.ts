/** Engagements and reports for tests of formats. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { shippedRulePacks } from '../../migration-core/assess/rules/pack.ts';
import { makeSample } from '../../migration-core/collect/sample/engagement.ts';
import { parseScenario } from '../../migration-core/plan/model/scenario.ts';
import { assessStudy } from '../../migration-core/plan/study.ts';
import { buildReport } from '../../migration-core/report/build/report.ts';
import { formatter } from '../../migration-core/report/format.ts';
import { REPORT_DEFAULTS, type ReportInput, type ReportOptions } from '../../migration-core/report/input.ts';
import type { Report } from '../../migration-core/report/model.ts';
import { readReportInput } from '../../migration-core/report/read-input.ts';
import { WRITE_DEFAULTS, type WriteOptions, type WriteWorld } from '../../migration-core/report/writer.ts';
import type { EngagementFile } from '../../migration-core/store/engagement.ts';
import { createEngagement } from '../../migration-core/store/open.ts';

export const REPORT_NOW = Date.UTC(2026, 10, 26, 9);
const now = (): number => REPORT_NOW;

/** Names that break what does not escape: markup, formulas, control characters, right to left, as long as a name may be. */
export const HOSTILE_NAMES = [
  '<script>document.title="owned"</script>',
  '"><img src=x onerror=alert(1)>',
  '</style><style>*{display:none}</style>',
  '</script><!--',
  '=HYPERLINK("http://127.0.0.1/","x")',
  'שרת-הדואר-01',
  'ملقم\u202Egnp.exe',
  `long-${'x'.repeat(295)}`,
  '| a | b |',
  '[link](javascript:alert(1)) `code` **bold** # head',
  '\u001b[31mred\u0007',
  '{{7*7}} ${7*7} &amp; &#60;',
];

/** What is in an engagement that `fill` made, as a report gets it. */
export async function reportInput(
  fill: (engagement: EngagementFile) => void | Promise<void>,
): Promise<ReportInput> {
  const folder = mkdtempSync(join(tmpdir(), 'ironlift-report-'));
  try {
    const engagement = createEngagement(join(folder, 'e.ironlift'), {
      ...{ name: 'Test', now, utcOffsetMinutes: 60 },
    });
    try {
      await fill(engagement);
      const options = { now: REPORT_NOW, packs: shippedRulePacks(), program: 'Ironlift 0.0.0-test' };
      const study = await assessStudy(engagement, parseScenario({ name: 'default' }), options);
      return readReportInput(engagement, study, options);
    } finally {
      engagement.close();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export const sampleInput = (): Promise<ReportInput> =>
  reportInput(async (engagement) => {
    await makeSample(engagement, { now, signal: new AbortController().signal });
    engagement.putDocument(
      'project',
      'project',
      { customer: 'Harbour Ltd', consultant: 'Ada Byron', company: 'Byron & Sons' },
      null,
      REPORT_NOW,
    );
  });

/** Servers of which nothing but their names is known. */
export const namedInput = (names: readonly string[]): Promise<ReportInput> =>
  reportInput((engagement) => {
    for (const name of names) engagement.server({ name, macs: [] }, REPORT_NOW);
    if (names.length > 1)
      engagement.putDocument(
        'project',
        'project',
        { customer: names[0], consultant: names[1], company: names[2] },
        null,
        REPORT_NOW,
      );
  });

export const reportFrom = (input: ReportInput, options: Partial<ReportOptions> = {}): Report =>
  buildReport(input, { ...REPORT_DEFAULTS, ...options });

export const writeWorld = (
  report: Report,
  options: Partial<WriteOptions> = {},
  locale = 'en-GB',
): WriteWorld => ({
  format: formatter(locale, report.meta.currency, report.meta.utcOffsetMinutes),
  options: { ...WRITE_DEFAULTS, ...options },
});
