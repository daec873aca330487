/** The backups of a plan before they are put in time: how long each takes, when it may run, and by which method. */
import type { BackupDemand } from '../../assess/model/demand.ts';
import type { RuleBook } from '../../assess/rules/pack.ts';
import type { PlannedItem } from '../build/items.ts';
import { growthFactor } from '../build/units.ts';
import type { PlanRequest } from '../planning.ts';
import { BACKUP } from '../rules/backup.ts';

export type BackupMethod = 'agent' | 'host' | 'proxy';

export interface BackupJob {
  item: PlannedItem;
  method: BackupMethod;
  /** A proxy may take it where nothing else helps. */
  proxyAllowed: boolean;
  days: number[];
  /** Where it starts today, minutes after midnight. */
  startMinute: number;
  /** Minutes it takes by itself, devices of the target included. */
  minutes: number;
  /** It must run inside of this; the end may be on the next day and so above 1440. */
  window: { start: number; end: number; told: boolean };
  /** On top of production while it runs: in the order of RESOURCES. */
  timed: number[];
}

const DAY = 1440;
const EVERY_DAY = [0, 1, 2, 3, 4, 5, 6];

/** Length of a span of minutes that may pass midnight; a whole day where start and end are the same. */
const span = (start: number, end: number): number => (((end - start) % DAY) + DAY) % DAY || DAY;
/** Minutes from `start` to `minute`, going forward over midnight. */
const after = (start: number, minute: number): number => (((minute - start) % DAY) + DAY) % DAY;

/**
 * Predicted duration: T x (1 + overhead of the devices) x contention, contention being what all runs ask for at once over
 * what the host has for them, and never below 1 (assessment model, section 8).
 */
export const predictedMinutes = (minutes: number, overhead: number, asked: number, budget: number): number =>
  minutes * (1 + overhead) * Math.max(1, budget > 0 ? asked / budget : 1);

/** Jobs of one server; none where its backups are not known or it has none. */
export function jobsOf(request: PlanRequest, item: PlannedItem): BackupJob[] {
  const { rules, platform } = request;
  const { annotations, profile } = item.candidate.facts;
  if (annotations.backup?.method === 'none') return [];
  const overhead = rules.value(
    platform.devices === 'emulated' ? BACKUP.ioOverheadEmulated : BACKUP.ioOverheadParavirtual,
  );
  const { method, proxyAllowed } = methodOf(item, rules);
  return (profile?.backup ?? []).map((demand) => {
    const { minutes, factor } = lengthOf(demand, rules);
    return {
      item,
      method,
      proxyAllowed,
      days: demand.days.length === 0 ? EVERY_DAY : [...new Set(demand.days)].sort((a, b) => a - b),
      startMinute: demand.startMinute % DAY,
      minutes: method === 'proxy' ? minutes : predictedMinutes(minutes, overhead, 0, 0),
      window: windowOf(demand, minutes, item, rules),
      timed: demandOf(request, item, demand, method, factor),
    };
  });
}

/** Of a backup that was only told, the window is known and its length is not: what it reads at an assumed rate is taken. */
function lengthOf(demand: BackupDemand, rules: RuleBook): { minutes: number; factor: number } {
  const minutes = span(demand.startMinute, demand.endMinute);
  if (demand.basis === 'seen') return { minutes, factor: 1 };
  const rate = rules.value(BACKUP.assumedRate);
  if (demand.diskBytes <= 0 || demand.diskBytes >= rate) return { minutes, factor: 1 };
  const shorter = Math.max(1, Math.ceil((minutes * demand.diskBytes) / rate));
  return { minutes: shorter, factor: minutes / shorter };
}

function windowOf(
  demand: BackupDemand,
  minutes: number,
  item: PlannedItem,
  rules: RuleBook,
): BackupJob['window'] {
  const windows = item.candidate.facts.annotations.backup?.windows ?? [];
  // Of several told ones, the one it starts in; else the first.
  const told =
    windows.find(
      ({ startMinute, endMinute }) => after(startMinute, demand.startMinute) < span(startMinute, endMinute),
    ) ?? windows[0];
  if (told !== undefined) {
    const start = told.startMinute % DAY;
    return { start, end: start + span(told.startMinute, told.endMinute), told: true };
  }
  if (demand.basis === 'told') {
    const start = demand.startMinute % DAY;
    return { start, end: start + span(demand.startMinute, demand.endMinute), told: true };
  }
  // Never narrower than what it takes today.
  const night = { start: rules.value(BACKUP.windowStart), end: rules.value(BACKUP.windowEnd) };
  const length = span(night.start, night.end);
  const begins = after(night.start, demand.startMinute);
  if (begins + minutes <= length) return { start: night.start, end: night.start + length, told: false };
  const start = demand.startMinute % DAY;
  return { start, end: start + minutes, told: false };
}

/** SR-127, SR-129: an image of the whole machine where it bears a freeze; an agent for what must be saved from inside. */
function methodOf(item: PlannedItem, rules: RuleBook): { method: BackupMethod; proxyAllowed: boolean } {
  const { annotations } = item.candidate.facts;
  const fromInside = item.candidate.assessment.roles.some((role) =>
    rules.value(BACKUP.agentRoles).includes(role),
  );
  const proxyAllowed = annotations.backup?.toleratesFreeze ?? !fromInside;
  const wanted = annotations.backup?.method;
  if (wanted !== undefined && wanted !== 'none')
    return { method: wanted, proxyAllowed: proxyAllowed && wanted !== 'agent' };
  return { method: proxyAllowed ? 'host' : 'agent', proxyAllowed };
}

/** Agent: processors, disks and network of the machine; host: no network of the machine; proxy: nothing of the host. */
function demandOf(
  { scenario }: PlanRequest,
  item: PlannedItem,
  demand: BackupDemand,
  method: BackupMethod,
  factor: number,
): number[] {
  if (method === 'proxy') return [0, 0, 0, 0, 0];
  const growth = growthFactor(scenario.growth, scenario.years);
  // What a per cent of the old processors takes on the target has grown already.
  const cores = demand.cpu * item.candidate.sized.demand.cpuUnitsPerPercent;
  const network = method === 'agent' ? demand.networkBytes : 0;
  const grown = [demand.diskOperations, demand.diskBytes, network].map((value) => value * growth);
  return [cores, 0, ...grown].map((value) => (Number.isFinite(value) && value > 0 ? value * factor : 0));
}
