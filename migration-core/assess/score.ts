/** The score of a server, 0 to 100: parts that are each full up to a limit, nothing from another on, and a straight line between. */
import type { Citation, Rule } from './rules/pack.ts';
import * as rules from './rules/score.ts';
import { downtimes, hotPossible } from './gates/applications.ts';
import { cannotCluster, isLegacy } from './gates/assurance.ts';
import { isOpen, percent, short, type Subject } from './gates/gate.ts';
import type { Assessment, Gate } from './model/assessment.ts';

/** What the load parts are held against; shares of one host, 0 to 1. null: not known. */
export interface Figures {
  cpu: number | null;
  memory: number | null;
  disk: number | null;
  network: number | null;
  burst: number | null;
}
export type FigureName = keyof Figures;
export const SHARES = ['cpu', 'memory', 'disk', 'network'] as const;

export const FIGURE_TITLES: Record<FigureName, string> = {
  cpu: 'load of its processors',
  memory: 'need of memory',
  disk: 'load of its disks',
  network: 'load of its network',
  burst: 'peak over median of its disks',
};
export const FIGURE_RULES = {
  cpu: rules.scoreCpu,
  memory: rules.scoreMemory,
  disk: rules.scoreDisk,
  network: rules.scoreNetwork,
  burst: rules.scoreBurst,
} as const;

export interface ScorePart {
  id: string;
  title: string;
  weight: number;
  value: number | null;
  /** What `points` were given for, 0 to 1. */
  fraction: number;
  points: number;
  /** Said as part of a sentence: "the load of its disks is 8 % of one host". */
  clause: string;
  rule: Rule<unknown>;
  bonus: boolean;
}
export interface Score {
  total: number;
  parts: ScorePart[];
}

const finite = (value: number | null | undefined): number | null =>
  value !== null && value !== undefined && Number.isFinite(value) && value >= 0 ? value : null;

/** @param hostCpu core units of the host of the context */
export function figuresOf({ sized, context }: Subject, hostCpu: number): Figures {
  if (sized === null) return { cpu: null, memory: null, disk: null, network: null, burst: null };
  return {
    cpu: hostCpu > 0 ? finite(sized.demand.cpu / hostCpu) : null,
    memory: finite(sized.demand.memoryBytes / context.host.memoryBytes),
    disk: finite(sized.io.storageShare),
    network: finite(sized.io.networkShare),
    burst: finite(sized.io.burstiness),
  };
}

/** 1 up to `green`, 0 from `red` on. */
export const onLine = (value: number, { green, red }: rules.Line): number =>
  value <= green ? 1 : value >= red ? 0 : (red - value) / (red - green);

export const figureText = (name: FigureName, value: number): string =>
  name === 'burst' ? value.toFixed(1) : `${percent(value)} of one host`;

/** @param gates those found: open ones cost points of support */
export function scoreOf(subject: Subject, figures: Figures, gates: readonly Gate[]): Score {
  const unknown = subject.context.rules.value(rules.scoreUnknown);
  const loads = (Object.keys(FIGURE_RULES) as FigureName[]).map((name) =>
    loadPart(subject, name, figures[name], unknown),
  );
  const parts = [
    ...loads,
    hardwarePart(subject, unknown, gates),
    supportPart(subject, gates),
    operationsPart(subject, unknown),
  ];
  let sum = parts.reduce((total, part) => total + part.points, 0);
  const most = subject.context.rules.value(rules.scoreMaximum);
  const share = subject.context.rules.value(rules.bonusShare);
  // A bonus makes up for a part of what is missing and never hides all of it; what is said of it is what it gave.
  for (const bonus of bonuses(subject)) {
    const points = Math.max(0, Math.min(bonus.weight, share * (most - sum)));
    parts.push({ ...bonus, points, fraction: bonus.weight > 0 ? points / bonus.weight : 0 });
    sum += points;
  }
  // To a tenth: what is shown is what decides.
  return { total: Math.round(Math.min(most, Math.max(0, sum)) * 10) / 10, parts };
}

function part(
  id: string,
  title: string,
  weight: number,
  value: number | null,
  fraction: number,
  clause: string,
  rule: Rule<unknown>,
): ScorePart {
  return { id, title, weight, value, fraction, points: weight * fraction, clause, rule, bonus: false };
}

function loadPart(
  { context, sized }: Subject,
  name: FigureName,
  value: number | null,
  unknown: number,
): ScorePart {
  const rule = FIGURE_RULES[name];
  const line = context.rules.value(rule);
  const title = FIGURE_TITLES[name];
  if (value === null) return part(name, title, line.weight, null, unknown, `the ${title} is not known`, rule);
  const basis =
    sized?.basis === 'measured'
      ? ''
      : sized?.basis === 'application'
        ? ' by its application card'
        : ' as configured';
  const detail = name === 'disk' && sized !== null ? ` (${sized.io.class} class)` : '';
  return part(
    name,
    title,
    line.weight,
    value,
    onLine(value, line),
    `the ${title} is ${figureText(name, value)}${basis}${detail}`,
    rule,
  );
}

