/** What the wave planner is asked, made of a few servers. */
import { ruleBook } from '../../../../migration-core/assess/rules/pack.ts';
import type { PlatformProfile } from '../../../../migration-core/assess/model/platform.ts';
import type { WavesInput } from '../../../../migration-core/plan/waves/plan-waves.ts';
import { estate, PLATFORM, type EstateShape } from '../estates.ts';

export const inputOf = (shape: EstateShape, platform: Partial<PlatformProfile> = {}): WavesInput => ({
  ...estate(shape),
  platform: { ...PLATFORM, ...platform },
  rules: ruleBook('modern'),
  today: '2026-11-25',
});
