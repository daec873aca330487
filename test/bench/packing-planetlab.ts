/**
 * Ten days of the PlanetLab traces (beloglazov/planetlab-workload-traces: a folder for each day, a file for each machine with
 * 288 samples of its processor in per cent): packed day by day onto hosts of eight such machines, and replayed as they were and
 * with each machine shifted by up to an hour, for there is no other day of the same machines.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Effort } from '../../migration-core/plan/packing/effort.ts';
import { seeded } from '../support/tools.ts';
import { compareEqual, verdict, type Estate } from './packing-equal.ts';
import { demandsOf, packedTo, replayed, WAYS, type Traces, type Window } from './traces.ts';

const PER_DAY = 288;
const MISSING = 0xffff;
/** Samples of five minutes. */
const SHIFT = 12;
/** The day as it was, the day shifted. */
const WINDOWS: readonly Window[] = [
  [0, PER_DAY],
  [PER_DAY, 2 * PER_DAY],
];

/** Hosts of ten days with the ceiling of 80 % (assessment model, section 14). */
const LIMITS: Readonly<Record<string, number>> = { '10 min peak': 331, '5 min': 266 };

/** @returns whether the limits are met */
export function packPlanetlab(folder: string, effort: Effort): boolean {
  const days = readdirSync(folder)
    .filter((name) => /^\d{8}$/u.test(name))
    .sort();
  if (days.length === 0) throw new Error(`${folder} has no folder named like 20110303.`);
  const isWithin = packToCeiling(folder, days, effort);
  const isFew = compareEqual(
    `PlanetLab, each day as it was and shifted, effort ${effort}`,
    estatesOf(folder, days),
    effort,
  );
  console.log(verdict(isFew));
  return isWithin && isFew;
}

function packToCeiling(folder: string, days: readonly string[], effort: Effort): boolean {
  const all = days.map((day) => read(join(folder, day)));
  let isMet = true;
  console.log(`PlanetLab, hosts filled to 80 %, effort ${effort}`);
  for (const way of WAYS.filter(({ title }) => title !== '10 min peak, week only')) {
    let hosts = 0;
    const over = [0, 0, 0, 0];
    for (const traces of all) {
      const result = packedTo(traces, demandsOf(traces, way), traces.ceilings, effort);
      hosts += result.hosts.length;
      for (const [at, found] of replayed(traces, result, WINDOWS).entries()) {
        over[2 * at]! += found.overCeiling;
        over[2 * at + 1]! += found.overFull;
      }
    }
    const [planned, plannedFull, shifted, shiftedFull] = over.map((count) =>
      ((100 * count) / (hosts * PER_DAY)).toFixed(3),
    );
    const limit = LIMITS[way.title];
    const isOver = limit !== undefined && (hosts > limit || over[0]! > 0);
    if (isOver) isMet = false;
    console.log(
      `${way.title.padEnd(14)}${String(hosts).padStart(5)} hosts; over 80 / 100 %: as it was ${planned} / ${plannedFull} %, ` +
        `shifted ${shifted} / ${shiftedFull} %` +
        (limit === undefined ? '' : `  limit ${limit}: ${isOver ? 'MISSED' : 'met'}`),
    );
  }
  return isMet;
}

function* estatesOf(folder: string, days: readonly string[]): Generator<Estate> {
  for (const day of days) {
    const traces = read(join(folder, day));
    yield { title: `${day}, ${traces.truth.length} machines`, traces, windows: WINDOWS };
  }
}

/** The day as it was, and behind it the day with its shifts. */
function read(folder: string): Traces {
  const random = seeded(1);
  const recorded = readdirSync(folder)
    .sort()
    .map((name) => {
      const values = readFileSync(join(folder, name), 'latin1').trim().split('\n').map(Number);
      return Uint16Array.from({ length: PER_DAY }, (_, at) => values[at] ?? MISSING);
    });
  const truth = recorded.map((values) => {
    const both = new Uint16Array(2 * PER_DAY);
    both.set(values);
    const shift = Math.floor(random() * (2 * SHIFT + 1)) - SHIFT;
    for (let at = 0; at < PER_DAY; at++) both[PER_DAY + at] = values[(at + shift + PER_DAY) % PER_DAY]!;
    return [both];
  });
  return {
    resources: ['cpu'],
    recorded: recorded.map((values) => [values]),
    truth,
    host: [800],
    ceilings: [0.8],
    missing: MISSING,
    planned: PER_DAY,
    period: PER_DAY,
    replays: [],
    closing: [],
  };
}
