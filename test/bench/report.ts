/** Limits on time and memory of reports, each estate in a process of its own (report-part.ts). */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PlanFigure } from './plan.ts';
import type { ReportPart } from './report-part.ts';

/** Seconds of processor time for the report and all data formats; bytes of memory beyond those of the estate. */
const ESTATES = [{ count: 1000, formats: 'xlsx,csv,json', limit: 10, memory: 500e6 }] as const;

export function reportFigures(): PlanFigure[] {
  return ESTATES.flatMap(({ count, formats, limit, memory }) => {
    const script = join(import.meta.dirname, 'report-part.ts');
    const folder = mkdtempSync(join(tmpdir(), 'ironlift-bench-'));
    let printed: string;
    try {
      const file = join(folder, 'estate');
      execFileSync(process.execPath, [script, 'make', String(count), file]);
      printed = execFileSync(process.execPath, [script, 'write', file, formats], { encoding: 'utf8' });
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
    const { steps, before, peak } = JSON.parse(printed) as ReportPart;
    const all = steps.reduce((sum, { cpu }) => sum + cpu, 0);
    return [
      ...steps.map(({ what, cpu, wall, bytes }) => ({
        what: `${what}, ${count} servers`,
        value: `${cpu.toFixed(2)} s (${wall.toFixed(2)} s by the clock)${bytes === 0 ? '' : `, ${(bytes / 1e6).toFixed(1)} MB`}`,
        ...{ limit: '', missed: false },
      })),
      {
        what: `all of it, ${count} servers`,
        value: `${all.toFixed(2)} s, ${Math.round((peak - before) / 1e6)} MB of memory beyond the ${Math.round(before / 1e6)} MB of the estate`,
        limit: `${limit} s, ${memory / 1e6} MB`,
        missed: all > limit || peak - before > memory,
      },
    ];
  });
}
