/** VirtualBox's name for an operating system, `OSType` of a machine: it sets an icon and what new devices are like. */
import type { VirtualMachine } from './machine.ts';

/**
 * By ID of /etc/os-release. Only the names without a release: those with one (`Debian12_64`) came with 7.0, and a program
 * that does not know the name refuses the machine.
 */
const NAMES: Record<string, string> = {
  debian: 'Debian',
  ubuntu: 'Ubuntu',
  rhel: 'RedHat',
  centos: 'RedHat',
  rocky: 'RedHat',
  almalinux: 'RedHat',
  scientific: 'RedHat',
  ol: 'Oracle',
  fedora: 'Fedora',
  sles: 'OpenSUSE',
  opensuse: 'OpenSUSE',
  'opensuse-leap': 'OpenSUSE',
  'opensuse-tumbleweed': 'OpenSUSE',
  arch: 'ArchLinux',
  gentoo: 'Gentoo',
};

export function virtualBoxOsType(machine: Pick<VirtualMachine, 'os' | 'architecture'>): string {
  const general = machine.os.id === '' ? 'Other' : 'Linux26';
  return `${NAMES[machine.os.id] ?? general}${machine.architecture === 'x86_64' ? '_64' : ''}`;
}
