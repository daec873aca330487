/**
 * What another platform's description of a virtual machine says: its disks, and what a conversion carries over besides
 * them. Each platform's dialect is a file of this folder; the table is table.ts.
 */
import type { Finding } from '../../base/finding.ts';

export type MachineBus = 'ide' | 'sata' | 'scsi' | 'nvme' | 'virtio' | 'usb' | 'unknown';

export interface DescribedDisk {
  bus: MachineBus;
  /** Model of its controller in the platform's own word (`lsilogic`, `AHCI`), or null. */
  controller: string | null;
  /** Where it is plugged in, in the platform's own word: `scsi0:1`. */
  slot: string;
  /** The file or device as it is written there. */
  source: string;
  /** Names to look for, the best first: relative to the description's folder, or absolute. Empty: it cannot be read from here. */
  places: readonly string[];
}

export interface DescribedNic {
  /** Lower case, colons; null where the platform makes one up at every start, or does not say. */
  mac: string | null;
  /** In the platform's own word: `vmxnet3`, `virtio`, or null. */
  model: string | null;
  /** Network, bridge or port group it is connected to, or null. */
  network: string | null;
  vlan: number | null;
}

/** What a dialect reads from the text. */
export interface DescribedMachine {
  /** Empty where it has none. */
  name: string;
  /** Null where it is not said. */
  cpus: number | null;
  memoryMiB: number | null;
  firmware: 'bios' | 'uefi' | null;
  /** The platform's own word for the system on it: `ubuntu-64`, or null. */
  guestOs: string | null;
  /** Hard disks in the order the machine sees them, the boot disk first. */
  disks: DescribedDisk[];
  nics: DescribedNic[];
  findings: Finding[];
}

export interface MachineDialect {
  readonly id: string;
  /** For people: `VMware (.vmx)`. */
  readonly name: string;
  /** With the dot, lower case. */
  readonly extensions: readonly string[];
  /** Whether the text is of this dialect, among those that share the extension. */
  recognises(text: string): boolean;
  /**
   * Whether disks may be anywhere on this computer, as in the configuration of a host; otherwise they lie beside the
   * description or in folders below it, as in everything that is passed on.
   */
  readonly disksAnywhere: boolean;
  /** The folder that is passed on as a whole, where that is not the one the description lies in. */
  folder?(path: string): string;
  /** Another file that says where disks are, if it is there: paths to look at, the best first. */
  companions?(path: string): readonly string[];
  /**
   * `path`: of the description, for messages; `companion`: the text of the first companion that is there.
   * @throws MACHINE_NOT_UNDERSTOOD
   */
  parse(text: string, path: string, companion?: string): DescribedMachine;
}
