/** Scenarios: kept by name in the engagement. */
import { isDeepStrictEqual } from 'node:util';
import { IronliftError, isIronliftError } from '../../base/errors.ts';
import type { Handlers } from '../../contract/dispatch.ts';
import { DEFAULT_SCENARIO, keptScenario, scenarioNames } from '../../plan/kept.ts';
import { keptPlan } from '../../plan/model/plan-document.ts';
import { parseScenario, type Scenario } from '../../plan/model/scenario.ts';
import type { EngagementFile } from '../../store/engagement.ts';
import type { Session } from '../session.ts';
import { ANSWERS, editDocument, studyQuestions } from './study-questions.ts';

type Calls =
  | 'scenarios.list'
  | 'scenarios.get'
  | 'scenarios.save'
  | 'scenarios.remove'
  | 'scenarios.select'
  | 'scenarios.catalogue'
  | 'scenarios.preview';

/** Of records in a scenario that have fields of their own. */
const NESTED = ['prices', 'calendar'] as const;
const MAX_SCENARIOS = 200;

export function scenarioHandlers(session: Session): Pick<Handlers, Calls> {
  const questions = studyQuestions(session);
  return {
    'scenarios.list': () => {
      const engagement = session.engagement();
      return {
        selected: session.scenario(),
        scenarios: scenarioNames(engagement).map((name) => {
          const scenario = shownScenario(engagement, name);
          const { title, profile, platform, template } = scenario;
          return {
            ...{ name, profile, platform, template },
            title: title ?? name,
            isDefault: name === DEFAULT_SCENARIO,
            changed: changedPaths(scenario).length,
            plannedAt: keptPlan(engagement, name)?.madeAt ?? null,
          };
        }),
      };
    },
    'scenarios.get': ({ name }) => {
      const scenario = keptScenario(session.engagement(), name);
      return { scenario, defaults: parseScenario({ name }), changed: changedPaths(scenario) };
    },
    'scenarios.save': ({ scenario }) => {
      const names = scenarioNames(session.engagement());
      if (!names.includes(scenario.name) && names.length >= MAX_SCENARIOS)
        throw new IronliftError('SCENARIO_INVALID', `There are ${MAX_SCENARIOS} scenarios already.`, {
          next: 'Remove one that nobody needs any more.',
        });
      editDocument(
        session,
        `Change the scenario ${scenario.name}`,
        ['scenarios', ...ANSWERS],
        'scenario',
        scenario.name,
        scenario,
      );
      return { changed: changedPaths(scenario).length };
    },
    'scenarios.remove': ({ name }) => {
      // One that is not valid can be removed, too: else a stranger's file could never be mended.
      if (!scenarioNames(session.engagement()).includes(name)) keptScenario(session.engagement(), name);
      editDocument(
        session,
        name === DEFAULT_SCENARIO ? 'Put the default scenario back' : `Remove the scenario ${name}`,
        ['scenarios', ...ANSWERS],
        'scenario',
        name,
        null,
      );
      if (session.scenario() === name && name !== DEFAULT_SCENARIO) session.showScenario(DEFAULT_SCENARIO);
      return {};
    },
    'scenarios.select': ({ name }) => {
      keptScenario(session.engagement(), name);
      session.showScenario(name);
      session.changed('engagement', 'scenarios', ...ANSWERS);
      return {};
    },
    'scenarios.catalogue': (_, { signal }) =>
      questions.ask('catalogue', { scenario: session.scenario() }, signal),
    'scenarios.preview': ({ scenario }, { signal }) =>
      questions.ask('previewScenario', { draft: scenario }, signal),
  };
}

/** For the list, in which one that is not valid does not hide the others; looking at it says what is wrong. */
function shownScenario(engagement: EngagementFile, name: string): Scenario {
  try {
    return keptScenario(engagement, name);
  } catch (error) {
    if (!isIronliftError(error, 'SCENARIO_INVALID') && !isIronliftError(error, 'ENGAGEMENT_DAMAGED'))
      throw error;
    return parseScenario({ name, title: `${name} (not valid)` });
  }
}

/** Fields that are not as the program has them: `profile`, `calendar.people`. */
export function changedPaths(scenario: Scenario): string[] {
  const defaults = parseScenario({ name: scenario.name });
  return (Object.keys(scenario) as (keyof Scenario)[]).flatMap((field) => {
    if (field === 'name' || field === 'title') return [];
    const [value, usual] = [scenario[field], defaults[field]];
    if (isDeepStrictEqual(value, usual)) return [];
    if (!(NESTED as readonly string[]).includes(field)) return [field];
    const [now, then] = [value, usual] as Record<string, unknown>[];
    return Object.keys({ ...then, ...now })
      .filter((name) => !isDeepStrictEqual(now![name], then![name]))
      .map((name) => `${field}.${name}`);
  });
}
