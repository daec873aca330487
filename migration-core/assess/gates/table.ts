/** All gates, in the order in which they are shown. A new one is an object like these, and a line here. */
import { b8, w10, w17, w25, w9 } from './applications.ts';
import { i1, i2, i3, i4, w15, w24 } from './assurance.ts';
import { b9, w6 } from './encryption.ts';
import type { GateRule } from './gate.ts';
import { b1, b7, w12, w19 } from './guest-system.ts';
import { b5, w1, w16 } from './input-output.ts';
import { b4, b6, w11 } from './licences.ts';
import { b2, w8 } from './limits.ts';
import { w14, w18, w20, w7 } from './machine.ts';
import { b3, w13, w2 } from './special-devices.ts';
import { w21, w22, w23, w3, w4, w5 } from './storage.ts';

export const GATES: readonly GateRule[] = [
  ...[b1, b2, b3, b4, b5, b6, b7, b8, b9],
  ...[w1, w2, w3, w4, w5, w6, w7, w8, w9, w10, w11, w12, w13],
  ...[w14, w15, w16, w17, w18, w19, w20, w21, w22, w23, w24, w25],
  ...[i1, i2, i3, i4],
];
