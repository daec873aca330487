/**
 * Rule packs of an engagement as far as they are sound. One that a stranger damaged must not keep a person from seeing the
 * servers: it is left out, and said so wherever verdicts are shown.
 */
import type { EstateProblem } from '../../assess/read-estate.ts';
import { parseRulePack, shippedRulePacks, type RulePack } from '../../assess/rules/pack.ts';
import { isIronliftError } from '../../base/errors.ts';
import { parseScenario, type Scenario } from '../../plan/model/scenario.ts';
import { DEFAULT_SCENARIO } from '../../plan/kept.ts';
import type { EngagementFile } from '../../store/engagement.ts';
import { checkPack } from './rules.ts';

export interface DamagedPack {
  /** As the engagement calls it. */
  id: string;
  /** What is wrong, one or more sentences. */
  why: string;
}

export interface SoundPacks {
  packs: Map<string, RulePack>;
  damaged: DamagedPack[];
}

export function soundRulePacks(engagement: EngagementFile): SoundPacks {
  const packs = shippedRulePacks();
  const damaged: DamagedPack[] = [];
  const note = (id: string, error: unknown): void => {
    if (!isIronliftError(error)) throw error;
    damaged.push({ id, why: error.message });
  };
  const own = new Set<string>();
  for (const { name } of engagement.documents('rule-pack')) {
    try {
      const pack = parseRulePack(JSON.stringify(engagement.document('rule-pack', name)), name);
      own.add(pack.id);
      packs.set(pack.id, pack);
    } catch (error) {
      note(name, error);
    }
  }
  // One that rests on another goes with it, so until nothing changes any more.
  for (let before = -1; before !== damaged.length;) {
    before = damaged.length;
    for (const id of own) {
      try {
        checkPack(id, packs);
      } catch (error) {
        note(id, error);
        own.delete(id);
        const shipped = shippedRulePacks().get(id);
        if (shipped === undefined) packs.delete(id);
        else packs.set(id, shipped);
      }
    }
  }
  return { packs, damaged };
}

/** The scenario with rules that can be used: where its own are damaged, those that every scenario begins with. */
export function withSoundRules(scenario: Scenario, { packs, damaged }: SoundPacks): Scenario {
  if (packs.has(scenario.rulePack) || !damaged.some(({ id }) => id === scenario.rulePack)) return scenario;
  return { ...scenario, rulePack: parseScenario({ name: DEFAULT_SCENARIO }).rulePack };
}

/** For whoever reads the verdicts. @param wanted the rule pack that the scenario names, and the one that was used */
export function damageOf(
  damaged: readonly DamagedPack[],
  { wanted, used }: { wanted: string; used: string },
): EstateProblem[] {
  return damaged.map(({ id, why }) => ({
    server: null,
    name: id,
    message: `The rule pack ${id} of this engagement is damaged and was left out. ${why}`,
    next:
      id === wanted
        ? `The verdicts are held against ${used} meanwhile: take the pack in again, or choose another one under Sizing and rules.`
        : 'Take it in again under Sizing and rules, or remove it there.',
  }));
}
