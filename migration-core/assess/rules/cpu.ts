/** How processors are compared, what virtualization costs of them, and how many virtual ones a server gets. */
import { z } from 'zod';
import { numberRule, positiveRule, rule } from './pack.ts';

const share = z.number().min(0).max(10);
/** Best case, middle, and what gates go by. */
export const range = z.strictObject({ low: share, middle: share, high: share });
export type Range = z.infer<typeof range>;
/** Cores for each 1000 operations a second, and for each 100 MB/s of network. */
const ioCost = z.strictObject({ per1000Operations: share, per100Megabytes: share });

export const CPU_REFERENCE_SCORE = positiveRule(
  'cpu.referenceScorePerCore',
  'SPECrate2017_int_base of one reference core',
  '',
);
export const CPU_REFERENCE_MEGAHERTZ = positiveRule(
  'cpu.referenceMegahertz',
  'Clock of the reference core',
  'MHz',
);
export const CPU_BY_YEAR = rule(
  'cpu.perCoreByYear',
  'Work of one core by year of launch, in reference cores',
  'core units',
  z
    .record(z.string().regex(/^\d{4}$/u), z.number().positive())
    .refine((years) => Object.keys(years).length > 0),
);
export const CPU_UNKNOWN = positiveRule(
  'cpu.unknownPerCore',
  'Work of one core of which nothing is known',
  'core units',
);
export const CPU_UNCERTAINTY = {
  entered: numberRule('cpu.uncertainty.entered', 'Uncertainty of a published score', ''),
  model: numberRule('cpu.uncertainty.model', 'Uncertainty of a score by model', ''),
  'launch-year': numberRule('cpu.uncertainty.launchYear', 'Uncertainty of a score by year', ''),
  megahertz: numberRule('cpu.uncertainty.megahertz', 'Uncertainty of a score by clock', ''),
  unknown: numberRule('cpu.uncertainty.unknown', 'Uncertainty of a score by nothing', ''),
} as const;

export const CPU_OVERHEAD = {
  full: rule('cpu.overhead.full', 'Processor overhead of full virtualization', 'share', range),
  paravirtual: rule('cpu.overhead.paravirtual', 'Processor overhead of paravirtual kernels', 'share', range),
  'hardware-assisted': rule(
    'cpu.overhead.hardwareAssisted',
    'Processor overhead with hardware assistance',
    'share',
    range,
  ),
  os: rule('cpu.overhead.os', 'Processor overhead of OS virtualization', 'share', range),
} as const;
export const CPU_SHADOW_PAGING = rule(
  'cpu.shadowPaging',
  'Overhead on paging without EPT or NPT',
  'share',
  range,
);
export const CPU_PAGING_SHARE = numberRule(
  'cpu.pagingShare.unknown',
  'Share of processor time in paging where privileged time was not measured',
  'share',
);
export const CPU_IO = {
  emulated: rule('cpu.io.emulated', 'Cores for emulated input and output', 'core units', ioCost),
  paravirtual: rule('cpu.io.paravirtual', 'Cores for paravirtual input and output', 'core units', ioCost),
} as const;

export const VCPU_UTILISATION = positiveRule(
  'cpu.vcpuUtilisation',
  'Use that a virtual processor is laid out for',
  'share',
);
export const VCPU_WINDOWS_MINIMUM = numberRule(
  'cpu.windowsMinimum',
  'Least virtual processors of Windows',
  'vCPU',
);

export const CPU_RULES = [
  CPU_REFERENCE_SCORE,
  CPU_REFERENCE_MEGAHERTZ,
  CPU_BY_YEAR,
  CPU_UNKNOWN,
  ...Object.values(CPU_UNCERTAINTY),
  ...Object.values(CPU_OVERHEAD),
  CPU_SHADOW_PAGING,
  CPU_PAGING_SHARE,
  ...Object.values(CPU_IO),
  VCPU_UTILISATION,
  VCPU_WINDOWS_MINIMUM,
];
