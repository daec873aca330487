/**
 * Backups in time (SR-125, SR-126): first at their present time, else moved inside of their window, else with the machine
 * on another host for that time, else through a proxy; what is left is said. Duration and demand are those on the target.
 */
import type { RuleBook } from '../assess/rules/pack.ts';
import { clashesOf, type Run } from './backup/clashes.ts';
import { jobsOf, predictedMinutes, type BackupJob } from './backup/jobs.ts';
import { HostNight } from './backup/night.ts';
import { placedAt, presentStart, Times, type Placed } from './backup/times.ts';
import { offered } from './build/capacity.ts';
import { monthEndSlot, slotsTouched, type Extra, type PlannedItem } from './build/items.ts';
import type { Built } from './build/problem.ts';
import { FIXED } from './build/units.ts';
import type { BackupPlan } from './model/plan.ts';
import type { OpenHost } from './open-hosts.ts';
import type { PlanRequest } from './planning.ts';
import { BACKUP } from './rules/backup.ts';

/**
 * Plans the backups of all machines on `hosts`, whose sums must be of production alone, and puts them into the sums of
 * the hosts and beside the demands of the items.
 */
export function planBackups(request: PlanRequest, built: Built, hosts: readonly OpenHost[]): BackupPlan {
  const planner = new BackupPlanner(request, built, hosts);
  return planner.plan();
}

class BackupPlanner {
  readonly #request: PlanRequest;
  readonly #rules: RuleBook;
  readonly #built: Built;
  readonly #nights: HostNight[];
  readonly #most: number;
  readonly #foes = new Map<string, Set<string>>();
  readonly #extras = new Map<PlannedItem, Extra[]>();
  /** Rooms taken by machines that visit a host, in the order of FIXED; as if all came at once. */
  readonly #visitors = new Map<HostNight, number[]>();

  readonly #homes = new Map<string, HostNight>();
  /** The one segment that a host has. */
  readonly #segments = new Map<HostNight, string>();
  /** Keys of items that do not leave their host for a backup. */
  readonly #bound: ReadonlySet<string>;

