/** All that is known of the servers when waves are made: one record for each, and how they hang together. */
import type { Assessment } from '../../assess/model/assessment.ts';
import type { EstateAssessment } from '../../assess/model/context.ts';
import type { ServerFacts } from '../../assess/model/facts.ts';
import type { SimilarityGroup } from '../../assess/model/groups.ts';
import type { PlatformProfile } from '../../assess/model/platform.ts';
import type { RuleBook } from '../../assess/rules/pack.ts';
import type { ServerId } from '../../store/engagement.ts';
import type { Criticality } from '../../store/model/annotations.ts';
import type { Plan } from '../model/plan.ts';
import type { Scenario } from '../model/scenario.ts';
import { WAVE_RULES } from '../rules/waves.ts';
import {
  binds,
  findDependencies,
  type Dependency,
  type DependencyMap,
  type Sighting,
} from './dependencies.ts';
import { rank, type OwnKind } from './kind-order.ts';
import { barred, ownKind } from './kinds.ts';
import { complexityOf, highestCosts, priorityOf, type HighestCosts, type IoKnown } from './priority.ts';
import { unitsOf, type Unit } from './units.ts';

/** Ten years: a copy that takes longer takes for ever, and numbers stay whole. */
const MAX_MINUTES = 10 * 366 * 24 * 60;

export interface WavesInput {
  facts: readonly ServerFacts[];
  estate: EstateAssessment;
  plan: Plan;
  scenario: Scenario;
  platform: PlatformProfile;
  rules: RuleBook;
  /** ISO date: what support dates are held against. */
  today: string;
  /** More looks at the connections of servers than the one of their inventories. */
  samples?: ReadonlyMap<ServerId, readonly Sighting[]>;
}

/** A server as the wave planner sees it. */
export interface Mover {
  id: ServerId;
  name: string;
  facts: ServerFacts;
  assessment: Assessment | null;
  /** Disaster recovery and unknown ones are production. */
  production: boolean;
  lab: boolean;
  criticality: Criticality | null;
  io: IoKnown;
  /** 1 easy to 4; 0: not known. */
  complexity: number;
  priority: number;
  method: string;
  /** The copy must fit into the window: the server stands still meanwhile. */
  standsStill: boolean;
  copyMinutes: number;
  /** The size is known. */
  sized: boolean;
  testMinutes: number;
  group: SimilarityGroup | null;
  /** Of the plan; null: none. */
  host: string | null;
  osVirtualization: boolean;
  /** Why the plan does not move it; null: it moves. */
  stays: string | null;
  own: OwnKind;
  /** Rank of the kind its unit may move in at the earliest. */
  unitRank: number;
  /** Why it is in no wave of the planner, by the plan or by a condition; null: it is in one. */
  barred: string | null;
}

export interface WaveEstate {
  input: WavesInput;
  rules: RuleBook;
  /** Ascending by id. */
  movers: readonly Mover[];
  byId: ReadonlyMap<ServerId, Mover>;
  dependencies: DependencyMap;
  /** Those that order and tie, both ends known, in one environment class. */
  binding: readonly Dependency[];
  windowMinutes: number;
  /** What moves as one, of all that move; each after those it needs. */
  units: readonly Unit[];
  /** In the plan, but nothing is known of them any more. */
  strangers: readonly { server: ServerId; name: string; why: string }[];
}

export function waveEstate(input: WavesInput): WaveEstate {
  const { facts, rules, scenario } = input;
  const places = placesOf(input);
  const assessments = new Map(input.estate.assessments.map((one) => [one.server, one]));
  const groups = new Map<ServerId, SimilarityGroup>();
  for (const group of input.estate.groups)
    for (const member of group.members) if (!groups.has(member)) groups.set(member, group);
  const windowMinutes = Math.min(MAX_MINUTES, Math.floor(scenario.calendar.windowHours * 60));
  const costs = highestCosts(facts);
  const known = new Map(facts.map((one) => [one.id, one]));
  const movers = [...known.values()]
    .sort((a, b) => a.id - b.id)
    .map((one) =>
      moverOf(
        one,
        assessments.get(one.id) ?? null,
        groups.get(one.id) ?? null,
        places,
        input,
        windowMinutes,
        costs,
      ),
    );
  const byId = new Map(movers.map((mover) => [mover.id, mover]));
  const dependencies = findDependencies([...known.values()], rules, input.samples);
  const estate: WaveEstate = {
    input,
    rules,
    movers,
    byId,
    dependencies,
    binding: dependencies.edges.filter(
      (edge) =>
        binds(edge, dependencies) && byId.get(edge.from)!.production === byId.get(edge.to)!.production,
    ),
    windowMinutes,
    units: [],
    strangers: [...places]
      .filter(([server]) => !byId.has(server))
      .map(([server, { name }]) => ({
        server,
        name,
        why: 'The plan has it, but nothing is known of it any more: plan again.',
      })),
  };
  for (const mover of movers) {
    mover.own = ownKind(mover, estate);
    mover.unitRank = rank(mover.own.kind);
    mover.barred = barred(mover, estate);
  }
  return { ...estate, units: unitsOf(estate) };
}

