import { describe, expect, it } from 'vitest';
import { usageOf } from '../../../migration-core/assess/usage.ts';
import { contextOf, factsOf, GiB, profileOf } from './support.ts';

/** Of 64 GiB; the network as a share of its speed. */
const use = (loads: Parameters<typeof profileOf>[0]) =>
  usageOf(factsOf({}, {}, { profile: profileOf(loads) }), contextOf());

describe('use of a server', () => {
  it.each([
    ['at all limits', { cpu: 5, memory: 2 * GiB + 0.05 * 64 * GiB, network: 0.02 }, 'idle'],
    ['processors above', { cpu: 5.1, memory: 3 * GiB, network: 0.001 }, 'active'],
    ['memory above', { cpu: 1, memory: 6 * GiB, network: 0.001 }, 'active'],
    ['network above', { cpu: 1, memory: 3 * GiB, network: 0.021 }, 'active'],
    ['nothing at all', { cpu: 0.4, memory: 3 * GiB, network: 0.004, operations: 0.9 }, 'zombie'],
    ['nothing but disks', { cpu: 0.4, memory: 3 * GiB, network: 0.004, operations: 1 }, 'idle'],
    ['disks not measured', { cpu: 0.4, memory: 3 * GiB, network: 0.004 }, 'idle'],
    [
      'nothing, badly measured',
      { cpu: 0.4, memory: 3 * GiB, network: 0.004, operations: 0, coverage: 0.79 },
      'idle',
    ],
    ['network not measured', { cpu: 1, memory: 3 * GiB, network: null }, 'unknown'],
    ['busy, network not measured', { cpu: 50, memory: 3 * GiB, network: null }, 'active'],
  ])('%s: %j is %s', (_, loads, expected) => {
    expect(use(loads).class).toBe(expected);
  });

  it('says what is missing', () => {
    expect(use({ cpu: null, memory: 3 * GiB, network: null }).text).toBe(
      'Whether it has anything to do is not known: the load of its processors and the load of its network cannot be told.',
    );
  });
});
