/** The virtual machine that a conversion makes: one model for every platform. Plain data. */

export const DISK_BUSES = [
  'virtio-blk',
  'virtio-scsi',
  'pvscsi',
  'lsi-sas',
  'lsi',
  'ahci',
  'ide',
  'nvme',
  'hyperv-scsi',
] as const;
export type DiskBus = (typeof DISK_BUSES)[number];
/** For people. */
export const BUS_NAMES: Record<DiskBus, string> = {
  'virtio-blk': 'VirtIO block',
  'virtio-scsi': 'VirtIO SCSI',
  pvscsi: 'VMware Paravirtual SCSI',
  'lsi-sas': 'LSI Logic SAS',
  lsi: 'LSI Logic Parallel',
  ahci: 'SATA (AHCI)',
  ide: 'IDE',
  nvme: 'NVMe',
  'hyperv-scsi': 'Hyper-V SCSI',
};
/** PCI Express board with AHCI, or the older PCI board with IDE. */
export type Chipset = 'q35' | 'i440fx';
/** `tulip` is the legacy card of Hyper-V (DEC 21140), the one its BIOS starts from over the network. */
export const NIC_MODELS = ['virtio-net', 'vmxnet3', 'e1000e', 'e1000', 'hyperv-net', 'tulip'] as const;
export type NicModel = (typeof NIC_MODELS)[number];

export interface VirtualDisk {
  /** File name within the result folder: `web01-disk0.qcow2`. */
  file: string;
  format: string;
  /** Bytes. */
  size: number;
  bus: DiskBus;
  /** 0-based place among the disks of this bus; the platform makes controllers and ports of it. */
  unit: number;
}

export interface VirtualNic {
  model: NicModel;
  /** Lower case, colon separated. */
  mac: string;
  /** The guest's interface this NIC stands for, or null. */
  guestName: string | null;
  mode: 'isolated' | 'nat' | 'bridged' | 'host-only';
  /** Bridge or network name, where the mode needs one. */
  network: string | null;
  vlan: number | null;
}

export interface VirtualMachine {
  name: string;
  /** RFC 4122, lower case. */
  uuid: string;
  cpus: number;
  memoryMiB: number;
  firmware: 'bios' | 'uefi';
  architecture: 'x86_64' | 'i686' | 'aarch64' | 'unknown';
  /** Guest.os, for the platform's list of guest types. */
  os: { id: string; version: string; name: string };
  clock: 'utc' | 'localtime';
  /** The board where the platform has a choice; absent: chipset.ts decides. */
  chipset?: Chipset;
  disks: VirtualDisk[];
  nics: VirtualNic[];
}
