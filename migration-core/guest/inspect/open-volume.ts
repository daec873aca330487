import type { IronliftError } from '../../base/errors.ts';
import type { GuestFileSystem } from '../../filesystem/filesystem.ts';
import type { Content, Partition } from '../../volume/volume.ts';
import type { VolumeInfo } from '../fixer.ts';

/** A volume of the source as inspection gets it: described, and open where a driver of ours knows its file system. */
export interface OpenVolume {
  info: VolumeInfo;
  volume: {
    /** Null where the whole disk is the volume. */
    partition: Partition | null;
    content: Content;
  };
  /** Null where no driver opens it: swap, LVM, encrypted, foreign, damaged. */
  fileSystem: GuestFileSystem | null;
  /** Why a driver that knows this file system did not open it; null otherwise. */
  error: IronliftError | null;
}
