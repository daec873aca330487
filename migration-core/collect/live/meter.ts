/** What makes metrics of two samples of kernel counters; one meter for each kind of thing that is measured. */
import type { MetricId } from '../../store/model/metrics.ts';
import type { Frame, MachineFacts } from './frames.ts';

export interface Measurement {
  metric: MetricId;
  instance: string;
  /** In the unit of the metric; NaN: not known. */
  value: number;
}

export interface MeterContext {
  machine: MachineFacts;
  /** Between the two samples, by the server's own clock. */
  seconds: number;
  /** Counters of `unsigned long` wrap at 2^32. */
  bits: 32 | 64;
  /** Devices with hardware behind them; null where the kernel does not tell. */
  disks: ReadonlySet<string> | null;
  nics: ReadonlySet<string> | null;
}

/** @param before the sample before this one; what is no counter is measured without */
export type Meter = (now: Frame, before: Frame | null, context: MeterContext) => Measurement[];

/** Instances of one kind on one server; a container host may have some hundred network interfaces. */
export const MAXIMUM_INSTANCES = 4096;

/** Lines of a part as key and value: `MemTotal:   1024 kB`, `ctxt 12`. */
export function keyed(frame: Frame | null, part: string): Map<string, string> {
  const lines = frame?.parts.get(part) ?? [];
  return new Map(
    lines.flatMap((line): [string, string][] => {
      const match = /^([A-Za-z_()0-9]{1,40}):?[ \t]+(\d{1,20})/u.exec(line);
      return match === null ? [] : [[match[1]!, match[2]!]];
    }),
  );
}
