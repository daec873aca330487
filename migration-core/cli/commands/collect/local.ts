import { hostname } from 'node:os';
import type { CollectedItem } from '../../../collect/collector.ts';
import type { WatchEvent } from '../../../collect/live/watch.ts';
import type { Command } from '../../commands.ts';
import { collectLive, LIVE_HELP, liveOptions, livePlan, type Voice } from './live.ts';
import { ENGAGEMENT_HELP } from './options.ts';

const COMMAND = 'collect local';

export const collectLocalCommand: Command = {
  help: `Usage: ironlift collect local --engagement FILE [options]

Collects what this computer is - hardware, devices, drivers, system, services -
and, if asked, what it does all day. What only the administrator may see is
listed as not seen, unless the program is run by one or --sudo is given.

${ENGAGEMENT_HELP}
${LIVE_HELP}
  --sudo               ask sudo for what only root may see
  --json               print one JSON document`,
  options: { engagement: { type: 'string' }, sudo: { type: 'boolean' }, ...liveOptions },
  async run({ values }, world) {
    const plan = livePlan(values, COMMAND);
    const { collectLocal } = await import('../../../collect/local/collect.ts');
    const password = async (): Promise<string | null> =>
      world.environment['IRONLIFT_SUDO_PASSWORD'] ?? world.ask('Password for sudo: ', { hidden: true });
    return collectLive(
      values,
      COMMAND,
      world,
      { collector: 'local', source: hostname() },
      (voice) =>
        itemsOnly(
          collectLocal({
            inventory: plan.inventory,
            signal: world.signal,
            ...(plan.performance === undefined ? {} : { performance: plan.performance }),
            ...(values['sudo'] === true ? { sudo: { password } } : {}),
          }),
          voice,
        ),
      () => 0,
    );
  },
};

async function* itemsOnly(
  events: AsyncIterable<WatchEvent>,
  { state }: Voice,
): AsyncGenerator<CollectedItem> {
  for await (const event of events) {
    if (event.kind === 'state') state('this computer', event.state);
    else yield event;
  }
}
