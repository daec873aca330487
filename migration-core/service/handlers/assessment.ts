/** Verdicts: asked of the process that holds the estate; decisions are kept among what is said of a server. */
import type { OutcomeId } from '../../contract/study.ts';
import { VERDICTS } from '../../assess/model/assessment.ts';
import { plural } from '../../base/text.ts';
import { without } from '../../base/without.ts';
import type { Handlers } from '../../contract/dispatch.ts';
import type { ServerAnnotations } from '../../store/model/annotations.ts';
import type { Session } from '../session.ts';
import { ANSWERS, annotate, studyQuestions } from './study-questions.ts';

type Calls =
  'assessment.list' | 'assessment.server' | 'assessment.override' | 'assessment.tick' | 'assessment.accept';

type Decision = NonNullable<ServerAnnotations['override']>;

const ACCEPTED = 'Accepted as assessed.';

export function assessmentHandlers(session: Session): Pick<Handlers, Calls> {
  const questions = studyQuestions(session);
  const by = (name: string | undefined): { by?: string } => {
    const who = name ?? session.settings().consultant;
    return who === '' ? {} : { by: who };
  };
  return {
    'assessment.list': async ({ scenario }, { signal }) => {
      const asked = questions.of(scenario);
      const { list, inputs } = await questions.ask('assessments', asked, signal);
      questions.note('assessment', asked.scenario, inputs, { rules: list.rules, totals: list.totals });
      return list;
    },
    'assessment.server': ({ server, scenario }, { signal }) =>
      questions.ask('assessment', { ...questions.of(scenario), server }, signal),
    'assessment.override': ({ servers, decision }) => ({
      changed: annotate(
        session,
        (count) =>
          decision === null
            ? `Take back the decision on ${plural(count, 'server')}`
            : `Decide on ${plural(count, 'server')}`,
        ANSWERS,
        servers,
        (annotations) =>
          decision === null
            ? without(annotations, 'override')
            : {
                ...annotations,
                override: { verdict: decision.verdict, reason: decision.reason, ...by(decision.by) },
              },
      ),
    }),
    'assessment.tick': ({ servers, gate, met }) => ({
      changed: annotate(
        session,
        (count) => `${met ? 'Tick' : 'Untick'} ${gate} of ${plural(count, 'server')}`,
        ANSWERS,
        servers,
        ({ conditionsMet = [], ...others }) => {
          const rest = conditionsMet.filter((one) => one !== gate);
          const now = met ? [...rest, gate] : rest;
          return now.length === 0 ? others : { ...others, conditionsMet: now };
        },
      ),
    }),
    'assessment.accept': async ({ servers, by: who }, { signal }) => {
      const { list } = await questions.ask('assessments', questions.of(undefined), signal);
      const ruled = new Map(list.rows.map((row) => [row.server, row]));
      // Unknown and virtual already are no decisions; what was decided stays.
      const open = servers.filter((server) => {
        const row = ruled.get(server);
        return row !== undefined && !row.decided && isVerdict(row.ruled);
      });
      return {
        changed: annotate(
          session,
          (count) => `Accept the verdicts on ${plural(count, 'server')}`,
          ANSWERS,
          open,
          (annotations, server) => ({
            ...annotations,
            override: {
              verdict: ruled.get(server)!.ruled as Decision['verdict'],
              reason: ACCEPTED,
              ...by(who),
            },
          }),
        ),
      };
    },
  };
}

const isVerdict = (outcome: OutcomeId): boolean => (VERDICTS as readonly string[]).includes(outcome);
