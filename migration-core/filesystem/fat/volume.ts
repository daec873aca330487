import type { Finding } from '../../base/finding.ts';
import type { WritableBlocks } from '../../block/source.ts';
import type { FatGeometry } from '../../volume/fat-boot-sector.ts';
import type { AllocationTable } from './allocation.ts';
import type { Run } from './chain.ts';

/** What every part of the driver works on. */
export interface FatVolume {
  readonly blocks: WritableBlocks;
  readonly geometry: FatGeometry;
  readonly table: AllocationTable;
  /** Seconds since 1970. */
  readonly now: number;
  readonly findings: Finding[];
  readonly signal: AbortSignal | undefined;
}

/** Byte offset of a cluster on the volume. */
export const clusterOffset = ({ geometry }: FatVolume, cluster: number): number =>
  geometry.dataOffset + (cluster - 2) * geometry.clusterSize;

/** The parts of the volume that hold bytes [offset, offset+length) of a chain, in the order of the file. */
export function* pieces(
  volume: FatVolume,
  runs: readonly Run[],
  offset: number,
  length: number,
): Generator<{ at: number; from: number; length: number }> {
  const { clusterSize } = volume.geometry;
  const end = offset + length;
  let start = 0;
  for (const { cluster, count } of runs) {
    const bytes = count * clusterSize;
    const from = Math.max(offset, start);
    const to = Math.min(end, start + bytes);
    if (to > from)
      yield { at: clusterOffset(volume, cluster) + from - start, from: from - offset, length: to - from };
    start += bytes;
    if (start >= end) return;
  }
}

export async function readRuns(
  volume: FatVolume,
  runs: readonly Run[],
  offset: number,
  into: Uint8Array,
): Promise<void> {
  for (const { at, from, length } of pieces(volume, runs, offset, into.length))
    await volume.blocks.read(into.subarray(from, from + length), at);
}

export async function writeRuns(
  volume: FatVolume,
  runs: readonly Run[],
  offset: number,
  data: Uint8Array,
): Promise<void> {
  for (const { at, from, length } of pieces(volume, runs, offset, data.length))
    await volume.blocks.write(data.subarray(from, from + length), at);
}
