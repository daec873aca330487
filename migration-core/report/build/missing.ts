/** What a report could say more of if it were known: told before it is handed over. */
import { plural } from '../../base/text.ts';
import type { ReportInput } from '../input.ts';

/** Sentences, each with what to do; the most important first. */
export function missingData(input: ReportInput): string[] {
  const { about, study, summaries, waves, conversions } = input;
  const { estate, savings, problems } = study;
  const notMeasured = summaries.filter(({ firstSample }) => firstSample === null).length;
  const unknown = estate.assessments.filter(({ verdict }) => verdict === 'unknown').length;
  const undated = waves.waves.filter(({ starts }) => starts === null).length;
  const prices = [...new Set(savings.omitted.map(({ missing }) => missing))];
  const untested = conversions.filter(
    ({ finished, bootTest }) => finished !== null && bootTest === null,
  ).length;
  return [
    ...(estate.assessments.length === 0
      ? ['There are no servers in this engagement: collect or import them under Sources.']
      : []),
    ...problems.map(({ message, next }) => `${message} ${next}`),
    ...(input.stale ?? []).map((why) => `The plan is older than the data: ${why} Make it anew under Plan.`),
    ...(input.planMadeNow === true && estate.assessments.length > 0
      ? ['No plan was made yet: the report makes one for itself. Make one under Plan to see and keep it.']
      : []),
    ...(notMeasured > 0
      ? [`${plural(notMeasured, 'server has', 'servers have')} no measurements: collect them under Sources.`]
      : []),
    ...(unknown > 0
      ? [`Too little is known of ${plural(unknown, 'server')} for a verdict: measure them longer.`]
      : []),
    ...(prices.length > 0 ? [`Savings leave out what has no price: ${prices.join(', ')}.`] : []),
    ...(undated > 0
      ? [`${plural(undated, 'wave has', 'waves have')} no date: set the first date under Waves.`]
      : []),
    ...(untested > 0
      ? [`${plural(untested, 'converted server was', 'converted servers were')} not test-booted.`]
      : []),
    ...(about.customer === '' ? ['The name of the customer is not entered: the cover leaves it out.'] : []),
    ...(about.consultant === '' && about.company === ''
      ? ['Your name and company are not entered: the cover leaves them out. Enter them under Settings.']
      : []),
  ];
}
