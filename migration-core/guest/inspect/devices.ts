/**
 * Which volume a device name of the physical server means. Names by content (UUID=, LABEL=) are looked up. Names of
 * disks (sda, by-id, multipath) are matched by what the guest itself says of them: the disk with the root file system is
 * known for certain, every other name must fit a disk that has these partitions with these file systems.
 */
import type { VolumeInfo } from '../fixer.ts';
import type { FstabEntry } from '../guest.ts';
import { parseDeviceName, type DeviceName } from './device-names.ts';

/** `mapped`: on LVM, RAID or encryption that is on our disks but not read here. `absent`: not on any disk that is converted. */
export type Resolution =
  { kind: 'volume'; volume: VolumeInfo } | { kind: 'mapped' } | { kind: 'absent' } | { kind: 'unclear' };

export interface DeviceMap {
  /** @param type file system type expected there, to tell a wrong guess; omit where anything may be. */
  resolve(name: string, type?: string): Resolution;
}

type DiskName = Extract<DeviceName, { kind: 'disk' }>;

const CONTAINERS =
  /^(LVM2_member|linux_raid_member|crypto_LUKS|ddf_raid_member|isw_raid_member|bcache|zfs_member)$/;

/** @param root id of the volume with the root file system. */
export function mapDevices(
  volumes: readonly VolumeInfo[],
  fstab: readonly FstabEntry[],
  root: string,
): DeviceMap {
  const layered = volumes.some((volume) => CONTAINERS.test(volume.type));
  const disks = matchDisks(volumes, fstab, root);

  const onDisk = (disk: number, partition: number | null): VolumeInfo | undefined =>
    volumes.find((volume) => volume.disk === disk && volume.partition === partition);

  /** Of a disk that fstab does not name: by order, unless that one is known under another name of the same sort. */
  const guessed = (name: DiskName, type: string): number | 'unclear' | undefined => {
    const uses = [{ partition: name.partition, type, holdsRoot: false }];
    const free = candidateDisks(volumes, uses, new Set()).filter(
      (disk) => ![...disks].some(([other, number]) => number === disk && sameSort(other, name.disk)),
    );
    if (name.order !== null) return free.find((disk) => disk === name.order);
    return free.length > 1 ? 'unclear' : free[0];
  };

  return {
    resolve(name, type) {
      const parsed = parseDeviceName(name);
      if (parsed === null) return { kind: 'absent' };
      if (parsed.kind === 'mapped') return { kind: layered ? 'mapped' : 'absent' };
      if (parsed.kind === 'tag') {
        const found = volumes.filter((volume) => hasTag(volume, parsed.tag, parsed.value));
        if (found.length === 1) return { kind: 'volume', volume: found[0]! };
        if (found.length > 1) return { kind: 'unclear' };
        // The file system may be within LVM or RAID, where it is not looked for.
        return { kind: layered ? 'mapped' : 'absent' };
      }
      const disk = disks.get(parsed.disk) ?? guessed(parsed, type ?? 'auto');
      if (disk === undefined || disk === 'absent') return { kind: 'absent' };
      if (disk === 'unclear') return { kind: 'unclear' };
      const volume = onDisk(disk, parsed.partition);
      if (volume === undefined || (type !== undefined && !fits(volume, type))) return { kind: 'absent' };
      return { kind: 'volume', volume };
    },
  };
}

function hasTag(
  volume: VolumeInfo,
  tag: 'UUID' | 'LABEL' | 'PARTUUID' | 'PARTLABEL',
  value: string,
): boolean {
  if (value === '') return false;
  if (tag === 'UUID') return volume.uuid.toLowerCase() === value.toLowerCase();
  if (tag === 'LABEL') return volume.label === value;
  if (tag === 'PARTUUID') return volume.partUuid.toLowerCase() === value.toLowerCase();
  return volume.partLabel === value;
}

interface Use {
  partition: number | null;
  type: string;
  holdsRoot: boolean;
}

