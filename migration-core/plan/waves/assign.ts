/** Puts units into waves: kind after kind, within a kind by priority, never before what a unit needs. */
import type { ServerId } from '../../store/engagement.ts';
import { PRIORITY_RULES, WAVE_RULES } from '../rules/waves.ts';
import type { Mover, WaveEstate } from './estate.ts';
import { KINDS, rank, type WaveKind } from './kind-order.ts';
import { latestKind } from './kinds.ts';
import { scheduleOf } from './schedule.ts';
import type { Unit } from './units.ts';

/** Units that were looked at in vain before a wave is closed: the rest is no better. */
const MAX_MISSES = 100;

/** @returns the wave of each server that moves; others are in none */
export function assignWaves(estate: WaveEstate): Map<ServerId, number> {
  const { units } = estate;
  const latest = latestKind(estate);
  const last = latest === null ? KINDS.length - 1 : rank(latest.kind);
  const filler = new Filler(estate);
  const by = (kind: WaveKind): Unit[] => units.filter((unit) => unit.rank === rank(kind));
  filler.fill(by('lab'), true);
  // Wave 0 is the lab, with or without servers.
  filler.next = Math.max(filler.next, 1);
  filler.fill(by('test'), true);
  if (last < rank('first-production')) return filler.waveOf;
  let rest = [...filler.first(by('first-production')), ...by('production')];
  if (filler.untouched) {
    const fit = rest.filter(({ members }) => members.every((mover) => quiet(mover, estate)));
    const left = new Set(filler.first(fit));
    rest = rest.filter((unit) => !fit.includes(unit) || left.has(unit));
  }
  for (const kind of ['production', 'important', 'critical'] as const) {
    if (rank(kind) > last) break;
    filler.fill([...rest, ...(kind === 'production' ? [] : by(kind))], true);
    rest = [];
  }
  return filler.waveOf;
}

/** Fit for the first wave where nothing is known to be of low importance. */
const quiet = ({ criticality, io, complexity, own }: Mover, { rules }: WaveEstate): boolean =>
  (criticality === null || criticality === 'normal' || criticality === 'low') &&
  io === 'low' &&
  own.kind !== 'critical' &&
  complexity > 0 &&
  complexity < rules.value(PRIORITY_RULES.complexFrom);

class Filler {
  readonly waveOf = new Map<ServerId, number>();
  next = 0;
  /** No production moves yet. */
  untouched = true;
  readonly #estate: WaveEstate;
  readonly #placed = new Set<Unit>();

  constructor(estate: WaveEstate) {
    this.#estate = estate;
  }

  /** One wave of those that fit; returns the others. */
  first(units: readonly Unit[]): Unit[] {
    const limit = this.#estate.rules.value(WAVE_RULES.first);
    const easy = this.#estate.rules.value(WAVE_RULES.easyRoles);
    const isEasy = (unit: Unit): number =>
      unit.members.every(({ assessment }) =>
        assessment?.roles.some((role) => easy.includes(role.toLowerCase())),
      )
        ? 0
        : 1;
    const small = units
      .filter(({ members }) => members.length <= limit)
      .sort((a, b) => isEasy(a) - isEasy(b) || byPriority(a, b));
    return this.fill(small, false, small).concat(units.filter(({ members }) => members.length > limit));
  }

  /** @param all until none is left; otherwise one wave. @returns those that are left, for which there was no room */
  fill(units: readonly Unit[], all: boolean, order: readonly Unit[] = [...units].sort(byPriority)): Unit[] {
    let left = [...order];
    do {
      const wave = this.#wave(left, all);
      if (wave.length === 0) break;
      for (const unit of wave) {
        this.#placed.add(unit);
        for (const { id, production } of unit.members) {
          this.waveOf.set(id, this.next);
          if (production) this.untouched = false;
        }
      }
      this.next++;
      left = left.filter((unit) => !this.#placed.has(unit));
    } while (all && left.length > 0);
    return left;
  }

  /** @param force at least one, whatever its size */
  #wave(left: readonly Unit[], force: boolean): Unit[] {
    const { rules, input } = this.#estate;
    const { calendar } = input.scenario;
    const opening = this.untouched && (left[0]?.production ?? false);
    const limit = rules.value(opening ? WAVE_RULES.first : WAVE_RULES.usual);
    const wave = new Set<Unit>();
    const members: Mover[] = [];
    const add = (unit: Unit): void => {
      wave.add(unit);
      members.push(...unit.members);
    };
    const here = (unit: Unit): boolean => this.#placed.has(unit) || wave.has(unit);
    let misses = 0;
    for (let grew = true; grew && members.length < limit;) {
      grew = false;
      for (const unit of left) {
        if (members.length >= limit || misses >= MAX_MISSES) break;
        if (wave.has(unit) || ![...unit.needs].every(here) || ![...unit.after].every(here)) continue;
        const fits =
          members.length + unit.members.length <= limit &&
          scheduleOf([...members, ...unit.members], calendar).nights <= calendar.nightsPerWave;
        if (!fits) {
          misses++;
          continue;
        }
        add(unit);
        grew = true;
      }
    }
    if (wave.size > 0 || !force) return [...wave];
    // Nothing fits: the smallest that is ready goes alone.
    const ready = left.filter((unit) => [...unit.needs].every(here));
    const willing = ready.filter((unit) => [...unit.after].every(here));
    if (willing.length > 0) return [smallest(willing)];
    // Pilots wait for each other: all of the circle in one wave, or else one goes without its pilot.
    const circle = this.#circle(ready);
    if (circle.reduce((sum, unit) => sum + unit.members.length, 0) <= limit) return circle;
    return ready.length === 0 ? [] : [smallest(ready)];
  }

  /** The first of units together with all that it waits for, and those wait for. */
  #circle(units: readonly Unit[]): Unit[] {
    const found = new Set(units.slice(0, 1));
    for (const unit of found)
      for (const other of [...unit.needs, ...unit.after]) if (!this.#placed.has(other)) found.add(other);
    return [...found];
  }
}

const smallest = (units: readonly Unit[]): Unit =>
  units.reduce((best, unit) => (unit.members.length < best.members.length ? unit : best));

const byPriority = (a: Unit, b: Unit): number =>
  b.priority - a.priority || a.members[0]!.id - b.members[0]!.id;
