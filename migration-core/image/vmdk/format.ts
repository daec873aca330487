/** VMDK, VMware's format: what it is; see reader.ts and writer.ts. */
import { latin1 } from '../../base/bytes.ts';
import type { ImageFormat } from '../image.ts';
import { openVmdk } from './reader.ts';
import { createStreamVmdk, LARGEST_STREAM } from './stream-writer.ts';
import { createVmdk, LARGEST_SPARSE_DISK } from './writer.ts';
import { chooseSubformat } from '../subformat.ts';

export const vmdk: ImageFormat = {
  id: 'vmdk',
  extension: '.vmdk',
  name: 'VMDK (VMware)',
  subformats: [
    {
      id: 'monolithicSparse',
      name: 'One growing file (VMware Workstation)',
      allocations: ['thin'],
      compressions: [],
      largest: LARGEST_SPARSE_DISK,
    },
    {
      id: 'streamOptimized',
      name: 'One compressed file to be imported (OVF, ESXi, clouds)',
      allocations: ['thin'],
      compressions: ['zlib'],
      packed: true,
      largest: LARGEST_STREAM,
    },
  ],
  detect: (head) =>
    latin1(head, 0, Math.min(4, head.length)) === 'KDMV' ||
    latin1(head, 0, Math.min(21, head.length)) === '# Disk DescriptorFile',
  open: openVmdk,
  async create(options) {
    const { id } = chooseSubformat(vmdk, options);
    return id === 'streamOptimized' ? createStreamVmdk(options) : createVmdk(options);
  },
};
