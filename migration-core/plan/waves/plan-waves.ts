/**
 * Who moves when. The planner assigns waves; whatever else a plan of waves says (dates, durations, risks, problems) is
 * reckoned from who is in which wave, so that waves changed by hand are answered for exactly like the planner's own.
 */
import { listed } from '../../base/text.ts';
import type { ServerId } from '../../store/engagement.ts';
import type { Wave, WaveMember, WavePlan, WaveRisk } from '../model/waves.ts';
import { WAVE_RULES } from '../rules/waves.ts';
import { arrange } from './arrange.ts';
import { assignWaves } from './assign.ts';
import { datesOf, type CalendarAnswer, type Span } from './calendar.ts';
import { serversOf, type Arrangement, type Breach } from './conditions/condition.ts';
import { CONDITIONS } from './conditions/table.ts';
import { isoFromDays } from './dates.ts';
import { waveEstate, type Mover, type WaveEstate, type WavesInput } from './estate.ts';
import { confidenceOf, memberRisks } from './risks.ts';
import { gatesOf, peopleOf, rollbackOf, type GateScene } from './gates.ts';
import { latestKind } from './kinds.ts';
import { rank, type WaveKind } from './kind-order.ts';
import { scheduleOf, type Schedule } from './schedule.ts';

export type { WavesInput } from './estate.ts';

/** Waves are numbered by people: more digits are a slip of the finger. */
export const MAX_WAVE = 9999;

/** By the rules; servers that the consultant put into a wave (annotations) are in that one. */
export function planWaves(input: WavesInput): WavePlan {
  const estate = waveEstate(input);
  const waveOf = assignWaves(estate);
  for (const { id, facts } of estate.movers) {
    const wave = facts.annotations.wave;
    if (wave === null) waveOf.delete(id);
    else if (wave !== undefined && wave <= MAX_WAVE) waveOf.set(id, wave);
  }
  return answer(estate, waveOf);
}

/** Where the planner puts them by itself, whatever was decided by hand. */
export const plannersOwn = (input: WavesInput): Map<ServerId, number> => assignWaves(waveEstate(input));

/** As they are given; servers that are not named move in no wave. */
export const rebuildWaves = (input: WavesInput, waveOf: ReadonlyMap<ServerId, number>): WavePlan =>
  answer(waveEstate(input), waveOf);

/** Who is in which wave of a plan. */
export const assignmentOf = ({ waves }: WavePlan): Map<ServerId, number> =>
  new Map(waves.flatMap(({ number, members }) => members.map(({ server }) => [server, number] as const)));

function answer(estate: WaveEstate, waveOf: ReadonlyMap<ServerId, number>): WavePlan {
  const { input, rules } = estate;
  const { calendar } = input.scenario;
  const arrangement = arrange(estate, waveOf);
  const schedules = new Map(
    arrangement.waves.map(({ number, members }) => [number, scheduleOf(members, calendar)]),
  );
  const dates = datesOf(
    arrangement.waves.map(({ number, members }) => ({
      number,
      members,
      nights: schedules.get(number)!.nights,
    })),
    calendar,
    rules.value(WAVE_RULES.daysBetween),
  );
  const breaches = [
    ...CONDITIONS.flatMap(({ broken }) => broken?.(arrangement, estate) ?? []),
    ...barredButMoving(arrangement),
    ...calendarBreaches(arrangement, schedules, dates, estate),
  ];
  const risks = new Map<number, WaveRisk[]>();
  for (const { wave, severity, text, mitigation, servers } of breaches)
    risks.set(wave, [...(risks.get(wave) ?? []), { severity, text, mitigation, servers }]);
  return {
    waves: arrangement.waves.map((_, at) => waveAt(at, arrangement, schedules, dates, risks, estate)),
    outside: [
      ...estate.movers
        .filter(({ id }) => !arrangement.waveOf.has(id))
        .map((mover) => ({ server: mover.id, name: mover.name, why: whyOutside(mover, estate) })),
      ...estate.strangers,
    ],
    problems: [
      ...breaches.filter(({ problem }) => problem).map(({ text }) => text),
      ...dates.remarks,
      ...acrossClasses(estate),
    ],
    notes: [...estate.dependencies.remarks, ...infrastructureTold(estate)],
  };
}

