/** How a report will look, while it is being put together. */
import { missingData } from '../../report/build/missing.ts';
import { previewOf } from '../../report/html/write.ts';
import type { Output } from '../../contract/contract.ts';
import type { ReportChoices } from '../../contract/reports.ts';
import type { Asking, StudyRoom } from '../study/room.ts';
import { reportInputOf, reportOf, writing, type ReportQuestion } from './make.ts';

export async function reportPreview(
  room: StudyRoom,
  question: ReportQuestion & { choices: ReportChoices },
  asking: Asking,
): Promise<Output<'reports.preview'>> {
  const { choices, locale } = question;
  const input = await reportInputOf(room, question, asking);
  const whole = reportOf(input, { ...choices, sections: null });
  const report = choices.sections === null ? whole : reportOf(input, choices);
  const world = writing(report, choices, locale);
  return {
    ...previewOf(report, world),
    sections: whole.sections.map(({ id, title }) => ({ id, title })),
    missing: missingData(input),
    figures: report.figures.map(({ id, title, value, kind, unit }) => ({
      ...{ id, title },
      text: world.format.figure(value, kind, unit),
    })),
  };
}
