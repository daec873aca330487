/**
 * What a file system inside a guest can do. Paths are absolute within the volume, `/` separated, without `.` and `..`.
 * A driver never follows symbolic links, in the middle of a path as little as at its end: links may lead to another
 * volume, so only the tree of all volumes (guest/tree.ts) can follow them.
 */
import type { ExtentList } from '../base/extents.ts';
import type { Finding } from '../base/finding.ts';
import type { BlockSource, WritableBlocks } from '../block/source.ts';

export type FileType = 'file' | 'directory' | 'symlink' | 'block' | 'character' | 'fifo' | 'socket';

export interface FileStat {
  type: FileType;
  /** Bytes. */
  size: number;
  /** Permission bits with setuid, setgid and sticky: 0o7777. Synthesised where the file system has none. */
  mode: number;
  uid: number;
  gid: number;
  /** Seconds since 1970, with fraction. */
  mtime: number;
  inode: number;
  links: number;
}

export interface DirectoryEntry {
  name: string;
  type: FileType;
}

/** How a file or directory is created or replaced; what is absent is kept of the old file, else root:root and the default mode. */
export interface CreateOptions {
  mode?: number;
  uid?: number;
  gid?: number;
  /** Seconds since 1970; the time of the conversion unless told. */
  mtime?: number;
  /**
   * Of what is made on NTFS: only administrators and Windows itself may change it and what is made below it, users may read
   * it, and nothing the folder above hands on adds to that. Other file systems go by mode, uid and gid.
   */
  rights?: 'administrators';
}

export interface GuestFileSystem {
  /** `ext4`, `vfat` ...: as /etc/fstab names it. */
  readonly type: string;
  /** As blkid prints it: ext in lower case 8-4-4-4-12, FAT as `ABCD-1234`. */
  readonly uuid: string;
  readonly label: string;
  /** Bytes. */
  readonly size: number;
  readonly blockSize: number;
  /** Bytes that may still be written to by root. */
  readonly freeBytes: number;
  /** Files that may still be created (Infinity where there is no limit). */
  readonly freeInodes: number;
  /** What is odd about the volume: journal replayed, errors flagged by the guest's kernel ... */
  readonly findings: Finding[];

  /** Byte ranges of the volume that hold anything anyone may miss; the rest need not be read. After flush() it includes what was written. */
  usedExtents(signal?: AbortSignal): Promise<ExtentList>;

  /** @throws NOT_FOUND, NOT_A_DIRECTORY (a component in the middle, also where that is a symlink). */
  stat(path: string): Promise<FileStat>;
  /** Without `.` and `..`, in the order of the directory. */
  readdir(path: string): Promise<DirectoryEntry[]>;
  /** Bytes [offset, offset+length) of a file, shorter at its end. */
  readRange(path: string, offset: number, length: number): Promise<Uint8Array<ArrayBuffer>>;
  /** The whole file. @throws FILE_TOO_LARGE above `limit` bytes (64 MiB unless told). */
  readFile(path: string, limit?: number): Promise<Uint8Array<ArrayBuffer>>;
  readlink(path: string): Promise<string>;
  /** Extended attributes with their full names (`security.selinux`); empty where the file system has none. */
  xattrs(path: string): Promise<Map<string, Uint8Array>>;

  /** Creates the file or replaces its contents (same inode where it exists: owner, mode and attributes are kept). */
  writeFile(path: string, data: Uint8Array, options?: CreateOptions): Promise<void>;
  /** Overwrites or appends within one file: [offset, offset+data.length), offset at most the present size. Blocks outside are not touched. */
  writeRange(path: string, offset: number, data: Uint8Array): Promise<void>;
  /** Cuts the file to `size` bytes (never grows it). */
  truncate(path: string, size: number): Promise<void>;
  mkdir(path: string, options?: CreateOptions): Promise<void>;
  symlink(path: string, target: string, options?: CreateOptions): Promise<void>;
  /** A file, symlink or empty directory. */
  remove(path: string): Promise<void>;
  /** Within this volume; the new name must not exist. */
  rename(from: string, to: string): Promise<void>;
  chmod(path: string, mode: number): Promise<void>;
  chown(path: string, uid: number, gid: number): Promise<void>;
  setXattr(path: string, name: string, value: Uint8Array): Promise<void>;
  removeXattr(path: string, name: string): Promise<void>;
  /** Writes what is pending to the overlay; the volume is consistent (fsck clean) after it, not before. */
  flush(): Promise<void>;
}

export interface OpenOptions {
  /** Seconds since 1970 for new timestamps; a parameter so that the same conversion gives the same bytes. */
  now: number;
  signal?: AbortSignal;
  /**
   * A person decided that an NTFS volume that was not left in order is changed all the same (filesystem/ntfs/clean.ts):
   * `any`, or only one that is marked to be checked and whose log holds nothing, as we leave it (`marked`).
   */
  acceptUnclean?: 'any' | 'marked';
}

/** One file system format; the table of all of them is filesystem/table.ts. */
export interface FileSystemDriver {
  /** `ext`, `fat`: the family this driver opens. */
  readonly id: string;
  /** Whether the volume looks like one of ours: reads signatures only, never throws for foreign content. */
  probe(volume: BlockSource): Promise<boolean>;
  /**
   * Opens for reading and writing. A journal that needs replay is replayed into `volume` (an overlay) at once.
   * @throws a typed refusal for what cannot be done safely: unknown incompatible feature, damaged structures.
   */
  open(volume: WritableBlocks, options: OpenOptions): Promise<GuestFileSystem>;
}
