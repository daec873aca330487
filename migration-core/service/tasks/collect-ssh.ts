/** Inventory and performance of servers over SSH. */
import { plural } from '../../base/text.ts';
import type { CollectedItem } from '../../collect/collector.ts';
import { collectSsh, type SshItem } from '../../collect/ssh/collect.ts';
import { targetName } from '../../collect/ssh/target.ts';
import { credentialsOf, hostKeysOf, parseTarget, trusting, type SshAccess } from '../collection/ssh.ts';
import { keepLive, LiveVoice, type LiveOutput, type Measure } from './collect-live.ts';
import type { Task, TaskWorld } from './table.ts';

export interface CollectSshInput {
  engagement: string;
  access: SshAccess;
  measure?: Measure | undefined;
}

/** At most this much of the names of servers is kept as the source of a collection. */
const SOURCE_LENGTH = 200;

export const collectSshTask: Task<CollectSshInput, LiveOutput & { failed: number }> = {
  async run({ engagement, access, measure }, world) {
    const targets = access.targets.map((text) => parseTarget(text, access.login.user));
    const voice = new LiveVoice(world, measure);
    const failures = { count: 0 };
    const items = collectSsh(targets, {
      credentials: await credentialsOf(access.login),
      hostKeys: hostKeysOf(access),
      onUnknownHost: trusting(access),
      sudo: access.login.sudo,
      signal: world.signal,
      ...(measure === undefined
        ? {}
        : { performance: { interval: measure.every, duration: measure.duration } }),
    });
    const names = targets.map(targetName).join(', ');
    const source =
      names.length <= SOURCE_LENGTH
        ? names
        : `${plural(targets.length, 'server')}: ${names.slice(0, SOURCE_LENGTH)}…`;
    const output = await keepLive(
      engagement,
      { collector: 'ssh', source },
      itemsOf(items, voice, failures, world),
      voice,
      world,
    );
    return { ...output, failed: failures.count };
  },
};

async function* itemsOf(
  items: AsyncIterable<SshItem>,
  voice: LiveVoice,
  failures: { count: number },
  { note }: TaskWorld,
): AsyncGenerator<CollectedItem> {
  for await (const { target, ...item } of items) {
    const name = targetName(target);
    switch (item.kind) {
      case 'state':
        voice.state(name, item.state);
        break;
      case 'warning':
        note('warning', item.message);
        break;
      case 'failed': {
        const { message, next } = item.error;
        note('warning', `${name}: ${message} ${next}`);
        yield {
          kind: 'problem',
          problem: { at: ++failures.count, unit: 'record', message: `${name}: ${message}` },
        };
        break;
      }
      default:
        yield item;
    }
  }
}
