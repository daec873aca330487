/** The engagement of an invented customer. */
import { renameSync, rmSync } from 'node:fs';
import { makeSample } from '../../collect/sample/engagement.ts';
import { countedProgress } from '../../base/progress.ts';
import { createEngagement } from '../../store/open.ts';
import type { Task } from './table.ts';

export const sampleTask: Task<{ path: string }, { path: string; servers: number; samples: number }> = {
  async run({ path }, { now, signal, onProgress, onStep }) {
    onStep('Inventing a customer with its servers and a month of measurements');
    // Under its name it is whole: a sample that was given up half way is never taken for one.
    const partial = `${path}.making`;
    rmSync(partial, { force: true });
    const engagement = createEngagement(partial, { name: 'Harbour (sample)', now, utcOffsetMinutes: 60 });
    try {
      const { servers, samples } = await makeSample(engagement, {
        now,
        signal,
        onProgress: (done, total) => onProgress(countedProgress('inventing', 'servers', done, total)),
      });
      engagement.close();
      renameSync(partial, path);
      return { path, servers, samples };
    } catch (error) {
      engagement.close();
      rmSync(partial, { force: true });
      throw error;
    }
  },
};
