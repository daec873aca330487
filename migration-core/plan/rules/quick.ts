/** Numbers of the quick estimate. Values and sources are in resources/rules. */
import { z } from 'zod';
import { rule } from '../../assess/rules/pack.ts';

const share = z.number().min(0.05).max(1);

export const QUICK = {
  hostCpu: rule('quick.hostCpu', 'Ceiling of processors of a host, quick estimate', '', share),
  hostCpuLow: rule('quick.hostCpuLow', 'The same with caution', '', share),
} as const;
