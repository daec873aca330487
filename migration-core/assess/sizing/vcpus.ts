/** Virtual processors. */
import type { AssessmentContext } from '../model/context.ts';
import type { Reason } from '../model/assessment.ts';
import type { ServerFacts } from '../model/facts.ts';
import { VCPU_UTILISATION, VCPU_WINDOWS_MINIMUM } from '../rules/cpu.ts';
import { threadsOf, type CpuScore } from './cpu-score.ts';

/** Sums of fractions are a hair beside whole numbers; nobody buys a processor for that. */
const HAIR = 1e-9;

/**
 * @param units core units asked of the host, comfort included
 * @param percent of the source's processors that is, comfort included: above 100 it may get more than it has
 */
export function sizeVcpus(
  facts: ServerFacts,
  units: number,
  percent: number,
  host: CpuScore,
  { rules }: AssessmentContext,
): { vcpus: number; reasons: Reason[] } {
  const wanted = Math.max(1, Math.ceil(units / (host.perCore * rules.value(VCPU_UTILISATION)) - HAIR));
  const threads = threadsOf(facts);
  const isCapped = threads !== null && percent <= 100 && wanted > threads;
  const least =
    facts.inventory?.operatingSystem?.family === 'windows' ? rules.value(VCPU_WINDOWS_MINIMUM) : 1;
  const vcpus = Math.max(isCapped ? threads : wanted, least);
  const why = isCapped
    ? `, no more than the ${threads} it has`
    : vcpus > wanted
      ? `, the least for Windows`
      : '';
  return {
    vcpus,
    reasons: [
      {
        tone: 'note',
        text: `It gets ${vcpus} virtual ${vcpus === 1 ? 'processor' : 'processors'} for ${units.toFixed(2)} core units on cores of ${host.perCore.toFixed(2)}${why}.`,
        value: units,
        rules: [
          rules.cite(VCPU_UTILISATION),
          ...(vcpus > wanted && !isCapped ? [rules.cite(VCPU_WINDOWS_MINIMUM)] : []),
        ],
      },
    ],
  };
}
