/** VHD, the older format of Hyper-V and the one of Azure: what it is; see reader.ts, writer.ts and check.ts. */
import type { ImageFormat } from '../image.ts';
import { chooseSubformat } from '../subformat.ts';
import { detectVhd } from './footer.ts';
import { LARGEST_DISK, SECTOR } from './layout.ts';

const MIB = 1 << 20;

export const vhd: ImageFormat = {
  id: 'vhd',
  extension: '.vhd',
  name: 'VHD (Hyper-V, Azure, Xen)',
  subformats: [
    {
      id: 'dynamic',
      name: 'Dynamic VHD',
      allocations: ['thin'],
      compressions: [],
      largest: LARGEST_DISK,
    },
    {
      id: 'fixed',
      name: 'Fixed VHD',
      allocations: ['thick', 'thin'],
      compressions: [],
      largest: LARGEST_DISK,
    },
    {
      id: 'azure',
      rounding: MIB,
      // Azure refuses a disk that is not whole MiB; it is made longer, never shorter.
      name: 'Fixed VHD of whole MiB, as Azure wants it',
      allocations: ['thick', 'thin'],
      compressions: [],
      largest: LARGEST_DISK,
    },
  ],
  detect: detectVhd,
  open: async (path, context) => (await import('./reader.ts')).openVhd(path, context),
  async create(options) {
    const { id } = chooseSubformat(vhd, options);
    const { createDynamicVhd, createFixedVhd } = await import('./writer.ts');
    return id === 'dynamic'
      ? createDynamicVhd(options)
      : createFixedVhd(options, id === 'azure' ? MIB : SECTOR);
  },
  check: async (path, options) => (await import('./check.ts')).checkVhd(path, options),
};
