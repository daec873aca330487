/**
 * Who uses a disk on this computer: mounts and swap on it, its partitions, or anything stacked on them (LVM, md,
 * encryption, multipath, loop devices). A disk that is written while it is read makes a copy that is no disk at all.
 */
import { realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { names, RUNNING_SYSTEM, text, type SystemRoot } from './sysfs.ts';

export type UseKind = 'mount' | 'swap' | 'lvm' | 'raid' | 'encryption' | 'multipath' | 'mapping';

export interface Use {
  kind: UseKind;
  /** The partition or device that is used: `sda2`, `dm-0`. */
  device: string;
  /** Mount point, volume name, array name. */
  detail: string;
  /** Whether this use writes, or may write, to the disk. */
  writes: boolean;
}

export interface MountPoint {
  /** `8:1`, or `0:31` where the file system spans devices. */
  number: string;
  path: string;
  /** What was mounted: `/dev/sda1`. */
  source: string;
  /** Kernel name of that device, where it is one. */
  device: string | null;
  /** Of the file system itself: a read-only bind mount of a writable file system is writable. */
  writable: boolean;
}

/** proc(5): spaces and backslashes in /proc/self/mountinfo are written as `\040`. */
const unescaped = (field: string): string =>
  field.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));

/** Fields: id parent major:minor root path options [optional ...] - type source super-options. */
export function parseMountInfo(content: string): MountPoint[] {
  return content.split('\n').flatMap((line) => {
    const fields = line.split(' ');
    const dash = fields.indexOf('-', 6);
    const [source, superOptions] = [fields[dash + 2], fields[dash + 3]];
    if (dash < 0 || source === undefined) return [];
    return [
      {
        number: fields[2]!,
        path: unescaped(fields[4]!),
        source: unescaped(source),
        device: null,
        writable: (superOptions ?? 'rw').split(',').includes('rw'),
      },
    ];
  });
}

/** A snapshot of what is mounted and stacked, to ask about many disks. */
export interface SystemUse {
  mounts: MountPoint[];
  /** Kernel names of devices that are swapped to. */
  swaps: Set<string>;
  /** Device name to what the kernel stacked on it. */
  holders: (device: string) => Promise<string[]>;
  root: SystemRoot;
}

export async function readSystemUse(root: SystemRoot = RUNNING_SYSTEM): Promise<SystemUse> {
  const mounts = parseMountInfo(await text(root.proc, 'self/mountinfo'));
  for (const mount of mounts)
    if (mount.source.startsWith(`${root.dev}/`)) mount.device = await kernelName(mount.source, root);
  const loops = await readLoops(root);
  const swaps = new Set<string>();
  for (const line of (await text(root.proc, 'swaps')).split('\n').slice(1)) {
    const path = unescaped(line.split(/\s/)[0] ?? '');
    if (path.startsWith(`${root.dev}/`)) swaps.add(await kernelName(path, root));
  }
  return {
    mounts,
    swaps,
    root,
    holders: async (device) => {
      const folder = await deviceFolder(device, root);
      const above = await names(folder, 'holders');
      const backing = loops.filter((loop) => loop.device === device).map((loop) => loop.name);
      return [...new Set([...above, ...backing])];
    },
  };
}

/** A loop device and what lies behind it. */
interface Loop {
  name: string;
  /** Absolute path of the backing file. */
  file: string;
  /** Kernel name where the backing file is a device. */
  device: string | null;
}

async function readLoops(root: SystemRoot): Promise<Loop[]> {
  const loops: Loop[] = [];
  for (const name of await names(root.sys, 'block')) {
    if (!/^loop\d+$/.test(name)) continue;
    const file = (await text(root.sys, 'block', name, 'loop/backing_file')).replace(/ \(deleted\)$/, '');
    if (file === '') continue;
    loops.push({ name, file, device: file.startsWith(`${root.dev}/`) ? await kernelName(file, root) : null });
  }
  return loops;
}

