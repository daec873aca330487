/** What an order of waves must keep to: one small piece for each condition, all found through the table. */
import { listed, plural } from '../../../base/text.ts';
import type { ServerId } from '../../../store/engagement.ts';
import type { WaveRisk } from '../../model/waves.ts';
import type { Mover, WaveEstate } from '../estate.ts';
import type { OwnKind, WaveKind } from '../kind-order.ts';

/** Who is in which wave, and what sort of wave each became by that. */
export interface Arrangement {
  waveOf: ReadonlyMap<ServerId, number>;
  /** Ascending by number. */
  waves: readonly { number: number; kind: WaveKind; members: readonly Mover[] }[];
  kindOf: ReadonlyMap<number, WaveKind>;
}

export interface Breach {
  /** The wave whose risk it is. */
  wave: number;
  severity: WaveRisk['severity'];
  text: string;
  mitigation: string;
  servers: ServerId[];
  /** The plan itself is wrong, and not only at risk: told at the top as well. */
  problem: boolean;
}

/** A set that moves in one wave. */
export interface Tie {
  servers: readonly ServerId[];
  why: string;
}

export interface WaveCondition {
  id: string;
  /** In plain words, for a list of all conditions. */
  title: string;
  /** Why a server cannot move at all as things are; null: it can. */
  bars?: (mover: Mover, estate: WaveEstate) => string | null;
  /** The last kind of wave the platform may have, and why. */
  latest?: (estate: WaveEstate) => OwnKind | null;
  /** The first kind of wave a server of production may be in, and why; null: no say. */
  earliest?: (mover: Mover, estate: WaveEstate) => OwnKind | null;
  /** Sets of one environment class. */
  ties?: (estate: WaveEstate) => Tie[];
  /** What an arrangement, made by the planner or by hand, breaks. */
  broken?: (arrangement: Arrangement, estate: WaveEstate) => Breach[];
}

export const serversOf = (movers: readonly Mover[]): ServerId[] =>
  movers.map(({ id }) => id).sort((a, b) => a - b);

/** `web01` or `web01, web02 and 3 more`. */
export const namesOf = (movers: readonly Mover[]): string => listed(movers.map(({ name }) => name));

export const count = (movers: readonly unknown[]): string => plural(movers.length, 'server');
