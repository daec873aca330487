import { contextOf, GiB, TiB } from '../../support.ts';
import { noSize, type GateCases } from './parts.ts';

export const limits: GateCases = {
  B2: {
    fires: [
      {
        name: 'processors',
        sized: { vcpus: 300 },
        because: 'It needs 300 virtual processors where Proxmox VE has 255 at most.',
        fixable: false,
      },
      {
        name: 'memory',
        sized: { memoryBytes: 5 * TiB },
        because: 'It needs 5 TiB of memory where Proxmox VE has 4 TiB at most.',
        fixable: false,
      },
      {
        name: 'a disk',
        context: contextOf('vmware-esxi'),
        sized: {
          disks: [
            { name: 'sdb', bytes: 70 * TiB, usedBytes: null, provisioning: 'thick', adapter: 0, unit: 0 },
          ],
        },
        because: 'It needs a disk (sdb) of 70 TiB where VMware ESXi has 62 TiB at most.',
        fixable: false,
      },
      {
        name: 'a BIOS machine of Hyper-V',
        context: contextOf('hyperv'),
        sized: { vcpus: 80 },
        because: 'It needs 80 virtual processors where Microsoft Hyper-V has 64 at most.',
        fixable: false,
      },
    ],
    unknown: [noSize],
    silent: [
      {
        name: 'a UEFI machine of Hyper-V',
        context: contextOf('hyperv'),
        sized: { vcpus: 80 },
        inventory: { firmware: { kind: 'uefi', secureBoot: false } },
      },
    ],
  },
  W8: {
    fires: [
      {
        name: 'more disks than Proxmox VE has places',
        sized: {
          disks: Array.from({ length: 32 }, (_, index) => ({
            name: `sd${index}`,
            bytes: GiB,
            usedBytes: null,
            provisioning: 'thick' as const,
            adapter: 0,
            unit: index,
          })),
        },
        because: 'It has 32 disks, and machines of Proxmox VE hold 31.',
      },
    ],
    unknown: [noSize],
  },
};
