import { contextOf } from '../../support.ts';
import { windows, noOs, type GateCases } from './parts.ts';

const CENTOS_7 = {
  operatingSystem: {
    family: 'linux',
    id: 'centos',
    name: 'CentOS Linux 7 (Core)',
    version: '7.9',
    architecture: 'x86_64',
  },
} as const;

export const guestSystem: GateCases = {
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
  W12: {
    fires: [
      {
        name: 'CentOS 7',
        inventory: CENTOS_7,
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
        inventory: CENTOS_7,
        context: contextOf('proxmox', { now: Date.UTC(2024, 5, 29) }),
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
};
