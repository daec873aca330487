/** Disks and volumes out of the graph of block devices: what would be copied, what stands on it, what it starts from. */
import type { PhysicalDisk, Volume } from '../../store/model/inventory.ts';
import { pathFinder, unescapeMount, type Block, type Blocks } from './blocks.ts';
import { known, linesOf, wholeNumber } from './text.ts';

/** All that a block stands on, itself included. Loops and depth are harmless. */
export function foundationOf(blocks: Blocks, block: Block): Set<Block> {
  const seen = new Set<Block>([block]);
  for (const each of seen)
    for (const name of each.below) {
      const lower = blocks.get(name);
      if (lower !== undefined) seen.add(lower);
    }
  return seen;
}

/**
 * Memory, files, what stands on other disks (bcache, DRBD, volumes of ZFS), single paths of NVMe, and the boot areas of
 * flash chips.
 */
const NO_DISK =
  /^(?:(?:zram|ram|loop|nbd|fd|md|dm-|bcache|drbd|zd)\d|nvme\d+c\d+n\d|mmcblk\d+(?:boot|rpmb))/u;

/** What is neither memory nor a file: a disk of the machine, or a LUN behind several paths. */
const isDisk = (block: Block): boolean =>
  block.type === 'disk' && !NO_DISK.test(block.name) && block.bytes !== 0;

/** The blocks the system starts from: below `/`, `/usr`, `/boot` and the EFI system partition. */
export function systemBlocks(blocks: Blocks): Set<Block> {
  const found = new Set<Block>();
  for (const block of blocks.values())
    if (block.mountPoints.some((mount) => /^\/(?:usr|boot|boot\/efi|efi)?$/u.test(mount)))
      for (const each of foundationOf(blocks, block)) found.add(each);
  return found;
}

/**
 * Physical disks. A LUN behind multipath is one disk with its paths; the paths themselves are not listed, for nobody may
 * count them twice.
 */
export function disksOf(blocks: Blocks): PhysicalDisk[] {
  const system = systemBlocks(blocks);
  const multipath = [...blocks.values()].filter(({ type }) => type === 'mpath');
  const paths = new Set(multipath.flatMap(({ below }) => [...below]));
  return [
    ...multipath,
    ...[...blocks.values()].filter((block) => isDisk(block) && !paths.has(block.name)),
  ].map((block) => {
    const lower = [...block.below].map((name) => blocks.get(name)).find((path) => path !== undefined);
    const from = block.type === 'mpath' ? { ...lower, ...known(block) } : block;
    return known<PhysicalDisk>({
      name: block.type === 'mpath' ? (block.mapped ?? block.name) : block.name.replaceAll('!', '/'),
      bytes: block.bytes ?? lower?.bytes,
      model: from.model,
      vendor: from.vendor,
      serial: from.serial,
      wwn: from.wwn,
      bus: busOf(block.type === 'mpath' && lower !== undefined ? lower : block),
      rotational: from.rotational,
      sectorBytes: from.sectorBytes,
      removable: from.removable,
      system: system.size === 0 ? undefined : system.has(block),
      partitionTable: block.partitionTable,
      paths: block.type === 'mpath' ? [...block.below].sort() : undefined,
    });
  });
}

/** From lsblk's word, else from the way through /sys/devices, else from the name. */
function busOf(block: Block): string | undefined {
  const path = block.path ?? '';
  if (/^(?:cciss|ida)!/u.test(block.name)) return 'raid';
  if (/LOGICAL VOLUME|PERC|MegaRAID|ServeRAID|RAID/u.test(`${block.vendor ?? ''} ${block.model ?? ''}`))
    return 'raid';
  if (block.transport !== undefined) {
    const name = block.transport.toLowerCase();
    return name === 'pcie' ? 'nvme' : name;
  }
  if (path.includes('/usb')) return 'usb';
  if (/\/nvme\d|^nvme/u.test(path) || block.name.startsWith('nvme')) return 'nvme';
  if (/\/virtio\d/u.test(path) || /^vd[a-z]/u.test(block.name)) return 'virtio';
  if (/\/rport-\d/u.test(path)) return 'fc';
  if (/\/session\d/u.test(path)) return 'iscsi';
  if (/\/end_device-\d/u.test(path)) return 'sas';
  if (/\/ata\d/u.test(path)) return 'sata';
  if (/\/mmc\d/u.test(path)) return 'mmc';
  if (/^xvd/u.test(block.name)) return 'xen';
  return /^hd[a-z]/u.test(block.name) ? 'ide' : undefined;
}

interface Usage {
  device: string;
  fileSystem: string | undefined;
  bytes: number;
  usedBytes: number;
  mountPoint: string;
}

