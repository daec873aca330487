/**
 * The drivers put into an initramfs: those of every common virtual platform that the guest's kernel has as modules, so
 * that one disk image boots on all of them and may move on later. For a kernel of Debian 12 these are 49 files with what
 * they need, 6.3 MB; the whole segment with its indexes is 8.2 MB, compressed 2.1 MB.
 */

/** From the bus to the disk; names as by moduleName(). A name the kernel does not know is left out. */
export const STORAGE_DRIVERS: readonly string[] = [
  // KVM, Proxmox, OpenStack; virtio_mmio for ARM machines without PCI.
  'virtio_pci',
  'virtio_mmio',
  'virtio_blk',
  'virtio_scsi',
  // VMware: PVSCSI (under its old name too), LSI Logic parallel and SAS.
  'vmw_pvscsi',
  'pvscsi',
  'mptspi',
  'mptsas',
  // Everywhere: AHCI, PIIX IDE (libata, and the IDE layer of old kernels), NVMe.
  'ahci',
  'ata_piix',
  'ata_generic',
  'piix',
  'ide_gd_mod',
  'ide_disk',
  'nvme',
  // Hyper-V and Azure, with the keyboard for a rescue shell.
  'hv_vmbus',
  'hv_storvsc',
  'hyperv_keyboard',
  // Xen; xenblk is the name of Red Hat 5.
  'xen_blkfront',
  'xenblk',
  // SCSI disks and the CD drive of any of them.
  'sd_mod',
  'sr_mod',
];

/** For root over the network, unlocking by a key server, or a rescue shell over the network. */
export const NETWORK_DRIVERS: readonly string[] = [
  'virtio_net',
  'vmxnet3',
  'e1000',
  'e1000e',
  'hv_netvsc',
  // The legacy card of Hyper-V.
  'tulip',
  'xen_netfront',
];
