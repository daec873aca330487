/** Scenarios and rule packs as an engagement keeps them. */
import { parseRulePack, shippedRulePacks, type RulePack } from '../assess/rules/pack.ts';
import { IronliftError } from '../base/errors.ts';
import type { EngagementFile } from '../store/engagement.ts';
import { parseScenario, type Scenario } from './model/scenario.ts';

/** There is always one of this name: that of the program, until one is kept. */
export const DEFAULT_SCENARIO = 'default';

/** By id: those that came with the program, and those of the engagement, which win. @throws RULE_PACK_INVALID */
export function keptRulePacks(engagement: EngagementFile): Map<string, RulePack> {
  const packs = shippedRulePacks();
  for (const { name } of engagement.documents('rule-pack')) {
    const pack = parseRulePack(JSON.stringify(engagement.document('rule-pack', name)), name);
    packs.set(pack.id, pack);
  }
  return packs;
}

/** @throws SCENARIO_INVALID: not there, or not valid */
export function keptScenario(engagement: EngagementFile, name: string): Scenario {
  const kept = engagement.document('scenario', name);
  if (kept === null && name !== DEFAULT_SCENARIO)
    throw new IronliftError('SCENARIO_INVALID', `There is no scenario ${name}.`, {
      next: `Choose one of ${scenarioNames(engagement).join(', ')}.`,
    });
  return parseScenario({ ...(kept ?? {}), name });
}

/** The default first, then by name. */
export const scenarioNames = (engagement: EngagementFile): string[] => [
  DEFAULT_SCENARIO,
  ...engagement
    .documents('scenario')
    .map(({ name }) => name)
    .filter((name) => name !== DEFAULT_SCENARIO),
];
