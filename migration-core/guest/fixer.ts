/**
 * A fixer prepares one concern of a guest for its new hardware. Planning reads the guest and returns edits; it never
 * writes. Each edit is explained and carries what is needed to undo it. The table of all fixers is guest/fixers.ts.
 */
import type { Finding } from '../base/finding.ts';
import type { CreateOptions, DirectoryEntry, FileStat } from '../filesystem/filesystem.ts';
import type { Target } from '../target/target.ts';
import type { VirtualMachine } from '../target/machine.ts';
import type { Hive } from '../registry/hive.ts';
import type { Guest } from './guest.ts';
import type { DriverPackage } from './windows/driver-package.ts';
import type { HivePatch, RegistryChange, RegistryUndo } from './windows/registry-change.ts';

/** Reads of the whole guest: absolute guest paths over all its volumes; symlinks are followed, across volumes too. */
export interface GuestReader {
  exists(path: string): Promise<boolean>;
  /** Follows symlinks; null where there is nothing. */
  stat(path: string): Promise<FileStat | null>;
  /** Does not follow the last component; null where there is nothing. */
  lstat(path: string): Promise<FileStat | null>;
  readdir(path: string): Promise<DirectoryEntry[]>;
  readFile(path: string, limit?: number): Promise<Uint8Array<ArrayBuffer>>;
  readRange(path: string, offset: number, length: number): Promise<Uint8Array<ArrayBuffer>>;
  /** A text file, or null where there is none. */
  readText(path: string): Promise<string | null>;
  readlink(path: string): Promise<string>;
  xattrs(path: string): Promise<Map<string, Uint8Array>>;
  /** The canonical path: every symlink on the way resolved. The last component need not exist. */
  realpath(path: string): Promise<string>;
  /** Names in a directory, sorted; empty where it does not exist. */
  list(path: string): Promise<string[]>;
}

/** One change of the guest, on a canonical path (no symlink on the way; the last component is the object itself). */
export type EditAction =
  /** Create a file, or replace a file or symlink; a replaced file keeps its owner, mode and attributes unless told. */
  | {
      kind: 'write';
      path: string;
      content: Uint8Array;
      options?: CreateOptions;
      /** Set on the file. */
      xattrs?: Record<string, Uint8Array>;
      /** Taken off the file; only undo needs it. */
      removeXattrs?: string[];
    }
  /** Add bytes to the end of an existing file; undone by cutting it back to its old size. */
  | { kind: 'append'; path: string; content: Uint8Array }
  /** Cut a file to `size` bytes: how an append is undone. */
  | { kind: 'truncate'; path: string; size: number }
  | { kind: 'mkdir'; path: string; options?: CreateOptions; xattrs?: Record<string, Uint8Array> }
  /** Create a symlink, or replace a file or symlink by one. */
  | {
      kind: 'symlink';
      path: string;
      target: string;
      options?: CreateOptions;
      xattrs?: Record<string, Uint8Array>;
    }
  /** A file, symlink or empty directory; what it was is kept for the undo. */
  | { kind: 'remove'; path: string }
  /** A file or symlink, within its volume; the new name must not exist. */
  | { kind: 'rename'; from: string; path: string }
  | { kind: 'chmod'; path: string; mode: number }
  /** Changes of one registry hive, in their order; what it was is kept for the undo. */
  | { kind: 'registry'; path: string; changes: RegistryChange[] }
  /** How registry changes are undone: byte for byte where the hive is as the conversion left it, value for value otherwise. */
  | { kind: 'restore-hive'; path: string; patch: HivePatch; changes: RegistryUndo[] };

/** Registry hives of the guest as they will be after the edits planned so far. */
export interface HiveReader {
  /** The hive at a guest path, completed from its logs; the same object each time. Not to be edited by fixers. @throws NOT_FOUND, NOT_A_HIVE, HIVE_DAMAGED */
  hive(path: string): Promise<Hive>;
}

export interface GuestEdit {
  /** One sentence for the customer: what is changed. */
  what: string;
  /** One sentence for the customer: why. */
  why: string;
  action: EditAction;
  /** The new machine does not start without it: where a part of it is not possible, the conversion is refused. */
  vital?: true;
}

export interface FixContext {
  guest: Guest;
  /** The guest as it will be after the edits planned so far by the fixers before this one. */
  files: GuestReader;
  /** The machine it will be. Its NICs name the guest interface each stands for and its MAC. */
  machine: VirtualMachine;
  target: Target;
  /** Volumes by content, for names that have to become UUIDs. */
  volumes: VolumeInfo[];
  /** Only of a Windows guest. */
  hives?: HiveReader;
  /** The best drivers for this Windows from the driver sources the user named; of Windows guests only. */
  drivers?: readonly DriverPackage[];
}

/** A partition, or a whole disk without partitions, as fixers and reports see it. */
export interface VolumeInfo {
  /** `disk0p1`, or `disk0` where the whole disk is one volume. */
  id: string;
  /** 0-based disk. */
  disk: number;
  /** Partition number, or null. */
  partition: number | null;
  /** Bytes. */
  size: number;
  /** Content.type, uuid and label. */
  type: string;
  uuid: string;
  label: string;
  partUuid: string;
  /** GPT name of the partition, where it is known. */
  partLabel?: string;
  /** Bytes from the start of the disk, where it is known. */
  offset?: number;
  /** PartitionTable.diskId of its disk, where it is known: a GUID in lower case (GPT) or 8 hex digits (MBR). */
  diskId?: string;
}

export interface FixPlan {
  edits: GuestEdit[];
  findings: Finding[];
}

export interface Fixer {
  readonly id: string;
  /** For people: "Storage and network drivers in the initramfs". */
  readonly title: string;
  applies(context: FixContext): boolean;
  plan(context: FixContext, signal?: AbortSignal): Promise<FixPlan>;
}
