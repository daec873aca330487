/** Ports of a host from its board and the cards in its slots (SR-06, SR-07). */
import { z } from 'zod';

/** More than any host has; keeps sums small. */
const MOST = 64;
const few = z.number().int().nonnegative().max(MOST);

export const card = z.strictObject({ kind: z.enum(['nic', 'hba']), ports: few.min(1), count: few.min(1) });
export const board = z.strictObject({ nicPorts: few, hbaPorts: few, slots: few });
export type Card = z.infer<typeof card>;
export type Board = z.infer<typeof board>;

export interface Ports {
  nicPorts: number;
  hbaPorts: number;
  /** Below zero: more cards than slots. */
  freeSlots: number;
}

/** One slot for each card. */
export function portsOf(board: Board, cards: readonly Card[]): Ports {
  const sum = (kind: Card['kind']): number =>
    cards.filter((card) => card.kind === kind).reduce((ports, card) => ports + card.ports * card.count, 0);
  return {
    nicPorts: board.nicPorts + sum('nic'),
    hbaPorts: board.hbaPorts + sum('hba'),
    freeSlots: board.slots - cards.reduce((slots, { count }) => slots + count, 0),
  };
}
