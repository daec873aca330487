/** What counts as little and as much input and output, and what it loses on the way through a hypervisor. */
import { z } from 'zod';
import { range } from './cpu.ts';
import { numberRule, rule } from './pack.ts';

const limit = z.strictObject({
  /** Operations/s and bytes/s, p95. */
  operations: z.number().positive(),
  bytes: z.number().positive(),
  /** Of what a host may use of its storage; of one uplink. */
  storageShare: z.number().min(0).max(1),
  networkShare: z.number().min(0).max(1),
});
export type IoLimit = z.infer<typeof limit>;

export const IO_CLASSES = {
  low: rule('io.class.low', 'Low input and output, up to', '', limit),
  moderate: rule('io.class.moderate', 'Moderate input and output, up to', '', limit),
  high: rule('io.class.high', 'High input and output, up to', '', limit),
} as const;
export const IO_SLOW_DIVISOR = numberRule(
  'io.slowDivisor',
  'Limits are divided by, with spindles or emulated devices',
  '',
);
export const IO_LATENCY = {
  emulated: rule('io.latency.emulated', 'Latency added by emulated devices', 'share', range),
  paravirtual: rule('io.latency.paravirtual', 'Latency added by paravirtual devices', 'share', range),
  none: rule(
    'io.latency.none',
    'Latency added by devices passed through, and by OS virtualization',
    'share',
    range,
  ),
} as const;
export const IO_CONSTRAINED = {
  latency: numberRule(
    'io.constrained.latency',
    'Latency, p95, of disks that are the limit themselves',
    'seconds',
  ),
  queueSpindle: numberRule(
    'io.constrained.queuePerSpindle',
    'Requests waiting at a spindle that is the limit',
    '',
  ),
  queueLun: numberRule('io.constrained.queuePerLun', 'Requests waiting at a LUN that is the limit', ''),
  factor: numberRule('io.constrained.factor', 'Demand where the present disks are the limit', 'of measured'),
} as const;
export const IO_SENSITIVE = rule(
  'io.latencySensitive',
  'Latency-sensitive: faster than, at more operations than',
  'seconds, operations/s',
  z.strictObject({ latency: z.number().positive(), operations: z.number().positive() }),
);
export const IO_BURST = {
  note: numberRule('io.burst.note', 'Burstiness (p99.9 to p50) worth a note', ''),
  condition: numberRule(
    'io.burst.condition',
    'Burstiness that is a condition with high input and output',
    '',
  ),
} as const;

export const IO_RULES = [
  ...Object.values(IO_CLASSES),
  IO_SLOW_DIVISOR,
  ...Object.values(IO_LATENCY),
  ...Object.values(IO_CONSTRAINED),
  IO_SENSITIVE,
  ...Object.values(IO_BURST),
];
