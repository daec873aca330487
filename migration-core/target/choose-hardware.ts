/**
 * Which disk bus and network card a guest gets: the first of the platform's preferences for which the guest's kernel
 * provably has the drivers.
 */
import type { Finding } from '../base/finding.ts';
import { blocker, info, warning } from './check.ts';
import { knowsModernVirtio } from './chipset.ts';
import { driverNeeds, driversFor } from './drivers.ts';
import type { DiskBus, NicModel } from './machine.ts';

/** The kernel that will be started, and the others that are installed. */
export interface KernelFacts {
  version: string;
  isDefault: boolean;
}

/** Modules a kernel has as files or built in, spelled as by `moduleName`. */
export type AvailableModules = (kernelVersion: string) => ReadonlySet<string>;

export interface HardwareRequest<T extends DiskBus | NicModel> {
  /** `the disks`, `the network cards`: the sentence's subject. */
  what: string;
  platform: string;
  /** The platform's preferences. */
  offered: readonly T[];
  /** What a guest of which nothing is known most probably can drive, best first. */
  safest: readonly T[];
  /** What the user asked for. */
  asked: T | null;
  /** A reason of the platform against this hardware (no room on the bus), or null. */
  objection(hardware: T): string | null;
  kernels: readonly KernelFacts[];
  available: AvailableModules;
  firmware: 'bios' | 'uefi';
}

export interface HardwareChoice<T> {
  hardware: T;
  findings: Finding[];
}

export function chooseHardware<T extends DiskBus | NicModel>(request: HardwareRequest<T>): HardwareChoice<T> {
  const { asked, offered, what, platform } = request;
  const kernel = request.kernels.find(({ isDefault }) => isDefault) ?? request.kernels[0];
  if (kernel === undefined) return withoutKernel(request);

  const obstacle = (hardware: T): string | null =>
    request.objection(hardware) ?? missingDriver(hardware, kernel.version, request);
  if (asked !== null) {
    const problem = obstacle(asked);
    if (problem === null)
      return {
        hardware: asked,
        findings: [
          info('TARGET_HARDWARE_ASKED', `${capital(what)} use ${asked}, as asked for.`),
          ...otherKernels(asked, kernel, request),
        ],
      };
    const possible = offered.filter((hardware) => obstacle(hardware) === null);
    return {
      hardware: asked,
      findings: [
        blocker(
          'TARGET_NO_DRIVER',
          `${capital(what)} cannot use ${asked}: ${problem}.`,
          possible.length > 0
            ? `Choose ${possible.join(' or ')}, for which this server has drivers.`
            : 'Install a kernel with the drivers of this platform on the server before converting it.',
        ),
      ],
    };
  }
  const passedOver: string[] = [];
  for (const hardware of offered) {
    const problem = obstacle(hardware);
    if (problem === null) {
      const modules = driversFor(driverNeeds(hardware), request.available(kernel.version)) ?? [];
      const because =
        passedOver.length === 0
          ? `the first choice on ${platform}`
          : `the best choice on ${platform} after ${passedOver.join(' and ')}`;
      return {
        hardware,
        findings: [
          info(
            'TARGET_HARDWARE_CHOSEN',
            `${capital(what)} use ${hardware}, ${because}; kernel ${kernel.version} has its drivers (${modules.join(', ')}).`,
          ),
          ...otherKernels(hardware, kernel, request),
        ],
      };
    }
    passedOver.push(`${hardware} (${problem})`);
  }
  return {
    hardware: offered[0]!,
    findings: [
      blocker(
        'TARGET_NO_DRIVER',
        `Nothing that ${platform} offers for ${what} can be used: ${passedOver.join('; ')}.`,
        'Install a kernel with the drivers of this platform on the server, or choose another platform.',
      ),
    ],
  };
}

function missingDriver<T extends DiskBus | NicModel>(
  hardware: T,
  version: string,
  { available, firmware }: HardwareRequest<T>,
): string | null {
  const need = driverNeeds(hardware);
  const has = available(version);
  if (driversFor(need, has) === null) {
    const missing = need.modules.filter((module) => !has.has(module));
    return `kernel ${version} has no ${missing.join(' and no ')} module`;
  }
  if (hardware.startsWith('virtio') && firmware === 'uefi' && !knowsModernVirtio(version))
    return `kernel ${version} is older than virtio 1.0, the only form that machines with UEFI offer`;
  return null;
}

/** Kernels that could be chosen in the boot menu and would not find the hardware: worth a word, no obstacle. */
function otherKernels<T extends DiskBus | NicModel>(
  hardware: T,
  kernel: KernelFacts,
  request: HardwareRequest<T>,
): Finding[] {
  const unable = request.kernels.filter(
    (other) => other !== kernel && missingDriver(hardware, other.version, request) !== null,
  );
  if (unable.length === 0) return [];
  return [
    info(
      'TARGET_OTHER_KERNELS',
      `Of the other kernels installed, ${unable.map(({ version }) => version).join(', ')} cannot drive ${hardware}; do not choose them in the boot menu.`,
    ),
  ];
}

function withoutKernel<T extends DiskBus | NicModel>(request: HardwareRequest<T>): HardwareChoice<T> {
  const { asked, offered, safest, what } = request;
  if (asked !== null)
    return {
      hardware: asked,
      findings: [
        warning(
          'TARGET_HARDWARE_UNPROVEN',
          `${capital(what)} use ${asked}, as asked for; the drivers of the system on this server are not known.`,
          'Test the machine with ironlift boot-test before handing it over.',
        ),
      ],
    };
  const hardware = safest.find(
    (candidate) => offered.includes(candidate) && request.objection(candidate) === null,
  );
  return {
    hardware: hardware ?? offered[0]!,
    findings: [
      warning(
        'TARGET_HARDWARE_ASSUMED',
        `${capital(what)} use ${hardware ?? offered[0]!}, which most systems can drive; the drivers of the system on this server are not known.`,
        'Test the machine with ironlift boot-test before handing it over.',
      ),
    ],
  };
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
