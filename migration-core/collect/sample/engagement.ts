/** Fills a new engagement file with the invented customer. */
import type { CollectionCounts, EngagementFile } from '../../store/engagement.ts';
import { keep } from '../keep.ts';
import { readCast } from './cast.ts';
import { MACHINES } from './hardware.ts';
import { sampleEstate } from './make.ts';

export interface SampleOptions {
  now: () => number;
  signal: AbortSignal;
  /** Servers. */
  onProgress?: (done: number, total: number) => void;
}

/** @throws CANCELLED, ENGAGEMENT_FULL */
export async function makeSample(
  engagement: EngagementFile,
  options: SampleOptions,
): Promise<CollectionCounts> {
  const cast = readCast();
  const counted = async function* () {
    let done = 0;
    for await (const item of sampleEstate(cast, options.signal)) {
      yield item;
      if (item.kind === 'inventory') options.onProgress?.(done++, cast.servers.length);
    }
  };
  const { counts } = await keep(
    counted(),
    engagement,
    { collector: 'sample', source: 'invented', digest: null },
    { now: options.now, signal: options.signal },
  );
  const byName = new Map(cast.servers.map((member) => [member.name, member]));
  engagement.transaction(() => {
    for (const { id, identity } of engagement.servers()) {
      const member = byName.get(identity.name)!;
      const machine = member.machine === 'virtual' ? null : MACHINES[member.machine];
      engagement.putAnnotations(id, {
        ...(machine === null ? {} : { rackUnits: machine.rackUnits, nameplateWatts: machine.nameplateWatts }),
        ...member.annotations,
      });
    }
  });
  return counts;
}