  constructor(request: PlanRequest, built: Built, hosts: readonly OpenHost[]) {
    this.#request = request;
    this.#rules = request.rules;
    this.#built = built;
    this.#most = this.#rules.value(BACKUP.maxConcurrent);
    this.#nights = hosts.map((host) => new HostNight(built, host, this.#most));
    this.#bound = new Set([
      ...built.rules.together.flat(),
      ...built.rules.gathered.flatMap(({ items }) => items),
    ]);
    for (const night of this.#nights)
      for (const { key, segment } of night.host.items) {
        this.#homes.set(key, night);
        if (segment !== undefined) this.#segments.set(night, segment);
      }
    for (const set of built.rules.apart)
      for (const key of set) {
        const foes = this.#foes.get(key) ?? new Set();
        for (const other of set) if (other !== key) foes.add(other);
        this.#foes.set(key, foes);
      }
  }

  plan(): BackupPlan {
    const plan: BackupPlan = { runs: [], clashes: [], hostJobs: this.#nights.map(({ host }) => host.name) };
    const waiting: { night: HostNight; times: Times }[] = [];
    const step = this.#rules.value(BACKUP.step);
    const { scales } = this.#built;
    const runs = new Map<HostNight, Run[]>(this.#nights.map((night) => [night, []]));
    const settle = (night: HostNight, job: BackupJob, { extra }: Placed, on = night): void => {
      if (on === night) runs.get(night)!.push({ job, ...extra, settled: true });
      this.#report(plan, job, extra, on.host.name, on === night ? null : night.host.name);
    };

    for (const night of this.#nights) {
      const jobs = night.host.items.flatMap((item) => jobsOf(this.#request, item));
      for (const job of jobs.sort(tightestFirst)) {
        if (job.method === 'proxy') {
          settle(night, job, placedAt(job, presentStart(job), scales));
          continue;
        }
        const times = new Times(job, step, this.#built.scales);
        const placed = this.#findTime(night, times);
        if (placed === null) {
          waiting.push({ night, times });
          continue;
        }
        night.put(placed.extra);
        this.#remember(job, placed.extra);
        settle(night, job, placed);
      }
    }
    // Only when all have had their turn at home is it known what room a host has for guests.
    for (const { night, times } of waiting) {
      const { job } = times;
      const visit = this.#findHost(night, times);
      if (visit !== null) {
        const { demand: production } = job.item;
        visit.night.put(visit.placed.extra, production);
        night.leave(visit.placed.extra, production);
        settle(night, job, visit.placed, visit.night);
      } else if (job.proxyAllowed && night.host.kind.template.storage === 'shared') {
        const byProxy: BackupJob = { ...job, method: 'proxy', timed: job.timed.map(() => 0) };
        settle(night, byProxy, placedAt(byProxy, presentStart(byProxy), scales));
      } else {
        const { extra } = placedAt(job, presentStart(job), scales);
        night.put(extra);
        this.#remember(job, extra);
        runs.get(night)!.push({ job, ...extra, settled: false });
        this.#report(plan, job, extra, night.host.name, null);
      }
    }
    for (const night of this.#nights) {
      const here = runs.get(night)!.filter(({ job }) => job.method !== 'proxy');
      plan.clashes.push(
        ...clashesOf(night.host.name, here, this.#most, (run) => this.#budgetWithout(night, run)),
      );
      night.host.used = night.used;
    }
    for (const [item, extras] of this.#extras) item.backups = extras;
    plan.runs.sort((a, b) => a.server - b.server || a.startMinute - b.startMinute);
    return plan;
  }

  #report(plan: BackupPlan, job: BackupJob, extra: Extra, host: string, from: string | null): void {
    const { startMinute, endMinute } = extra;
    plan.runs.push({
      server: job.item.candidate.facts.id,
      host,
      days: extra.days.toSorted((a, b) => a - b),
      startMinute,
      endMinute,
      relocatedFrom: from,
      movedFrom: startMinute === job.startMinute ? null : job.startMinute,
      method: job.method,
    });
  }

  #remember(job: BackupJob, extra: Extra): void {
    const extras = this.#extras.get(job.item);
    if (extras === undefined) this.#extras.set(job.item, [extra]);
    else extras.push(extra);
  }

  /** The nearest time inside of the window at which few enough others run and the host has room. */
  #findTime(night: HostNight, times: Times, guest?: Uint16Array): Placed | null {
    const { job, word } = times;
    // What had no turn gets none: backups are only ever added. A longer one starts no earlier and ends no sooner.
    if ((night.turnless.get(word) ?? Infinity) <= job.minutes) return null;
    let turns = 0;
    for (let at = 0; ; at++) {
      const time = times.at(at);
      if (time === null) {
        if (turns === 0) night.turnless.set(word, job.minutes);
        return null;
      }
      const { start, placed: alone } = time;
      if (!night.hasTurn(alone.extra)) continue;
      turns++;
      // By itself it may be slowed by what the disks have left. Beside others it would slow them as well.
      const placed = night.isQuiet(alone.extra) ? slowed(night, times, start, alone) : alone;
      if (placed === null || start + span(placed) > job.window.end) continue;
      if ((placed === alone || night.hasTurn(placed.extra)) && night.fits(placed.extra, placed.units, guest))
        return placed;
    }
  }

  /** Another host that takes the machine for the time of its backup. */
  #findHost(home: HostNight, times: Times): { night: HostNight; placed: Placed } | null {
    const { item } = times.job;
    if (item.pinned || home.host.kind.template.storage !== 'shared') return null;
    for (const night of this.#nights) {
      if (night === home || !this.#mayVisit(night, item)) continue;
      const placed = this.#findTime(night, times, item.demand);
      if (placed === null) continue;
      const visitors = this.#visitors.get(night) ?? FIXED.map(() => 0);
      this.#visitors.set(
        night,
        visitors.map((value, at) => value + item.needs[at]!),
      );
      return { night, placed };
    }
    return null;
  }

  #mayVisit(night: HostNight, item: PlannedItem): boolean {
    const { kind, needs } = night.host;
    if (kind.template.storage !== 'shared' || item.hosts?.includes(kind.key) === false) return false;
    const segment = this.#segments.get(night);
    if (segment !== undefined && item.segment !== undefined && segment !== item.segment) return false;
    for (const foe of this.#foes.get(item.key) ?? []) if (this.#homes.get(foe) === night) return false;
    // Machines that stay together stay together for the backup, and licensed ones on the hosts of their licences.
    if (this.#bound.has(item.key)) return false;
    const visitors = this.#visitors.get(night);
    return item.needs.every((value, at) => needs[at]! + (visitors?.[at] ?? 0) + value <= night.room[at]!);
  }

  /** What the disks would have for all runs of a span together: `used` holds them already. */
  #budgetWithout(night: HostNight, run: Run): number {
    const { host } = night;
    const { capacity } = offered(host.kind, this.#built.usual, this.#built.scales);
    const row = 3;
    // The sums of the host are of production until the plan is done.
    const { slots, slotMinutes } = this.#built;
    const usedAt = (slot: number): number => host.used[row * slots + slot]!;
    const busiest = slotsTouched(run, slotMinutes).reduce((most, slot) => {
      const monthEnd = monthEndSlot(slot, this.#built);
      return Math.max(most, usedAt(slot), monthEnd === null ? 0 : usedAt(monthEnd));
    }, 0);
    return Math.max(0, capacity[row]! - busiest) / this.#built.scales[row]!;
  }
}

const span = ({ extra }: Placed): number => extra.endMinute - extra.startMinute;

/** A run alone on a host whose disks have less left than it asks for: longer, at what is left. null: they have nothing. */
function slowed(night: HostNight, { job, scales }: Times, start: number, alone: Placed): Placed | null {
  const asked = job.timed[3]!;
  const budget = night.diskBudget(alone.extra);
  if (asked <= budget) return alone;
  if (budget <= 0) return null;
  const minutes = predictedMinutes(job.minutes, 0, asked, budget);
  // A longer run meets other hours: whether it fits them is looked at by who asks.
  return placedAt(job, start, scales, minutes, minutes / job.minutes);
}

const length = ({ window }: BackupJob): number => window.end - window.start;

/** Those with the least room in their windows choose first; of alike ones the earlier, then the older server. */
const tightestFirst = (a: BackupJob, b: BackupJob): number =>
  length(a) - a.minutes - (length(b) - b.minutes) ||
  a.startMinute - b.startMinute ||
  a.item.candidate.facts.id - b.item.candidate.facts.id;
