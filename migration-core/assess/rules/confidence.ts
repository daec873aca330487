/** How far the figures of a server can be trusted. */
import { z } from 'zod';
import { numberRule, rule } from './pack.ts';

const weight = z.number().min(0).max(1);
/** What a verdict is better with; names of a demand profile. */
export const MEASURES = [
  'cpu',
  'memoryUsed',
  'pagingIn',
  'diskOperations',
  'diskBytes',
  'diskLatency',
  'diskQueue',
  'networkBytes',
] as const;

export const CONFIDENCE_WEIGHTS = rule(
  'confidence.weights',
  'Weights of coverage, duration, metrics and cycle',
  '',
  z.strictObject({ coverage: weight, duration: weight, metrics: weight, cycle: weight }),
);
export const CONFIDENCE_DAYS = numberRule('confidence.days', 'Days for full confidence', 'days');
export const CONFIDENCE_METRICS = rule(
  'confidence.metrics',
  'Metrics that are wanted',
  '',
  z.array(z.enum(MEASURES)).min(1),
);
export const CONFIDENCE_STARS = rule(
  'confidence.stars',
  'Confidence up to which there are 1, 2, 3 and 4 stars',
  '',
  z.tuple([z.number(), z.number(), z.number(), z.number()]),
);
export const CONFIDENCE_SHORT = rule(
  'confidence.cap.hours',
  'Measured shorter than, confidence at most',
  'hours',
  z.array(z.strictObject({ hours: z.number().positive(), limit: z.number().min(0).max(100) })),
);
export const CONFIDENCE_CAPS = {
  noSeries: numberRule('confidence.cap.noSeries', 'Confidence at most, without measurements', ''),
  megahertz: numberRule(
    'confidence.cap.megahertz',
    'Confidence at most, processor compared by its clock',
    '',
  ),
  storage: numberRule('confidence.cap.storage', 'Confidence at most, storage unknown', ''),
  application: numberRule('confidence.cap.application', 'Confidence at most, sized by application', ''),
} as const;

export const CONFIDENCE_RULES = [
  CONFIDENCE_WEIGHTS,
  CONFIDENCE_DAYS,
  CONFIDENCE_METRICS,
  CONFIDENCE_STARS,
  CONFIDENCE_SHORT,
  ...Object.values(CONFIDENCE_CAPS),
];
