/** The engagement of an invented customer. */
import { makeSample } from '../../collect/sample/engagement.ts';
import { countedProgress } from '../../base/progress.ts';
import { createEngagement } from '../../store/open.ts';
import type { Task } from './table.ts';

export const sampleTask: Task<{ path: string }, { path: string; servers: number; samples: number }> = {
  async run({ path }, { now, signal, onProgress, onStep }) {
    onStep('Inventing a customer with its servers and a month of measurements');
    const engagement = createEngagement(path, { name: 'Harbour (sample)', now, utcOffsetMinutes: 60 });
    try {
      const { servers, samples } = await makeSample(engagement, {
        now,
        signal,
        onProgress: (done, total) => onProgress(countedProgress('inventing', 'servers', done, total)),
      });
      return { path, servers, samples };
    } finally {
      engagement.close();
    }
  },
};
