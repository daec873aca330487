/** In which kind of wave a server may move at the earliest, and whether it may at all: what the conditions say together. */
import { CONDITIONS } from './conditions/table.ts';
import type { Mover, WaveEstate } from './estate.ts';
import { rank, type OwnKind } from './kind-order.ts';

/** The latest that any condition asks for; the first of equals gives the reason. */
export function ownKind(mover: Mover, estate: WaveEstate): OwnKind {
  if (mover.lab) return { kind: 'lab', why: 'A machine of the lab.' };
  if (!mover.production)
    return { kind: 'test', why: 'Test, development or training: it moves before production.' };
  let own: OwnKind = {
    kind: 'first-production',
    why: 'Of low importance and quiet: fit for the first wave.',
  };
  for (const { earliest } of CONDITIONS) {
    const said = earliest?.(mover, estate) ?? null;
    if (said !== null && rank(said.kind) > rank(own.kind)) own = said;
  }
  return own;
}

/** Why it does not move, or null: what the plan says, then what the conditions say. */
export function barred(mover: Mover, estate: WaveEstate): string | null {
  if (mover.stays !== null) return mover.stays;
  for (const { bars } of CONDITIONS) {
    const why = bars?.(mover, estate) ?? null;
    if (why !== null) return why;
  }
  return null;
}

/** The last kind of wave the platform may have: the strictest of all conditions. */
export function latestKind(estate: WaveEstate): OwnKind | null {
  let latest: OwnKind | null = null;
  for (const condition of CONDITIONS) {
    const said = condition.latest?.(estate) ?? null;
    if (said !== null && (latest === null || rank(said.kind) < rank(latest.kind))) latest = said;
  }
  return latest;
}
