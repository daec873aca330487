/**
 * Limits on time and memory of `ironlift report`, the whole command: opening the engagement, reading and assessing the
 * estate, and writing all formats. A browser that prints is a program of its own: its processor time counts, its memory is
 * not that of the command.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { formats } from '../../migration-core/report/formats.ts';
import { measureTree } from './measure.ts';
import type { PlanFigure } from './plan.ts';

const IRONLIFT = join(import.meta.dirname, '../../bin/ironlift.js');
const ALL = formats.map(({ id }) => id).join(',');

/** Seconds of processor time of all processes, bytes of memory of the command; absent: told, not judged. */
const RUNS: readonly { count: number; formats: string; seconds?: number; memory?: number }[] = [
  { count: 1000, formats: 'json' },
  { count: 1000, formats: 'html' },
  { count: 1000, formats: 'xlsx' },
  { count: 1000, formats: 'pdf' },
  { count: 1000, formats: ALL, seconds: 30, memory: 500e6 },
  { count: 10_000, formats: 'html', seconds: 60 },
];

export async function reportFigures(): Promise<PlanFigure[]> {
  const folder = mkdtempSync(join(tmpdir(), 'ironlift-bench-'));
  const figures: PlanFigure[] = [];
  try {
    for (const [run, { count, formats: wanted, seconds, memory }] of RUNS.entries()) {
      const engagement = join(folder, `${count}.ironlift`);
      if (!readdirSync(folder).includes(`${count}.ironlift`))
        execFileSync(process.execPath, [
          join(import.meta.dirname, 'report-part.ts'),
          String(count),
          engagement,
        ]);
      const out = join(folder, `run-${run}`);
      const { wall, cpu, peak, others } = await measureTree(process.execPath, [
        ...[IRONLIFT, 'report', '--engagement', engagement, '-o', out, '--format', wanted],
      ]);
      const bytes = readdirSync(out).reduce((sum, name) => sum + statSync(join(out, name)).size, 0);
      rmSync(out, { recursive: true });
      const browser = others === 0 ? '' : `, browser ${Math.round(others / 1e6)} MB`;
      figures.push({
        what: `report of ${count} servers: ${wanted === ALL ? 'all formats' : wanted}`,
        value: `${cpu.toFixed(1)} s (${wall.toFixed(1)} s by the clock), ${Math.round(peak / 1e6)} MB${browser}; ${(bytes / 1e6).toFixed(1)} MB written`,
        limit: [
          ...(seconds === undefined ? [] : [`${seconds} s`]),
          ...(memory === undefined ? [] : [`${memory / 1e6} MB`]),
        ].join(', '),
        missed: cpu > (seconds ?? Infinity) || peak > (memory ?? Infinity),
      });
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return figures;
}