/** `/dev/mapper/vg-root` to `dm-0`, through the links udev makes. */
async function kernelName(path: string, root: SystemRoot): Promise<string> {
  const resolved = await realpath(path).catch(() => path);
  return resolved.slice(root.dev.length + 1).replaceAll('/', '!');
}

/** A partition's folder lies in its disk's. */
async function deviceFolder(device: string, root: SystemRoot): Promise<string> {
  return realpath(join(root.sys, 'class/block', device)).catch(() => join(root.sys, 'block', device));
}

/** Kernel names of a disk and its partitions. */
async function withPartitions(device: string, root: SystemRoot): Promise<string[]> {
  const folder = await deviceFolder(device, root);
  const list = [device];
  for (const name of await names(folder)) if ((await text(folder, name, 'partition')) !== '') list.push(name);
  return list;
}

/** All uses of a disk (`sda`) and of what is stacked on it. */
export async function usesOfDevice(disk: string, system: SystemUse): Promise<Use[]> {
  const uses: Use[] = [];
  /** Devices looked at, and whether anything uses them: a volume may lie on several partitions. */
  const busy = new Map<string, boolean>();
  const visit = async (device: string): Promise<boolean> => {
    const known = busy.get(device);
    if (known !== undefined) return known;
    const before = uses.length;
    for (const node of await withPartitions(device, system.root)) {
      busy.set(node, true);
      uses.push(...(await mountsOf(node, system)));
      if (system.swaps.has(node)) uses.push({ kind: 'swap', device: node, detail: 'swap', writes: true });
      for (const holder of await system.holders(node)) {
        const inUse = await visit(holder);
        uses.push(await holderUse(node, holder, !inUse, system.root));
      }
    }
    busy.set(device, uses.length > before);
    return uses.length > before;
  };
  await visit(disk);
  return uses;
}

/** All uses of an image file: through loop devices that have it behind them. */
export async function usesOfFile(path: string, system: SystemUse): Promise<Use[]> {
  const wanted = await stat(path, { bigint: true });
  const uses: Use[] = [];
  for (const loop of await readLoops(system.root)) {
    const found = await stat(loop.file, { bigint: true }).catch(() => null);
    if (found?.ino === wanted.ino && found.dev === wanted.dev)
      uses.push(...(await usesOfDevice(loop.name, system)));
  }
  return uses;
}

async function mountsOf(node: string, { mounts, root }: SystemUse): Promise<Use[]> {
  const number = await text(await deviceFolder(node, root), 'dev');
  const nodes = [node, ...(await companions(node, root))];
  return mounts
    .filter((mount) => mount.number === number || (mount.device !== null && nodes.includes(mount.device)))
    .map((mount) => ({ kind: 'mount', device: node, detail: mount.path, writes: mount.writable }));
}

/** The other members of a mounted btrfs: only one of them is named in the list of mounts. */
async function companions(node: string, root: SystemRoot): Promise<string[]> {
  for (const uuid of await names(root.sys, 'fs/btrfs')) {
    const members = await names(root.sys, 'fs/btrfs', uuid, 'devices');
    if (members.includes(node)) return members;
  }
  return [];
}

/** The start of dm/uuid tells who made a mapping. */
const MAPPINGS: [prefix: string, kind: UseKind][] = [
  ['LVM-', 'lvm'],
  ['CRYPT-', 'encryption'],
  ['mpath-', 'multipath'],
];

/** A mapping under read-only mounts alone does not write; an array may write (resync) whoever uses it. */
async function holderUse(node: string, holder: string, idle: boolean, root: SystemRoot): Promise<Use> {
  const folder = await deviceFolder(holder, root);
  if (holder.startsWith('md')) return { kind: 'raid', device: node, detail: holder, writes: true };
  const uuid = await text(folder, 'dm/uuid');
  const kind = MAPPINGS.find(([prefix]) => uuid.startsWith(prefix))?.[1] ?? 'mapping';
  // An idle loop device is only a way in; an idle volume is open to whoever mounts it, or runs a machine on it.
  const writes = idle && !holder.startsWith('loop');
  return { kind, device: node, detail: (await text(folder, 'dm/name')) || holder, writes };
}
