/** What each gate says: where it fires, with its sentence; where nothing is known. Silence is tested with the plain server. */
import type { Gate } from '../../../../migration-core/assess/model/assessment.ts';
import { confidenceOf, contextOf, factsOf, GiB, profileOf, TiB, type Case } from '../support.ts';

export interface Fires extends Case {
  name: string;
  because: string;
  severity?: Gate['severity'];
  fixable?: boolean;
}
export interface GateCase {
  fires: Fires[];
  /** Not known, with what is missing. */
  unknown: (Case & { what: string; severity: Gate['severity'] })[];
  silent?: (Case & { name: string })[];
}

const pci = (vendorId: string, deviceId: string, classId: string, name: string) => ({
  bus: 'pci' as const,
  vendorId,
  deviceId,
  classId,
  name,
});
const dongle = {
  bus: 'usb' as const,
  vendorId: '0529',
  deviceId: '0001',
  vendor: 'Aladdin Knowledge Systems',
  name: 'HASP',
};
const windows = (name: string, more: object = {}) => ({
  operatingSystem: { family: 'windows' as const, id: 'windows', name, architecture: 'x86_64', ...more },
});
const disk = (more: object) => ({
  disks: [{ name: 'sda', bytes: 500 * GiB, sectorBytes: 512, system: true, partitionTable: 'gpt', ...more }],
});
const volume = (more: object) => ({
  volumes: [{ name: 'sda1', mountPoint: '/', disks: ['sda'], kind: 'partition', ...more }],
});
const noOs = {
  inventory: { operatingSystem: undefined },
  what: 'operating system',
  severity: 'warning' as const,
};
const noSize = { sized: null, what: 'size of the machine', severity: 'warning' as const };
const part = (name: string, what: string, severity: Gate['severity'] = 'warning') => ({
  inventory: { [name]: undefined },
  what,
  severity,
});
const notMeasured = {
  sized: { io: { operations: null, bytes: null, storageShare: null, latency: null } },
  what: 'disk performance',
  severity: 'warning' as const,
};

