/** A conversion that is paused on its way, always at the same place. */
import { expect, vi } from 'vitest';
import { PAUSE } from '../../migration-core/base/cancel.ts';
import type { ConvertWorld } from '../../migration-core/convert/convert.ts';

/** Starts it, and pauses it once `share` of the first disk is copied. */
export async function pausedAt(
  folder: string,
  share: number,
  world: ConvertWorld,
  start: (world: ConvertWorld) => Promise<unknown>,
): Promise<void> {
  const controller = new AbortController();
  // Progress is told ten times a second, and here after every block: a clock that leaps.
  const clock = { time: 0 };
  const leaping = vi.spyOn(performance, 'now').mockImplementation(() => (clock.time += 200));
  const job = start({
    ...world,
    signal: controller.signal,
    onProgress: ({ phase, doneBytes, totalBytes }) => {
      if (phase === 'copy' && doneBytes >= totalBytes * share && doneBytes < totalBytes)
        controller.abort(PAUSE);
    },
  });
  await expect(job).rejects.toMatchObject({
    code: 'PAUSED',
    exitStatus: 130,
    message: 'The job was stopped; what it has copied is kept.',
    next: `To go on, continue with \`ironlift resume ${folder}\`.`,
  });
  leaping.mockRestore();
}
