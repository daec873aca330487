/** What decides between the verdicts (assess/verdict), and what a server's use is called (assess/usage). */
import { z } from 'zod';
import { numberRule, rule } from './pack.ts';

const names = z.array(z.string().min(1));

export const minimumInventory = rule(
  'verdict.minimumInventory',
  'What must be known of a server before anything is said of it',
  '',
  z.array(z.enum(['operatingSystem', 'processors', 'memoryBytes', 'disks'])),
);
export const clusterRoles = rule(
  'verdict.clusterRoles',
  'Roles that are clustered where input and output are high',
  '',
  names,
);
export const clusterSupports = rule(
  'verdict.clusterSupport',
  'Support that makes a cluster the answer',
  '',
  z.array(z.enum(['native', 'os-cluster'])),
);
export const wholeHost = numberRule(
  'verdict.wholeHost',
  'Share of a host above which a server needs one of its own',
  'share',
);
export const goodScore = numberRule('verdict.good', 'Score of a good candidate', 'points');
export const conditionsScore = numberRule(
  'verdict.conditions',
  'Score of a candidate with conditions',
  'points',
);
export const osScore = numberRule('verdict.osVirtualization', 'Score for OS virtualization', 'points');
export const positives = numberRule('verdict.positives', 'Reasons in favour that a verdict names', '');
export const fewServers = numberRule(
  'verdict.fewServers',
  'Estate so small that building anew is an option',
  'servers',
);

const percent = z.number().min(0).max(100);
const limits = z.strictObject({ cpu: percent, memory: percent, network: percent });
export const idleLimits = rule('usage.idle', 'p95 up to which a server is idle', '%', limits);
export const zombieLimits = rule(
  'usage.zombie',
  'p95 that rounds to nothing',
  '%',
  limits.omit({ memory: true }).extend({ diskOperations: z.number().nonnegative() }),
);
export const systemMemory = numberRule(
  'usage.systemMemory',
  'Memory that a running system holds by itself',
  'bytes',
);
export const healthyCoverage = numberRule(
  'usage.healthyCoverage',
  'Share of samples that must be there',
  'share',
);
