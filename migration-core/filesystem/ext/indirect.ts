/**
 * Block pointers of ext2 and ext3 ("Direct/Indirect Block Addressing"): i_block holds 12 pointers to data and one each to
 * a single, double and triple indirect block full of pointers. 0 is a hole at any level.
 */
import { viewOf } from '../../base/bytes.ts';
import { damaged } from './errors.ts';
import { iBlock, type Inode } from './inode.ts';
import { pushRun, type Run } from './run.ts';
import type { ExtVolume } from './volume.ts';

export const DIRECT = 12;

/** Logical blocks that a pointer of each level covers: data, single, double, triple. */
export function levelSpans(pointersPerBlock: number): [number, number, number, number] {
  return [1, pointersPerBlock, pointersPerBlock ** 2, pointersPerBlock ** 3];
}

export interface PointerWalk {
  start: number;
  end: number;
  onRun: (run: Run) => void;
  /** Every indirect block passed. */
  onNode?: (block: number) => void;
}

/** A pointer that is met again and again would make a small volume look endless; no real file has this many. */
const MAX_NODES = 300_000;

export async function walkPointers(volume: ExtVolume, inode: Inode, walk: PointerWalk): Promise<void> {
  const root = viewOf(iBlock(inode));
  const spans = levelSpans(volume.sb.blockSize / 4);
  const pending: Run = { logical: 0, physical: 0, length: 0, unwritten: false };
  let nodes = 0;

  const found = (logical: number, physical: number): void => {
    check(physical);
    if (
      pending.length > 0 &&
      pending.logical + pending.length === logical &&
      pending.physical + pending.length === physical
    ) {
      pending.length++;
      return;
    }
    if (pending.length > 0) walk.onRun({ ...pending });
    pending.logical = logical;
    pending.physical = physical;
    pending.length = 1;
  };
  const check = (block: number): void => {
    if (block <= volume.sb.superblockBlock || block >= volume.sb.blocksCount)
      throw damaged(`inode ${inode.ino} points to block ${block} outside the volume`, {
        ino: inode.ino,
        block,
      });
  };
  const descend = async (block: number, level: 1 | 2 | 3, logical: number): Promise<void> => {
    check(block);
    if (++nodes > MAX_NODES)
      throw damaged(`inode ${inode.ino} has too many indirect blocks`, { ino: inode.ino });
    walk.onNode?.(block);
    const view = viewOf(await volume.cache.read(block));
    const span = spans[level - 1]!;
    const first = Math.max(0, Math.floor((walk.start - logical) / span));
    for (let i = first; i < volume.sb.blockSize / 4; i++) {
      const at = logical + i * span;
      if (at >= walk.end) return;
      const pointer = view.getUint32(i * 4, true);
      if (pointer === 0) continue;
      if (level === 1) found(at, pointer);
      else await descend(pointer, level === 3 ? 2 : 1, at);
    }
  };

  for (let i = Math.max(0, walk.start); i < DIRECT && i < walk.end; i++) {
    const pointer = root.getUint32(i * 4, true);
    if (pointer !== 0) found(i, pointer);
  }
  let logical = DIRECT;
  for (const level of [1, 2, 3] as const) {
    const span = spans[level];
    const pointer = root.getUint32((DIRECT + level - 1) * 4, true);
    if (pointer !== 0 && logical < walk.end && logical + span > walk.start)
      await descend(pointer, level, logical);
    logical += span;
  }
  if (pending.length > 0) walk.onRun(pending);
}

/** Runs of [start, end) in logical blocks. */
export async function pointerRuns(
  volume: ExtVolume,
  inode: Inode,
  start: number,
  end: number,
): Promise<Run[]> {
  const runs: Run[] = [];
  await walkPointers(volume, inode, { start, end, onRun: (run) => pushRun(runs, run) });
  return runs;
}
