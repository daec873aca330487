import type { Finding } from '../base/finding.ts';

export interface Partition {
  /** The number Linux gives it: sda1 is 1; logical partitions begin at 5. */
  number: number;
  /** Bytes from the start of the disk. */
  offset: number;
  /** Bytes. */
  length: number;
  /** GPT: type GUID in upper case. MBR: two hex digits, `83`. */
  type: string;
  /** What that type is for, in words. */
  typeName: string;
  /** PARTUUID as Linux prints it: GPT in lower case, MBR `<disk signature>-<number>`, both lower-case hex. */
  partUuid: string;
  /** GPT name; empty on MBR. */
  label: string;
  /** MBR active flag, or the GPT legacy-BIOS-bootable attribute. */
  bootable: boolean;
  /** An MBR extended partition: a container, not a volume. */
  container: boolean;
}

/** Bytes that a damaged table should have, to be written into the overlay: the source stays as it is. */
export interface TableRepair {
  offset: number;
  bytes: Uint8Array;
  /** One sentence: why. */
  why: string;
}

export interface PartitionTable {
  scheme: 'gpt' | 'mbr' | 'none';
  /** Bytes of a sector as the table counts them: 512 or 4096. Absent without a table. */
  sectorSize?: number;
  /** The disk's GUID (GPT, lower case) or its 32-bit signature as 8 hex digits (MBR); empty where there is none. */
  diskId: string;
  partitions: Partition[];
  /** An MBR beside the GPT that names partitions of its own. */
  hybrid: boolean;
  repairs: TableRepair[];
  findings: Finding[];
}

/** What lies on a partition or bare disk, by its signatures. */
export interface Content {
  /** `ext4`, `vfat`, `swap`, `xfs`, `ntfs`, `btrfs`, `crypto_LUKS`, `BitLocker`, `LVM2_member`, `linux_raid_member` ...: blkid's names; `unknown`; `empty` when its first MiB is zeros. */
  type: string;
  uuid: string;
  label: string;
  /** In words, for a person: "LUKS encrypted volume". */
  description: string;
}

/** A partition, or a whole disk without partitions, and what lies on it. */
export interface Volume {
  /** `disk0p1`, or `disk0` where the whole disk is one volume. */
  id: string;
  /** 0-based. */
  disk: number;
  partition: Partition | null;
  /** Bytes from the start of the disk. */
  offset: number;
  /** Bytes; of a partition that reaches past the end of a truncated disk, what there is of it. */
  length: number;
  content: Content;
}
