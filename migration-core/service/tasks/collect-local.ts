/** Inventory of this computer, and what it does for a while if asked. */
import { hostname } from 'node:os';
import type { CollectedItem } from '../../collect/collector.ts';
import { collectLocal } from '../../collect/local/collect.ts';
import type { WatchEvent } from '../../collect/live/watch.ts';
import { keepLive, LiveVoice, type LiveOutput, type Measure } from './collect-live.ts';
import type { Task } from './table.ts';

export const collectLocalTask: Task<{ engagement: string; measure?: Measure | undefined }, LiveOutput> = {
  async run({ engagement, measure }, world) {
    const voice = new LiveVoice(world, measure);
    const events = collectLocal({
      signal: world.signal,
      ...(measure === undefined
        ? {}
        : { performance: { interval: measure.every, duration: measure.duration } }),
    });
    return keepLive(
      engagement,
      { collector: 'local', source: hostname() },
      itemsOf(events, voice),
      voice,
      world,
    );
  },
};

async function* itemsOf(events: AsyncIterable<WatchEvent>, voice: LiveVoice): AsyncGenerator<CollectedItem> {
  for await (const event of events) {
    if (event.kind === 'state') voice.state(hostname(), event.state);
    else yield event;
  }
}
