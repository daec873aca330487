/** VDI, VirtualBox's format: what it is; see reader.ts, writer.ts and check.ts. */
import { viewOf } from '../../base/bytes.ts';
import type { ImageFormat } from '../image.ts';
import { chooseSubformat } from '../subformat.ts';
import { LARGEST_DISK, SIGNATURE, SIGNATURE_AT } from './layout.ts';

export const vdi: ImageFormat = {
  id: 'vdi',
  extension: '.vdi',
  name: 'VDI (VirtualBox)',
  subformats: [
    { id: 'dynamic', name: 'Dynamic VDI', allocations: ['thin'], compressions: [], largest: LARGEST_DISK },
    { id: 'static', name: 'Fixed VDI', allocations: ['thick'], compressions: [], largest: LARGEST_DISK },
  ],
  detect: (head) =>
    head.length >= SIGNATURE_AT + 4 && viewOf(head).getUint32(SIGNATURE_AT, true) === SIGNATURE,
  open: async (path) => (await import('./reader.ts')).openVdi(path),
  async create(options) {
    const { id } = chooseSubformat(vdi, options);
    return (await import('./writer.ts')).createVdi(options, id === 'static' ? 'static' : 'dynamic');
  },
  check: async (path, options) => (await import('./check.ts')).checkVdi(path, options),
};
