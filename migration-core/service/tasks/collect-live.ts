/** What collecting from this computer and over SSH have in common: keep what comes, and tell how it goes. */
import { countedProgress } from '../../base/progress.ts';
import { plural } from '../../base/text.ts';
import type { CollectedItem } from '../../collect/collector.ts';
import { engagementAt } from '../../collect/engagement-at.ts';
import { keep, type CollectionAbout } from '../../collect/keep.ts';
import type { WatchState } from '../../collect/live/watch.ts';
import type { TaskWorld } from './table.ts';

export interface Measure {
  /** Seconds. */
  every: number;
  duration: number;
}

export interface LiveOutput {
  servers: number;
  inventories: number;
  samples: number;
}

/** Lists and charts follow a collection that runs for days. */
const SUM_UP_EVERY = 10 * 60_000;

const STATES: Record<WatchState, string> = {
  waiting: 'waiting',
  connecting: 'connecting',
  inventory: 'taking stock',
  sampling: 'measuring',
  lost: 'lost',
};

/** How it goes, server by server. */
export class LiveVoice {
  readonly #states = new Map<string, WatchState>();
  readonly #world: TaskWorld;
  readonly #measure: Measure | undefined;
  readonly #begun: number;
  #samples = 0;

  constructor(world: TaskWorld, measure: Measure | undefined) {
    this.#world = world;
    this.#measure = measure;
    this.#begun = world.now();
  }

  state(server: string, state: WatchState): void {
    this.#states.set(server, state);
    if (state === 'lost') this.#world.note('warning', `${server} does not answer any more; trying again.`);
    this.#tell();
  }

  item(item: CollectedItem): void {
    if (item.kind !== 'samples') return;
    this.#samples += item.batches.reduce((sum, { times }) => sum + times.length, 0);
    this.#tell();
  }

  #tell(): void {
    const all = [...this.#states.values()];
    const parts = (Object.keys(STATES) as WatchState[])
      .map((state) => ({ word: STATES[state], count: all.filter((one) => one === state).length }))
      .filter(({ count }) => count > 0)
      .map(({ word, count }) => `${word} ${count}`);
    const samples = this.#samples > 0 ? `; ${plural(this.#samples, 'sample')}` : '';
    this.#world.onStep(`${parts.join(', ').replace(/^./u, (letter) => letter.toUpperCase())}${samples}`);
    if (this.#measure === undefined) return;
    const total = this.#measure.duration;
    const over = Math.floor((this.#world.now() - this.#begun) / 1000);
    this.#world.onProgress(countedProgress('measuring', 'seconds', Math.min(total, over), total));
  }
}

/** Ends early and quietly when the signal fires: what was measured is kept. */
export async function keepLive(
  path: string,
  about: Omit<CollectionAbout, 'digest'>,
  items: AsyncIterable<CollectedItem>,
  voice: LiveVoice,
  { now }: TaskWorld,
): Promise<LiveOutput> {
  const { engagement } = engagementAt(path, now);
  try {
    const { counts } = await keep(
      heard(items, voice),
      engagement,
      { ...about, digest: null },
      { now, sumUpEvery: SUM_UP_EVERY },
    );
    return { servers: counts.servers, inventories: counts.inventories, samples: counts.samples };
  } finally {
    engagement.close();
  }
}

async function* heard(items: AsyncIterable<CollectedItem>, voice: LiveVoice): AsyncGenerator<CollectedItem> {
  for await (const item of items) {
    voice.item(item);
    yield item;
  }
}
