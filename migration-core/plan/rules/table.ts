/**
 * Every rule that any room asks for, so that a pack is checked as a whole when it is loaded: nonsense in it is told at once,
 * and not when the first server reaches it.
 */
import { PROFILE_RULES } from '../../assess/model/context.ts';
import { CONFIDENCE_RULES } from '../../assess/rules/confidence.ts';
import { CPU_RULES } from '../../assess/rules/cpu.ts';
import * as gates from '../../assess/rules/gates.ts';
import * as groups from '../../assess/rules/groups.ts';
import { IO_RULES } from '../../assess/rules/io.ts';
import { MEMORY_RULES } from '../../assess/rules/memory.ts';
import { ruleBook, type Rule, type RuleBook, type RulePack } from '../../assess/rules/pack.ts';
import * as score from '../../assess/rules/score.ts';
import { SIZE_RULES } from '../../assess/rules/size.ts';
import * as verdict from '../../assess/rules/verdict.ts';
import { BACKUP } from './backup.ts';
import { FAILOVER } from './failover.ts';
import { PLACE } from './place.ts';
import { QUICK } from './quick.ts';
import { LICENCE_RULES, POWER_RULES, SAVINGS_RULES } from './savings.ts';
import { DEPENDENCY_RULES, PRIORITY_RULES, WAVE_RULES } from './waves.ts';

export const ALL_RULES: readonly Rule<unknown>[] = [
  ...Object.values(PROFILE_RULES),
  ...CPU_RULES,
  ...MEMORY_RULES,
  ...IO_RULES,
  ...SIZE_RULES,
  ...CONFIDENCE_RULES,
  ...Object.values(gates),
  ...Object.values(groups),
  ...Object.values(score),
  ...Object.values(verdict),
  ...Object.values(PLACE),
  ...Object.values(FAILOVER),
  ...Object.values(BACKUP),
  ...Object.values(QUICK),
  ...Object.values(POWER_RULES),
  ...Object.values(SAVINGS_RULES),
  ...Object.values(LICENCE_RULES),
  ...Object.values(DEPENDENCY_RULES),
  ...Object.values(PRIORITY_RULES),
  ...Object.values(WAVE_RULES),
];

/** A pack by its name with every rule looked at. @throws RULE_PACK_INVALID: which rule, of which pack */
export function checkedRuleBook(id: string, packs?: ReadonlyMap<string, RulePack>): RuleBook {
  const book = ruleBook(id, packs);
  book.check(ALL_RULES);
  return book;
}
