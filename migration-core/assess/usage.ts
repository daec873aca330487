/** Whether a server has anything to do at all: classes of Azure Migrate (assessment model, section 1.1). */
import type { AssessmentContext } from './model/context.ts';
import type { ServerFacts } from './model/facts.ts';
import { healthyCoverage, idleLimits, systemMemory, zombieLimits } from './rules/verdict.ts';

export type UsageClass = 'active' | 'idle' | 'zombie' | 'unknown';

/** p95 in percent of what the server has; null: not measured, or what it has is not known. */
interface Loads {
  cpu: number | null;
  /** Beyond what a running system holds by itself. */
  memory: number | null;
  network: number | null;
}

/** `idle`: all three at or below the limits. `zombie`: processors, network and disks all round to nothing, well measured. */
export function usageOf(facts: ServerFacts, context: AssessmentContext): { class: UsageClass; text: string } {
  const { profile } = facts;
  if (profile === null)
    return { class: 'unknown', text: 'Whether it has anything to do is not known: it was never measured.' };
  const loads = loadsOf(facts, context);
  const { rules } = context;
  const idle = rules.value(idleLimits);
  const zombie = rules.value(zombieLimits);
  const over = (['cpu', 'memory', 'network'] as const).some(
    (name) => loads[name] !== null && loads[name] > idle[name],
  );
  if (over) return { class: 'active', text: `It is in use: ${words(loads)}.` };
  const operations = profile.diskOperations?.p95 ?? null;
  const coverage = Math.min(profile.cpu?.coverage ?? 0, profile.networkBytes?.coverage ?? 0);
  if (
    isBelow(loads.cpu, zombie.cpu) &&
    isBelow(loads.network, zombie.network) &&
    isBelow(operations, zombie.diskOperations) &&
    coverage >= rules.value(healthyCoverage)
  )
    return {
      class: 'zombie',
      text: `Retire it instead? In ${profile.days.toFixed(0)} days it did next to nothing: ${words(loads)}.`,
    };
  const missing = (['cpu', 'memory', 'network'] as const).filter((name) => loads[name] === null);
  if (missing.length > 0)
    return {
      class: 'unknown',
      text: `Whether it has anything to do is not known: ${missing.map((name) => LABELS[name]).join(' and ')} cannot be told.`,
    };
  return { class: 'idle', text: `Retire it instead? It has next to nothing to do: ${words(loads)}.` };
}

const LABELS = {
  cpu: 'the load of its processors',
  memory: 'the use of its memory',
  network: 'the load of its network',
} as const;
const isBelow = (value: number | null, limit: number): boolean => value !== null && value < limit;

function loadsOf({ profile, inventory }: ServerFacts, { rules }: AssessmentContext): Loads {
  const installed = inventory?.memoryBytes ?? 0;
  const used = profile?.memoryUsed?.p95;
  const uplink = profile?.busiestUplink?.p95 ?? null;
  return {
    cpu: profile?.cpu?.p95 ?? null,
    memory:
      used === undefined || installed === 0
        ? null
        : (100 * Math.max(0, used - rules.value(systemMemory))) / installed,
    network: uplink === null ? null : 100 * uplink,
  };
}

const words = (loads: Loads): string =>
  [
    loads.cpu === null ? '' : `processors ${loads.cpu.toFixed(1)} %`,
    loads.memory === null ? '' : `memory beyond the system's own ${loads.memory.toFixed(1)} %`,
    loads.network === null ? '' : `network ${loads.network.toFixed(1)} %`,
  ]
    .filter((text) => text !== '')
    .join(', ') + ' (p95)';
