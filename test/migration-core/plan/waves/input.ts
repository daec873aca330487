/** What the wave planner is asked, made of a few servers. */
import { ruleBook } from '../../../../migration-core/assess/rules/pack.ts';
import type { PlatformProfile } from '../../../../migration-core/assess/model/platform.ts';
import type { WavePlan } from '../../../../migration-core/plan/model/waves.ts';
import {
  planWaves,
  rebuildWaves,
  type WavesInput,
} from '../../../../migration-core/plan/waves/plan-waves.ts';
import type { ServerAnnotations } from '../../../../migration-core/store/model/annotations.ts';
import { estate, PLATFORM, type EstateShape, type ServerShape } from '../estates.ts';

export const inputOf = (shape: EstateShape, platform: Partial<PlatformProfile> = {}): WavesInput => ({
  ...estate(shape),
  platform: { ...PLATFORM, ...platform },
  rules: ruleBook('modern'),
  today: '2026-11-25',
});

export const plan = (shape: EstateShape, platform: Partial<PlatformProfile> = {}): WavePlan =>
  planWaves(inputOf(shape, platform));

export const with_ = (annotations: ServerAnnotations, more: ServerShape = {}): ServerShape => ({
  annotations,
  ...more,
});
export const LOW = with_({ criticality: 'low', environment: 'production' });
export const NORMAL = with_({ criticality: 'normal', environment: 'production' });
export const HIGH = with_({
  criticality: 'high',
  environment: 'production',
  availabilityBenefit: 'Restarts by itself.',
});
export const CRITICAL = with_({
  criticality: 'critical',
  environment: 'production',
  availabilityBenefit: 'Restarts by itself.',
});
export const TEST = with_({ environment: 'test' });
export const LAB = with_({ environment: 'lab' });

/** `kind: ids` of each wave. */
export const layout = ({ waves }: WavePlan): string[] =>
  waves.map(
    ({ number, kind, members }) => `${number} ${kind}: ${members.map(({ server }) => server).join(' ')}`,
  );
export const risks = ({ waves }: WavePlan): string[] =>
  waves.flatMap((wave) => wave.risks.map(({ text }) => text));
export const moved = (
  shape: EstateShape,
  waves: Record<number, number>,
  platform: Partial<PlatformProfile> = {},
): WavePlan =>
  rebuildWaves(
    inputOf(shape, platform),
    new Map(Object.entries(waves).map(([id, wave]) => [Number(id), wave])),
  );
