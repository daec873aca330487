/** Kinds of waves in the order they move. */
import type { Wave } from '../model/waves.ts';

export type WaveKind = Wave['kind'];
export const KINDS: readonly WaveKind[] = [
  'lab',
  'test',
  'first-production',
  'production',
  'important',
  'critical',
];
export const rank = (kind: WaveKind): number => KINDS.indexOf(kind);

/** The kind of wave a server may move in at the earliest. */
export interface OwnKind {
  kind: WaveKind;
  why: string;
}
