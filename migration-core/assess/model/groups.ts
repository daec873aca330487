/** Servers that are alike: candidates for one recipe, or for one operating system that all share. */
import type { ServerId } from '../../store/engagement.ts';

export interface SimilarityGroup {
  /** Stable for the same members: a digest of their ids. */
  id: string;
  kind: 'cookie-cutter' | 'os-virtualization';
  title: string;
  members: ServerId[];
  pilot: ServerId;
  /** Lowest similarity of any member to the pilot, 0 to 1. */
  similarity: number;
  /** What members differ in from the pilot. */
  deviations: { server: ServerId; what: string }[];
  /** OS virtualization only: what (n-1) operating systems less save. */
  saved: { memoryBytes: number; diskBytes: number } | null;
}
