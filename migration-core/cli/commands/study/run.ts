/** Opens the engagement, answers the question, and closes it again. */
import type { EngagementFile } from '../../../store/engagement.ts';
import type { AssessedStudy, StudyOptions } from '../../../plan/study.ts';
import { projectOf } from '../../../store/model/project.ts';
import type { OptionValues } from '../../commands.ts';
import { ProgressLine, wrap } from '../../terminal.ts';
import type { World } from '../../world.ts';
import { engagementOf } from '../collect/options.ts';
import { questionOf, type Question } from './options.ts';

export interface Answering {
  engagement: EngagementFile;
  question: Question;
  options: StudyOptions;
  progress: ProgressLine;
  study: AssessedStudy;
}

/**
 * Runs `answer` on the assessed estate. The file is opened for writing where that is possible, so that demand profiles
 * are made once.
 */
export async function withStudy(
  values: OptionValues,
  command: string,
  world: World,
  answer: (answering: Answering) => number | Promise<number>,
): Promise<number> {
  const path = engagementOf(values, command);
  const { openEngagement } = await import('../../../store/open.ts');
  const { assessStudy } = await import('../../../plan/study.ts');
  const engagement = openEngagement(path, { now: world.now });
  const progress = new ProgressLine(world);
  try {
    const question = questionOf(values, command, engagement);
    if (values['settings'] === '-') {
      world.out(`${JSON.stringify(question.scenario, null, 2)}\n`);
      return 0;
    }
    const options: StudyOptions = {
      now: world.now(),
      packs: question.packs,
      currency: projectOf(engagement).currency,
      signal: world.signal,
      progress: progress.show,
      onSearch: (part) => progress.share('searching', part, 1),
    };
    const study = await assessStudy(engagement, question.scenario, options);
    progress.clear();
    for (const { message, next } of study.problems)
      world.err(`${wrap(`warning: ${message} ${next}`, world.columns, '  ')}\n`);
    if (values['save'] === true)
      engagement.putDocument('scenario', question.scenario.name, question.scenario, null, world.now());
    return await answer({ engagement, question, options, progress, study });
  } finally {
    progress.clear();
    engagement.close();
  }
}
