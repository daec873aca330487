import type { EngagementFile } from '../../../store/engagement.ts';
import { comparableName } from '../../../store/model/identity.ts';
import type { OptionValues, Command } from '../../commands.ts';
import { wrap } from '../../terminal.ts';
import type { World } from '../../world.ts';
import { noServer, textOf, usage } from '../collect/options.ts';
import { STUDY_HELP, studyOptions, questionOf } from './options.ts';
import { withStudy, type Answering } from './run.ts';
import { assessmentList, assessmentText } from './show-assessment.ts';
import { whatIfText } from './show-plan.ts';

export const assessCommand: Command = {
  help: `Usage: ironlift assess [SERVER] --engagement FILE [options]

Says of each server whether it should become a virtual machine, how large that
would be, and how far the answer can be trusted. With the name of a server: why,
what to see to, and what would change the answer.

${STUDY_HELP}
  --against NAME       say what is different from that scenario, and why
  --json               print one JSON document`,
  options: { ...studyOptions, against: { type: 'string' } },
  async run({ values, positionals: [name, ...more] }, world) {
    if (more.length > 0) throw usage('assess', 'Name one server, or none for the list');
    return withStudy(values, 'assess', world, (answering) => {
      const against = textOf(values, 'against');
      if (against !== undefined) return compare(values, against, answering, world);
      return show(name, values['json'] === true, answering, world);
    });
  },
};

function show(name: string | undefined, json: boolean, { study }: Answering, world: World): number {
  const { estate } = study;
  const found =
    name === undefined
      ? estate.assessments
      : estate.assessments.filter((one) => comparableName(one.name) === comparableName(name));
  if (name !== undefined && found.length === 0)
    throw noServer(`There is no server ${name} in the engagement.`);
  if (json) world.out(`${JSON.stringify({ ...estate, assessments: found }, null, 2)}\n`);
  else if (name === undefined) world.out(assessmentList(estate, world));
  else world.out(found.map((one) => assessmentText(one, world.columns)).join('\n'));
  return 0;
}

/** The scenario of that name, for a comparison with the one of the options. */
export const otherQuestion = (
  values: OptionValues,
  name: string,
  command: string,
  engagement: EngagementFile,
) => questionOf({ engagement: values['engagement'], scenario: name }, command, engagement);

async function compare(
  values: OptionValues,
  against: string,
  { engagement, study, options }: Answering,
  world: World,
): Promise<number> {
  const { reassess } = await import('../../../plan/study.ts');
  const { whatIfAssessments } = await import('../../../plan/what-if.ts');
  const other = otherQuestion(values, against, 'assess', engagement);
  const { assessStudy } = await import('../../../plan/study.ts');
  // Another profile looks at another typical week, which was not read for this one.
  const before =
    other.scenario.profile === study.scenario.profile
      ? reassess(study, other.scenario, { ...options, packs: other.packs })
      : await assessStudy(engagement, other.scenario, { ...options, packs: other.packs });
  const difference = whatIfAssessments(before.estate, study.estate);
  if (values['json'] === true) world.out(`${JSON.stringify(difference, null, 2)}\n`);
  else
    world.out(wrap(`Against ${against}:`, world.columns, '') + '\n' + whatIfText(difference, world.columns));
  return 0;
}
