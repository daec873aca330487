/** What a guest can drive, in one form for Linux and Windows: the machine's hardware is chosen by it. */
import { knowsModernVirtio } from './chipset.ts';
import { driverNeeds, driversFor } from './drivers.ts';
import type { DiskBus, NicModel } from './machine.ts';

export type Hardware = DiskBus | NicModel;

export interface GuestDrivers {
  /** For sentences: `kernel 5.14.0-427.el9.x86_64`, `Windows`. */
  name: string;
  /** The drivers by which the guest drives it, by name; null where it cannot. */
  driving(hardware: Hardware): readonly string[] | null;
  /** What it lacks for it, as a part of a sentence. */
  lacking(hardware: Hardware): string;
  /** Whether it drives virtio in its 1.0 form. */
  modernVirtio: boolean;
  /** What helps where nothing on offer can be driven: a sentence. */
  cure: string;
  /** How the guest comes to drivers for hardware that is better than what it has: a sentence; null where it does not. */
  better(hardware: readonly Hardware[]): string | null;
}

/** A kernel and its modules, as files or built in, spelled as by `moduleName`. */
export function kernelDrivers(version: string, modules: ReadonlySet<string>): GuestDrivers {
  return {
    name: `kernel ${version}`,
    driving: (hardware) => driversFor(driverNeeds(hardware), modules),
    lacking: (hardware) => {
      const missing = driverNeeds(hardware).modules.filter((module) => !modules.has(module));
      return `kernel ${version} has no ${missing.join(' and no ')} module`;
    },
    modernVirtio: knowsModernVirtio(version),
    cure: 'Install a kernel with the drivers of this platform on the server',
    better: () => null,
  };
}
