/** What `collect local` and `collect ssh` have in common: how long, how often, and how it is going. */
import { formatSeconds, plural } from '../../../base/text.ts';
import type { CollectedItem } from '../../../collect/collector.ts';
import type { WatchState } from '../../../collect/live/watch.ts';
import { engagementAt } from '../../../collect/engagement-at.ts';
import { keep, type CollectionAbout, type KeepResult } from '../../../collect/keep.ts';
import type { OptionValues } from '../../commands.ts';
import { ProgressLine, wrap } from '../../terminal.ts';
import type { World } from '../../world.ts';
import { engagementOf, parseSpan, textOf, usage } from './options.ts';

export const LIVE_HELP = `  --for SPAN           also measure performance for so long: 30m, 24h, 14d. Ctrl-C
                       ends it early, and what was measured is kept
  --every SPAN         between samples, 5s to 5m; 1m unless told. Without --for,
                       until Ctrl-C
  --no-inventory       measure only`;

export const liveOptions = {
  for: { type: 'string' },
  every: { type: 'string' },
  'no-inventory': { type: 'boolean' },
} as const;

export interface LivePlan {
  inventory: boolean;
  /** Seconds. */
  performance: { interval: number; duration?: number } | undefined;
}

/** @throws USAGE */
export function livePlan(values: OptionValues, command: string): LivePlan {
  const wrong: string[] = [];
  const span = (name: string): number | undefined => {
    const text = textOf(values, name);
    if (text === undefined) return undefined;
    const seconds = parseSpan(text);
    if (seconds === undefined || seconds === 0)
      wrong.push(`--${name} takes a time such as 30s, 15m, 24h or 14d`);
    return seconds;
  };
  const duration = span('for');
  const interval = span('every');
  if (interval !== undefined && interval > 0 && (interval < 5 || interval > 300))
    wrong.push(
      '--every takes 5s to 5m: what is shorter measures mostly itself, what is longer hides every peak',
    );
  const inventory = values['no-inventory'] !== true;
  const measures = duration !== undefined || interval !== undefined;
  if (!inventory && !measures)
    wrong.push('--no-inventory leaves nothing to collect; say how long to measure with --for');
  if (wrong.length > 0) throw usage(command, ...wrong);
  const performance = { interval: interval ?? 60, ...(duration === undefined ? {} : { duration }) };
  return { inventory, performance: measures ? performance : undefined };
}

/** How a collection tells what it does. */
export interface Voice {
  /** A sentence above the line of progress. */
  say: (sentence: string) => void;
  /** What each server is about now. */
  state: (server: string, state: WatchState) => void;
}

const STATES: readonly (readonly [WatchState, string])[] = [
  ['waiting', 'waiting'],
  ['connecting', 'connecting'],
  ['inventory', 'taking stock'],
  ['sampling', 'measuring'],
  ['lost', 'lost'],
];

/** `measuring 23, lost 1; 4,512 samples`. */
function stateText(states: ReadonlyMap<string, WatchState>, samples: number): string {
  const all = [...states.values()];
  const counts = STATES.map(([state, word]) => [word, all.filter((one) => one === state).length] as const);
  const parts = counts.filter(([, count]) => count > 0).map(([word, count]) => `${word} ${count}`);
  return `${parts.join(', ')}${samples > 0 ? `; ${samples.toLocaleString('en-US')} samples` : ''}`;
}

const SUM_UP_EVERY = 10 * 60_000;

/** Keeps what comes in the engagement file, and prints what became of it. Returns the exit status. */
export async function collectLive(
  values: OptionValues,
  command: string,
  world: World,
  about: Omit<CollectionAbout, 'digest'>,
  /** Tells the terminal how it is going. */
  collect: (voice: Voice) => AsyncIterable<CollectedItem>,
  /** Servers that gave nothing; known when `collect` is at its end. */
  failed: () => number,
): Promise<number> {
  const path = engagementOf(values, command);
  const { engagement, isNew } = engagementAt(path, world.now);
  const line = new ProgressLine(world);
  const begun = world.now();
  let result: KeepResult;
  try {
    if (isNew) line.say(`${path} was made.`);
    const states = new Map<string, WatchState>();
    const heard = { samples: 0 };
    const draw = (): void => {
      const text = stateText(states, heard.samples);
      line.status(text.split(';')[0]!, text);
    };
    const voice: Voice = {
      say: (sentence) => line.say(wrap(sentence, world.columns, '  ')),
      state(server, state) {
        states.set(server, state);
        draw();
      },
    };
    result = await keep(
      counted(collect(voice), (samples) => {
        heard.samples += samples;
        draw();
      }),
      engagement,
      { ...about, digest: null },
      {
        now: world.now,
        sumUpEvery: SUM_UP_EVERY,
      },
    );
  } finally {
    line.clear();
    engagement.close();
  }
  const { counts } = result;
  const lost = failed();
  if (values['json'] === true) {
    world.out(`${JSON.stringify({ engagement: path, isNew, ...result, failed: lost }, null, 2)}\n`);
  } else {
    const parts = [
      plural(counts.servers, 'server'),
      counts.inventories > 0 ? plural(counts.inventories, 'inventory', 'inventories') : '',
      counts.samples > 0 ? plural(counts.samples, 'sample') : '',
    ].filter((part) => part !== '');
    world.out(`Collected ${parts.join(', ')} in ${formatSeconds((world.now() - begun) / 1000)}.\n`);
    if (lost > 0) world.out(`${plural(lost, 'server')} gave nothing; see above.\n`);
  }
  return lost > 0 ? 1 : 0;
}

/** Tells of samples as they pass. */
async function* counted(
  items: AsyncIterable<CollectedItem>,
  onSamples: (count: number) => void,
): AsyncGenerator<CollectedItem> {
  for await (const item of items) {
    if (item.kind === 'samples') onSamples(item.batches.reduce((sum, { times }) => sum + times.length, 0));
    yield item;
  }
}
