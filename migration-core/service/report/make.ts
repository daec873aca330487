/** From the estate that a process holds to a report: what is asked for in a page's words, in those of the room of reports. */
import { formatter, type Formatter } from '../../report/format.ts';
import { REPORT_DEFAULTS, type ReportInput } from '../../report/input.ts';
import { makeReport } from '../../report/make.ts';
import type { Report } from '../../report/model.ts';
import { readReportInput } from '../../report/read-input.ts';
import type { WriteOptions } from '../../report/writer.ts';
import type { ReportChoices } from '../../contract/reports.ts';
import type { PlanDocument } from '../../plan/model/plan-document.ts';
import { planStudy, savingsOf, type AssessedStudy, type PlannedStudy } from '../../plan/study.ts';
import type { Asking, StudyRoom } from '../study/room.ts';

export interface ReportQuestion {
  scenario: string;
  /** null: none is kept. */
  plan: PlanDocument | null;
  /** BCP 47; what `choices.locale` null comes to. */
  locale: string;
  version: string;
}

/** Plans that were made for a preview; they go with the study they were made of. */
const made = new WeakMap<AssessedStudy, PlannedStudy>();

export async function reportInputOf(
  room: StudyRoom,
  { scenario: name, plan, version }: ReportQuestion,
  asking: Asking,
): Promise<ReportInput> {
  const scenario = room.scenario(name);
  const study = await room.study(scenario, asking);
  const options = room.options(await room.packs(asking), asking);
  return readReportInput(room.engagement, study, {
    ...options,
    ...{ plan, program: `Ironlift ${version}` },
    makePlan(of) {
      const known = made.get(of);
      // The currency of the project may be another one by now.
      const planned =
        known === undefined
          ? planStudy(of, options)
          : { ...known, savings: savingsOf(of, known.plan, options) };
      made.set(of, planned);
      return planned;
    },
  });
}

export function reportOf(input: ReportInput, choices: ReportChoices): Report {
  const { audience, owner, sections, title, draft, confidentiality, redacted } = choices;
  return makeReport(
    input,
    { ...REPORT_DEFAULTS, ...{ audience, owner, sections, title, draft, confidentiality } },
    redacted,
  );
}

export function writing(
  report: Report,
  choices: ReportChoices,
  locale: string,
): { format: Formatter; options: WriteOptions } {
  const { currency, utcOffsetMinutes } = report.meta;
  return {
    format: formatter(usable(choices.locale ?? locale), currency, utcOffsetMinutes),
    options: {
      paper: choices.paper,
      accent: choices.accent,
      logo:
        choices.logo === null
          ? null
          : { type: choices.logo.type, bytes: Buffer.from(choices.logo.base64, 'base64') },
    },
  };
}

/** What is no language tag is English: a report with other commas is better than none. */
function usable(tag: string): string {
  try {
    return Intl.getCanonicalLocales(tag)[0] ?? 'en';
  } catch {
    return 'en';
  }
}
