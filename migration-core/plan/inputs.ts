/**
 * What a plan was made from, as digests part by part: two that differ say why a kept plan is older than its data. The
 * screens, the command line and the reports ask here, and say it in the same sentences.
 */
import { createHash } from 'node:crypto';
import type { ServerFacts } from '../assess/model/facts.ts';
import { ruleBook, type RulePack } from '../assess/rules/pack.ts';
import { without } from '../base/without.ts';
import type { EngagementFile } from '../store/engagement.ts';
import type { PlanInputs } from './model/plan-document.ts';
import type { Scenario } from './model/scenario.ts';

export const digestOf = (value: unknown): string =>
  createHash('sha256').update(JSON.stringify(value)).digest('hex');

/** One text of all that was collected: identities, samples and inventories by their times. */
export function collectedIn(engagement: EngagementFile): string {
  const servers = engagement.servers().map((server) => without(server, 'rollup'));
  const collections = engagement.collections().map(({ id, finishedAt, counts }) => [id, finishedAt, counts]);
  return digestOf([servers, collections]);
}

/** @param collected of `collectedIn` @param facts of all servers of the engagement */
export function planInputsOf(
  scenario: Scenario,
  packs: ReadonlyMap<string, RulePack>,
  collected: string,
  facts: readonly ServerFacts[],
): PlanInputs {
  // How it is searched and called is no other question; waves and savings are reckoned from the plan as it stands.
  const question = without(scenario, 'title', 'name', 'effort', 'calendar', 'prices');
  return {
    scenario: digestOf(question),
    rules: digestOf(ruleBook(scenario.rulePack, packs).all()),
    servers: digestOf(collected),
    annotations: digestOf(facts.map(({ id, annotations }) => [id, without(annotations, 'wave', 'waveNote')])),
  };
}

const CHANGED: Record<keyof PlanInputs, string> = {
  scenario: 'The scenario was changed since.',
  rules: 'The numbers of the rule pack were changed since.',
  servers: 'Samples or inventories came since.',
  annotations: 'What is said of servers was changed since.',
};

/** Why a plan is out of date: sentences; none: it is not. */
export const staleBecause = (before: PlanInputs, now: PlanInputs): string[] =>
  (Object.keys(CHANGED) as (keyof PlanInputs)[])
    .filter((part) => before[part] !== now[part])
    .map((part) => CHANGED[part]);
