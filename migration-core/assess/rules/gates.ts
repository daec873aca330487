/** Numbers and lists of the gates (assess/gates). */
import { z } from 'zod';
import { numberRule, positiveRule, rule } from './pack.ts';

const hex4 = z.string().regex(/^[0-9a-f]{4}$/u);
const names = z.array(z.string().min(1));
const share = z.number().min(0).max(1);
const ioClass = z.enum(['low', 'moderate', 'high', 'extreme']);

export const ioOverhead = rule(
  'gate.ioOverhead',
  'Added latency of disk and network, by the kind of devices',
  'share',
  z.strictObject({ emulated: share, paravirtual: share, passThrough: share, os: share }),
);
export const ioRefused = rule(
  'gate.ioRefused',
  'Input and output that is not virtualized where devices add more latency than this',
  'share',
  z.strictObject({ classes: z.array(ioClass), overheadAbove: share }),
);
export const highIo = rule(
  'gate.highIo',
  'Classes of input and output that count as high',
  '',
  z.array(ioClass),
);
export const latencyLimit = numberRule('gate.latencyLimit', 'Disk latency that users notice', 's');
export const latencySensitive = rule(
  'gate.latencySensitive',
  'Disks this fast and this busy serve something that waits for them',
  '',
  z.strictObject({ latency: z.number().positive(), operations: z.number().positive() }),
);
export const burstCondition = numberRule(
  'gate.burstCondition',
  'Peak over median that is a condition where input and output are high',
  '',
);
export const copyRate = positiveRule('gate.copyRate', 'Rate of a copy over the network', 'bytes/s');
export const cutoverMinutes = numberRule(
  'gate.cutoverMinutes',
  'Reconfiguring and testing at a cut-over',
  'min',
);
export const remapAbove = numberRule(
  'gate.remapAbove',
  'Data on a SAN that is mapped to the machine rather than copied',
  'bytes',
);
export const needsQuiet = rule(
  'gate.needsQuiet',
  'Roles whose copy is not consistent while they run',
  '',
  names,
);
export const specialDevices = rule(
  'gate.specialDevices',
  'Devices that no virtual machine has',
  '',
  z.array(
    z.strictObject({
      what: z.string(),
      /** PCI classes: first two or four digits; empty: any. */
      classes: z.array(z.string().regex(/^(?:[0-9a-f]{2}){1,2}$/u)),
      /** Vendors that make nothing else; empty: any vendor of these classes. */
      vendors: z.array(hex4),
      /** Vendors whose boards carry such a device for themselves. */
      exceptVendors: z.array(hex4),
      /** Classes as Windows names them. */
      windowsClasses: names,
      /** What words of its name begin with, in small letters: many a board has the class of anything that communicates. */
      words: names.default([]),
    }),
  ),
);
export const dongles = rule(
  'gate.dongles',
  'USB vendors of licence dongles, and words in names of devices',
  '',
  z.strictObject({ vendors: z.array(hex4), words: names }),
);
export const graphics = rule(
  'gate.graphics',
  'Graphics processors that are more than the console of a server',
  '',
  z.strictObject({
    classes: z.array(hex4),
    consoleClasses: z.array(hex4),
    vendors: z.array(hex4),
    exceptDevices: names,
  }),
);
export const machines = rule('gate.machines', 'Names of processors that x86 platforms run', '', names);
export const oldKernels = rule(
  'gate.oldSystems',
  'Systems so old that their hardware layer (HAL) or kernel must be changed for a virtual board',
  '',
  names,
);
export const sectorBytes = positiveRule('gate.sectorBytes', 'Sector of virtual disks', 'bytes');
export const mbrLimit = numberRule('gate.mbrLimit', 'Largest disk that a BIOS starts from', 'bytes');
export const timeCriticalRoles = rule('gate.timeCriticalRoles', 'Roles that need exact time', '', names);
export const automatic = rule(
  'gate.automatic',
  'Warnings that the conversion sees to by itself',
  '',
  z.array(z.string().regex(/^W\d+$/u)),
);
export const minStars = numberRule(
  'gate.minStars',
  'Stars of confidence below which nothing is a good candidate',
  'stars',
);
export const failoverFor = rule(
  'gate.failoverFor',
  'Servers that need a platform with failover',
  '',
  z.strictObject({ environments: names, criticalities: names }),
);
