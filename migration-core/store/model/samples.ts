/** Measurements on their way into and out of the engagement file: columns, not objects, for there are millions. */
import type { MetricId } from './metrics.ts';

/** Samples of one metric of one instance of one server. */
export interface SampleBatch {
  metric: MetricId;
  /** Which disk, network interface, volume or process; '' for metrics of the whole server. Data of others: any text. */
  instance: string;
  /** Milliseconds since 1970, UTC, ascending, no two alike: the end of the interval the value stands for. */
  times: Float64Array;
  /** In the unit of the metric, one for each time; NaN: nothing was measured. */
  values: Float64Array;
  /** Seconds between samples as the tool was told to measure, 0 if unknown. */
  interval: number;
}
