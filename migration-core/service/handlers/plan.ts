/** The plan: made by a job, shown and asked of the process that holds the estate. */
import type { Handlers } from '../../contract/dispatch.ts';
import { keptScenario } from '../../plan/kept.ts';
import { keptPlan, type PlanDocument } from '../../plan/model/plan-document.ts';
import { whatIfPlans } from '../../plan/what-if.ts';
import { IronliftError } from '../../base/errors.ts';
import type { Session } from '../session.ts';
import type { PlanTaskInput } from '../tasks/plan.ts';
import { editDocument, studyQuestions } from './study-questions.ts';

type Calls = 'plan.get' | 'plan.start' | 'plan.try' | 'plan.pin' | 'plan.compare';

/** Changes that are kept with a plan. */
const MAX_CHANGES = 2000;

export function planHandlers(session: Session): Pick<Handlers, Calls> {
  const questions = studyQuestions(session);
  session.jobs.whenDone('plan', ({ input, output }) => {
    const { path } = input as PlanTaskInput;
    const made = output as PlanDocument;
    if (session.engagementPath() !== path) return;
    const name = made.plan.scenario;
    const before = questions.of(name).plan ?? keptPlan(session.engagement(), name);
    questions.keep(path, { ...made, changed: before === null ? null : changesOf(before, made) });
    session.changed('plan', 'waves', 'scenarios', 'engagement');
  });
  return {
    'plan.get': ({ scenario }, { signal }) => questions.ask('plan', questions.of(scenario), signal),
    'plan.start': ({ scenario, effort }) => {
      const name = questions.of(scenario).scenario;
      keptScenario(session.engagement(), name);
      const running = session.jobs
        .list()
        .find(({ kind, state }) => kind === 'plan' && (state === 'queued' || state === 'running'));
      if (running !== undefined)
        throw new IronliftError('USAGE', 'A plan is being made already.', {
          next: 'Wait for it, or cancel it first.',
        });
      const { id } = session.jobs.start({
        kind: 'plan',
        title: `Plan the scenario ${name}`,
        task: 'plan',
        input: {
          path: session.engagementPath()!,
          scenario: name,
          ...(effort === undefined ? {} : { effort }),
        },
        writes: 'none',
      });
      return { job: id };
    },
    'plan.try': ({ scenario, server, host }, { signal }) =>
      questions.ask('tryMove', { ...questions.of(scenario), server, host }, signal),
    'plan.pin': ({ scenario, server, host }) => {
      const name = questions.of(scenario).scenario;
      const engagement = session.engagement();
      const kept = keptScenario(engagement, name);
      const identity = engagement.servers().find(({ id }) => id === server)?.identity;
      if (identity === undefined)
        throw new IronliftError('USAGE', 'This server is not in the engagement any more.', {
          next: 'Make the plan anew.',
        });
      const others = kept.pinned.filter((pin) => pin.server.toLowerCase() !== identity.name.toLowerCase());
      const pinned = host === null ? others : [...others, { server: identity.name, host }];
      editDocument(
        session,
        host === null ? `Let go of ${identity.name}` : `Keep ${identity.name} on ${host}`,
        ['scenarios', 'plan', 'waves'],
        'scenario',
        name,
        { ...kept, pinned },
      );
      return { pinned: pinned.length };
    },
    'plan.compare': async ({ scenarios }, { signal }) => {
      const unsaved = scenarios.flatMap((name) => questions.of(name).plan ?? []);
      return questions.ask('compare', { scenarios, unsaved }, signal);
    },
  };
}

function changesOf(before: PlanDocument, after: PlanDocument): PlanDocument['changed'] {
  const { summary, changes } = whatIfPlans(before.plan, after.plan, becauseOf(before, after));
  return {
    summary,
    changes: changes.slice(0, MAX_CHANGES).map(({ server, name, what, before: then, after: now, why }) => ({
      ...{ server, name, what, why },
      before: then,
      after: now,
    })),
  };
}

function becauseOf({ inputs: then }: PlanDocument, { inputs: now }: PlanDocument): string {
  if (then.servers !== now.servers) return 'Samples or inventories came since.';
  if (then.rules !== now.rules) return 'The numbers of the rule pack were changed.';
  if (then.scenario !== now.scenario) return 'The scenario was changed.';
  if (then.annotations !== now.annotations) return 'What is said of servers was changed.';
  return 'The search took another turn.';
}
