import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { EngagementFile } from '../../../migration-core/store/engagement.ts';
import type { ServerIdentity } from '../../../migration-core/store/model/identity.ts';
import type { SampleBatch } from '../../../migration-core/store/model/samples.ts';
import { createEngagement } from '../../../migration-core/store/open.ts';
import { scratchFolder } from '../../support/tools.ts';

/** Tuesday, 1 September 2026. */
export const T0 = Date.UTC(2026, 8, 1);
export const now = (): number => T0;

export const named = (name: string, more: Partial<ServerIdentity> = {}): ServerIdentity => ({
  name,
  macs: [],
  ...more,
});

/** A new engagement file in a folder of its own; closed when the test has finished. */
export async function newFile(utcOffsetMinutes = 0): Promise<EngagementFile> {
  const file = createEngagement(join(await scratchFolder(), 'site.ironlift'), {
    name: 'Site',
    now,
    utcOffsetMinutes,
  });
  onTestFinished(() => file.close());
  return file;
}

export const batch = (times: number[], values: number[], more: Partial<SampleBatch> = {}): SampleBatch => ({
  metric: 'cpu.busy',
  instance: '',
  times: Float64Array.from(times),
  values: Float64Array.from(values),
  interval: 300,
  ...more,
});

export const wait = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds));
