/** VMware's name for an operating system, the `guestOS` of a .vmx file: it sets defaults of the virtual hardware and an icon. */
import type { VirtualMachine } from './machine.ts';

/**
 * By ID of /etc/os-release. `name` is followed by the release number, `-64` by the architecture; `releases` are those
 * VMware has a name for, ascending; `only64` from which release on there is no 32-bit one. Releases newer than the last
 * take the last: the hardware they expect is the same. Older than the first: a general Linux.
 */
interface Family {
  name: string;
  releases: number[];
  only64: number;
}

const FAMILIES: Record<string, Family> = {
  debian: { name: 'debian', releases: [4, 5, 6, 7, 8, 9, 10, 11, 12], only64: Infinity },
  rhel: { name: 'rhel', releases: [3, 4, 5, 6, 7, 8, 9], only64: 8 },
  centos: { name: 'centos', releases: [6, 7, 8, 9], only64: 8 },
  ol: { name: 'oraclelinux', releases: [6, 7, 8, 9], only64: 8 },
  sles: { name: 'sles', releases: [10, 11, 12, 15], only64: 15 },
};

/** Distributions with one name for all releases. */
const UNVERSIONED: Record<string, { bits32: string | null; bits64: string }> = {
  ubuntu: { bits32: 'ubuntu', bits64: 'ubuntu-64' },
  fedora: { bits32: 'fedora', bits64: 'fedora-64' },
  opensuse: { bits32: 'opensuse', bits64: 'opensuse-64' },
  'opensuse-leap': { bits32: null, bits64: 'opensuse-64' },
  'opensuse-tumbleweed': { bits32: 'opensuse', bits64: 'opensuse-64' },
  rocky: { bits32: null, bits64: 'rockylinux-64' },
  almalinux: { bits32: null, bits64: 'almalinux-64' },
  amzn: { bits32: null, bits64: 'amazonlinux2-64' },
};

/**
 * By version of Windows, as inspection names them: names of the 32-bit and of the 64-bit system in .vmx files and in vSphere's
 * interfaces (VirtualMachineGuestOsIdentifier). 2012 and 2012 R2 share a name; those of 2022 and 2025 say "next" of their forerunners.
 */
const WINDOWS: Record<string, readonly [bits32: string | null, bits64: string, vsphere64: string]> = {
  xp: ['winXPPro', 'winXPPro-64', 'winXPPro64Guest'],
  '2003': ['winNetStandard', 'winNetStandard-64', 'winNetStandard64Guest'],
  vista: ['winVista', 'winVista-64', 'winVista64Guest'],
  '2008': ['longhorn', 'longhorn-64', 'winLonghorn64Guest'],
  '7': ['windows7', 'windows7-64', 'windows7_64Guest'],
  '2008r2': [null, 'windows7srv-64', 'windows7Server64Guest'],
  '8': ['windows8', 'windows8-64', 'windows8_64Guest'],
  '8.1': ['windows8', 'windows8-64', 'windows8_64Guest'],
  '2012': [null, 'windows8srv-64', 'windows8Server64Guest'],
  '2012r2': [null, 'windows8srv-64', 'windows8Server64Guest'],
  '10': ['windows9', 'windows9-64', 'windows9_64Guest'],
  '2016': [null, 'windows9srv-64', 'windows9Server64Guest'],
  '2019': [null, 'windows2019srv-64', 'windows2019srv_64Guest'],
  '11': [null, 'windows11-64', 'windows11_64Guest'],
  '2022': [null, 'windows2019srvnext-64', 'windows2019srvNext_64Guest'],
  '2025': [null, 'windows2022srvnext-64', 'windows2022srvNext_64Guest'],
};

/** The value of `guestOS` for this machine. */
export function vmwareGuestOs(machine: Pick<VirtualMachine, 'os' | 'architecture'>): string {
  const is64 = machine.architecture === 'x86_64';
  if (machine.os.id === 'windows') {
    const [bits32, bits64] = WINDOWS[machine.os.version] ?? [null, 'windows9-64'];
    return is64 ? bits64 : (bits32 ?? 'windows9');
  }
  const general = is64 ? 'otherlinux-64' : 'otherlinux';
  const single = UNVERSIONED[machine.os.id];
  if (single !== undefined) return is64 ? single.bits64 : (single.bits32 ?? general);
  const family = FAMILIES[machine.os.id];
  const major = Number.parseInt(machine.os.version, 10);
  if (family === undefined || Number.isNaN(major)) return general;
  const release = family.releases.findLast((known) => known <= major);
  if (release === undefined || (!is64 && release >= family.only64)) return general;
  return `${family.name}${release}${is64 ? '-64' : ''}`;
}

/** The same name as vSphere's interfaces spell it (VirtualMachineGuestOsIdentifier): `rhel8_64Guest`, `ubuntu64Guest`. */
export function vsphereGuestId(guestOs: string): string {
  for (const [bits32, bits64, vsphere64] of Object.values(WINDOWS)) {
    if (guestOs === bits64) return vsphere64;
    if (guestOs === bits32) return `${bits32 === 'longhorn' ? 'winLonghorn' : bits32}Guest`;
  }
  const is64 = guestOs.endsWith('-64');
  const name = guestOs
    .replace(/-64$/, '')
    .replace(/^otherlinux$/, 'otherLinux')
    .replace(/^oraclelinux/, 'oracleLinux');
  if (!is64) return `${name}Guest`;
  return `${name}${['ubuntu', 'fedora', 'opensuse', 'otherLinux'].includes(name) ? '64' : '_64'}Guest`;
}
