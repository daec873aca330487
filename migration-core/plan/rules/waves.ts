/** Numbers of the wave planner: who depends on whom, who goes first, how large a wave is and how long it takes. */
import { z } from 'zod';
import { rule } from '../../assess/rules/pack.ts';

const share = z.number().min(0).max(1);
const names = z.array(z.string().min(1)).max(1000);
/** The parts add up to a hundred where people go on reading them as such. */
const points = z.number().min(0).max(100);
const positive = z.number().int().positive();

export const DEPENDENCY_RULES = {
  strongSightings: rule(
    'wave.strong-sightings',
    'Sightings that make a connection a strong one',
    '',
    positive,
  ),
  strongShare: rule('wave.strong-share', 'Share of samples a strong connection is seen in', '', share),
  infrastructureRoles: rule('wave.infrastructure-roles', 'Roles that serve everybody', '', names),
  hubShare: rule('wave.hub-share', 'Share of all servers whose use makes a server infrastructure', '', share),
  hubClients: rule(
    'wave.hub-clients',
    'Fewest servers whose use makes a server infrastructure',
    '',
    positive,
  ),
} as const;

export const PRIORITY_RULES = {
  weights: rule(
    'wave.priority-weights',
    'Parts of the priority',
    'points',
    z.strictObject({
      readiness: points,
      criticality: points,
      io: points,
      similarity: points,
      complexity: points,
      savings: points,
      urgency: points,
    }),
  ),
  criticality: rule(
    'wave.priority-criticality',
    'How early by criticality',
    '',
    z.strictObject({ low: share, normal: share, high: share, critical: share }),
  ),
  io: rule(
    'wave.priority-io',
    'How early by input and output',
    '',
    z.strictObject({ low: share, moderate: share, high: share, extreme: share, unknown: share }),
  ),
  diskTiers: rule(
    'wave.complexity-disk-tiers',
    'Disk space up to which a server is easy, medium, hard',
    'bytes',
    z.tuple([positive, positive, positive]),
  ),
  complexFrom: rule('wave.complex-from', 'Complexity that is high', '', z.number().int().min(1).max(4)),
  urgentDays: rule(
    'wave.urgent-days',
    'Days before the end of support that make a server urgent',
    'days',
    positive,
  ),
} as const;

export const WAVE_RULES = {
  first: rule('wave.size-first', 'Servers in the first wave of production', '', positive),
  usual: rule('wave.size', 'Servers in a wave', '', positive),
  most: rule('wave.size-most', 'Servers in a wave at most', '', positive),
  easyRoles: rule('wave.easy-roles', 'Roles that move first in production', '', names),
  lastRoles: rule('wave.last-roles', 'Roles that move last', '', names),
  daysBetween: rule(
    'wave.days-between',
    'Days between waves for tests and signatures',
    'days',
    z.number().int().min(0),
  ),
  rate: rule('wave.copy-rate', 'Speed of a copy where none is given', 'bytes/s', z.number().positive()),
  fileFactor: rule(
    'wave.file-copy-factor',
    'How much longer a copy of files takes than one of blocks',
    '',
    z.number().min(1),
  ),
  reconfigure: rule(
    'wave.reconfigure-minutes',
    'Reconfiguring after the copy',
    'min',
    z.number().nonnegative(),
  ),
  tests: rule('wave.test-minutes', 'Tests after the move', 'min', z.number().nonnegative()),
  retention: rule('wave.retention-days', 'Days the source is kept switched off', 'days', positive),
  testExpiry: rule(
    'wave.test-expiry-days',
    'Days after which a test machine is asked about',
    'days',
    positive,
  ),
  levels: rule(
    'wave.confidence-levels',
    'Share of servers known from which on confidence is high, medium',
    '',
    z.strictObject({ high: share, medium: share }),
  ),
  fewStars: rule('wave.few-stars', 'Stars of confidence below which a server is a risk', '', positive),
} as const;
