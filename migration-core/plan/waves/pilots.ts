/** Sets of servers that are alike: one goes first and teaches how the others go. */
import type { Mover, WaveEstate } from './estate.ts';

export interface Pilot {
  pilot: Mover;
  others: Mover[];
  title: string;
}

/**
 * Of the servers that move, by set and by environment class. The pilot that the assessment chose, unless another member
 * may move earlier: waiting for it would hold up the whole set.
 */
export function pilotsOf(estate: WaveEstate, moves: (mover: Mover) => boolean): Pilot[] {
  const found: Pilot[] = [];
  for (const group of estate.input.estate.groups) {
    const members = [...new Set(group.members)]
      .map((id) => estate.byId.get(id))
      // Of a server that is in two sets the first counts, as everywhere.
      .filter((mover): mover is Mover => mover !== undefined && mover.group === group && moves(mover));
    for (const production of [false, true]) {
      const of = members.filter((mover) => mover.production === production);
      if (of.length < 2) continue;
      const least = of.reduce((low, { unitRank }) => Math.min(low, unitRank), Number.MAX_SAFE_INTEGER);
      const early = of.filter(({ unitRank }) => unitRank === least);
      const pilot =
        early.find(({ id }) => id === group.pilot) ??
        early.reduce((best, one) =>
          one.priority > best.priority || (one.priority === best.priority && one.id < best.id) ? one : best,
        );
      found.push({ pilot, others: of.filter((mover) => mover !== pilot), title: group.title });
    }
  }
  return found;
}
