/**
 * Which kernel modules a piece of virtual hardware needs. The controller of a new machine is chosen by what the guest's
 * kernel provably has, never by a list of distributions: vendors drop drivers (Fusion MPT left RHEL 9) without notice.
 */
import type { DiskBus, NicModel } from './machine.ts';
import type { DriverNeed } from './target.ts';

/** A kernel has one of the lists whole, or cannot use the device. SCSI hosts are of no use without the disk driver sd_mod. */
const NEEDS: Record<DiskBus | NicModel, readonly (readonly string[])[]> = {
  'virtio-blk': [['virtio_pci', 'virtio_blk']],
  'virtio-scsi': [['virtio_pci', 'virtio_scsi', 'sd_mod']],
  // VMware Tools brought its own driver under another name before Linux 2.6.33 had one.
  pvscsi: [
    ['vmw_pvscsi', 'sd_mod'],
    ['pvscsi', 'sd_mod'],
  ],
  'lsi-sas': [['mptsas', 'sd_mod']],
  lsi: [['mptspi', 'sd_mod']],
  ahci: [['ahci', 'sd_mod']],
  // PIIX in libata; before that the old IDE layer, whose disk driver was renamed in 2.6.28.
  ide: [
    ['ata_piix', 'sd_mod'],
    ['piix', 'ide_gd_mod'],
    ['piix', 'ide_disk'],
    ['ata_generic', 'sd_mod'],
  ],
  nvme: [['nvme']],
  // The bus under it (hv_vmbus) and, since 5.x, the transport (scsi_transport_fc) come along as dependencies.
  'hyperv-scsi': [['hv_vmbus', 'hv_storvsc', 'sd_mod']],
  'virtio-net': [['virtio_pci', 'virtio_net']],
  vmxnet3: [['vmxnet3']],
  e1000e: [['e1000e']],
  e1000: [['e1000']],
  'hyperv-net': [['hv_vmbus', 'hv_netvsc']],
  tulip: [['tulip']],
};

/** The modules that a disk bus or NIC model needs. */
export function driverNeeds(hardware: DiskBus | NicModel): DriverNeed {
  const anyOf = NEEDS[hardware];
  return { for: hardware, anyOf, modules: anyOf[0]! };
}

/** `virtio-blk.ko` of a file list, `virtio-blk` or `virtio_blk` of a configuration: one spelling. */
export function moduleName(name: string): string {
  return name.replaceAll('-', '_');
}

/**
 * The list of modules by which this kernel drives the device, or null when it cannot.
 * `available`: modules that are there as files or built in, spelled as by `moduleName`.
 */
export function driversFor(need: DriverNeed, available: ReadonlySet<string>): readonly string[] | null {
  return need.anyOf.find((list) => list.every((module) => available.has(module))) ?? null;
}
