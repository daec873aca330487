/** Risks of a wave that come from its members themselves, and how well each kind of data is known. */
import { plural } from '../../base/text.ts';
import type { Wave, WaveRisk } from '../model/waves.ts';
import { WAVE_RULES } from '../rules/waves.ts';
import { namesOf, serversOf } from './conditions/condition.ts';
import type { Mover, WaveEstate } from './estate.ts';

interface RiskRule {
  severity: WaveRisk['severity'];
  of: (mover: Mover, estate: WaveEstate) => boolean;
  text: (movers: Mover[]) => string;
  mitigation: string;
}

const RISKS: readonly RiskRule[] = [
  {
    severity: 'high',
    of: ({ assessment }) =>
      assessment?.gates.some(({ severity, met }) => severity === 'blocker' && !met) ?? false,
    text: (movers) => `Something still stands in the way of ${namesOf(movers)}, by the assessment.`,
    mitigation: 'See to the open blockers before the night, or take these servers out of the wave.',
  },
  {
    severity: 'medium',
    of: ({ assessment }, { rules }) =>
      assessment !== null && assessment.confidence.stars < rules.value(WAVE_RULES.fewStars),
    text: (movers) => `Little is known of ${namesOf(movers)}, so that sizes may be wrong.`,
    mitigation: 'Collect longer, or watch the new machines closely in their first weeks.',
  },
  {
    severity: 'medium',
    of: ({ method, assessment }) =>
      method === 'p2v-hot' && (assessment?.roles.some((role) => /^(?:database|mail)$/iu.test(role)) ?? false),
    text: (movers) => `${namesOf(movers)} would be copied while databases or mail are being written.`,
    mitigation: 'Stop the service for the last pass of the copy, or move the data with its own means.',
  },
  {
    severity: 'low',
    of: ({ assessment }) =>
      assessment?.gates.some(({ severity, met }) => severity === 'warning' && !met) ?? false,
    text: (movers) => `${plural(movers.length, 'server')} with open warnings: ${namesOf(movers)}.`,
    mitigation: 'Go through the warnings of the assessment and tick off what is seen to.',
  },
  {
    severity: 'low',
    of: ({ criticality, facts }) => criticality === null || facts.annotations.environment === undefined,
    text: (movers) =>
      `Importance or environment of ${namesOf(movers)} was not told; production of normal importance was taken.`,
    mitigation: 'Ask the owners.',
  },
];

export function memberRisks(members: readonly Mover[], estate: WaveEstate): WaveRisk[] {
  return RISKS.flatMap(({ severity, of, text, mitigation }) => {
    const movers = members.filter((mover) => of(mover, estate));
    return movers.length === 0
      ? []
      : [{ severity, text: text(movers), mitigation, servers: serversOf(movers) }];
  });
}

const KNOWN: readonly {
  category: Wave['confidence'][number]['category'];
  of: (mover: Mover, estate: WaveEstate) => boolean;
}[] = [
  {
    category: 'inventory',
    of: ({ facts, complexity, sized }) => facts.inventory !== null && complexity > 0 && sized,
  },
  {
    category: 'dependencies',
    of: ({ id, facts }, { dependencies }) =>
      dependencies.known.has(id) || facts.annotations.dependsOn !== undefined,
  },
  { category: 'applications', of: ({ facts }) => (facts.annotations.applications ?? []).length > 0 },
  {
    category: 'business',
    of: ({ facts: { annotations } }) =>
      annotations.criticality !== undefined &&
      annotations.environment !== undefined &&
      annotations.owner !== undefined,
  },
];

export function confidenceOf(members: readonly Mover[], estate: WaveEstate): Wave['confidence'] {
  const { high, medium } = estate.rules.value(WAVE_RULES.levels);
  return KNOWN.map(({ category, of }) => {
    const known = members.filter((mover) => of(mover, estate)).length;
    const level =
      members.length === 0 || known < medium * members.length
        ? 'low'
        : known < high * members.length
          ? 'medium'
          : 'high';
    return { category, level };
  });
}
