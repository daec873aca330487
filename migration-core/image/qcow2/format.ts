/** qcow2, the format of QEMU and KVM: what it is; see reader.ts and writer.ts. */
import type { ImageFormat } from '../image.ts';
import { LARGEST_DISK } from './layout.ts';
import { chooseSubformat } from '../subformat.ts';

export const qcow2: ImageFormat = {
  id: 'qcow2',
  extension: '.qcow2',
  name: 'QCOW2 (QEMU, KVM, OpenStack)',
  subformats: [
    {
      id: 'qcow2',
      name: 'QCOW2 version 3',
      allocations: ['thin', 'thick'],
      compressions: ['zlib', 'zstd'],
      largest: LARGEST_DISK,
    },
  ],
  // "QFI\xfb" and a version that is not the old qcow's.
  detect: (head) =>
    head[0] === 0x51 && head[1] === 0x46 && head[2] === 0x49 && head[3] === 0xfb && head[7] !== 1,
  open: async (path, context) => (await import('./reader.ts')).openQcow2(path, context),
  async create(options) {
    chooseSubformat(qcow2, options);
    return (await import('./writer.ts')).createQcow2(options);
  },
  check: async (path, options) => (await import('./check.ts')).checkQcow2(path, options),
};