function waveAt(
  at: number,
  { waves }: Arrangement,
  schedules: ReadonlyMap<number, Schedule>,
  dates: CalendarAnswer,
  risks: ReadonlyMap<number, WaveRisk[]>,
  estate: WaveEstate,
): Wave {
  const { number, kind, members } = waves[at]!;
  const { copyMinutes, testMinutes } = schedules.get(number)!;
  const production = members.some((mover) => mover.production);
  const hosts = new Set(waves.slice(0, at + 1).flatMap((wave) => wave.members.map(({ host }) => host)));
  const scene: GateScene = {
    kind,
    members,
    production,
    opening: production && !waves.slice(0, at).some((wave) => wave.members.some((one) => one.production)),
    hosts:
      members.length === 0
        ? []
        : estate.input.plan.hosts.map(({ name }) => name).filter((name) => hosts.has(name)),
    estate,
  };
  const dated = dates.dates.get(number);
  return {
    number,
    title: titleOf(at, waves),
    kind,
    members: members.map((mover) => memberOf(mover, kind, estate)),
    starts: dated?.starts ?? null,
    ends: dated?.ends ?? null,
    accepted: dated?.accepted ?? null,
    pieces: dated?.pieces ?? [],
    copyMinutes,
    testMinutes,
    people: peopleOf(scene),
    gates: gatesOf(scene),
    rollback: rollbackOf(scene),
    risks: [...(risks.get(number) ?? []), ...memberRisks(members, estate)],
    confidence: confidenceOf(members, estate),
  };
}

const TITLES: Record<WaveKind, string> = {
  lab: 'Lab',
  test: 'Test and development',
  'first-production': 'First production',
  production: 'Production',
  important: 'Important production',
  critical: 'Critical production and databases',
};

function titleOf(at: number, waves: Arrangement['waves']): string {
  const { kind } = waves[at]!;
  const same = waves.filter((wave) => wave.kind === kind);
  return same.length === 1
    ? TITLES[kind]
    : `${TITLES[kind]}, ${same.indexOf(waves[at]!) + 1} of ${same.length}`;
}

function memberOf(mover: Mover, kind: WaveKind, estate: WaveEstate): WaveMember {
  const { id, name, priority, method, copyMinutes, testMinutes, own, group } = mover;
  const why = [own.why];
  if (group !== null) why.push(group.pilot === id ? `Pilot of ${group.title}.` : `One of ${group.title}.`);
  const applications = mover.facts.annotations.applications ?? [];
  if (applications.length > 0) why.push(`With its application ${listed(applications)}.`);
  if (rank(kind) > rank(own.kind) && mover.production)
    why.push(
      mover.unitRank > rank(own.kind)
        ? 'It waits for what it depends on or moves with.'
        : 'It moves later than it might: there was no room before, or it was put here by hand.',
    );
  const told = estate.dependencies.infrastructure.get(id);
  if (told !== undefined) why.push(`${told} Others do not wait for it.`);
  return { server: id, name, priority, method, copyMinutes, testMinutes, why: why.join(' ') };
}

function whyOutside(mover: Mover, estate: WaveEstate): string {
  if (mover.barred !== null) return mover.barred;
  const latest = latestKind(estate);
  return latest !== null && mover.production ? latest.why : 'It was taken out of the waves by hand.';
}

/** By hand only: the planner leaves them outside. */
const barredButMoving = ({ waves }: Arrangement): Breach[] =>
  waves.flatMap(({ number, members }) =>
    members
      .filter(({ barred }) => barred !== null)
      .map((mover) => ({
        wave: number,
        severity: 'high' as const,
        text: `${mover.name} was put into wave ${number} by hand. ${mover.barred!}`,
        mitigation: 'See to the reason first, or take it out of the wave.',
        servers: [mover.id],
        problem: true,
      })),
  );

