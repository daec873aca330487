/** The fixers of Windows guests, in the order in which they plan. */
import type { Fixer } from '../fixer.ts';
import { injectDrivers } from './drivers/inject.ts';
import { firstBoot } from './first-boot/service.ts';
import { networkAddresses } from './network/addresses.ts';
import { agents } from './services/agents.ts';
import { classFilters } from './services/class-filters.ts';
import { processor } from './services/processor.ts';
import { bootDrivers } from './storage/boot-drivers.ts';
import { bootStore } from './system/boot-store.ts';
import { crashControl } from './system/crash-control.ts';
import { driveLetter } from './system/drive-letter.ts';
import { espFallback } from './system/esp-fallback.ts';
import { hal } from './system/hal.ts';
import { sanPolicy } from './system/san-policy.ts';

export const WINDOWS_FIXERS: readonly Fixer[] = [
  // What Windows needs to reach its own files.
  injectDrivers,
  bootDrivers,
  // Hardware that stays behind; filters after the services they name.
  agents,
  classFilters,
  processor,
  hal,
  // How it starts.
  bootStore,
  espFallback,
  driveLetter,
  crashControl,
  sanPolicy,
  networkAddresses,
  // After all that leave steps for it.
  firstBoot,
];