/** Each disk name of fstab to the number of our disk, as far as the evidence goes. Every name of fstab is in the result. */
function matchDisks(
  volumes: readonly VolumeInfo[],
  fstab: readonly FstabEntry[],
  root: string,
): Map<string, number | 'unclear' | 'absent'> {
  const uses = new Map<string, { order: number | null; uses: Use[] }>();
  /** Volumes that fstab names in another way: no second entry means them. */
  const claimed = new Set([root]);
  for (const entry of fstab) {
    const parsed = parseDeviceName(entry.device);
    if (parsed?.kind === 'tag')
      for (const volume of volumes) if (hasTag(volume, parsed.tag, parsed.value)) claimed.add(volume.id);
    if (parsed?.kind !== 'disk') continue;
    const known = uses.get(parsed.disk) ?? { order: parsed.order, uses: [] };
    known.uses.push({ partition: parsed.partition, type: entry.type, holdsRoot: entry.path === '/' });
    uses.set(parsed.disk, known);
  }
  const rootDisk = volumes.find((volume) => volume.id === root)?.disk;
  const open = new Map<string, number[]>();
  const matched = new Map<string, number | 'unclear' | 'absent'>();
  const settle = (name: string, disk: number): void => {
    matched.set(name, disk);
    open.delete(name);
    // Two names of one sort (sda and sdb) are two disks; a by-id name and a kernel name may be the same one.
    for (const [other, candidates] of open)
      if (sameSort(other, name))
        open.set(
          other,
          candidates.filter((candidate) => candidate !== disk),
        );
  };
  for (const [name, use] of uses) open.set(name, candidateDisks(volumes, use.uses, claimed));
  for (const [name, use] of uses)
    if (use.uses.some(({ holdsRoot }) => holdsRoot) && rootDisk !== undefined) settle(name, rootDisk);
  for (let before = -1; before !== open.size;) {
    before = open.size;
    // The server's own order first, where it fits; then what can be only one disk.
    for (const [name, candidates] of [...open]) {
      const order = uses.get(name)!.order;
      if (order !== null && (open.get(name) ?? candidates).includes(order)) settle(name, order);
    }
    for (const [name] of [...open]) if (open.get(name)?.length === 1) settle(name, open.get(name)![0]!);
  }
  // One line that nobody took out when its partition was removed is no reason to lose the others of its disk.
  for (const [name, candidates] of [...open]) {
    if (candidates.length > 0) continue;
    const { order, uses: its } = uses.get(name)!;
    const likely = disksWithout(volumes, its, claimed).filter(
      (disk) => ![...matched].some(([other, number]) => number === disk && sameSort(other, name)),
    );
    if (order === null ? likely.length === 1 : likely.includes(order)) settle(name, order ?? likely[0]!);
  }
  for (const [name, candidates] of open) matched.set(name, candidates.length > 1 ? 'unclear' : 'absent');
  return matched;
}

/** Disks that have all these partitions, with fitting content. Of the volumes already claimed only the root's own entry may mean one. */
function candidateDisks(
  volumes: readonly VolumeInfo[],
  uses: readonly Use[],
  claimed: ReadonlySet<string>,
): number[] {
  const disks = [...new Set(volumes.map((volume) => volume.disk))];
  const has = (disk: number, use: Use): boolean =>
    volumes.some(
      (volume) =>
        volume.disk === disk &&
        volume.partition === use.partition &&
        fits(volume, use.type) &&
        (use.holdsRoot || !claimed.has(volume.id)),
    );
  return disks.filter((disk) => uses.every((use) => has(disk, use)));
}

/** Disks that have some of these partitions, with fitting content, and where all the others are simply not there. */
function disksWithout(
  volumes: readonly VolumeInfo[],
  uses: readonly Use[],
  claimed: ReadonlySet<string>,
): number[] {
  const there = (disk: number): Use[] =>
    uses.filter(({ partition }) =>
      volumes.some((volume) => volume.disk === disk && volume.partition === partition),
    );
  return [...new Set(volumes.map((volume) => volume.disk))].filter(
    (disk) => there(disk).length > 0 && candidateDisks(volumes, there(disk), claimed).includes(disk),
  );
}

const sameSort = (a: string, b: string): boolean => sortOf(a) === sortOf(b);
const sortOf = (name: string): string =>
  /^(by-[a-z]+|mapper|sd|hd|vd|xvd|nvme|mmcblk|cciss|ida|rd)/.exec(name)?.[0] ?? name;

/** Whether a volume can be what fstab calls `type`; ext2, ext3 and ext4 mount each other's volumes. */
function fits(volume: VolumeInfo, type: string): boolean {
  if (type === 'auto' || type === volume.type) return true;
  if (/^ext[234]$/.test(type)) return /^ext[234]$/.test(volume.type);
  if (type === 'swap') return /^(swap|swsuspend)$/.test(volume.type);
  if (/^(vfat|msdos|fat)$/.test(type)) return /^(vfat|msdos|fat)$/.test(volume.type);
  if (/^(ntfs|ntfs3|ntfs-3g|fuseblk)$/.test(type)) return volume.type === 'ntfs';
  return type.split(',').includes(volume.type);
}
