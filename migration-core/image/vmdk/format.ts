/** VMDK, VMware's format: what it is; see reader.ts, writer.ts and check.ts. */
import type { ImageFormat, Subformat } from '../image.ts';
import { chooseSubformat } from '../subformat.ts';
import { isDescriptor } from './descriptor.ts';
import { extentKind } from './extent-kind.ts';
import { LARGEST_SPARSE_DISK, LARGEST_STREAM } from './layout.ts';
import type { PartsOptions } from './writer.ts';

/** What Workstation 10 and later take; before, it was 2 TB. */
const LARGEST_HOSTED_DISK = 8 * 2 ** 40;
/** What VMFS 5 and later take (vSphere 5.5 and later; before, it was 2 TB less 512 bytes). */
const LARGEST_VMFS_DISK = 62 * 2 ** 40;

const SUBFORMATS: readonly Subformat[] = [
  {
    id: 'monolithicSparse',
    name: 'One growing file (VMware Workstation)',
    allocations: ['thin'],
    compressions: [],
    largest: LARGEST_SPARSE_DISK,
  },
  {
    id: 'twoGbMaxExtentSparse',
    name: 'Growing files of at most 2 GB (VMware Workstation)',
    allocations: ['thin'],
    compressions: [],
    split: true,
    largest: LARGEST_HOSTED_DISK,
  },
  {
    id: 'monolithicFlat',
    name: 'One file of the full size (VMware Workstation)',
    allocations: ['thick', 'thin'],
    compressions: [],
    largest: LARGEST_HOSTED_DISK,
  },
  {
    id: 'twoGbMaxExtentFlat',
    name: 'Files of 2 GB that make the full size (VMware Workstation)',
    allocations: ['thick'],
    compressions: [],
    split: true,
    largest: LARGEST_HOSTED_DISK,
  },
  {
    id: 'vmfs',
    name: 'VMFS disk (VMware ESXi)',
    allocations: ['thick', 'thin'],
    compressions: [],
    largest: LARGEST_VMFS_DISK,
  },
  {
    id: 'streamOptimized',
    name: 'One compressed file to be imported (OVF, ESXi, clouds)',
    allocations: ['thin'],
    compressions: ['zlib'],
    packed: true,
    largest: LARGEST_STREAM,
  },
];

export const vmdk: ImageFormat = {
  id: 'vmdk',
  extension: '.vmdk',
  name: 'VMDK (VMware)',
  subformats: SUBFORMATS,
  detect: (head) => extentKind(head) !== null || isDescriptor(head),
  open: async (path, context) => (await import('./reader.ts')).openVmdk(path, context),
  async create(options) {
    const { id } = chooseSubformat(vmdk, options);
    if (id === 'streamOptimized') return (await import('./stream-writer.ts')).createStreamVmdk(options);
    const { createInParts, createMonolithicSparse } = await import('./writer.ts');
    if (id === 'monolithicSparse') return createMonolithicSparse(options);
    return createInParts({ ...options, createType: id as PartsOptions['createType'] });
  },
  check: async (path, options) => (await import('./check.ts')).checkVmdk(path, options),
};
