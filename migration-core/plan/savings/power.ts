/**
 * What a server draws, in watts: the best that is known of it, never more than is known. Measured before labelled before
 * looked up by its year before looked up by its processor (assessment model, section 12).
 */
import type { ServerFacts } from '../../assess/model/facts.ts';
import type { RuleBook } from '../../assess/rules/pack.ts';
import type { HostTemplate } from '../../assess/model/host.ts';
import { POWER_RULES } from '../rules/savings.ts';
import type { PowerData } from './power-data.ts';

/** `linear` as Cloud Carbon Footprint reckons; `fan` is the curve of Fan, Weber and Barroso (2007). */
export type PowerModel = 'linear' | 'fan';
export type PowerBasis = 'measured' | 'nameplate' | 'launch-year' | 'processor' | 'template';

export interface PowerDraw {
  /** Mean. */
  watts: number;
  basis: PowerBasis;
  /** Sentences that are true of how it was come by, the same words for the same case, so that they can be counted. */
  assumptions: string[];
}

/** How processors' names are looked at: longer ones are cut, none is longer in earnest. */
const MAX_MODEL = 200;

/** The n-th root of a number from 0 to 1 by Newton's steps: plain arithmetic, so that it is the same on every machine. */
function root(value: number, n: number): number {
  if (value <= 0) return 0;
  let at = 1;
  for (let step = 0; step < 200; step++) {
    const power = whole(at, n - 1);
    const next = ((n - 1) * at + value / power) / n;
    // From above the steps only fall; where they no longer do, this is as near as doubles come.
    if (!(next < at)) break;
    at = next;
  }
  return at;
}

function whole(value: number, exponent: number): number {
  let product = 1;
  for (let i = 0; i < exponent; i++) product *= value;
  return product;
}

/** @param use 0 to 1 */
export function wattsAt(idle: number, peak: number, use: number, model: PowerModel, rules: RuleBook): number {
  const u = Math.min(1, Math.max(0, use));
  if (model === 'linear') return idle + (peak - idle) * u;
  const { numerator, denominator } = rules.value(POWER_RULES.fanExponent);
  return idle + (peak - idle) * (2 * u - whole(root(u, denominator), numerator));
}

/** @returns null where nothing is known that watts could be reckoned from */
export function serverPower(
  facts: ServerFacts,
  model: PowerModel,
  rules: RuleBook,
  data: PowerData,
): PowerDraw | null {
  const { measuredWatts, nameplateWatts, launchYear } = facts.annotations;
  if (measuredWatts !== undefined)
    return {
      watts: measuredWatts,
      basis: 'measured',
      assumptions: ['What was measured at the socket is taken as the mean of the year.'],
    };
  if (nameplateWatts !== undefined) {
    const share = rules.value(POWER_RULES.nameplate);
    return {
      watts: nameplateWatts * share,
      basis: 'nameplate',
      assumptions: [`A server draws ${percent(share)} of what its label says.`],
    };
  }
  const { use, assumption } = useOf(facts);
  const sockets = socketsOf(facts);
  if (launchYear !== undefined) {
    const { row, remark } = yearRow(launchYear, data);
    const factor = (sockets ?? data.launchYears.sockets) / data.launchYears.sockets;
    return {
      watts: wattsAt(row.idleWatts, row.peakWatts, use, model, rules) * factor,
      basis: 'launch-year',
      assumptions: [
        'A server of known launch year draws the median of published results of that year, in proportion to its processors; results are tuned, so that real servers draw rather more at rest.',
        ...(sockets === null ? ['A server whose number of processors is not known has two.'] : []),
        ...remark,
        ...assumption,
      ],
    };
  }
  const architecture = architectureOf(facts, data);
  if (architecture === null) return null;
  const { threads, entry } = architecture;
  return {
    watts: wattsAt(entry.minWatts, entry.maxWatts, use, model, rules) * threads,
    basis: 'processor',
    assumptions: [
      'A server known by its processor alone draws the published watts of that processor generation for each logical processor; disks, fans and power supplies are not in them.',
      ...assumption,
    ],
  };
}

/** Of a host as its template describes it, at a mean use of 0 to 1. */
export function hostPower(
  template: HostTemplate,
  use: number,
  model: PowerModel,
  rules: RuleBook,
  data: PowerData,
): PowerDraw | null {
  const { idleWatts, peakWatts, launchYear, sockets } = template;
  if (idleWatts !== undefined && peakWatts !== undefined)
    return { watts: wattsAt(idleWatts, peakWatts, use, model, rules), basis: 'template', assumptions: [] };
  if (launchYear === undefined) return null;
  const { row, remark } = yearRow(launchYear, data);
  return {
    watts: (wattsAt(row.idleWatts, row.peakWatts, use, model, rules) * sockets) / data.launchYears.sockets,
    basis: 'launch-year',
    assumptions: [
      'A host without figures of its own draws the median of published results of its launch year, in proportion to its processors.',
      ...remark,
    ],
  };
}

function useOf({ profile }: ServerFacts): { use: number; assumption: string[] } {
  if (profile?.cpu != null) return { use: profile.cpu.mean / 100, assumption: [] };
  // The lowest it can be: what is saved is not made larger by what is not known.
  return {
    use: 0,
    assumption: ['A server whose processors were not measured draws what it draws at rest.'],
  };
}

/** null: not known. */
function socketsOf({ inventory }: ServerFacts): number | null {
  const kinds = inventory?.processors ?? [];
  let sum = 0;
  for (const { sockets } of kinds) {
    if (sockets === undefined || sockets === 0) return null;
    sum += sockets;
  }
  return sum === 0 ? null : sum;
}

function yearRow(
  year: number,
  { launchYears: { years } }: PowerData,
): { row: PowerData['launchYears']['years'][number]; remark: string[] } {
  let row = years[0]!;
  for (const one of years) if (Math.abs(one.year - year) < Math.abs(row.year - year)) row = one;
  const remark =
    row.year === year
      ? []
      : [`A machine of ${year} draws as much as one of ${row.year}, the nearest year there are figures for.`];
  return { row, remark };
}

function architectureOf(
  { inventory }: ServerFacts,
  { architectures }: PowerData,
): { threads: number; entry: PowerData['architectures']['entries'][number] } | null {
  const processor = inventory?.processors?.[0];
  if (processor === undefined || processor.threads === undefined || processor.threads === 0) return null;
  const name = processor.model.slice(0, MAX_MODEL);
  const entry = architectures.entries.find(({ model }) => new RegExp(model, 'iu').test(name));
  return entry === undefined ? null : { threads: processor.threads, entry };
}

const percent = (share: number): string => `${Math.round(share * 1000) / 10} %`;
