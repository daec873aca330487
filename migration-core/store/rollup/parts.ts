/**
 * Which instances make up all disks, or all networks, of a server: each transfer is counted once.
 *
 * Partitions, LVM and RAID devices, bonds, VLANs and bridges carry what their disks and cards carry too; they are told by
 * the inventory where it knows them, and else by the names that Linux and Windows give. They count only where nothing
 * of the lower layer was measured. What cannot be told: disks of a RAID controller that a tool lists beside the logical
 * disk under a name of its own.
 */
import type { ServerInventory } from '../model/inventory.ts';
import { ALL_INSTANCES } from '../model/metrics.ts';

/** `dm-0`, `md127`, `bcache0`, `drbd1`: stacked on disks. `loop0`, `ram0`, `zram0`, `sr0`, `fd0`: no disks of a server. */
const STACKED_DISK =
  /^(?:dm-?\d+|md\d+(?:p\d+)?|md_d\d+|bcache\d+|drbd\d+|VxVM\d+|loop\d+|ram\d+|zram\d+|sr\d+|fd\d+|mapper\/.+)$/u;
/** A Windows logical disk, beside `0 C:` of the physical ones. */
const WINDOWS_LETTER = /^(?:[A-Za-z]:|HarddiskVolume\d+)$/u;
const WINDOWS_PHYSICAL = /^\d+(?: [A-Za-z]:)*$/u;

const LOOPBACK = /^(?:lo\d*|.*loopback.*)$/iu;
/** `bond0`, `team0`, `br0`, `eth0.100`, `vlan5`: on top of cards. `veth…`, `docker0`, `virbr0`, `tun0` …: inside the server. */
const STACKED_NIC =
  /^(?:(?:bond|team|br|vlan|veth|docker|virbr|vnet|tun|tap|dummy|ifb|sit|gre|cali|flannel|cni|vmbr|ovs|wg|ppp)[-\d].*|docker\d*|flannel.*|cali.*|.+\.\d{1,4}|isatap.*|teredo.*|.*multiplexor.*|.*team(?:ing)?.*virtual.*)$/iu;

/** The partition's disk: `sda` of `sda1`, `nvme0n1` of `nvme0n1p2`. */
const diskOfPartition = (name: string): string | undefined =>
  (/^((?:sd|hd|vd|xvd)[a-z]+)\d+$/u.exec(name) ??
    /^((?:nvme\d+n|mmcblk|cciss\/c\d+d|ida\/c\d+d)\d+)p\d+$/u.exec(name))?.[1];

/** @param instances of one metric. @returns those whose sum is the whole */
export function diskParts(instances: readonly string[], inventory?: ServerInventory): string[] {
  const parts = instances.filter((name) => name !== ALL_INSTANCES);
  if (parts.length === 0) return [...instances];
  const measured = new Set(parts);
  const stacked = new Set(
    inventory?.volumes
      ?.filter(({ name, disks }) => disks?.some((disk) => disk !== name && measured.has(disk)) === true)
      .map(({ name }) => name),
  );
  const multipath = new Set(
    inventory?.disks
      ?.filter(({ paths }) => paths?.some((path) => measured.has(path)) === true)
      .map(({ name }) => name),
  );
  const hasPhysical = parts.some((name) => WINDOWS_PHYSICAL.test(name));
  const lower = parts.filter((name) => {
    const disk = diskOfPartition(name);
    if (disk !== undefined && measured.has(disk)) return false;
    if (hasPhysical && WINDOWS_LETTER.test(name)) return false;
    return !STACKED_DISK.test(name) && !stacked.has(name) && !multipath.has(name);
  });
  return lower.length > 0 ? lower : parts;
}

/** @param instances of one metric. @returns those whose sum is the whole; what stays inside the server is not of it */
export function nicParts(instances: readonly string[], inventory?: ServerInventory): string[] {
  const parts = instances.filter((name) => name !== ALL_INSTANCES && !LOOPBACK.test(name));
  if (parts.length === 0) return instances.filter((name) => name === ALL_INSTANCES);
  const kinds = new Map(inventory?.networkInterfaces?.map(({ name, kind }) => [name, kind]));
  const lower = parts.filter((name) => {
    const kind = kinds.get(name);
    return kind === undefined ? !STACKED_NIC.test(name) : kind === 'physical';
  });
  return lower.length > 0 ? lower : parts;
}
