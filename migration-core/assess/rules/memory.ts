/** How much memory a virtual machine gets, and what the host spends on it. */
import { z } from 'zod';
import { range } from './cpu.ts';
import { numberRule, rule } from './pack.ts';

const bytes = z.number().int().positive();

export const MEMORY_HEADROOM = numberRule('memory.headroom', 'Memory above the measured use', '');
export const MEMORY_STEP = rule('memory.step', 'Memory is given in steps of', 'bytes', bytes);
export const MEMORY_MINIMUM = rule(
  'memory.minimum',
  'Least memory of an operating system',
  'bytes',
  z.strictObject({ linux: bytes, windows: bytes, unix: bytes, other: bytes }),
);
export const MEMORY_PAGES_IN = numberRule(
  'memory.pressure.pagesIn',
  'Pages read back, p95, that tell of too little memory',
  'pages/s',
);
export const MEMORY_AVAILABLE = numberRule(
  'memory.pressure.available',
  'Available memory, p5, below which it is too little',
  'share of installed',
);
export const MEMORY_PRESSURE_FACTOR = numberRule(
  'memory.pressure.factor',
  'Memory where it is too little',
  'of installed',
);
export const MEMORY_FIXED_ROLES = rule(
  'memory.asConfiguredRoles',
  'Roles that fill a cache of fixed size: memory as configured',
  '',
  z.array(z.string()),
);
export const MEMORY_MACHINE = rule(
  'memory.machineOverhead',
  'Memory that the host spends on a machine',
  'bytes',
  z.strictObject({ bytes, shareOfMemory: z.number().min(0).max(1), bytesPerVcpu: bytes }),
);
export const MEMORY_EMULATION = rule(
  'memory.emulation',
  'Memory for emulated devices, full virtualization',
  'share',
  range,
);

export const MEMORY_RULES = [
  MEMORY_HEADROOM,
  MEMORY_STEP,
  MEMORY_MINIMUM,
  MEMORY_PAGES_IN,
  MEMORY_AVAILABLE,
  MEMORY_PRESSURE_FACTOR,
  MEMORY_FIXED_ROLES,
  MEMORY_MACHINE,
  MEMORY_EMULATION,
];
