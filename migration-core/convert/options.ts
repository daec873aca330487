import type { DiskBus } from '../target/machine.ts';

/** A network card as asked for; what is null is decided by the plan. */
export interface NicOption {
  mode: 'isolated' | 'nat' | 'bridged' | 'host-only';
  network: string | null;
  vlan: number | null;
  /** `keep` the address of the physical card, a `new` one, or this one. */
  mac: string;
}

/** `split2g`: growing, in files of at most 2 GB. */
export type AllocationChoice = 'thin' | 'thick' | 'split2g';

/** Each is read while the conversion is planned. */
export const MOST_DRIVER_SOURCES = 16;

export interface ConvertOptions {
  sources: string[];
  /** Target.id. */
  target: string;
  /** The folder the result goes to. */
  output: string;
  name: string | null;
  format: string | null;
  allocation: AllocationChoice;
  bus: DiskBus | null;
  cpus: number | null;
  memoryMiB: number | null;
  nics: NicOption[];
  /** Copy every block, used or not. */
  wholeDisk: boolean;
  /** Prepare the guest for its new hardware. */
  fix: boolean;
  /** Folders and CD images with drivers for a Windows guest; those named first are preferred. */
  drivers: string[];
  /** Read the finished image again and compare. */
  verify: boolean;
  /** Replace an earlier conversion in the folder. */
  force: boolean;
  /** The volume to take as root where a disk holds several systems. */
  root: string | null;
  /** Put zeros in place of sectors that cannot be read. */
  zeroBadSectors: boolean;
  /** Read a disk although it is mounted read-write here. */
  allowMounted: boolean;
  /** Prepare a Windows whose NTFS volumes were not closed: changes that only their logs held are lost in the clone. */
  acceptUncleanNtfs: boolean;
}
