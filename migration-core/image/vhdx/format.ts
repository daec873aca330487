/** VHDX, the format of Hyper-V: what it is; see reader.ts, writer.ts and check.ts. */
import type { ImageFormat } from '../image.ts';
import { chooseSubformat } from '../subformat.ts';
import { FILE_TYPE, hasSignature, LARGEST_DISK } from './layout.ts';

export const vhdx: ImageFormat = {
  id: 'vhdx',
  extension: '.vhdx',
  name: 'VHDX (Hyper-V)',
  subformats: [
    {
      id: 'dynamic',
      name: 'Dynamically expanding',
      allocations: ['thin'],
      compressions: [],
      largest: LARGEST_DISK,
    },
    {
      id: 'fixed',
      name: 'Fixed size',
      allocations: ['thick'],
      compressions: [],
      largest: LARGEST_DISK,
    },
  ],
  detect: (head) => hasSignature(head, FILE_TYPE.signature),
  open: async (path, context) => (await import('./reader.ts')).openVhdx(path, context),
  async create(options) {
    chooseSubformat(vhdx, options);
    return (await import('./writer.ts')).createVhdx(options);
  },
  check: async (path, options) => (await import('./check.ts')).checkVhdx(path, options),
};