interface Place {
  name: string;
  host: string | null;
  osVirtualization: boolean;
  stays: string | null;
}

function placesOf({ plan, facts }: WavesInput): Map<ServerId, Place> {
  const places = new Map<ServerId, Place>();
  for (const { server, name, why } of plan.elsewhere)
    places.set(server, { name, host: null, osVirtualization: false, stays: why });
  for (const { server, name, why, next } of plan.unplaced)
    places.set(server, { name, host: null, osVirtualization: false, stays: `${why} ${next}` });
  for (const { servers } of plan.osGroups)
    for (const server of servers)
      places.set(server, {
        name: places.get(server)?.name ?? String(server),
        host: null,
        osVirtualization: true,
        stays: null,
      });
  for (const { name: host, servers } of plan.hosts)
    for (const { server, name } of servers)
      places.set(server, { name, host, osVirtualization: false, stays: null });
  for (const { id, name } of facts)
    if (!places.has(id))
      places.set(id, {
        name,
        host: null,
        osVirtualization: false,
        stays: 'It is not part of the plan.',
      });
  return places;
}

function moverOf(
  facts: ServerFacts,
  assessment: Assessment | null,
  group: SimilarityGroup | null,
  places: ReadonlyMap<ServerId, Place>,
  input: WavesInput,
  windowMinutes: number,
  costs: HighestCosts,
): Mover {
  const { rules, scenario } = input;
  const { environment, criticality } = facts.annotations;
  const place = places.get(facts.id)!;
  const method = assessment?.method ?? 'p2v-cold';
  const testMinutes = rules.value(WAVE_RULES.reconfigure) + rules.value(WAVE_RULES.tests);
  const bytes = assessment?.sized?.copyBytes ?? null;
  const rate = scenario.calendar.copyBytesPerSecond ?? rules.value(WAVE_RULES.rate);
  const factor = method === 'rebuild' || method === 'application' ? rules.value(WAVE_RULES.fileFactor) : 1;
  const io = assessment?.sized?.io.class ?? 'unknown';
  const complexity = complexityOf(facts, assessment, rules);
  const leaves = method === 'retire' || method === 'stay';
  return {
    id: facts.id,
    name: facts.name,
    facts,
    assessment,
    production:
      environment === undefined || environment === 'production' || environment === 'disaster-recovery',
    lab: environment === 'lab',
    criticality: criticality ?? null,
    io,
    complexity,
    priority: priorityOf({ facts, assessment, io, complexity, alike: group !== null, costs }, input),
    method: place.osVirtualization ? 'os-virtualization' : method,
    standsStill: method === 'p2v-cold' || method === 'v2v',
    // What is not known takes a whole night: planned too long rather than too short.
    copyMinutes:
      bytes === null
        ? Math.max(0, windowMinutes - testMinutes)
        : Math.min(MAX_MINUTES, Math.ceil((bytes * factor) / rate / 60)),
    sized: bytes !== null,
    testMinutes,
    group,
    host: place.host,
    osVirtualization: place.osVirtualization,
    stays:
      place.stays ??
      (leaves
        ? method === 'retire'
          ? 'It is to be switched off, not moved.'
          : 'Its assessment says that it stays as it is.'
        : null),
    // What the conditions say needs the whole estate, and is put in last.
    own: { kind: 'production', why: '' },
    unitRank: 0,
    barred: null,
  };
}
