/** All conditions, in the order in which they are held against a plan: what comes first stands above what comes later. */
import type { WaveCondition } from './condition.ts';
import {
  benefit,
  complexLater,
  criticalLast,
  failover,
  firstFit,
  lowFirst,
  maturity,
  window,
} from './fitness.ts';
import { dependencyOrder, looseEnds, neverMixed, pilotFirst, size, testFirst } from './order.ts';
import { application, twoWay } from './together.ts';

export const CONDITIONS: readonly WaveCondition[] = [
  twoWay,
  application,
  dependencyOrder,
  testFirst,
  neverMixed,
  criticalLast,
  complexLater,
  lowFirst,
  size,
  pilotFirst,
  benefit,
  failover,
  maturity,
  window,
  firstFit,
  looseEnds,
];
