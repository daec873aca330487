import { volume, part, type GateCases } from './parts.ts';

export const encryption: GateCases = {
  B9: {
    fires: [
      {
        name: 'a key that is lost',
        inventory: volume({ encryption: 'luks' }),
        annotations: { encryptionKeyKnown: false },
        because: 'The system disk is encrypted (/ (LUKS)), and its key is not known.',
        fixable: true,
      },
      {
        name: 'a container under the root volume, of whose key nobody spoke',
        inventory: {
          volumes: [
            { name: 'sda2', encryption: 'luks', kind: 'partition', disks: ['sda'] },
            { name: 'vg-root', mountPoint: '/', kind: 'lvm', disks: ['sda'] },
          ],
        },
        because: 'The system disk is encrypted (sda2 (LUKS)), and nobody has said that its key is known.',
        fixable: true,
      },
    ],
    unknown: [part('volumes', 'volumes')],
    silent: [
      {
        name: 'a key that is known',
        inventory: volume({ encryption: 'luks' }),
        annotations: { encryptionKeyKnown: true },
      },
      {
        name: 'a data disk',
        inventory: {
          volumes: [
            { name: 'sdb1', mountPoint: '/data', encryption: 'luks', disks: ['sdb'] },
            { name: 'sda1', mountPoint: '/', disks: ['sda'] },
          ],
        },
      },
    ],
  },
  W6: {
    fires: [
      {
        name: 'BitLocker',
        inventory: volume({ mountPoint: 'D:', encryption: 'bitlocker' }),
        because:
          'D: (BitLocker): only what was decrypted can be copied by used blocks, and BitLocker asks for its recovery key on a new board.',
      },
    ],
    unknown: [part('volumes', 'volumes')],
  },
};
