/** A disk of this computer, as it is listed. */
export interface LocalDisk {
  /** `sda`, `PhysicalDrive0`, `disk2`. */
  name: string;
  /** What to name as SOURCE. */
  path: string;
  /** `disk` is hardware; the others are made by the operating system. */
  kind: 'disk' | 'cdrom' | 'floppy' | 'loop' | 'ram' | 'zram' | 'dm' | 'md' | 'network';
  /** Bytes. */
  size: number;
  sectorSize: number;
  physicalSectorSize: number;
  /** Empty where unknown. */
  model: string;
  serial: string;
  bus: string;
  removable: boolean;
  readOnly: boolean;
  partitions: LocalPartition[];
  /** Mount points of the disk, its partitions and whatever is stacked on them. */
  mountPoints: string[];
  /** Whether anything of this computer uses it, be it for reading only. */
  inUse: boolean;
}

export interface LocalPartition {
  name: string;
  /** As the system counts it, from 1. */
  number: number;
  /** Bytes from the start of the disk; null where the system does not tell. */
  offset: number | null;
  /** Bytes. */
  size: number;
  /** Of the partition itself. */
  mountPoints: string[];
}

/** Runs a program of the operating system and returns what it printed; throws when it fails. */
export type RunProgram = (program: string, args: readonly string[], input?: string) => Promise<string>;
