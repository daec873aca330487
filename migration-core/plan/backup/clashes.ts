/** What could not be settled, in sentences that name the times. */
import { formatSeconds, listed } from '../../base/text.ts';
import { clock } from '../build/units.ts';
import type { BackupPlan } from '../model/plan.ts';
import { predictedMinutes, type BackupJob } from './jobs.ts';

export interface Run {
  job: BackupJob;
  /** As planned; days of `job` are those of today. */
  days: readonly number[];
  startMinute: number;
  endMinute: number;
  settled: boolean;
}

type Clash = BackupPlan['clashes'][number];

const WORDS = [
  'no',
  'one',
  'two',
  'three',
  'four',
  'five',
  'six',
  'seven',
  'eight',
  'nine',
  'ten',
  'eleven',
  'twelve',
];
const DAY = 1440;
const inWords = (count: number): string => WORDS[count] ?? String(count);
const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
const minutesText = (minutes: number): string => formatSeconds(Math.round(minutes) * 60);

/** Minutes that two runs share on a common day, as seen from the first; null: none. */
function shared(a: Run, b: Run): { start: number; end: number } | null {
  // A run that passes midnight meets one of the next day: shifted by a day either way.
  for (const shift of [0, DAY, -DAY]) {
    const days = shift / DAY;
    if (!a.days.some((day) => b.days.includes((((day - days) % 7) + 7) % 7))) continue;
    const start = Math.max(a.startMinute, b.startMinute + shift);
    const end = Math.min(a.endMinute, b.endMinute + shift);
    if (start < end) return { start, end };
  }
  return null;
}

/**
 * Of one host: a sentence for each backup that found no time, those that clash with each other in one.
 * @param budget bytes/s the disks have for backups in the span of a run
 */
export function clashesOf(
  host: string,
  runs: readonly Run[],
  most: number,
  budget: (run: Run) => number,
): Clash[] {
  const clashes = new Map<string, Clash>();
  const told = new Set<Run>();
  for (const run of runs) {
    if (run.settled || told.has(run)) continue;
    const clash = tooLong(host, run) ?? overlap(host, run, runs, most, budget, told) ?? tooMuch(host, run);
    clashes.set(clash.text, clash);
  }
  return [...clashes.values()];
}

function tooLong(host: string, { job }: Run): Clash | null {
  const { start, end } = job.window;
  if (job.minutes <= end - start) return null;
  return {
    host,
    text: `The backup of ${nameOf(job)} on ${host} takes ${minutesText(job.minutes)}, and its window from ${clock(start)} to ${clock(end)} has ${minutesText(end - start)}.`,
    next: 'Widen the window, or save changed blocks only.',
  };
}

function overlap(
  host: string,
  run: Run,
  runs: readonly Run[],
  most: number,
  budget: (run: Run) => number,
  told: Set<Run>,
): Clash | null {
  const others = runs.filter((other) => other !== run && shared(run, other) !== null);
  if (others.length < most) return null;
  let { startMinute: start, endMinute: end } = run;
  const together = [run];
  for (const other of others) {
    const both = shared(run, other)!;
    // Only those that run at one moment overlap as a whole.
    if (Math.max(start, both.start) >= Math.min(end, both.end)) continue;
    start = Math.max(start, both.start);
    end = Math.min(end, both.end);
    together.push(other);
  }
  if (together.length <= most) return null;
  for (const one of together) told.add(one);
  const names = listed(together.map(({ job }) => nameOf(job)).sort());
  const asked = together.reduce((sum, { job }) => sum + job.timed[3]!, 0);
  const longer = predictedMinutes(run.job.minutes, 0, asked, budget(run));
  const slower =
    longer > run.job.minutes
      ? ` Together they ask for more than the disks have, so that that of ${nameOf(run.job)} would take ${minutesText(longer)} instead of ${minutesText(run.job.minutes)}.`
      : '';
  return {
    host,
    text: `${capital(inWords(together.length))} backups overlap on ${host} from ${clock(start)} to ${clock(end)} (${names}), and at most ${inWords(most)} may run at once.${slower}`,
    next: 'Widen their windows, back some of them up through a proxy, or allow one host more.',
  };
}

const tooMuch = (host: string, { job, startMinute, endMinute }: Run): Clash => ({
  host,
  text: `The backup of ${nameOf(job)} finds no time between ${clock(job.window.start)} and ${clock(job.window.end)} at which ${host} has enough left for it besides its other work; today it runs from ${clock(startMinute)} to ${clock(endMinute)}.`,
  next: 'Widen its window, back it up through a proxy, or save changed blocks only.',
});

const nameOf = (job: BackupJob): string => job.item.candidate.facts.name;
