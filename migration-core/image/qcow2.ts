/** qcow2, the format of QEMU and KVM: what it is; see qcow2-reader.ts and qcow2-writer.ts. */
import type { ImageFormat } from './image.ts';
import { openQcow2 } from './qcow2-reader.ts';
import { createQcow2 } from './qcow2-writer.ts';

export const qcow2: ImageFormat = {
  id: 'qcow2',
  extension: '.qcow2',
  name: 'QCOW2 (QEMU, KVM, OpenStack)',
  // "QFI\xfb" and a version that is not the old qcow's.
  detect: (head) =>
    head[0] === 0x51 && head[1] === 0x46 && head[2] === 0x49 && head[3] === 0xfb && head[7] !== 1,
  open: openQcow2,
  create: createQcow2,
};
