/** What a problem must be like before anything is allocated for it. Broken here is the program, not the customer's data. */
import { IronliftError } from '../../base/errors.ts';
import type { PackingProblem } from './problem.ts';

/** Ten times the largest estate the product is meant for. */
export const MAX_ITEMS = 100_000;
/** A month of five-minute slots of twenty resources, and some room. */
export const MAX_VALUES_PER_ITEM = 200_000;
export const MAX_RESOURCES = 64;
/** Sums of two stay exact, and loads fit an Int32Array. */
export const MAX_DEMAND = 2 ** 31 - 1;
/** Values of all items together: 4 GiB as 16-bit numbers is more than any laptop holds. */
const MAX_VALUES = 2 ** 31;

/** Bytes of the tables that say which classes items may go to: one for each list that differs, a byte for each class. */
export const MAX_ALLOWED = 2 ** 28;

/** Throws ASSESSMENT_IMPOSSIBLE for what is too large, INTERNAL for what no planner may build. */
export function checkProblem(problem: PackingProblem): void {
  const { timed, slots, fixed, items, hosts, rules } = problem;
  const values = timed * slots;
  if (!whole(timed) || !whole(fixed) || !whole(slots) || slots < 1)
    throw broken(`${timed} timed and ${fixed} fixed resources in ${slots} slots`);
  if (
    items.length > MAX_ITEMS ||
    hosts.length > MAX_ITEMS ||
    timed + fixed > MAX_RESOURCES ||
    values > MAX_VALUES_PER_ITEM ||
    values * items.length > MAX_VALUES
  ) {
    throw new IronliftError(
      'ASSESSMENT_IMPOSSIBLE',
      `A plan of ${items.length} machines on ${hosts.length} kinds of hosts, with ${timed + fixed} resources in ${slots} slots, is larger than can be computed.`,
      {
        next: 'Plan the estate in parts, for example by site.',
        data: { items: items.length, hosts: hosts.length, timed, fixed, slots },
      },
    );
  }
  const keys = new Set<string>();
  for (const { key, demand, needs } of items) {
    if (keys.has(key)) throw broken(`the key ${JSON.stringify(key)} twice`);
    keys.add(key);
    checkValues(`item ${JSON.stringify(key)}`, demand, values, needs, fixed);
  }
  const names = new Set<string>();
  for (const { hosts: limit } of rules.gathered)
    if (!whole(limit)) throw broken(`a group that is gathered on ${limit} hosts`);
  for (const { key, count, capacity, room, load, cost } of hosts) {
    const what = `host ${JSON.stringify(key)}`;
    if (!Number.isFinite(cost)) throw broken(`${what} with a cost of ${cost}`);
    if (names.has(key)) throw broken(`the key ${JSON.stringify(key)} twice`);
    names.add(key);
    if (count !== Infinity && !whole(count)) throw broken(`${what} with a count of ${count}`);
    checkValues(what, capacity, timed, room, fixed);
    if (load === undefined) continue;
    if (count !== 1) throw broken(`${what} with a load and a count of ${count}`);
    checkValues(`the load of ${what}`, load.demand, values, load.needs, fixed);
  }
}

export const tooManyLists = (lists: number, classes: number): IronliftError =>
  new IronliftError(
    'ASSESSMENT_IMPOSSIBLE',
    `Machines are restricted to hosts in more than ${lists} different ways, on ${classes} hosts: that is more than can be computed.`,
    { next: 'Plan the estate in parts, for example by site or by storage.', data: { lists, classes } },
  );

function checkValues(
  what: string,
  timed: Uint16Array | Uint32Array | readonly number[],
  length: number,
  fixed: readonly number[],
  fixedLength: number,
): void {
  if (timed.length !== length || fixed.length !== fixedLength)
    throw broken(
      `${what} with ${timed.length} and ${fixed.length} values instead of ${length} and ${fixedLength}`,
    );
  // Sixteen bits cannot be too large.
  if (!(timed instanceof Uint16Array) && !allWithin(timed))
    throw broken(`${what} with values that are not whole numbers up to ${MAX_DEMAND}`);
  if (!fixed.every(whole)) throw broken(`${what} with values that are not whole numbers`);
}

function allWithin(values: Uint32Array | readonly number[]): boolean {
  for (let i = 0; i < values.length; i++) if (!whole(values[i]!) || values[i]! > MAX_DEMAND) return false;
  return true;
}

const whole = (value: number): boolean => Number.isSafeInteger(value) && value >= 0;

const broken = (what: string): IronliftError =>
  new IronliftError('INTERNAL', `The packing problem is not well formed: it has ${what}.`, {
    next: 'Report this with the engagement file: it is a defect of Ironlift.',
  });
