/** What makes servers alike (assess/groups), and which releases are young enough to be shared. */
import { z } from 'zod';
import { numberRule, rule } from './pack.ts';

const weight = z.number().min(0).max(1);
const bytes = z.number().int().nonnegative();
const footprint = z.strictObject({ memoryBytes: bytes, diskBytes: bytes });

export const groupWeights = rule(
  'group.weights',
  'What each likeness counts; they add up to 1',
  '',
  z.strictObject({
    system: weight,
    model: weight,
    roles: weight,
    disks: weight,
    drivers: weight,
    patch: weight,
    memory: weight,
  }),
);
export const groupKnown = numberRule('group.known', 'Weight that must be known of both', 'share');
export const groupSimilarity = numberRule('group.similarity', 'Likeness of a cookie-cutter set', 'share');
export const groupMinimum = numberRule('group.minimum', 'Fewest members of a cookie-cutter set', 'servers');
export const osGroupMinimum = numberRule(
  'group.osMinimum',
  'Fewest servers that share one operating system',
  'servers',
);
export const osGroupRoles = rule(
  'group.osRoles',
  'Roles that may share an operating system',
  '',
  z.array(z.string()),
);
export const osGroupFamilies = rule(
  'group.osFamilies',
  'Systems that can be shared',
  '',
  z.array(z.enum(['linux', 'windows'])),
);
export const osGroupNever = rule(
  'group.osNever',
  'Roles that keep a system to themselves',
  '',
  z.array(z.string()),
);
export const osGroupIo = rule(
  'group.osIo',
  'Input and output that may share an operating system',
  '',
  z.array(z.enum(['low', 'moderate', 'high', 'extreme'])),
);
export const osGroupInstances = numberRule('group.osInstances', 'Instances on one host', 'instances');
export const osFootprint = rule(
  'group.osFootprint',
  'What an operating system takes for itself',
  'bytes',
  z.strictObject({ linux: footprint, windows: footprint, other: footprint }),
);
export const youngYears = numberRule(
  'os.youngYears',
  'Age of a release up to which OS virtualization is offered',
  'years',
);
