/** Units that exports use, as factors to the units metrics are kept in. */
import { metricInfo, type MetricId } from '../../../store/model/metrics.ts';

type Dimension = 'percent' | 'bytes' | 'bytes/s' | 'seconds' | 'count';

/**
 * Unit: what it measures and how many of the kept unit it is. A capital B is a byte, a small b a bit; K, M and G of
 * bytes are binary, as all tools count that we know, of bits decimal, as networks do.
 */
export const UNITS = {
  '%': ['percent', 1],
  ratio: ['percent', 100],
  B: ['bytes', 1],
  KB: ['bytes', 2 ** 10],
  MB: ['bytes', 2 ** 20],
  GB: ['bytes', 2 ** 30],
  TB: ['bytes', 2 ** 40],
  pages: ['bytes', 4096],
  'B/s': ['bytes/s', 1],
  'KB/s': ['bytes/s', 2 ** 10],
  'MB/s': ['bytes/s', 2 ** 20],
  'GB/s': ['bytes/s', 2 ** 30],
  'sectors/s': ['bytes/s', 512],
  'pages/s': ['bytes/s', 4096],
  'bit/s': ['bytes/s', 1 / 8],
  'kbit/s': ['bytes/s', 1e3 / 8],
  'Mbit/s': ['bytes/s', 1e6 / 8],
  'Gbit/s': ['bytes/s', 1e9 / 8],
  s: ['seconds', 1],
  ms: ['seconds', 1e-3],
  us: ['seconds', 1e-6],
  ns: ['seconds', 1e-9],
  '1': ['count', 1],
  '1/s': ['count', 1],
} as const satisfies Record<string, readonly [Dimension, number]>;

export type Unit = keyof typeof UNITS;
export const UNIT_NAMES = Object.keys(UNITS) as [Unit, ...Unit[]];

function dimensionOf(metric: MetricId): Dimension {
  const unit = metricInfo(metric)!.unit;
  return unit === 'percent' || unit === 'bytes' || unit === 'bytes/s' || unit === 'seconds' ? unit : 'count';
}

/** The factor from that unit to the one the metric is kept in; undefined where it measures something else. */
export function unitFactor(metric: MetricId, unit: Unit): number | undefined {
  const [dimension, factor] = UNITS[unit];
  const wanted = dimensionOf(metric);
  // A rate of bytes is often headed "KB".
  return dimension === wanted || (dimension === 'bytes' && wanted === 'bytes/s') ? factor : undefined;
}

const WRITTEN: readonly [RegExp, Unit][] = [
  [/%|\bpercent|\bpct\b/iu, '%'],
  [/\bGbit(?:\/s|ps)?\b|\bGbps\b/u, 'Gbit/s'],
  [/\bMbit(?:\/s|ps)?\b|\bMbps\b|\bMb\/s/u, 'Mbit/s'],
  [/\bkbit(?:\/s|ps)?\b|\b[kK]bps\b|\b[kK]b\/s/u, 'kbit/s'],
  [/\bbits?(?:\/s(?:ec)?|ps)?\b|\bbps\b/u, 'bit/s'],
  [/\bGi?B(?:\/s(?:ec)?|ps)\b/u, 'GB/s'],
  [/\bMi?B(?:\/s(?:ec)?|ps)\b/u, 'MB/s'],
  [/\b[kK]i?B(?:\/s(?:ec)?|ps)\b/u, 'KB/s'],
  [/\bB(?:\/s(?:ec)?|ps)\b|\b[bB]ytes?(?:\/s(?:ec(?:ond)?)?| per second)\b/u, 'B/s'],
  [/\bTi?B\b/iu, 'TB'],
  [/\bGi?B(?:ytes)?\b/iu, 'GB'],
  [/\bMi?B(?:ytes)?\b/iu, 'MB'],
  [/\bKi?B(?:ytes)?\b/iu, 'KB'],
  [/\bbytes?\b/iu, 'B'],
  [/\bsectors?\b/iu, 'sectors/s'],
  [/\bms\b|\bmsec\b|\bmilliseconds?\b/iu, 'ms'],
  [/\bus\b|\bµs\b|\bmicroseconds?\b/iu, 'us'],
  [/\bsec(?:onds?)?\b|\bs\b/iu, 's'],
];

/** The unit a heading names, if it is one the metric can have. Underscores and dots separate words. */
export function unitInHeading(heading: string, metric: MetricId): Unit | undefined {
  const words = heading.replace(/[_.]/gu, ' ');
  for (const [pattern, unit] of WRITTEN)
    if (pattern.test(words) && unitFactor(metric, unit) !== undefined) return unit;
  return undefined;
}
