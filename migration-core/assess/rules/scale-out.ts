/** Numbers that the queries of resources/scale-out ask for; they read them from rules.parquet. */
import { z } from 'zod';
import { numberRule, rule } from './pack.ts';

const percent = z.number().min(0).max(100);
const amount = z.number().nonnegative();
const share = z.number().min(0).max(1);

export const coreByYear = rule(
  'scale.coreByYear',
  'Speed of a core by the year its model came out, one of 2017 being 1',
  '',
  z.record(z.string().regex(/^\d{4}$/u), z.number().positive()),
);
export const idleLimits = rule(
  'scale.idle',
  'p95 up to which a server is idle',
  '%',
  z.strictObject({ cpu: percent, memory: percent, network: percent }),
);
export const zombieLimits = rule(
  'scale.zombie',
  'p95 that is nothing: percent of processors and uplink, disk operations/s',
  '',
  z.strictObject({ cpu: percent, network: percent, diskOperations: amount }),
);
export const systemMemory = numberRule('scale.systemMemory', 'Memory that a system holds by itself', 'bytes');
export const healthyCoverage = numberRule(
  'scale.healthyCoverage',
  'Share of samples that must be there before a server is called idle',
  '',
);
const ioLimits = z.strictObject({ operations: amount, bytes: amount, uplink: share });
export const ioClasses = rule(
  'scale.ioClasses',
  'p95 up to which input and output are of a class: operations/s, bytes/s, share of one uplink',
  '',
  z.strictObject({ low: ioLimits, moderate: ioLimits, high: ioLimits }),
);
export const confidenceParts = rule(
  'scale.confidence',
  'Weights of what confidence is made of, days that are enough, metrics that are needed',
  '',
  z.strictObject({
    coverage: share,
    duration: share,
    metrics: share,
    cycle: share,
    fullDays: z.number().positive(),
    required: z.array(z.string()).min(1),
  }),
);
export const SCALE_OUT_RULES = [
  coreByYear,
  idleLimits,
  zombieLimits,
  systemMemory,
  healthyCoverage,
  ioClasses,
  confidenceParts,
] as const;