/** What devices that no virtual machine has cost of the part comes off what its drivers are worth. */
function hardwarePart(subject: Subject, unknown: number, gates: readonly Gate[]): ScorePart {
  const drivers = driversPart(subject, unknown);
  const { costs } = subject.context.rules.value(rules.scoreHardware);
  const { open, cost, told } = openCosts(gates, costs);
  if (open === 0) return drivers;
  const fraction = Math.max(0, drivers.fraction - cost);
  return {
    ...drivers,
    value: drivers.value === null ? null : fraction,
    fraction,
    points: drivers.weight * fraction,
    clause: `its hardware needs more than drivers (${told})`,
  };
}

function driversPart({ context, release, facts }: Subject, unknown: number): ScorePart {
  const { weight, perDriver, emulated, driversToInject } = context.rules.value(rules.scoreHardware);
  const make = (value: number | null, fraction: number, clause: string): ScorePart =>
    part('hardware', 'drivers and hardware', weight, value, fraction, clause, rules.scoreHardware);
  const { platform } = context;
  if (platform.architecture === 'os') return make(1, 1, `${platform.name} needs no drivers`);
  const name = release?.title ?? short(facts.inventory?.operatingSystem?.name ?? 'its system');
  if (platform.drivers === undefined || platform.drivers === 'none' || platform.devices === 'emulated')
    return make(emulated, emulated, `${platform.name} offers ${name} emulated devices only`);
  const drivers = release?.drivers[platform.drivers];
  if (drivers === undefined)
    return make(null, unknown, `whether ${name} has drivers for ${platform.name} is not known`);
  if (drivers === 'built-in') return make(1, 1, `${name} has the drivers for ${platform.name} built in`);
  if (drivers === 'none')
    return make(emulated, emulated, `there are no paravirtual drivers of ${platform.name} for ${name}`);
  const value = Math.max(0, 1 - perDriver * driversToInject);
  return make(value, value, `${driversToInject} drivers for ${platform.name} are put into ${name}`);
}

function supportPart({ context }: Subject, gates: readonly Gate[]): ScorePart {
  const { weight, costs } = context.rules.value(rules.scoreSupport);
  const { open, cost, told } = openCosts(gates, costs);
  const value = Math.max(0, 1 - cost);
  const clause =
    open === 0
      ? 'nothing is known against its support and licences'
      : `support and licences have gaps (${told})`;
  return part('support', 'support and licences', weight, value, value, clause, rules.scoreSupport);
}

/** Open gates that cost points, what they cost together as a share of the part, and their names. */
function openCosts(
  gates: readonly Gate[],
  costs: Readonly<Record<string, number>>,
): { open: number; cost: number; told: string } {
  const open = gates.filter(
    (gate) => isOpen(gate) && gate.unknown === undefined && Object.hasOwn(costs, gate.id),
  );
  return {
    open: open.length,
    cost: open.reduce((sum, { id }) => sum + costs[id]!, 0),
    told: open.map(({ id, title }) => `${id}: ${title}`).join(', '),
  };
}

function operationsPart(subject: Subject, unknown: number): ScorePart {
  const { weight } = subject.context.rules.value(rules.scoreOperations);
  const make = (value: number | null, fraction: number, clause: string): ScorePart =>
    part('operations', 'downtime for the move', weight, value, fraction, clause, rules.scoreOperations);
  const allowed = subject.facts.annotations.downtimeMinutes;
  const times = downtimes(subject);
  if (allowed === undefined || times === null)
    return make(null, unknown, 'the downtime it may have is not known');
  const needed = hotPossible(subject) ? Math.min(times.hot, times.cold) : times.cold;
  const value = needed <= allowed ? 1 : allowed / needed;
  return make(
    value,
    value,
    `${Math.round(allowed)} minutes of downtime are allowed where the move needs ${Math.ceil(needed)}`,
  );
}

function bonuses(subject: Subject): ScorePart[] {
  const { context } = subject;
  const bonus = (
    id: string,
    title: string,
    points: number,
    clause: string,
    rule: Rule<unknown>,
  ): ScorePart => ({
    ...part(id, title, points, 1, 1, clause, rule),
    bonus: true,
  });
  return [
    ...(cannotCluster(subject)
      ? [
          bonus(
            'cannot-cluster',
            'critical and cannot be clustered',
            context.rules.value(rules.bonusCannotCluster),
            'it is critical, cannot be clustered, and gains failover by moving',
            rules.bonusCannotCluster,
          ),
        ]
      : []),
    ...(isLegacy(subject)
      ? [
          bonus(
            'legacy',
            'rescue of an old system',
            context.rules.value(rules.bonusLegacy),
            `${subject.release!.title} finds no new hardware any more and is rescued by moving`,
            rules.bonusLegacy,
          ),
        ]
      : []),
  ];
}

export const partsOf = (score: Score, cite: (rule: Rule<unknown>) => Citation): Assessment['parts'] =>
  score.parts.map(({ id, title, weight, value, points, rule }) => ({
    id,
    title,
    weight,
    value,
    // To a hundredth, for the eye.
    points: Math.round(points * 100) / 100,
    rules: [cite(rule)],
  }));