/** `df -P -k -l -T` or without `-T`: `/dev/sda1 ext4 1000 400 600 40% /boot`. */
export function parseDf(text: string): Usage[] {
  const usages: Usage[] = [];
  for (const raw of linesOf(text)) {
    const line = raw.slice(0, 8192);
    const words = line.split(/\s+/u);
    // The column of percent is what can be told from all others; what stands behind it is a path, blanks and all.
    const percent = words.findIndex((word, index) => index >= 4 && /^(?:\d{1,6}%|-)$/u.test(word));
    if (percent < 4) continue;
    const [total, used] = [wholeNumber(words[percent - 3]), wholeNumber(words[percent - 2])];
    const mountPoint = words.slice(percent + 1).join(' ');
    if (total === undefined || used === undefined || !mountPoint.startsWith('/')) continue;
    const names = words.slice(0, percent - 3);
    usages.push({
      device: names.length > 1 ? names.slice(0, -1).join(' ') : names[0]!,
      fileSystem: names.length > 1 ? names.at(-1) : undefined,
      bytes: total * 1024,
      usedBytes: used * 1024,
      mountPoint,
    });
  }
  return usages.filter(
    ({ bytes, usedBytes }) => Number.isSafeInteger(bytes) && Number.isSafeInteger(usedBytes),
  );
}

/** File systems that lie on no disk of this machine. */
const PSEUDO =
  /^(?:tmpfs|devtmpfs|ramfs|rootfs|proc|sysfs|overlay|aufs|squashfs|iso9660|udf|cgroup2?|efivarfs|none|udev|shm|fuse\..*|nfs\d?|cifs|smb3|autofs|9p|virtiofs)$/u;

const KINDS = new Map([
  ['part', 'partition'],
  ['linear', 'lvm'],
]);

/** Partitions, logical volumes, arrays and file systems, with what is used of them. */
export function volumesOf(blocks: Blocks, df: string): Volume[] {
  const find = pathFinder(blocks);
  const usages = parseDf(df);
  const byBlock = new Map<Block, Usage>();
  const others: Usage[] = [];
  for (const usage of usages) {
    const block = find(unescapeMount(usage.device)) ?? blockMountedAt(blocks, usage);
    if (block === undefined) others.push(usage);
    else if (!byBlock.has(block)) byBlock.set(block, usage);
  }
  const disks = new Set([...blocks.values()].filter((block) => isDisk(block) || block.type === 'mpath'));
  const volumes: Volume[] = [];
  for (const block of blocks.values()) {
    if (block.type === 'loop' || block.type === 'rom' || block.bytes === 0) continue;
    if (/^zram\d|^ram\d/u.test(block.name)) continue;
    // A disk or path with a partition table only is no volume.
    if (disks.has(block) && block.fileSystem === undefined && block.mountPoints.length === 0) continue;
    if (block.fileSystem === 'mpath_member') continue;
    const usage = byBlock.get(block);
    const mountPoint =
      block.mountPoints.find((mount) => mount === '/') ?? block.mountPoints[0] ?? usage?.mountPoint;
    volumes.push(
      known<Volume>({
        name: block.mapped ?? block.name.replaceAll('!', '/'),
        mountPoint,
        fileSystem: block.fileSystem ?? usage?.fileSystem,
        label: block.label,
        uuid: block.uuid,
        bytes: block.bytes ?? usage?.bytes,
        usedBytes: usage?.usedBytes,
        kind: KINDS.get(block.type ?? '') ?? block.type,
        disks: diskNames(blocks, block, disks),
        encryption: block.fileSystem === 'crypto_LUKS' || block.type === 'crypt' ? 'luks' : undefined,
      }),
    );
  }
  for (const usage of others) {
    if (PSEUDO.test(usage.fileSystem ?? usage.device) || usage.device.startsWith('/dev/loop')) continue;
    volumes.push(
      known<Volume>({
        name: usage.device,
        mountPoint: usage.mountPoint,
        fileSystem: usage.fileSystem,
        bytes: usage.bytes,
        usedBytes: usage.usedBytes,
        kind: usage.fileSystem === 'zfs' ? 'zfs' : undefined,
      }),
    );
  }
  return volumes;
}

/** Kernels of old call the device of `/` `/dev/root`. */
const blockMountedAt = (blocks: Blocks, usage: Usage): Block | undefined =>
  usage.device === '/dev/root' || usage.device === 'rootfs'
    ? [...blocks.values()].find(({ mountPoints }) => mountPoints.includes(usage.mountPoint))
    : undefined;

function diskNames(blocks: Blocks, block: Block, disks: ReadonlySet<Block>): string[] | undefined {
  const below = [...foundationOf(blocks, block)].filter((each) => disks.has(each));
  const multipath = below.filter(({ type }) => type === 'mpath');
  const paths = new Set(multipath.flatMap((each) => [...each.below]));
  const names = below
    .filter(({ name }) => !paths.has(name))
    .map((each) => (each.type === 'mpath' ? (each.mapped ?? each.name) : each.name.replaceAll('!', '/')));
  return names.length === 0 ? undefined : names;
}
