/**
 * The drivers of Windows itself, and those already installed, that the new machine's disks need: started with the kernel and bound
 * to their devices in every control set. Third-party drivers come before this, by the fixer that injects them.
 *
 * Drivers of the old disk controllers stay as they are: without their hardware they do nothing.
 */
import type { DiskBus } from '../../../target/machine.ts';
import type { FixContext, Fixer } from '../../fixer.ts';
import { planBootPaths, type WantedPath } from './plan.ts';
import { ahciPath, BOOT_PATHS, HYPERV_IDE, type BootPath } from './table.ts';

/** Controllers that every platform offers and for which Windows mostly has drivers: where a disk is moved to when all else fails. */
const FALLBACKS: readonly DiskBus[] = ['ahci', 'ide', 'hyperv-scsi'];

export const bootDrivers: Fixer = {
  id: 'windows-boot-drivers',
  title: 'Storage drivers of Windows itself, started at boot',
  applies: ({ guest, hives }) => guest.windows !== undefined && hives !== undefined,
  plan: async (context, signal) => {
    const { files, target } = context;
    const windows = context.guest.windows!;
    return planBootPaths({
      windows,
      files,
      hives: context.hives!,
      wanted: wantedPaths(context),
      // What else the platform has, for the advice where the planned controller cannot be reached.
      alternatives: target.buses
        .filter((bus) => startsFrom(bus, context))
        .map((bus) => ({ path: pathOf(bus, context), name: bus })),
      option: '--bus',
      signal,
    });
  },
};

function wantedPaths(context: FixContext): WantedPath[] {
  const { machine, target } = context;
  const planned = [...new Set(machine.disks.map(({ bus }) => bus))];
  const fallbacks = FALLBACKS.filter(
    (bus) => target.buses.includes(bus) && !planned.includes(bus) && startsFrom(bus, context),
  );
  return [
    ...planned.map((bus) => ({ path: pathOf(bus, context), required: true })),
    ...fallbacks.map((bus) => ({ path: pathOf(bus, context), required: false })),
  ];
}

/** UEFI starts from no IDE disk but on VMware's machines, and the BIOS of Hyper-V from no SCSI disk. */
const startsFrom = (bus: DiskBus, { machine }: FixContext): boolean =>
  machine.firmware === 'uefi' ? bus !== 'ide' : bus !== 'hyperv-scsi';

function pathOf(bus: DiskBus, { target }: FixContext): BootPath {
  if (bus === 'ahci') return ahciPath(target.id);
  return bus === 'ide' && target.buses.includes('hyperv-scsi') ? HYPERV_IDE : BOOT_PATHS[bus];
}
