/** Weights and limits of the score (assess/score). */
import { z } from 'zod';
import { numberRule, rule } from './pack.ts';

const points = z.number().min(0).max(100);
/** Full points up to `green`, none from `red` on, a straight line between. */
const line = z.strictObject({ weight: points, green: z.number().nonnegative(), red: z.number().positive() });
export type Line = z.infer<typeof line>;

export const scoreCpu = rule('score.cpu', 'Share of the processors of one host', 'share', line);
export const scoreMemory = rule('score.memory', 'Share of the memory of one host', 'share', line);
export const scoreDisk = rule('score.disk', 'Share of the storage of one host', 'share', line);
export const scoreNetwork = rule('score.network', 'Share of the network of one host', 'share', line);
export const scoreBurst = rule('score.burst', 'Peak over median', '', line);
export const scoreHardware = rule(
  'score.hardware',
  'Drivers: lost for each driver to be put in, value where there are none, and what an open gate of the hardware costs',
  '',
  z.strictObject({
    weight: points,
    perDriver: z.number().min(0).max(1),
    emulated: z.number().min(0).max(1),
    driversToInject: z.number().int().min(0).max(100),
    costs: z.record(z.string(), z.number().min(0).max(1)),
  }),
);
export const scoreSupport = rule(
  'score.support',
  'Support and licences: what an open gate costs of the part',
  '',
  z.strictObject({ weight: points, costs: z.record(z.string(), z.number().min(0).max(1)) }),
);
export const scoreOperations = rule(
  'score.operations',
  'Downtime that is allowed over downtime that is needed',
  '',
  z.strictObject({ weight: points }),
);
export const scoreUnknown = rule(
  'score.unknown',
  'Share of the points of a part of which nothing is known',
  'share',
  z.number().min(0).max(1),
);
export const bonusCannotCluster = numberRule(
  'score.bonus.cannotCluster',
  'Critical and cannot be clustered',
  'points',
);
export const bonusLegacy = numberRule(
  'score.bonus.legacy',
  'Old system without drivers for new hardware',
  'points',
);
export const bonusShare = rule(
  'score.bonus.share',
  'Share of the points that are missing which a bonus makes up for at most',
  '',
  z.number().min(0).max(1),
);
export const legacyYears = rule(
  'score.legacyYears',
  'Years without support from which on no new hardware has drivers for a system',
  'years',
  z.number().int().min(0).max(50),
);
export const scoreMaximum = numberRule('score.maximum', 'Highest score', 'points');
