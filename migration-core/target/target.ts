import type { Finding } from '../base/finding.ts';
import type { ProgressListener } from '../base/progress.ts';
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

/** A finished and verified disk image that goes into a package. */
export interface FinishedDisk {
  /** Where it lies now. */
  path: string;
  /** Bytes of the file. */
  bytes: number;
  /** Lower-case hex of the file, or null where it was not verified. */
  sha256: string | null;
}

/** Where a disk lies in a package, so that it can be read there. */
export interface PackagedDisk {
  /** Bytes from the start of the package. */
  offset: number;
  bytes: number;
  sha256: string;
}

export interface PackageRequest {
  machine: VirtualMachine;
  /** In the order of the machine's disks. Each file is removed once the package has it. */
  disks: readonly FinishedDisk[];
  /** The file to write; it must not exist. */
  path: string;
  signal?: AbortSignal | undefined;
  onProgress?: ProgressListener | undefined;
}

/** For platforms that take a machine as one file: a step after the disks are written and verified. */
export interface Packaging {
  /** Name of the one file, within the result folder. */
  fileName(machine: VirtualMachine): string;
  /** Makes the file. @throws WRITE_FAILED, DESTINATION_FULL, READ_FAILED, VERIFY_FAILED, CANCELLED; then no file is left */
  pack(request: PackageRequest): Promise<PackagedDisk[]>;
}

/** A platform: which virtual hardware it has, and the files that describe a machine to it. The table is target/table.ts. */
export interface Target {
  /** As `--to` takes it: `kvm`. */
  readonly id: string;
  /** For people: "KVM (libvirt)". */
  readonly name: string;
  /** Disk formats it takes, its preference first. */
  readonly formats: readonly string[];
  /** The layouts of a format it takes where that is not all of them, its preference first: Subformat.id by ImageFormat.id. */
  readonly subformats?: Readonly<Partial<Record<string, readonly string[]>>>;
  /** Buses it offers, its preference first. The first one whose drivers the guest's kernel has is taken. */
  readonly buses: readonly DiskBus[];
  readonly nicModels: readonly NicModel[];
  /** A MAC address of the platform's own range, made of the first bytes of a hash. */
  newMac(hash: Uint8Array): string;
  /**
   * The place of disk `index` where the disks are on `bus`, for platforms on which the disks of one machine are not all
   * alike; otherwise the disks fill the bus from its beginning.
   */
  place?(bus: DiskBus, index: number, firmware: VirtualMachine['firmware']): { bus: DiskBus; unit: number };
  /** All that is impossible or unwise about this machine on this platform (slot limits, sizes), pure. */
  check(machine: VirtualMachine): Finding[];
  /** Configuration files of the platform. Pure: same machine, same bytes. */
  configure(machine: VirtualMachine): ConfigFile[];
  /** Plain-text import instructions for README.txt, with the command of that platform. */
  importSteps(machine: VirtualMachine): string;
  /** Absent where disks and configuration stay files of the folder. */
  readonly packaging?: Packaging;
}
