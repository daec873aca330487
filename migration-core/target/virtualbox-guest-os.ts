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

/** By version of Windows; 2022, 2025 and 11 have names of their own only in newer programs, and take those of their forerunners. */
const WINDOWS: Record<string, string> = {
  xp: 'WindowsXP',
  '2003': 'Windows2003',
  vista: 'WindowsVista',
  '2008': 'Windows2008',
  '7': 'Windows7',
  '2008r2': 'Windows2008',
  '8': 'Windows8',
  '8.1': 'Windows81',
  '2012': 'Windows2012',
  '2012r2': 'Windows2012',
  '10': 'Windows10',
  '11': 'Windows10',
  '2016': 'Windows2016',
  '2019': 'Windows2019',
  '2022': 'Windows2019',
  '2025': 'Windows2019',
};

export function virtualBoxOsType(machine: Pick<VirtualMachine, 'os' | 'architecture'>): string {
  if (machine.os.id === 'windows')
    return `${WINDOWS[machine.os.version] ?? 'WindowsNT'}${machine.architecture === 'x86_64' ? '_64' : ''}`;
  const general = machine.os.id === '' ? 'Other' : 'Linux26';
  return `${NAMES[machine.os.id] ?? general}${machine.architecture === 'x86_64' ? '_64' : ''}`;
}
