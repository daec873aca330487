/** Many blocks through few slots: as many are under way as there are slots, and the first failure ends it. */
import { throwIfCancelled } from '../base/cancel.ts';
import type { CopyWorkers, Slot } from './pipeline-workers.ts';

/**
 * Calls `work` for each block in order, without waiting for the one before; gives the slot back when it is over.
 * Returns or throws only when nothing is under way any more.
 * @throws CANCELLED, or the first error of `work`
 */
export async function forEachBlock<B>(
  workers: CopyWorkers,
  blocks: Iterable<B>,
  signal: AbortSignal | undefined,
  work: (block: B, slot: Slot) => Promise<void>,
): Promise<void> {
  const underWay = new Set<Promise<void>>();
  const failures: unknown[] = [];
  const over = (): boolean => failures.length > 0 || signal?.aborted === true;
  for (const block of blocks) {
    const slot = await workers.take();
    if (over()) {
      slot.release();
      break;
    }
    const done = work(block, slot)
      .catch((error: unknown) => void failures.push(error))
      .finally(() => {
        slot.release();
        underWay.delete(done);
      });
    underWay.add(done);
  }
  await Promise.all(underWay);
  throwIfCancelled(signal);
  if (failures.length > 0) throw failures[0];
}
