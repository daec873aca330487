import type { Finding } from '../base/finding.ts';
import type { DiskBus, NicModel, VirtualMachine } from './machine.ts';

/**
 * Kernel modules a guest must have to reach its root disk on a bus, or the network through a NIC model. A module built
 * into the kernel is as good. Names are written with `_`, as the kernel reports them; modprobe takes `-` for the same.
 */
export interface DriverNeed {
  for: DiskBus | NicModel;
  /** Any one of these lists is enough; all modules of a list are needed. Today's drivers first, older names after. */
  anyOf: readonly (readonly string[])[];
  /** The first list of `anyOf`: what a kernel of the last ten years has. */
  modules: readonly string[];
}

export interface ConfigFile {
  /** File name within the result folder. */
  name: string;
  content: string;
  executable?: boolean;
}

/** A platform: which virtual hardware it has, and the files that describe a machine to it. The table is target/table.ts. */
export interface Target {
  /** As `--to` takes it: `kvm`. */
  readonly id: string;
  /** For people: "KVM (libvirt)". */
  readonly name: string;
  /** Disk formats it takes, its preference first. */
  readonly formats: readonly string[];
  /** Buses it offers, its preference first. The first one whose drivers the guest's kernel has is taken. */
  readonly buses: readonly DiskBus[];
  readonly nicModels: readonly NicModel[];
  /** A MAC address of the platform's own range, made of the first bytes of a hash. */
  newMac(hash: Uint8Array): string;
  /** All that is impossible or unwise about this machine on this platform (slot limits, sizes), pure. */
  check(machine: VirtualMachine): Finding[];
  /** Configuration files of the platform. Pure: same machine, same bytes. */
  configure(machine: VirtualMachine): ConfigFile[];
  /** Plain-text import instructions for README.txt, with the command of that platform. */
  importSteps(machine: VirtualMachine): string;
}
