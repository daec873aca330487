/** How roll-ups are kept: model/rollup.ts as JSON, checked when it is read. */
import { z } from 'zod';
import type { Rollup, ServerRollup } from '../model/rollup.ts';

const figure = z.number().nullable();

export const serverRollup: z.ZodType<ServerRollup> = z.object({
  cpuMean: figure,
  cpuP95: figure,
  cpuMaximum: figure,
  memoryUsedP95: figure,
  diskOperationsP95: figure,
  diskBytesP95: figure,
  networkBytesP95: figure,
  days: z.number(),
  coverage: z.number(),
  backupWindow: z.object({ startMinute: z.number(), endMinute: z.number(), nights: z.number() }).nullable(),
});

/** Without the week, which is a column of numbers, and without its names, which are those of the series. */
export type KeptRollup = Omit<Rollup, 'week' | 'metric' | 'instance'>;

export const keptRollup: z.ZodType<KeptRollup> = z.object({
  slot: z.number(),
  first: z.number(),
  last: z.number(),
  slots: z.number(),
  coverage: z.number(),
  gaps: z.array(z.object({ from: z.number(), to: z.number() })),
  mean: z.number(),
  minimum: z.number(),
  maximum: z.number(),
  p50: z.number(),
  p90: z.number(),
  p95: z.number(),
  p99: z.number(),
  percentilesAreMaxima: z.object({ p95: z.boolean(), p99: z.boolean() }),
});
