/** The planner's limits on time and memory, each measured in a process of its own (plan-part.ts). */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import type { Part } from './plan-part.ts';

const MEMORY = 600e6;
/** Limits are seconds of processor time for the whole; of `characterise` for each server. */
const PARTS: readonly { what: string; count: number; limit: number; each?: boolean }[] = [
  { what: 'pack', count: 100, limit: 0.1 },
  { what: 'pack', count: 1000, limit: 0.5 },
  { what: 'pack', count: 10_000, limit: 3 },
  { what: 'plan', count: 1000, limit: 2 },
  { what: 'plan', count: 10_000, limit: 10 },
  { what: 'characterise', count: 200, limit: 0.003, each: true },
  { what: 'reassess', count: 1000, limit: 1 },
];

export interface PlanFigure {
  what: string;
  value: string;
  limit: string;
  missed: boolean;
  /** Processor time of its parts; '' for those that have none. */
  stages?: string;
}

export function planFigures(): PlanFigure[] {
  return PARTS.map(({ what, count, limit, each }) => {
    const script = join(import.meta.dirname, 'plan-part.ts');
    const printed = execFileSync(process.execPath, [script, what, String(count)], { encoding: 'utf8' });
    const { cpu, peak, note, stages } = JSON.parse(printed) as Part;
    const figure = each === true ? cpu / count : cpu;
    return {
      what: `${what}, ${count} servers (${note})`,
      value: `${figure.toFixed(each === true ? 4 : 2)} s, ${Math.round(peak / 1e6)} MB`,
      limit: `${limit} s, ${MEMORY / 1e6} MB`,
      missed: figure > limit || peak > MEMORY,
      stages: Object.entries(stages ?? {})
        .map(([stage, seconds]) => `${stage} ${seconds.toFixed(2)} s`)
        .join(', '),
    };
  });
}
