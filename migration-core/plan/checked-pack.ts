/** The engine's answer, looked over: a server that went missing in it must not go unseen. */
import { IronliftError } from '../base/errors.ts';
import type { Scenario } from './model/scenario.ts';
import type { PackingOptions, PackingProblem, PackingResult } from './packing/problem.ts';
import type { PackingEngine } from './planning.ts';

/** `effort` null: no search. */
export interface PackingQuestion extends Omit<PackingOptions, 'rounds'> {
  effort: Scenario['effort'] | null;
}

/** Questions without items or without hosts are answered without the engine. @throws INTERNAL, CANCELLED */
export function checkedPack(
  engine: PackingEngine,
  problem: PackingProblem,
  { effort, ...options }: PackingQuestion,
): PackingResult {
  if (problem.items.length === 0 || problem.hosts.length === 0)
    return {
      hosts: [],
      unplaced: problem.items.map(({ key }) => ({ item: key, why: { kind: 'no-host' } })),
      bound: { hosts: 0, by: 'sum', resource: 0 },
    };
  const result = engine.pack(problem, {
    ...options,
    rounds: effort === null ? 0 : engine.roundsFor(problem, effort),
  });
  const told = [...result.hosts.flatMap(({ items }) => items), ...result.unplaced.map(({ item }) => item)];
  const unknown = new Set(problem.items.map(({ key }) => key));
  for (const key of told) unknown.delete(key);
  if (told.length !== problem.items.length || unknown.size > 0)
    throw new IronliftError('INTERNAL', 'The packing of the servers lost one or placed one twice.', {
      next: 'Please report this together with the engagement file.',
      data: { items: problem.items.length, told: told.length },
    });
  return result;
}