export const CASES: Record<string, GateCase> = {
  B1: {
    fires: [
      {
        name: 'a hypervisor',
        inventory: {
          operatingSystem: { family: 'other', id: 'esxi', name: 'VMware ESXi', architecture: 'x86_64' },
        },
        because:
          'VMware ESXi has no place in a virtual machine on Proxmox VE. It is a hypervisor, not a system that runs in a virtual machine.',
        fixable: false,
      },
      {
        name: 'Windows on a shared Linux kernel',
        inventory: windows('Microsoft Windows Server 2019 Standard'),
        context: contextOf('container'),
        because:
          'Microsoft Windows Server 2019 Standard cannot share the Linux kernel of OS virtualization (containers).',
        fixable: false,
      },
    ],
    unknown: [
      noOs,
      {
        inventory: { operatingSystem: { family: 'unix', name: 'SunOS', architecture: 'x86_64' } },
        what: 'support as a guest',
        severity: 'warning',
      },
    ],
  },
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
  B3: {
    fires: [
      {
        name: 'a telephony card by its vendor',
        inventory: { devices: [pci('d161', '1205', '0b4000', 'TE205P')] },
        because: 'It has hardware that no virtual machine has: fax or telephony card: TE205P (d161:1205).',
        fixable: false,
      },
      {
        name: 'a fax board of no class of its own, by its name',
        inventory: {
          devices: [
            { ...pci('12c9', '0300', '078000', 'TR1034 fax board'), vendor: 'Brooktrout Technology' },
          ],
        },
        because:
          'It has hardware that no virtual machine has: fax or telephony card: Brooktrout Technology TR1034 fax board (12c9:0300).',
        fixable: false,
      },
      {
        name: 'a modem by its class',
        inventory: { devices: [pci('11c1', '0440', '070300', '56k WinModem')] },
        because: 'It has hardware that no virtual machine has: modem: 56k WinModem (11c1:0440).',
        fixable: false,
      },
      {
        name: 'a class as Windows names it',
        inventory: {
          devices: [{ bus: 'pci', vendorId: '11c1', deviceId: '0440', className: 'Modem', name: 'Agere' }],
        },
        because: 'It has hardware that no virtual machine has: modem: Agere (11c1:0440).',
        fixable: false,
      },
      {
        name: 'a dongle that the network cannot reach',
        inventory: { devices: [dongle] },
        annotations: { usbOverIp: false },
        because:
          'It has hardware that no virtual machine has and the network cannot reach: dongle: Aladdin Knowledge Systems HASP (0529:0001).',
        fixable: false,
      },
      {
        name: 'a card that a person hands through',
        inventory: { devices: [pci('d161', '1205', '0b4000', 'TE205P')] },
        annotations: { passThrough: ['TE205P'] },
        severity: 'warning',
        because:
          'fax or telephony card: TE205P (d161:1205) is handed through to the machine, which is therefore pinned to its host and cannot fail over.',
        fixable: true,
      },
    ],
    unknown: [part('devices', 'devices on its buses')],
    silent: [
      {
        name: 'the management engine of a board',
        inventory: {
          devices: [pci('8086', 'a1ba', '078000', 'MEI Controller'), pci('1022', '1486', '108000', 'PSP')],
        },
      },
      {
        name: 'a dongle that comes over the network',
        inventory: { devices: [dongle] },
        annotations: { usbOverIp: true },
      },
    ],
  },
  B4: {
    fires: [
      {
        name: 'nobody asked the vendor',
        annotations: { licence: { boundToHardware: true } },
        because:
          'A licence is bound to this hardware, and whether its vendor consents to the move nobody has said.',
        fixable: true,
      },
      {
        name: 'the vendor says no',
        annotations: { licence: { boundToHardware: true, vendorConsents: false } },
        because: 'A licence is bound to this hardware, and its vendor does not consent to the move.',
        fixable: true,
      },
    ],
    unknown: [
      { annotations: { licence: {} }, what: 'whether a licence is bound to this hardware', severity: 'info' },
    ],
    silent: [
      {
        name: 'the vendor consents',
        annotations: { licence: { boundToHardware: true, vendorConsents: true } },
      },
    ],
  },
  B5: {
    fires: [
      {
        name: 'extreme load on emulated devices',
        context: contextOf('virtualbox'),
        sized: { io: { class: 'extreme', operations: 14_200, bytes: 500e6, storageShare: 0.31 } },
        because:
          "Its input and output are extreme (p95: 14 200 operations/s, 500 MB/s, 31 % of what a host's storage gives), and devices of VirtualBox make each request 20 % slower for this system, where 10 % is the limit.",
        fixable: false,
      },
      {
        name: 'high load in 2007, even with paravirtual drivers',
        context: contextOf('proxmox', {}, 'seed-2007'),
        sized: { io: { class: 'high', operations: 5000, bytes: null, storageShare: null } },
        because:
          'Its input and output are high (p95: 5 000 operations/s), and devices of Proxmox VE make each request 2 % slower for this system, where 1 % is the limit.',
        fixable: false,
      },
      {
        name: 'a guest without drivers on a paravirtual platform',
        inventory: windows('Microsoft Windows 2000 Server', { architecture: 'x86' }),
        sized: { io: { class: 'extreme', operations: 14_200, bytes: null, storageShare: null } },
        because:
          'Its input and output are extreme (p95: 14 200 operations/s), and devices of Proxmox VE make each request 20 % slower for this system, where 10 % is the limit.',
        fixable: false,
      },
    ],
    unknown: [noSize, { ...notMeasured, context: contextOf('virtualbox') }],
    silent: [
      { name: 'paravirtual drivers today', sized: { io: { class: 'extreme', operations: 14_200 } } },
      {
        name: 'in 2007 with the controller handed through',
        context: contextOf('proxmox', {}, 'seed-2007'),
        inventory: { devices: [{ ...pci('1000', '005d', '010400', 'MegaRAID'), address: '0000:02:00.0' }] },
        annotations: { passThrough: ['0000:02:00.0'] },
        sized: { io: { class: 'high', operations: 5000 } },
      },
    ],
  },
  B6: {
    fires: [
      {
        name: 'a vendor that forbids it',
        annotations: { vendorForbidsVirtualization: true },
        because: 'The vendor of an application does not allow it in a virtual machine.',
        fixable: false,
      },
    ],
    unknown: [
      {
        annotations: { vendorForbidsVirtualization: undefined },
        what: 'whether a vendor forbids to virtualize it',
        severity: 'info',
      },
    ],
  },
  B7: {
    fires: [
      {
        name: 'a SPARC',
        inventory: { operatingSystem: { family: 'unix', name: 'SunOS', architecture: 'sun4v' } },
        because: 'Its processors are sun4v, and Proxmox VE runs x86 systems only.',
        fixable: false,
      },
      {
        name: 'an Itanium that Windows does not name',
        inventory: {
          operatingSystem: { family: 'windows', name: 'Windows Server 2003' },
          processors: [{ model: 'Intel(R) Itanium(R) 2', vendor: 'GenuineIntel' }],
        },
        because: 'Its processors are Intel(R) Itanium(R) 2, and Proxmox VE runs x86 systems only.',
        fixable: false,
      },
    ],
    unknown: [
      {
        inventory: { operatingSystem: { family: 'linux', name: 'Linux' }, processors: undefined },
        what: 'processors',
        severity: 'warning',
      },
    ],
    silent: [
      {
        name: 'a Xeon without an architecture',
        inventory: {
          operatingSystem: { family: 'linux', name: 'Linux' },
          processors: [{ model: 'Intel(R) Xeon(TM) CPU 3.00GHz' }],
        },
      },
    ],
  },
  B8: {
    fires: [
      {
        name: 'a database that takes longer than it may',
        inventory: { roles: ['database'] },
        annotations: { downtimeMinutes: 60, backup: { windows: [], toleratesFreeze: false } },
        sized: { copyBytes: 1000 * GiB },
        because:
          'A copy of 1000 GiB while it stands still needs 5 h 6 min with the cut-over, 60 minutes are allowed, and it cannot be copied consistently while it runs.',
        fixable: true,
      },
      {
        name: 'not even the cut-over fits',
        annotations: { downtimeMinutes: 30 },
        because: 'Even a copy while it runs needs 75 minutes for the cut-over, and 30 minutes are allowed.',
        fixable: true,
      },
    ],
    unknown: [
      noSize,
      { annotations: { downtimeMinutes: undefined }, what: 'how long it may stand still', severity: 'info' },
    ],
    silent: [
      {
        name: 'a hot copy that fits',
        sized: { copyBytes: 10_000 * GiB },
        annotations: { downtimeMinutes: 80 },
      },
    ],
  },
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
  W1: {
    fires: [
      {
        name: 'a high class with peaks',
        sized: { io: { class: 'high', operations: 5000, bytes: 200e6, storageShare: 0.2, burstiness: 30 } },
        because:
          "Its input and output are high (p95: 5 000 operations/s, 200 MB/s, 20 % of what a host's storage gives); peaks are 30 times the median.",
      },
      {
        name: 'fast storage today',
        sized: { io: { operations: 2500, latency: 0.001 } },
        because: 'Its disks answer in 1.0 ms at 2 500 operations/s, so it is used to fast storage.',
      },
      {
        name: 'a mark of its owner',
        annotations: { latencySensitive: true },
        because: 'It is marked as sensitive to latency.',
      },
      {
        name: 'no headroom left',
        sized: { io: { latency: 0.0198 } },
        because: 'Its disk latency of 19.8 ms would pass 20.0 ms with what the platform adds.',
      },
    ],
    unknown: [noSize, notMeasured],
  },
  W2: {
    fires: [
      {
        name: 'a dongle',
        inventory: { devices: [dongle] },
        because:
          'The dongle Aladdin Knowledge Systems HASP (0529:0001) is plugged in, and whether the network can bring it to the machine nobody has said.',
      },
      {
        name: 'a dongle on a USB server',
        inventory: { devices: [dongle] },
        annotations: { usbOverIp: true },
        severity: 'info',
        because: 'The dongle Aladdin Knowledge Systems HASP (0529:0001) comes over the network.',
      },
    ],
    unknown: [part('devices', 'devices on its buses')],
    silent: [
      {
        name: 'a keyboard',
        inventory: { devices: [{ bus: 'usb', vendorId: '046d', deviceId: 'c31c', name: 'Keyboard' }] },
      },
    ],
  },
  W3: {
    fires: [
      {
        name: 'a Fibre Channel adapter',
        inventory: { hostBusAdapters: [{ name: 'QLogic QLE2562', kind: 'fc', wwpns: [] }] },
        because: 'It uses QLogic QLE2562.',
      },
      {
        name: 'an adapter seen on the bus only',
        inventory: { hostBusAdapters: undefined, devices: [pci('1077', '2532', '0c0400', 'ISP2532')] },
        because: 'It uses ISP2532.',
      },
      {
        name: 'a tape drive',
        inventory: { devices: [{ bus: 'pci', className: 'TapeDrive', name: 'HP Ultrium 4' }] },
        because: 'It uses HP Ultrium 4.',
      },
    ],
    unknown: [
      {
        inventory: { hostBusAdapters: undefined, devices: undefined },
        what: 'storage adapters',
        severity: 'warning',
      },
    ],
  },
  W4: {
    fires: [
      {
        name: 'one disk on two servers',
        inventory: disk({ wwn: 'naa.6000' }),
        others: [factsOf({ disks: [{ name: 'sdb', wwn: 'naa.6000' }] }, {}, { name: 'db02' })],
        because:
          'It shares naa.6000 with db02, and no cluster that keeps them from writing at once was seen.',
      },
      {
        name: 'one disk in a cluster',
        inventory: {
          ...disk({ wwn: 'naa.6000' }),
          services: [{ name: 'corosync', running: true }],
          roles: undefined,
        },
        others: [factsOf({ disks: [{ name: 'sdb', wwn: 'naa.6000' }] }, {}, { name: 'db02' })],
        because: 'It shares naa.6000 with db02.',
      },
      {
        name: 'a LUN that people named',
        annotations: { luns: ['LUN 7'] },
        because: 'It keeps the LUN LUN 7.',
      },
      {
        name: 'a node with disks on a SAN',
        inventory: { ...disk({ bus: 'fc' }), roles: ['failover cluster'] },
        because: 'It is a node of a cluster with sda on a SAN, which the other nodes may see too.',
      },
    ],
    unknown: [part('disks', 'disks')],
  },
  W5: {
    fires: [
      {
        name: 'dynamic disks',
        inventory: volume({ kind: 'ldm', mountPoint: 'C:' }),
        because: 'The system joins its disks itself: dynamic disks of Windows.',
      },
      {
        name: 'Storage Spaces',
        inventory: disk({ bus: 'storage-spaces' }),
        because: 'The system joins its disks itself: Storage Spaces.',
      },
      {
        name: 'software RAID',
        inventory: volume({ kind: 'raid1', name: 'md0' }),
        because: 'The system joins its disks itself: software RAID.',
      },
      {
        name: 'multipath',
        inventory: disk({ paths: ['sdb', 'sdc'] }),
        because: 'The system joins its disks itself: multipath.',
      },
    ],
    unknown: [part('volumes', 'volumes')],
    silent: [
      {
        name: 'LVM and a RAID controller',
        inventory: { ...volume({ kind: 'lvm' }), ...disk({ bus: 'raid' }) },
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
  W7: {
    fires: [
      {
        name: 'UEFI where there is none',
        inventory: { firmware: { kind: 'uefi', secureBoot: false } },
        context: contextOf('full-virtualization-2007'),
        because: 'It uses UEFI, which Full virtualization without hardware assistance (2007) does not have.',
      },
      {
        name: 'Secure Boot',
        inventory: { firmware: { kind: 'uefi', secureBoot: true } },
        because: 'It uses Secure Boot; keys in its hardware do not move along.',
      },
      {
        name: 'a TPM where there is none',
        inventory: {
          firmware: { kind: 'uefi', secureBoot: false },
          drivers: [{ name: 'tpm_tis', loaded: true }],
        },
        context: contextOf('ova'),
        because: 'It uses a TPM, which OVA (VMware, VirtualBox) does not have.',
      },
    ],
    unknown: [
      part('firmware', 'firmware'),
      { inventory: { firmware: { kind: 'uefi' } }, what: 'firmware', severity: 'info' },
    ],
    silent: [{ name: 'UEFI alone', inventory: { firmware: { kind: 'uefi', secureBoot: false } } }],
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
  W9: {
    fires: [
      {
        name: 'by its service',
        inventory: {
          ...windows('Microsoft Windows Server 2019 Standard'),
          roles: undefined,
          services: [{ name: 'NTDS', running: true }],
        },
        because: 'It is a domain controller: two copies of it, or an old one, damage the directory.',
      },
    ],
    unknown: [
      {
        inventory: { roles: undefined, services: undefined, software: undefined, listeners: undefined },
        what: 'roles and services',
        severity: 'warning',
      },
    ],
  },
  W10: {
    fires: [
      {
        name: 'a database with little downtime',
        inventory: { roles: ['database'] },
        annotations: { downtimeMinutes: 80 },
        because:
          'It holds data that change all the time (database), and a copy while it runs may not be consistent.',
      },
    ],
    unknown: [
      {
        inventory: { roles: undefined, services: undefined, software: undefined, listeners: undefined },
        what: 'roles and services',
        severity: 'warning',
      },
    ],
    silent: [{ name: 'a database that may stand still long enough', inventory: { roles: ['database'] } }],
  },
  W11: {
    fires: [
      {
        name: 'a tag',
        inventory: windows('Microsoft Windows Server 2019 Standard'),
        annotations: { tags: ['Windows OEM'] },
        because:
          'The licence of Microsoft Windows Server 2019 Standard came with the hardware (Windows OEM) and stays with it.',
      },
    ],
    unknown: [
      noOs,
      {
        inventory: windows('Microsoft Windows Server 2019 Standard'),
        what: 'whether Windows was licensed with this hardware (OEM)',
        severity: 'info',
      },
    ],
  },
  W12: {
    fires: [
      {
        name: 'CentOS 7',
        inventory: {
          operatingSystem: {
            family: 'linux',
            id: 'centos',
            name: 'CentOS Linux 7 (Core)',
            version: '7.9',
            architecture: 'x86_64',
          },
        },
        because: 'CentOS Linux 7 has had no support by its vendor since 2024-06-30.',
      },
      {
        name: 'Windows NT',
        inventory: windows('Microsoft Windows NT Server 4.0', { architecture: 'x86' }),
        because: 'Windows NT 4.0 has had no support by its vendor since 2004-12-31.',
      },
    ],
    unknown: [
      noOs,
      {
        inventory: {
          operatingSystem: { family: 'linux', id: 'gentoo', name: 'Gentoo Linux', architecture: 'x86_64' },
        },
        what: 'support of the operating system',
        severity: 'warning',
      },
    ],
    silent: [
      {
        name: 'a day before its end',
        inventory: {
          operatingSystem: {
            family: 'linux',
            id: 'centos',
            name: 'CentOS Linux 7 (Core)',
            version: '7.9',
            architecture: 'x86_64',
          },
        },
        context: contextOf('proxmox', { now: Date.UTC(2024, 5, 29) }),
      },
    ],
  },
  W13: {
    fires: [
      {
        name: 'an accelerator',
        inventory: { devices: [pci('10de', '1db6', '030200', 'Tesla V100')] },
        because: 'It has the graphics processor Tesla V100 (10de:1db6).',
      },
      {
        name: 'a display card of NVIDIA',
        inventory: { devices: [pci('10de', '1cb3', '030000', 'Quadro P400')] },
        because: 'It has the graphics processor Quadro P400 (10de:1cb3).',
      },
    ],
    unknown: [part('devices', 'devices on its buses')],
    silent: [
      {
        name: 'consoles of server boards',
        inventory: {
          devices: [pci('102b', '0536', '030000', 'Matrox G200eW3'), pci('1002', '515e', '030000', 'ES1000')],
        },
      },
    ],
  },
  W14: {
    fires: [
      {
        name: 'VLANs where the platform has no trunks',
        inventory: {
          networkInterfaces: [
            { name: 'eth0.10', kind: 'vlan', vlan: 10 },
            { name: 'eth0.20', kind: 'vlan', vlan: 20 },
          ],
        },
        context: contextOf('virtualbox'),
        because:
          'It uses VLAN 10 and VLAN 20, and VirtualBox takes no 802.1Q trunks to its virtual switches.',
      },
      {
        name: 'VLANs',
        severity: 'info',
        inventory: { networkInterfaces: [{ name: 'eth0.10', kind: 'vlan', vlan: 10 }] },
        because:
          'It uses VLAN 10, which a managed virtual switch of Proxmox VE carries over an 802.1Q trunk.',
      },
      {
        name: 'a team',
        severity: 'info',
        inventory: {
          networkInterfaces: [
            { name: 'bond0', kind: 'bond', members: ['eth0', 'eth1'], teamMode: '802.3ad' },
          ],
        },
        because: 'bond0 joins several network ports, which become one virtual card.',
      },
    ],
    unknown: [part('networkInterfaces', 'network interfaces')],
  },
  W15: {
    fires: [
      {
        name: 'two stars',
        confidence: confidenceOf(2, [
          { limit: 40, why: 'Less than a day was measured.', next: 'Measure for a week.' },
        ]),
        because: 'Confidence is 2 of 5 stars, and a good candidate has 3. Less than a day was measured.',
      },
    ],
    unknown: [],
  },
  W16: {
    fires: [
      {
        name: 'its own disks',
        sized: { io: { constrained: true, latency: 0.035 } },
        because:
          'Its own disks hold it back already (latency p95 35.0 ms): what was measured is less than what it would like.',
      },
    ],
    unknown: [noSize, notMeasured],
  },
  W17: {
    fires: [
      {
        name: 'a telephone system',
        inventory: { services: [{ name: 'asterisk', running: true }] },
        because:
          'It depends on exact time (telephony), and the clock of a machine stands still when the host is busy.',
      },
      {
        name: 'a mark of its owner',
        annotations: { timeCritical: true },
        because:
          'It depends on exact time, as its owner says, and the clock of a machine stands still when the host is busy.',
      },
    ],
    unknown: [
      {
        annotations: { timeCritical: undefined },
        what: 'whether it depends on exact time (telephony, trading, source of time)',
        severity: 'info',
      },
    ],
  },
  W18: {
    fires: [
      { name: 'a virtual machine', inventory: { virtual: 'VMware' }, because: 'It runs on VMware already.' },
      {
        name: 'a host of machines',
        inventory: { services: [{ name: 'vmms', running: true }] },
        because: 'It runs virtual machines itself, which would be nested.',
      },
    ],
    unknown: [
      { inventory: null, what: 'roles and services', severity: 'warning' },
      {
        inventory: { roles: undefined, services: undefined, software: undefined, listeners: undefined },
        what: 'roles and services',
        severity: 'warning',
      },
    ],
  },
  W19: {
    fires: [
      {
        name: 'a 32-bit Linux',
        inventory: {
          operatingSystem: {
            family: 'linux',
            id: 'debian',
            name: 'Debian GNU/Linux 12 (bookworm)',
            version: '12',
            architecture: 'i686',
          },
        },
        because: 'Debian GNU/Linux 12 (bookworm) is a 32-bit system.',
      },
      {
        name: 'Windows 2000',
        inventory: windows('Microsoft Windows 2000 Advanced Server', { architecture: 'x86' }),
        because:
          'Windows 2000 chose its hardware layer when it was installed, and starts on a virtual board only after that is changed.',
      },
    ],
    unknown: [
      noOs,
      {
        inventory: { operatingSystem: { family: 'linux', id: 'debian', name: 'Debian', version: '12' } },
        what: 'bits of the system',
        severity: 'info',
      },
    ],
  },
  W20: {
    fires: [
      {
        name: 'agents',
        severity: 'info',
        inventory: { vendorAgents: [{ name: 'Dell OpenManage' }, { name: 'HP Insight' }] },
        because:
          'Dell OpenManage and HP Insight belong to the present hardware and would look for it in vain.',
      },
    ],
    unknown: [part('vendorAgents', 'agents of hardware vendors', 'info')],
  },
  W21: {
    fires: [
      {
        name: '4Kn',
        inventory: disk({ sectorBytes: 4096 }),
        because: 'sda has sectors of 4096 bytes, where virtual disks have 512.',
      },
    ],
    unknown: [
      part('disks', 'disks', 'info'),
      { inventory: disk({ sectorBytes: undefined }), what: 'disks', severity: 'info' },
    ],
  },
  W22: {
    fires: [
      {
        name: 'a BIOS and 4 TiB',
        inventory: disk({ bytes: 4 * TiB }),
        because: 'sda has 4 TiB, and a BIOS with an MBR reaches 2 TiB.',
      },
      {
        name: 'an MBR',
        inventory: {
          ...disk({ bytes: 3 * TiB, partitionTable: 'mbr', system: false }),
          firmware: { kind: 'uefi', secureBoot: false },
        },
        because: 'sda has 3 TiB, and a BIOS with an MBR reaches 2 TiB.',
      },
    ],
    unknown: [
      part('disks', 'disks'),
      {
        inventory: { ...disk({ bytes: 4 * TiB, partitionTable: undefined }), firmware: undefined },
        what: 'firmware',
        severity: 'warning',
      },
    ],
    silent: [
      {
        name: 'UEFI and GPT',
        inventory: { ...disk({ bytes: 4 * TiB }), firmware: { kind: 'uefi', secureBoot: false } },
      },
    ],
  },
  W23: {
    fires: [
      {
        name: 'thin and critical',
        sized: {
          provisioningFor: 'critical',
          disks: [{ name: 'sda', bytes: GiB, usedBytes: null, provisioning: 'thin', adapter: 0, unit: 0 }],
        },
        because: 'sda would grow as needed, and a critical server must not wait for space or find none.',
      },
    ],
    unknown: [noSize],
    silent: [
      {
        name: 'thin and normal',
        sized: {
          disks: [{ name: 'sda', bytes: GiB, usedBytes: null, provisioning: 'thin', adapter: 0, unit: 0 }],
        },
      },
    ],
  },
  W24: {
    fires: [
      {
        name: 'a platform without failover',
        context: contextOf('kvm'),
        because:
          'The server is marked "production", and KVM (libvirt) by itself restarts no machines of a host that failed.',
      },
      {
        name: 'an architecture of 2007',
        context: contextOf('full-virtualization-2007'),
        annotations: { environment: 'test', criticality: 'critical' },
        because:
          'The server is marked "critical", and full virtualization is for old systems, test, training and development.',
      },
      {
        name: 'disks of one host',
        context: contextOf('proxmox', { host: { ...contextOf().host, storage: 'local' } }),
        because:
          'The server is marked "production", and machines on disks of one host cannot be restarted on another.',
      },
    ],
    unknown: [],
    silent: [{ name: 'a test server', context: contextOf('kvm'), annotations: { environment: 'test' } }],
  },
  W25: {
    fires: [
      {
        name: 'a backup by proxy',
        annotations: { backup: { windows: [], method: 'proxy', toleratesFreeze: false } },
        because: 'It must not stand still for a moment, and a backup by the proxy makes it do so.',
      },
    ],
    unknown: [
      {
        inventory: { roles: ['database'] },
        annotations: { backup: undefined },
        what: 'whether it may stand still for a moment while a snapshot is taken',
        severity: 'info',
      },
    ],
    silent: [
      { name: 'an agent', annotations: { backup: { windows: [], method: 'agent', toleratesFreeze: false } } },
    ],
  },
  I1: {
    fires: [
      {
        name: 'idle',
        severity: 'info',
        facts: { profile: profileOf({ cpu: 3, memory: 4 * GiB, network: 0.01, operations: 20 }) },
        because:
          "Retire it instead? It has next to nothing to do: processors 3.0 %, memory beyond the system's own 3.1 %, network 1.0 % (p95).",
      },
      {
        name: 'zombie',
        severity: 'info',
        facts: { profile: profileOf({ cpu: 0.2, memory: 2 * GiB, network: 0.0001, operations: 0 }) },
        because:
          "Retire it instead? In 30 days it did next to nothing: processors 0.2 %, memory beyond the system's own 0.0 %, network 0.0 % (p95).",
      },
    ],
    unknown: [{ facts: { profile: null }, what: 'use of the server', severity: 'info' }],
  },
  I2: {
    fires: [
      {
        name: 'RHEL 5',
        severity: 'info',
        inventory: {
          operatingSystem: {
            family: 'linux',
            id: 'rhel',
            name: 'Red Hat Enterprise Linux Server release 5.11 (Tikanga)',
            version: '5.11',
            architecture: 'x86_64',
          },
        },
        because:
          'Red Hat Enterprise Linux 5 (supported until 2017-03-31) gets no drivers for new hardware: a virtual machine is how it outlives its server.',
      },
    ],
    unknown: [{ inventory: { operatingSystem: undefined }, what: 'operating system', severity: 'info' }],
  },
  I3: {
    fires: [
      {
        name: 'three of a kind',
        severity: 'info',
        others: ['web02', 'web03'].map((name) => factsOf({}, {}, { name })),
        because: 'It is one of 3 servers that are alike in all that was compared, and the pilot.',
      },
    ],
    unknown: [],
    silent: [{ name: 'a pair', others: [factsOf({}, {}, { name: 'web02' })] }],
  },
  I4: {
    fires: [
      {
        name: 'critical and not to be clustered',
        severity: 'info',
        annotations: { criticality: 'critical', clustering: 'none' },
        because:
          'It is critical and its application cannot be clustered: Proxmox VE restarts it on another host when its own fails.',
      },
    ],
    unknown: [],
    silent: [
      {
        name: 'critical, of which nobody knows',
        annotations: { criticality: 'critical' },
        inventory: { roles: ['erp'], services: [], listeners: [] },
      },
    ],
  },
};
