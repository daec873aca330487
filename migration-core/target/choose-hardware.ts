/**
 * Which disk bus and network card a guest gets: the first of the platform's preferences for which the guest provably
 * has the drivers.
 */
import type { Finding } from '../base/finding.ts';
import { blocker, info, warning } from './check.ts';
import type { GuestDrivers } from './guest-drivers.ts';
import type { DiskBus, NicModel } from './machine.ts';

export interface HardwareRequest<T extends DiskBus | NicModel> {
  /** `the disks`, `the network cards`: the sentence's subject. */
  what: string;
  /** Name of the platform, for people. */
  platform: string;
  /** The platform's preferences. */
  offered: readonly T[];
  /** What a guest of which nothing is known most probably can drive, best first. */
  safest: readonly T[];
  /** What the user asked for. */
  asked: T | null;
  /** A reason of the platform against this hardware (no room on the bus), or null. */
  objection: (hardware: T) => string | null;
  /** Null where nothing is known of the guest's drivers. */
  drivers: GuestDrivers | null;
  firmware: 'bios' | 'uefi';
}

export interface HardwareChoice<T> {
  hardware: T;
  findings: Finding[];
}

export function chooseHardware<T extends DiskBus | NicModel>(request: HardwareRequest<T>): HardwareChoice<T> {
  const { drivers } = request;
  if (drivers === null) return withoutDrivers(request);
  return request.asked === null ? preferred(request, drivers) : asAsked(request, drivers, request.asked);
}

/** Why this guest cannot have this hardware, as a part of a sentence; null when it can. */
function obstacle<T extends DiskBus | NicModel>(
  request: HardwareRequest<T>,
  drivers: GuestDrivers,
  hardware: T,
): string | null {
  const objection = request.objection(hardware);
  if (objection !== null) return objection;
  if (drivers.driving(hardware) === null) return drivers.lacking(hardware);
  if (hardware.startsWith('virtio') && request.firmware === 'uefi' && !drivers.modernVirtio)
    return `${drivers.name} is older than virtio 1.0, the only form that machines with UEFI offer`;
  return null;
}

function preferred<T extends DiskBus | NicModel>(
  request: HardwareRequest<T>,
  drivers: GuestDrivers,
): HardwareChoice<T> {
  const { offered, what, platform } = request;
  const passedOver: string[] = [];
  for (const hardware of offered) {
    const problem = obstacle(request, drivers, hardware);
    if (problem !== null) {
      passedOver.push(`${hardware} (${problem})`);
      continue;
    }
    const driving = drivers.driving(hardware) ?? [];
    const rank =
      passedOver.length === 0
        ? `the first choice on ${platform}`
        : `the best choice on ${platform} after ${passedOver.join(' and ')}`;
    const message = `${capital(what)} use ${hardware}, ${rank}; ${drivers.name} has its drivers (${driving.join(', ')}).`;
    const better = drivers.better(offered.slice(0, offered.indexOf(hardware)));
    const finding = info('TARGET_HARDWARE_CHOSEN', message);
    return { hardware, findings: [better === null ? finding : { ...finding, next: better }] };
  }
  const finding = blocker(
    'TARGET_NO_DRIVER',
    `Nothing that ${platform} offers for ${what} can be used: ${passedOver.join('; ')}.`,
    `${drivers.cure}, or choose another platform.`,
  );
  return { hardware: offered[0]!, findings: [finding] };
}

function asAsked<T extends DiskBus | NicModel>(
  request: HardwareRequest<T>,
  drivers: GuestDrivers,
  hardware: T,
): HardwareChoice<T> {
  const problem = obstacle(request, drivers, hardware);
  if (problem === null) {
    const message = `${capital(request.what)} use ${hardware}, as asked for; ${drivers.name} has its drivers.`;
    return { hardware, findings: [info('TARGET_HARDWARE_ASKED', message)] };
  }
  const possible = request.offered.filter((other) => obstacle(request, drivers, other) === null);
  const next =
    possible.length > 0
      ? `Choose ${possible.join(' or ')}, for which this server has drivers.`
      : `${drivers.cure} before converting it.`;
  const message = `${capital(request.what)} cannot use ${hardware}: ${problem}.`;
  return { hardware, findings: [blocker('TARGET_NO_DRIVER', message, next)] };
}

function withoutDrivers<T extends DiskBus | NicModel>(request: HardwareRequest<T>): HardwareChoice<T> {
  const { asked, offered, safest, what } = request;
  const hardware =
    asked ??
    safest.find((candidate) => offered.includes(candidate) && request.objection(candidate) === null) ??
    offered[0]!;
  const why = asked === null ? 'which most systems can drive' : 'as asked for';
  const finding = warning(
    'TARGET_HARDWARE_UNPROVEN',
    `${capital(what)} use ${hardware}, ${why}; which drivers the system on this server has is not known.`,
    'Test the machine with ironlift boot-test before handing it over.',
  );
  return { hardware, findings: [finding] };
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
