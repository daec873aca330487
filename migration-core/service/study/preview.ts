/** What another scenario or another rule pack would change, before it is kept. */
import type { Output } from '../../contract/contract.ts';
import { build } from '../../plan/build/problem.ts';
import type { Scenario } from '../../plan/model/scenario.ts';
import { planRequestOf, type AssessedStudy, type StudyOptions } from '../../plan/study.ts';
import { whatIfAssessments } from '../../plan/what-if.ts';
import { whatIfView } from './show-plan.ts';

const SHOWN = 200;

export function scenarioPreview(
  before: AssessedStudy,
  after: AssessedStudy,
  options: StudyOptions,
): Output<'scenarios.preview'> {
  const built = build(planRequestOf(after, options));
  return {
    whatIf: whatIfView(whatIfAssessments(before.estate, after.estate)),
    conflicts: [...contradictions(after.scenario), ...built.warnings].slice(0, SHOWN),
    unplaceable: built.refused.slice(0, SHOWN).map(({ name, why, next }) => ({ name, why, next })),
    verdicts: { before: counted(before), after: counted(after) },
  };
}

function counted({ estate }: AssessedStudy): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { verdict } of estate.assessments) counts[verdict] = (counts[verdict] ?? 0) + 1;
  return counts;
}

/** Lists that cannot both be kept: who must stay together and apart, or together on two hosts. */
export function contradictions({ together, apart, pinned }: Scenario): string[] {
  const groups: Set<string>[] = [];
  for (const list of together) {
    const names = list.map((name) => name.toLowerCase());
    const overlapping = groups.filter((group) => names.some((name) => group.has(name)));
    const merged = new Set([...overlapping.flatMap((group) => [...group]), ...names]);
    for (const old of overlapping) groups.splice(groups.indexOf(old), 1);
    groups.push(merged);
  }
  const told: string[] = [];
  for (const list of apart)
    for (const group of groups) {
      const both = list.filter((name) => group.has(name.toLowerCase()));
      if (both.length > 1)
        told.push(
          `${both[0]!} and ${both[1]!} are to stay together and to stay apart; take them out of one of the lists.`,
        );
    }
  for (const group of groups) {
    const pins = pinned.filter(({ server }) => group.has(server.toLowerCase()));
    const other = pins.find(({ host }) => host !== pins[0]?.host);
    if (other !== undefined)
      told.push(
        `${pins[0]!.server} and ${other.server} are to stay together, but are pinned to ${pins[0]!.host} and ${other.host}; let go of one pin.`,
      );
  }
  for (const list of apart) {
    const pins = pinned.filter(({ server }) =>
      list.some((name) => name.toLowerCase() === server.toLowerCase()),
    );
    const same = pins.find((pin, at) => pins.slice(0, at).some(({ host }) => host === pin.host));
    if (same !== undefined)
      told.push(
        `${list.join(', ')} are to stay apart, but two of them are pinned to ${same.host}; let go of one pin.`,
      );
  }
  return told;
}
