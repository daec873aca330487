/** How many nights a wave takes: copies side by side in a window each night, and people who test. */
import type { Scenario } from '../model/scenario.ts';
import type { Mover } from './estate.ts';

export interface Schedule {
  /** From the first byte to the last, all windows put end to end. */
  copyMinutes: number;
  /** Of the people together, side by side. */
  testMinutes: number;
  nights: number;
}

/** A wave that takes longer has lost its meaning; the count stops there. */
const MAX_NIGHTS = 10_000;

/** @param members in the order they are copied */
export function scheduleOf(members: readonly Mover[], calendar: Scenario['calendar']): Schedule {
  const window = Math.max(1, Math.floor(calendar.windowHours * 60));
  const { copies, people } = calendar;
  const lanes = Math.min(copies, Math.max(1, members.length));
  const busy: number[] = Array.from({ length: lanes }, () => 0);
  /** Minutes left in each lane of each night that is begun, night after night; and how many are full. */
  const left: number[] = [];
  let full = 0;
  let tests = 0;
  for (const { copyMinutes, testMinutes } of members) {
    tests += testMinutes;
    let first = 0;
    for (let lane = 1; lane < lanes; lane++) if (busy[lane]! < busy[first]!) first = lane;
    busy[first]! += copyMinutes;
    // What takes longer than a night (it runs meanwhile) takes several.
    const whole = Math.floor(copyMinutes / window);
    full += whole;
    const rest = copyMinutes - whole * window;
    if (rest === 0) continue;
    let slot = left.findIndex((minutes) => minutes >= rest);
    if (slot === -1) slot = left.push(window) - 1;
    left[slot]! -= rest;
  }
  let copyMinutes = 0;
  for (const minutes of busy) copyMinutes = Math.max(copyMinutes, minutes);
  const testMinutes = Math.ceil(tests / people);
  const nights = Math.max(Math.ceil((full + left.length) / lanes), Math.ceil(testMinutes / window));
  return {
    copyMinutes,
    testMinutes,
    nights: Math.min(MAX_NIGHTS, Math.max(members.length > 0 ? 1 : 0, nights)),
  };
}
