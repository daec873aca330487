/**
 * How much work a core does, in reference cores: one core of a server with two sockets of 2017 is one core unit. Percent of
 * processor use are turned into core units before anything is added, for a core of 2007 is a third of a modern one
 * (assessment model, section 4). Threads are never counted: what they add is in every score already.
 */
import type { HostTemplate } from '../model/host.ts';
import type { Reason } from '../model/assessment.ts';
import type { ServerFacts } from '../model/facts.ts';
import {
  CPU_BY_YEAR,
  CPU_REFERENCE_MEGAHERTZ,
  CPU_REFERENCE_SCORE,
  CPU_UNCERTAINTY,
  CPU_UNKNOWN,
} from '../rules/cpu.ts';
import type { Rule, RuleBook } from '../rules/pack.ts';
import { cpuFamily } from './cpu-year.ts';

/** What a score rests on, best first. A table by model is not shipped: published results are not ours to give away. */
export type ScoreBasis = 'entered' | 'launch-year' | 'megahertz' | 'unknown';

export interface CpuScore {
  /** Core units of one core. */
  perCore: number;
  cores: number;
  basis: ScoreBasis;
  /** Of launch, where it was used. */
  year: number | null;
  /** 0.2 is twenty per cent. */
  uncertainty: number;
  reason: Reason;
}

export interface CpuFacts {
  cores: number;
  /** SPECrate2017_int_base of the whole server. */
  score?: number | undefined;
  launchYear?: number | undefined;
  model?: string | undefined;
  megahertz?: number | undefined;
}

/** @param who begins the sentence: `The server`, `The host` */
export function scoreCpu(who: string, facts: CpuFacts, rules: RuleBook): CpuScore {
  const { cores, score, model, megahertz } = facts;
  const made = (
    basis: ScoreBasis,
    perCore: number,
    year: number | null,
    text: string,
    ...rests: Rule<unknown>[]
  ): CpuScore => ({
    perCore,
    cores,
    basis,
    year,
    uncertainty: rules.value(CPU_UNCERTAINTY[basis]),
    reason: {
      tone: 'note',
      text: `${who} has ${cores} ${cores === 1 ? 'core' : 'cores'} of ${perCore.toFixed(2)} core units each: ${text}.`,
      value: perCore,
      rules: [...rests, CPU_UNCERTAINTY[basis]].map((one) => rules.cite(one)),
    },
  });

  if (score !== undefined)
    return made(
      'entered',
      score / cores / rules.value(CPU_REFERENCE_SCORE),
      null,
      `its SPECrate2017_int_base of ${score} was entered`,
      CPU_REFERENCE_SCORE,
    );
  const family = model === undefined ? null : cpuFamily(model);
  const year = facts.launchYear ?? family?.year;
  if (year !== undefined) {
    const { nearest, perCore } = byYear(year, rules);
    const from =
      facts.launchYear === undefined ? `${family!.name} came to market in ${year}` : `it is of ${year}`;
    const outside = nearest === year ? '' : `, and ${nearest} is the nearest year that there are figures of`;
    return made('launch-year', perCore, year, from + outside, CPU_BY_YEAR);
  }
  if (megahertz !== undefined && megahertz > 0)
    return made(
      'megahertz',
      megahertz / rules.value(CPU_REFERENCE_MEGAHERTZ),
      null,
      `its processor is not known by name, so the clock of ${Math.round(megahertz)} MHz was compared`,
      CPU_REFERENCE_MEGAHERTZ,
    );
  return made(
    'unknown',
    rules.value(CPU_UNKNOWN),
    null,
    'neither a score nor year, name or clock of its processor is known',
    CPU_UNKNOWN,
  );
}

/** Of two years as near the earlier one. */
function byYear(year: number, rules: RuleBook): { nearest: number; perCore: number } {
  const table = rules.value(CPU_BY_YEAR);
  const years = Object.keys(table)
    .map(Number)
    .sort((a, b) => a - b);
  let nearest = years[0]!;
  for (const one of years) if (Math.abs(one - year) < Math.abs(nearest - year)) nearest = one;
  return { nearest, perCore: table[String(nearest)]! };
}

/** Cores of a server, of all its kinds of processors; where a tool counted threads only, these. null: unknown. */
export function coresOf({ inventory }: ServerFacts): number | null {
  let cores = 0;
  for (const processor of inventory?.processors ?? []) cores += processor.cores ?? processor.threads ?? 0;
  return cores > 0 ? cores : null;
}

/** Logical processors; null: unknown. */
export function threadsOf({ inventory }: ServerFacts): number | null {
  let threads = 0;
  for (const processor of inventory?.processors ?? []) threads += processor.threads ?? processor.cores ?? 0;
  return threads > 0 ? threads : null;
}

/** @returns null where the number of cores is unknown */
export function serverScore(facts: ServerFacts, rules: RuleBook): CpuScore | null {
  const cores = coresOf(facts);
  if (cores === null) return null;
  const processor = facts.inventory?.processors?.find((one) => (one.cores ?? one.threads ?? 0) > 0);
  const { cpuScore, launchYear } = facts.annotations;
  return scoreCpu(
    'The server',
    { cores, score: cpuScore, launchYear, model: processor?.model, megahertz: processor?.megahertz },
    rules,
  );
}

export const hostScore = (host: HostTemplate, rules: RuleBook): CpuScore =>
  scoreCpu(
    'The host',
    {
      cores: host.cores,
      score: host.cpuScore,
      launchYear: host.launchYear,
      model: host.cpuModel,
      megahertz: host.megahertz,
    },
    rules,
  );

/** Core units of so many per cent of all logical processors. */
export const coreUnits = (percent: number, { cores, perCore }: Pick<CpuScore, 'cores' | 'perCore'>): number =>
  (percent / 100) * cores * perCore;
