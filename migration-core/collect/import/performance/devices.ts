/**
 * Which of the devices that Linux counts are hardware. What lies on top of others (LVM, multipath, bonds, bridges) counts
 * their work again, and readers sum over all instances of a server.
 */

/** Device mapper, MD, loop and RAM disks, optical and floppy drives; partitions; LVM and multipath under their own names. */
const STACKED_DISKS =
  /^(?:dm-|md_?\d|loop|ram\d|zram|sr\d|fd\d|nbd|bcache|drbd|mpath|emcpower|dev(?:253|9|7|1|11|2)-\d|(?:sd|hd|vd|xvd)[a-z]+\d|(?:nvme\d+n\d+|mmcblk\d+|cciss.*c\d+d\d+)p\d)/u;
/** `vg00-root`; `dev8-0` is how sar writes a disk it has no name for. */
const LOGICAL_VOLUME = /^(?!dev\d+-\d+$)[\w.+]+-[\w.+-]+$/u;

const STACKED_NICS =
  /^(?:lo\d*$|virbr|veth|docker|br-|br\d|tap|tun|vnet|vif|bond|team|dummy|sit\d|ip6tnl|gre|erspan|ip_vti|ip6_vti|vlan|cali|flannel|cni|ovs|wg\d|macvtap|ifb)|\.\d+$/u;

export const isPhysicalDisk = (name: string): boolean =>
  !STACKED_DISKS.test(name) && !LOGICAL_VOLUME.test(name);

export const isPhysicalNic = (name: string): boolean => !STACKED_NICS.test(name);