function calendarBreaches(
  { waves }: Arrangement,
  schedules: ReadonlyMap<number, Schedule>,
  { dates, without, frozen, narrowed }: CalendarAnswer,
  { input }: WaveEstate,
): Breach[] {
  const { nightsPerWave, start } = input.scenario.calendar;
  const breaches: Breach[] = [];
  if (without.length > 0)
    breaches.push({
      wave: without[0]!,
      severity: 'high',
      text: `No night is left for wave ${without[0]!}${without.length > 1 ? ` and the ${without.length - 1} after it` : ''}: the freezes cover every day after it could begin, from ${start!} on.`,
      mitigation: 'Shorten a freeze, or begin earlier.',
      servers: [],
      problem: true,
    });
  for (const { number, members } of waves) {
    const { nights } = schedules.get(number)!;
    if (nights > nightsPerWave)
      breaches.push({
        wave: number,
        severity: 'medium',
        text: `Wave ${number} takes ${nights} nights, more than the ${nightsPerWave} a wave is given.`,
        mitigation: 'Split it, run more copies side by side, or give it more nights.',
        servers: serversOf(members),
        problem: true,
      });
  }
  for (const { number, members } of waves) {
    const dated = dates.get(number);
    if (dated === undefined) continue;
    const { pieces, stepsOver } = dated;
    if (stepsOver.nights.length > 0)
      breaches.push({
        wave: number,
        severity: 'medium',
        text: `Wave ${number} steps over ${freezesTold(stepsOver.nights)}: its nights are ${listed(pieces.map(({ starts, ends }) => (starts === ends ? starts : `${starts} to ${ends}`)))}, and nothing of it is done between.`,
        mitigation:
          'Split it there, so that no server is copied before a freeze and cut over after it, or run more copies side by side.',
        servers: serversOf(members),
        problem: true,
      });
    if (stepsOver.acceptance.length > 0)
      breaches.push({
        wave: number,
        severity: 'low',
        text: `Tests and signatures of wave ${number} step over ${freezesTold(stepsOver.acceptance)} and end on ${dated.accepted!}.`,
        mitigation: 'Have the gates signed before the freeze, or begin the wave after it.',
        servers: serversOf(members),
        problem: false,
      });
  }
  for (const { wave, mover, why } of frozen)
    breaches.push({
      wave,
      severity: 'high',
      text: `Every night of wave ${wave} lies in a freeze of ${mover.name}${why === '' ? '' : ` (${why})`}.`,
      mitigation: 'Move it in another wave, or have its owner lift the freeze for one night.',
      servers: [mover.id],
      problem: true,
    });
  for (const { wave, mover, why, free } of narrowed)
    breaches.push({
      wave,
      severity: 'low',
      text: `Some nights of wave ${wave} lie in a freeze of ${mover.name}${why === '' ? '' : ` (${why})`}: it moves on ${free} or in another night outside it.`,
      mitigation: 'Tell whoever copies it the night.',
      servers: [mover.id],
      problem: false,
    });
  return breaches;
}

/** `the freeze from 2027-12-24 to 2028-01-06 (Year end)`; of many the first. */
function freezesTold(freezes: readonly Span[]): string {
  const [{ from, to, why }] = freezes as [Span];
  const first = `${from === to ? 'on' : `from ${isoFromDays(from)} to`} ${isoFromDays(to)}${why === '' ? '' : ` (${why})`}`;
  return freezes.length === 1
    ? `the freeze ${first}`
    : `${freezes.length} freezes, the first of them ${first}`;
}

/** Test and production that need each other: never in one wave, so one of them goes without the other for a time. */
function acrossClasses({ dependencies, byId }: WaveEstate): string[] {
  const pairs = new Set<string>();
  const sentences: string[] = [];
  for (const { from, to, strength } of dependencies.edges) {
    const [a, b] = [byId.get(from)!, byId.get(to)!];
    if (
      strength !== 'weak' &&
      !dependencies.infrastructure.has(from) &&
      !dependencies.infrastructure.has(to)
    ) {
      if (a.production === b.production) continue;
      if (pairs.has(`${to} ${from}`))
        sentences.push(
          `${a.name} and ${b.name} depend on each other, but one is production and the other is not: they never share a wave, so that ${a.production ? b.name : a.name} moves first and they talk across two worlds meanwhile.`,
        );
      pairs.add(`${from} ${to}`);
    }
  }
  return sentences;
}

/** Why the estate is not one large wave. */
function infrastructureTold({ dependencies: { infrastructure }, byId }: WaveEstate): string[] {
  if (infrastructure.size === 0) return [];
  const names = [...infrastructure.keys()].map((id) => byId.get(id)!.name);
  return [
    `Servers that everybody uses order nobody and tie nobody together, for they are reached over the network from both worlds; they move by their own importance: ${listed(names)}.`,
  ];
}
