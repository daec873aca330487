/** VMDK, VMware's format: what it is; see vmdk-reader.ts and vmdk-writer.ts. */
import { latin1 } from '../base/bytes.ts';
import type { ImageFormat } from './image.ts';
import { openVmdk } from './vmdk-reader.ts';
import { createVmdk } from './vmdk-writer.ts';

export const vmdk: ImageFormat = {
  id: 'vmdk',
  extension: '.vmdk',
  name: 'VMDK (VMware)',
  detect: (head) =>
    latin1(head, 0, Math.min(4, head.length)) === 'KDMV' ||
    latin1(head, 0, Math.min(21, head.length)) === '# Disk DescriptorFile',
  open: openVmdk,
  create: createVmdk,
};
