/** Where the samples of one server come from, and what has to be known of it to read them rightly. */
import type { EngagementFile, SeriesInfo, ServerId } from '../../store/engagement.ts';
import type { ServerAnnotations } from '../../store/model/annotations.ts';
import type { ServerInventory } from '../../store/model/inventory.ts';
import type { MetricId } from '../../store/model/metrics.ts';
import type { SampleBatch } from '../../store/model/samples.ts';

export interface SampleReader {
  series(): SeriesInfo[];
  /** All samples of one series, ascending by time. */
  read(metric: MetricId, instance: string): SampleBatch;
}

/** A backup window as people tell it: minutes after midnight in the time of the site; no days: every day. */
export interface ToldBackup {
  startMinute: number;
  endMinute: number;
  /** 0 is Monday. */
  days: readonly number[];
}

export interface About {
  /** Of the site, minutes east of UTC. */
  utcOffsetMinutes: number;
  /** Tells disks from what is stacked on them, cards from bonds. */
  inventory: ServerInventory | null;
  /** Bits per second, by the name of the interface. */
  nicSpeeds: ReadonlyMap<string, number>;
  toldBackups: readonly ToldBackup[];
  /** What a full backup reads, bytes; null: unknown. */
  usedBytes: number | null;
  /** When the operating system started last, milliseconds since 1970; null: unknown. */
  bootedAt: number | null;
}

/** What inventory and people say of a server, as far as `characterise` asks for it. */
export function aboutServer(
  inventory: ServerInventory | null,
  annotations: ServerAnnotations,
  utcOffsetMinutes: number,
): About {
  const nicSpeeds = new Map<string, number>();
  for (const { name, speed } of inventory?.networkInterfaces ?? [])
    if (speed !== undefined && speed > 0) nicSpeeds.set(name, speed);
  const used = (inventory?.volumes ?? [])
    .map(({ usedBytes }) => usedBytes)
    .filter((one) => one !== undefined);
  return {
    utcOffsetMinutes,
    inventory,
    nicSpeeds,
    toldBackups: annotations.backup?.method === 'none' ? [] : (annotations.backup?.windows ?? []),
    usedBytes: used.length === 0 ? null : used.reduce((sum, bytes) => sum + bytes, 0),
    bootedAt: inventory?.operatingSystem?.bootedAt ?? null,
  };
}

/** The samples of a server in an engagement file. */
export const engagementReader = (
  file: Pick<EngagementFile, 'series' | 'readSamples'>,
  id: ServerId,
): SampleReader => ({
  series: () => file.series(id),
  read: (metric, instance) =>
    file.readSamples(id, metric, instance, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY),
});
