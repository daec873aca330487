/** The files of a driver source, whatever it is: read only, nothing in it is trusted. */
import { IronliftError } from '../../../../base/errors.ts';

export interface SourceFile {
  name: string;
  type: 'file' | 'directory';
  /** Bytes, of a file. */
  size: number;
}

export interface SourceTree {
  /** Paths are relative to the source, with slashes; the empty one is all of it. @throws what makes a folder unreadable */
  list(folder: string): Promise<SourceFile[]>;
  /** The whole file. @throws FILE_TOO_LARGE above `limit` bytes, READ_FAILED */
  read(path: string, limit: number): Promise<Uint8Array<ArrayBuffer>>;
  close(): Promise<void>;
}

/** Bytes; the largest driver file there is (of graphics cards) has 100 MiB. */
export const MAX_FILE = 256 << 20;

export const joined = (folder: string, name: string): string => (folder === '' ? name : `${folder}/${name}`);
export const folderOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf('/')));
export const nameOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1);

export function tooLarge(path: string, bytes: number): IronliftError {
  return new IronliftError('FILE_TOO_LARGE', `${path} in the driver source is larger than any driver file.`, {
    next: 'Check that the right folder or image was named.',
    data: { path, bytes },
  });
}

export function unusable(path: string, why: string, next: string, cause?: unknown): IronliftError {
  return new IronliftError('DRIVER_SOURCE_UNUSABLE', `The driver source ${path} cannot be used: ${why}.`, {
    next,
    data: { path },
    cause,
  });
}
