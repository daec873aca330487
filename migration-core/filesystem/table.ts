/** Every file system whose inside is known; a new one is a new file and a line here. */
import type { FileSystemDriver } from './filesystem.ts';
import { extDriver } from './ext/driver.ts';
import { fatDriver } from './fat/driver.ts';
import { ntfsDriver } from './ntfs/driver.ts';

export const fileSystems: readonly FileSystemDriver[] = [extDriver, fatDriver, ntfsDriver];
