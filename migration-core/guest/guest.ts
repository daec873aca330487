/** What inspection found out about the server on the disks. Plain data: it goes into reports and `--json` as it is. */
import type { Finding } from '../base/finding.ts';
import type { WindowsFacts } from './windows/facts.ts';

export interface Guest {
  os: {
    /** ID of /etc/os-release: `debian`, `rhel`, `ubuntu` ... */
    id: string;
    /** VERSION_ID: `12`, `8.9`. */
    version: string;
    /** PRETTY_NAME, for people. */
    name: string;
    family: 'windows' | 'debian' | 'redhat' | 'suse' | 'arch' | 'alpine' | 'other';
  };
  architecture: 'x86_64' | 'i686' | 'aarch64' | 'unknown';
  hostName: string;
  machineId: string;
  firmware: 'bios' | 'uefi';
  init: 'systemd' | 'sysvinit' | 'upstart' | 'openrc' | 'unknown';
  /** usr-merge: /lib is a symlink to usr/lib. */
  mergedUsr: boolean;
  mounts: Mount[];
  fstab: FstabEntry[];
  kernels: Kernel[];
  bootLoaders: BootLoader[];
  interfaces: NetworkInterface[];
  /** Services of hardware vendors and hypervisors that are installed, by the catalogue in resources/. */
  agents: Agent[];
  selinux: 'enforcing' | 'permissive' | 'disabled' | 'absent';
  /** Of a Windows server: all that the fields above, which are those of a Linux, cannot say. Absent for Linux. */
  windows?: WindowsFacts;
  findings: Finding[];
}

/** A volume of the guest and where it belongs in its tree. `volume` is the id in VolumeInfo, `disk0p1`. */
export interface Mount {
  path: string;
  volume: string;
  type: string;
}

export interface FstabEntry {
  /** 0-based line in /etc/fstab. */
  line: number;
  device: string;
  path: string;
  type: string;
  options: string[];
  dump: string;
  pass: string;
}

export interface Kernel {
  /** As in /lib/modules: `6.1.0-28-amd64`. */
  version: string;
  /** Guest path of the kernel image. */
  image: string;
  /** Guest path of its initramfs, or null where it boots without one. */
  initramfs: string | null;
  /** Canonical guest path, symlinks resolved: `/usr/lib/modules/6.1.0-28-amd64`. */
  modulesDirectory: string;
  initramfsTool: 'initramfs-tools' | 'dracut' | 'mkinitcpio' | 'mkinitfs' | 'unknown';
  /** The one the boot loader starts unless told otherwise. */
  isDefault: boolean;
}

export interface BootLoader {
  kind: 'grub2' | 'grub-legacy' | 'bls' | 'systemd-boot' | 'extlinux' | 'bootmgr' | 'ntldr';
  /** Guest paths of its configuration files. */
  files: string[];
}

export interface NetworkInterface {
  /** The name the guest's configuration uses: `enp0s25`. */
  name: string;
  /** Lower case `aa:bb:cc:dd:ee:ff`, or null where no file of the guest tells it. */
  mac: string | null;
  /** Addresses with prefix, or `dhcp`; what the configuration says. */
  addresses: string[];
  /** Guest path of the file that configures it. */
  configuredBy: string;
  kind: 'physical' | 'bond' | 'vlan' | 'bridge';
}

export interface Agent {
  /** Catalogue entry: `hpe-health`. */
  id: string;
  name: string;
  vendor: string;
  /** `hardware`: of no vendor, but bound to physical hardware: sensors, IPMI, watchdogs. */
  kind: 'vendor' | 'hypervisor' | 'hardware';
  /** systemd units and SysV scripts that are there. */
  services: string[];
}
