import { linuxBlockDevice } from './block-device.linux.ts';
import { listedBlockDevice } from './block-device.listed.ts';
import { imageFile } from './image-file.ts';
import type { SourceKind } from './source.ts';

/** Where a disk may come from; the first kind that claims a SOURCE opens it. A new one is a file of its own and a line here. */
export const sourceKinds: readonly SourceKind[] = [linuxBlockDevice, listedBlockDevice, imageFile];
