/** Building block pointers from a list of runs: twelve direct ones, then trees of one, two and three levels. */
import { viewOf } from '../../base/bytes.ts';
import { IronliftError } from '../../base/errors.ts';
import { DIRECT, levelSpans } from './indirect.ts';
import { iBlock, type Inode } from './inode.ts';
import { rewriteBlock } from './rewrite.ts';
import type { Run } from './run.ts';
import type { ExtVolume } from './volume.ts';

/** Visits the physical block of each logical one in ascending order, from a list of runs. */
class Cursor {
  readonly #runs: readonly Run[];
  #at = 0;

  constructor(runs: readonly Run[]) {
    this.#runs = runs;
  }

  /** The block at `logical`, 0 in a hole; calls must ascend. */
  blockAt(logical: number): number {
    const run = this.#seek(logical);
    return run === undefined || run.logical > logical ? 0 : run.physical + logical - run.logical;
  }

  /** Whether anything lies in [start, end). */
  any(start: number, end: number): boolean {
    const run = this.#seek(start);
    return run !== undefined && run.logical < end;
  }

  #seek(logical: number): Run | undefined {
    for (;;) {
      const run = this.#runs[this.#at];
      if (run === undefined || run.logical + run.length > logical) return run;
      this.#at++;
    }
  }
}

/** Indirect blocks that pointers to these runs take. @throws FILE_TOO_LARGE */
export function pointerBlocks(volume: ExtVolume, runs: readonly Run[]): number {
  let count = 0;
  const cursor = new Cursor(runs);
  const spans = spansOf(volume);
  const end = runs.length === 0 ? 0 : runs.at(-1)!.logical + runs.at(-1)!.length;
  if (end > DIRECT + spans[1] + spans[2] + spans[3]) {
    throw new IronliftError('FILE_TOO_LARGE', 'The file would be larger than this ext file system allows.', {
      next: 'Put it on another file system.',
    });
  }
  const descend = (level: number, logical: number): void => {
    if (!cursor.any(logical, logical + spans[level]!)) return;
    count++;
    if (level === 1) return;
    const span = spans[level - 1]!;
    for (let at = logical; at < Math.min(end, logical + spans[level]!); at += span) descend(level - 1, at);
  };
  let logical = DIRECT;
  for (const level of [1, 2, 3]) {
    if (logical < end) descend(level, logical);
    logical += spans[level]!;
  }
  return count;
}

const spansOf = (volume: ExtVolume): [number, number, number, number] => levelSpans(volume.sb.blockSize / 4);

/** Writes the pointers; `nodes` are exactly pointerBlocks() blocks, used from the top down and left to right as they are read. */
export async function buildPointers(
  volume: ExtVolume,
  inode: Inode,
  runs: readonly Run[],
  nodes: readonly number[],
): Promise<void> {
  const root = iBlock(inode).fill(0);
  const rootView = viewOf(root);
  const cursor = new Cursor(runs);
  const spans = spansOf(volume);
  let next = 0;
  const descend = async (level: number, logical: number): Promise<number> => {
    if (!cursor.any(logical, logical + spans[level]!)) return 0;
    const block = nodes[next++]!;
    const bytes = new Uint8Array(volume.sb.blockSize);
    const view = viewOf(bytes);
    const span = spans[level - 1]!;
    for (let i = 0; i < volume.sb.blockSize / 4; i++) {
      const at = logical + i * span;
      view.setUint32(i * 4, level === 1 ? cursor.blockAt(at) : await descend(level - 1, at), true);
    }
    await rewriteBlock(volume, block, bytes);
    return block;
  };
  for (let i = 0; i < DIRECT; i++) rootView.setUint32(i * 4, cursor.blockAt(i), true);
  let logical = DIRECT;
  for (const level of [1, 2, 3]) {
    rootView.setUint32((DIRECT + level - 1) * 4, await descend(level, logical), true);
    logical += spans[level]!;
  }
}
