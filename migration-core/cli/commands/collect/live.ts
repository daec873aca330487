/** What `collect local` and `collect ssh` have in common: how long, how often, and how it is going. */
import { formatSeconds, plural } from '../../../base/text.ts';
import type { CollectedItem } from '../../../collect/collector.ts';
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

const SUM_UP_EVERY = 10 * 60_000;

/** Keeps what comes in the engagement file, and prints what became of it. Returns the exit status. */
export async function collectLive(
  values: OptionValues,
  command: string,
  world: World,
  about: Omit<CollectionAbout, 'digest'>,
  /** `say` prints a sentence above the line of progress. */
  collect: (say: (sentence: string) => void) => AsyncIterable<CollectedItem>,
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
    const say = (sentence: string): void => line.say(wrap(sentence, world.columns, '  '));
    result = await keep(
      collect(say),
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
