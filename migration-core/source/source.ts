/** What is known of a disk that is to be converted, besides its contents. */
import type { Finding } from '../base/finding.ts';
import type { ProgressListener } from '../base/progress.ts';
import type { BlockSource } from '../block/source.ts';
import type { HelperCommand } from './elevated/helper-command.ts';

export interface SourceDescription {
  /** As the user wrote it. */
  spec: string;
  /** Absolute, symbolic links resolved. */
  path: string;
  kind: 'image' | 'device';
  /** Disk format of an image file: `raw`, `qcow2` ...; `raw` for a device. */
  format: string;
  /** Bytes of the disk (not of the file that holds it). */
  size: number;
  /** Logical sector size, bytes. */
  sectorSize: number;
  /** What the medium reads and writes at once, bytes. */
  physicalSectorSize: number;
  /** Empty where unknown, and for image files. */
  model: string;
  serial: string;
  /** `sata`, `sas`, `nvme`, `usb` ...; empty for image files. */
  bus: string;
  /** Same text, same disk, whatever name or link it was opened by. */
  identity: string;
}

/** Tells, when a job is resumed, whether the source is still the disk it was. Plain values, for a journal. */
export interface SourceFingerprint {
  /** Bytes: of the file, or of the device. */
  size: number;
  /** Nanoseconds since 1970 as a decimal number; `0` for devices, whose nodes are made anew at every start. */
  mtime: string;
  inode: string;
  /** Of an image: the file system it is on. Of a device: its model and serial number, or its numbers where it has none. */
  device: string;
}

/** A disk, open for reading. Closing `disk` closes the source. */
export interface SourceDisk {
  disk: BlockSource;
  description: SourceDescription;
  fingerprint: SourceFingerprint;
  /**
   * Files of this computer that the disk is read from: all of the image and of every image it holds the changes to; that behind a
   * loop device; empty for other devices.
   */
  files: readonly string[];
  /** What is known by now: more may come to light while it is read. */
  readonly findings: Finding[];
}

export interface OpenSourceOptions {
  /** Read a disk although it is in use here: what changes while it is read will be inconsistent in the copy. */
  allowMounted?: boolean;
  /** Sources of the same server that are open already: none of them may be named twice. */
  others?: readonly SourceDescription[];
  signal?: AbortSignal;
  /** Starts the helper that may read a disk where this program may not: the person is asked by the system. */
  helper?: HelperCommand | undefined;
  /** Hears of the unpacking of an image that has to be unpacked before it can be read. */
  onProgress?: ProgressListener | undefined;
}

/** One kind of source. The table is source/table.ts. */
export interface SourceKind {
  readonly id: string;
  /** Whether a SOURCE as the user wrote it is of this kind; reads nothing but the directory entry. */
  claims(spec: string): Promise<boolean>;
  /** @throws a refusal with the next step: not found, not readable, in use, not a disk. */
  open(spec: string, options: OpenSourceOptions): Promise<SourceDisk>;
}
