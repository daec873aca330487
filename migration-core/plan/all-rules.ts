/** Every number of the rule packs with its title and unit, for a list that a person can search. */
import { PROFILE_RULES } from '../assess/model/context.ts';
import * as assessConfidence from '../assess/rules/confidence.ts';
import * as assessCpu from '../assess/rules/cpu.ts';
import * as assessGates from '../assess/rules/gates.ts';
import * as assessGroups from '../assess/rules/groups.ts';
import * as assessIo from '../assess/rules/io.ts';
import * as assessMemory from '../assess/rules/memory.ts';
import * as assessScore from '../assess/rules/score.ts';
import * as assessSize from '../assess/rules/size.ts';
import * as assessVerdict from '../assess/rules/verdict.ts';
import * as planBackup from './rules/backup.ts';
import * as planFailover from './rules/failover.ts';
import * as planPlace from './rules/place.ts';
import * as planQuick from './rules/quick.ts';
import * as planSavings from './rules/savings.ts';
import * as planWaves from './rules/waves.ts';
import type { Rule } from '../assess/rules/pack.ts';

const MODULES: readonly object[] = [
  PROFILE_RULES,
  assessConfidence,
  assessCpu,
  assessGates,
  assessGroups,
  assessIo,
  assessMemory,
  assessScore,
  assessSize,
  assessVerdict,
  planBackup,
  planFailover,
  planPlace,
  planQuick,
  planSavings,
  planWaves,
];

/** By id, in the order of the ids. */
export const ALL_RULES: ReadonlyMap<string, Rule<unknown>> = new Map(
  MODULES.flatMap((module) => rulesIn(module, 0))
    .sort((a, b) => (a.id < b.id ? -1 : 1))
    .map((one) => [one.id, one]),
);

/** Modules hold rules, and records of rules. */
function rulesIn(value: unknown, depth: number): Rule<unknown>[] {
  if (typeof value !== 'object' || value === null || depth > 3) return [];
  if ('id' in value && 'title' in value && 'unit' in value && 'schema' in value)
    return [value as Rule<unknown>];
  return Object.values(value).flatMap((one) => rulesIn(one, depth + 1));
}
