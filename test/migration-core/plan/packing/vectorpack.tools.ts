import { rm } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { pack } from '../../../../migration-core/plan/packing/pack.ts';
import { faults } from '../../../support/packing.ts';
import { hasShared, NEEDS_SHARED, sharedPath } from '../../../support/shared.ts';
import {
  firstFitDecreasing,
  isMeaningful,
  problemOf,
  simpleBound,
  unpackInstances,
} from '../../../support/vectorpack.ts';

/** Every so many instances: two dozen, of all sets and numbers of dimensions. */
const EACH = 13;
/** Of what first fit needs more than the simple bound, what we may need more; half way between what we do and nothing gained. */
const PART = 0.85;

describe.skipIf(!hasShared)(`public instances of vector packing ${NEEDS_SHARED}`, () => {
  it('are packed better than by first fit decreasing, each of them', async () => {
    const { folder, instances } = await unpackInstances(sharedPath('packing/vectorpack-n500.tar.xz'));
    await rm(folder, { recursive: true });
    const chosen = instances.filter(isMeaningful).filter((_, index) => index % EACH === 0);
    expect(new Set(chosen.map(({ set }) => set))).toEqual(new Set(['New', 'Panigrahy', 'Triplet']));
    let [ours, theirs, bounds] = [0, 0, 0];
    for (const instance of chosen) {
      const problem = problemOf(instance);
      const result = pack(problem, { seed: 1, rounds: 2000 });
      expect(faults(problem, result), instance.name).toEqual([]);
      expect(result.unplaced).toEqual([]);
      const bound = simpleBound(instance);
      expect(result.bound.hosts, instance.name).toBeGreaterThanOrEqual(bound);
      expect(result.bound.hosts, instance.name).toBeLessThanOrEqual(result.hosts.length);
      expect(result.hosts.length, instance.name).toBeLessThanOrEqual(firstFitDecreasing(instance));
      if (instance.set !== 'New') continue;
      ours += result.hosts.length;
      theirs += firstFitDecreasing(instance);
      bounds += bound;
    }
    expect((ours - bounds) / (theirs - bounds)).toBeLessThanOrEqual(PART);
  });
});
