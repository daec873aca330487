/**
 * The block devices of a server as one graph: /sys says how they stand on each other, lsblk(8), blkid(8) and /proc/mounts
 * what is on them. Any of the sources may be missing.
 */
import { z } from 'zod';
import {
  safeBytes,
  byEntry,
  factsOf,
  fileOf,
  linesOf,
  pathsOf,
  textOf,
  usable,
  wholeNumber,
  type Sections,
} from './text.ts';

export interface Block {
  /** Of the kernel: `sda1`, `dm-0`. */
  name: string;
  /** Of the device mapper: `vg0-root`, `mpatha`. */
  mapped?: string | undefined;
  /** As lsblk names them: `disk`, `part`, `lvm`, `crypt`, `mpath`, `raid1`, `rom`, `loop` ... */
  type?: string | undefined;
  bytes?: number | undefined;
  /** Kernel names of what it stands on. */
  below: Set<string>;
  fileSystem?: string | undefined;
  label?: string | undefined;
  uuid?: string | undefined;
  mountPoints: string[];
  model?: string | undefined;
  vendor?: string | undefined;
  serial?: string | undefined;
  wwn?: string | undefined;
  /** As lsblk and NVMe name it: `sata`, `sas`, `fc`, `usb`, `nvme`, `iscsi`. */
  transport?: string | undefined;
  rotational?: boolean | undefined;
  removable?: boolean | undefined;
  sectorBytes?: number | undefined;
  partitionTable?: string | undefined;
  /** Where it is in /sys/devices: the controllers on the way. */
  path?: string | undefined;
}

/** A server with a thousand paths and as many volumes has 10,000. */
const MAX_BLOCKS = 50_000;
const MAX_DEPTH = 50;

export type Blocks = Map<string, Block>;

export function blocksOf(sections: Sections): Blocks {
  const blocks: Blocks = new Map();
  fromSys(textOf(sections, 'blocks'), blocks);
  fromLsblkJson(textOf(sections, 'lsblk-json'), blocks);
  fromLsblkPairs(textOf(sections, 'lsblk-pairs'), blocks);
  if (blocks.size === 0) fromProcPartitions(fileOf(sections, '/proc/partitions'), blocks);
  fromMultipath(textOf(sections, 'multipath'), blocks);
  fromLvs(textOf(sections, 'lvs'), blocks);
  fromBlkid(textOf(sections, 'blkid'), blocks);
  fromMounts(fileOf(sections, '/proc/mounts'), blocks);
  return blocks;
}

export function blockNamed(blocks: Blocks, name: string): Block | undefined {
  let block = blocks.get(name);
  if (block === undefined && blocks.size < MAX_BLOCKS && /^[^\s/]{1,128}$/u.test(name)) {
    block = { name, below: new Set(), mountPoints: [] };
    blocks.set(name, block);
  }
  return block;
}

/** Finds blocks by `/dev/sda1`, `/dev/mapper/vg0-root`, `/dev/vg0/root`, `/dev/dm-0`, as they are named at this moment. */
export function pathFinder(blocks: Blocks): (path: string) => Block | undefined {
  const mapped = new Map<string, Block>();
  for (const block of blocks.values()) if (block.mapped !== undefined) mapped.set(block.mapped, block);
  return (path) => {
    if (!path.startsWith('/dev/')) return undefined;
    const name = path.slice(5);
    // The kernel writes `!` for the slash in the names of old drivers: `cciss!c0d0`.
    const plain = blocks.get(name.replaceAll('/', '!'));
    if (plain !== undefined) return plain;
    if (name.startsWith('mapper/')) return mapped.get(name.slice(7));
    const parts = name.split('/');
    // LVM doubles the dashes of its names before it joins them by one.
    return parts.length === 2
      ? mapped.get(parts.map((part) => part.replaceAll('-', '--')).join('-'))
      : undefined;
  };
}

function fromSys(text: string, blocks: Blocks): void {
  const facts = factsOf(text);
  for (const [name, of] of byEntry(facts, '/sys/block')) {
    const block = blockNamed(blocks, name);
    if (block === undefined) continue;
    // Kernels before 2.6.26 have no link here, but one to the device.
    block.path = of.get('')?.includes('/devices/') === true ? of.get('') : (of.get('device') ?? of.get(''));
    block.bytes = sectors(of.get('size'));
    block.removable = flag(of.get('removable'));
    block.rotational = flag(of.get('queue/rotational'));
    block.sectorBytes = wholeNumber(of.get('queue/logical_block_size') ?? of.get('queue/hw_sector_size'));
    // Of virtio this is the number of PCI.
    block.vendor = usable(of.get('device/vendor')?.replace(/^0x[0-9a-f]+$/u, ''));
    block.model = usable(of.get('device/model'));
    block.serial = usable(of.get('serial') ?? of.get('device/serial'));
    block.wwn = usable(of.get('wwid') ?? of.get('device/wwid'));
    block.transport = usable(of.get('device/transport'));
    block.mapped = usable(of.get('dm/name'));
    block.type = facts.get(`/proc/ide/${name}/media`) === 'cdrom' ? 'rom' : typeOf(name, of);
    for (const [path, value] of of) {
      const part = /^([^/]+)\/(?:size|start)$/u.exec(path)?.[1];
      if (part === undefined || !of.has(`${part}/start`)) continue;
      const partition = blockNamed(blocks, part);
      if (partition === undefined) continue;
      partition.type = 'part';
      partition.below.add(name);
      if (path.endsWith('/size')) partition.bytes = sectors(value);
    }
  }
  for (const path of pathsOf(text)) {
    const match = /^\/sys\/block\/([^/]+)\/(?:([^/]+)\/)?(slaves|holders)\/([^/]+)$/u.exec(path);
    if (match === null) continue;
    const self = match[2] ?? match[1]!;
    const [upper, lower] = match[3] === 'slaves' ? [self, match[4]!] : [match[4]!, self];
    blockNamed(blocks, upper)?.below.add(lower);
  }
}

function typeOf(name: string, of: ReadonlyMap<string, string>): string {
  const uuid = of.get('dm/uuid');
  if (uuid !== undefined || name.startsWith('dm-')) {
    // The device mapper's users begin their uuid with their name: `LVM-`, `CRYPT-LUKS2-`, `mpath-`, `part1-mpath-`.
    const prefix = /^([A-Za-z]+)\d*-/u.exec(uuid ?? '')?.[1]?.toLowerCase();
    return prefix ?? 'dm';
  }
  if (of.has('md/level') || /^md\d/u.test(name)) return of.get('md/level') ?? 'raid';
  if (of.get('device/type') === '5' || /^sr\d/u.test(name)) return 'rom';
  return name.startsWith('loop') ? 'loop' : 'disk';
}

const sectors = (text: string | undefined): number | undefined => {
  // Always in 512 bytes, whatever the disk's own sectors (Documentation/ABI/stable/sysfs-block).
  const count = wholeNumber(text);
  return count === undefined ? undefined : safeBytes(count * 512);
};

const flag = (text: string | undefined): boolean | undefined =>
  text === '1' ? true : text === '0' ? false : undefined;

const text = z
  .union([z.string(), z.number()])
  .nullish()
  .transform((value) => usable(value === null || value === undefined ? undefined : String(value)));
/** util-linux 2.33 and later write numbers and booleans, before that all are strings. */
const yesNo = z
  .union([z.boolean(), z.string(), z.number()])
  .nullish()
  .transform((value) =>
    value === null || value === undefined ? undefined : value === true || value === '1' || value === 1,
  );

const lsblkNode = z.object({
  name: z.string(),
  kname: text,
  type: text,
  size: text,
  fstype: text,
  label: text,
  uuid: text,
  mountpoint: text,
  mountpoints: z.array(z.string().nullable()).nullish(),
  model: text,
  vendor: text,
  serial: text,
  wwn: text,
  tran: text,
  rota: yesNo,
  rm: yesNo,
  'log-sec': text,
  pttype: text,
  children: z.array(z.unknown()).nullish(),
});

function fromLsblkJson(json: string, blocks: Blocks): void {
  if (json.trim() === '') return;
  let content: unknown;
  try {
    content = JSON.parse(json);
  } catch {
    // Old versions do not know `-J` and print their usage; the pairs are read instead.
    return;
  }
  const top = z.object({ blockdevices: z.array(z.unknown()) }).safeParse(content);
  // Depth and count are bounded: the tree repeats what stands on several disks.
  const waiting = (top.data?.blockdevices ?? []).map((node) => ({ node, below: '', depth: 0 }));
  for (let taken = 0; waiting.length > 0 && taken < MAX_BLOCKS; taken++) {
    const { node, below, depth } = waiting.pop()!;
    const parsed = lsblkNode.safeParse(node);
    if (!parsed.success || depth > MAX_DEPTH) continue;
    const of = parsed.data;
    const name = of.kname ?? of.name;
    const block = blockNamed(blocks, name);
    if (block === undefined) continue;
    if (below !== '') block.below.add(below);
    if (of.name !== name) block.mapped ??= of.name;
    block.type = of.type ?? block.type;
    block.bytes ??= wholeNumber(of.size);
    overlay(block, {
      fileSystem: of.fstype,
      label: of.label,
      uuid: of.uuid,
      model: of.model,
      vendor: of.vendor?.startsWith('0x') === true ? undefined : of.vendor,
      serial: of.serial,
      wwn: of.wwn,
      transport: of.tran,
      rotational: of.rota,
      removable: of.rm,
      sectorBytes: wholeNumber(of['log-sec']),
      partitionTable: of.pttype,
    });
    for (const mount of [of.mountpoint, ...(of.mountpoints ?? [])]) addMount(block, mount);
    for (const child of of.children ?? []) waiting.push({ node: child, below: name, depth: depth + 1 });
  }
}

function overlay(block: Block, parts: Partial<Block>): void {
  for (const [key, value] of Object.entries(parts))
    if (value !== undefined) Object.assign(block, { [key]: value });
}

function addMount(block: Block, mount: string | null | undefined): void {
  if (mount === null || mount === undefined || mount === '' || mount === '[SWAP]') return;
  if (block.mountPoints.length < 100 && !block.mountPoints.includes(mount)) block.mountPoints.push(mount);
}

/** `NAME="sda1" KNAME="sda1" ...`: of versions without JSON, quotes and backslashes as `\x22`. */
export function pairs(line: string): Map<string, string> {
  const found = new Map<string, string>();
  // Looking back keeps the search from beginning anew at each letter of a name without end.
  for (const match of line.matchAll(/(?<![A-Z_:-])([A-Z_:-]+)="([^"]*)"/gu))
    found.set(
      match[1]!,
      match[2]!.replace(/\\x([0-9a-f]{2})/giu, (_, hex: string) =>
        String.fromCharCode(Number.parseInt(hex, 16)),
      ),
    );
  return found;
}

function fromLsblkPairs(output: string, blocks: Blocks): void {
  for (const line of linesOf(output)) {
    const of = pairs(line);
    const name = of.get('KNAME') ?? of.get('NAME');
    const block = name === undefined ? undefined : blockNamed(blocks, name);
    if (block === undefined) continue;
    if (of.get('NAME') !== name) block.mapped ??= usable(of.get('NAME'));
    block.type ??= usable(of.get('TYPE'));
    block.bytes ??= wholeNumber(of.get('SIZE'));
    block.fileSystem ??= usable(of.get('FSTYPE'));
    block.label ??= usable(of.get('LABEL'));
    block.uuid ??= usable(of.get('UUID'));
    block.model ??= usable(of.get('MODEL'));
    block.removable ??= flag(of.get('RM'));
    const parent = usable(of.get('PKNAME')) ?? (block.type === 'part' ? wholeDisk(block.name) : undefined);
    if (parent !== undefined && block.below.size === 0) block.below.add(parent);
    addMount(block, of.get('MOUNTPOINT'));
  }
}

/** `sda1` is on `sda`, `nvme0n1p2` on `nvme0n1`, `cciss!c0d0p1` on `cciss!c0d0`. */
export const wholeDisk = (partition: string): string | undefined =>
  /^(.*\d)p\d{1,3}$/u.exec(partition)?.[1] ?? /^([a-z]+)\d{1,3}$/u.exec(partition)?.[1];

/** `8        0  488386584 sda`, blocks of 1024 bytes. Kernels before 2.5 and containers without /sys have nothing else. */
function fromProcPartitions(content: string, blocks: Blocks): void {
  for (const line of linesOf(content)) {
    const match = /^\s*\d+\s+\d+\s+(\d+)\s+(\S+)/u.exec(line);
    if (match === null || /^(?:ram|loop)\d/u.test(match[2]!)) continue;
    const block = blockNamed(blocks, match[2]!.replaceAll('/', '!'));
    const kilobytes = wholeNumber(match[1]);
    if (block !== undefined && kilobytes !== undefined) block.bytes = safeBytes(kilobytes * 1024);
  }
  for (const block of blocks.values()) {
    const disk = wholeDisk(block.name);
    const isPart = disk !== undefined && blocks.has(disk);
    block.type ??= isPart
      ? 'part'
      : block.name.startsWith('dm-')
        ? 'dm'
        : /^md\d/u.test(block.name)
          ? 'raid'
          : /^sr\d/u.test(block.name)
            ? 'rom'
            : 'disk';
    if (isPart) block.below.add(disk);
  }
}

function fromBlkid(output: string, blocks: Blocks): void {
  const find = pathFinder(blocks);
  for (const line of linesOf(output)) {
    const colon = line.indexOf(': ');
    const block = colon < 0 ? undefined : find(line.slice(0, colon));
    if (block === undefined) continue;
    const of = pairs(line.slice(colon + 2));
    block.fileSystem ??= usable(of.get('TYPE'));
    block.label ??= usable(of.get('LABEL'));
    block.uuid ??= usable(of.get('UUID'));
    block.partitionTable ??= usable(of.get('PTTYPE'));
  }
}

/**
 * `multipath -ll`: `mpatha (3600...) dm-0 VENDOR,PRODUCT`, then its paths: `| |- 3:0:0:1 sdb 8:16 active ready running`,
 * `\\_ 3:0:0:1 sdb 8:16 [active][ready]` on RHEL 4 and 5.
 */
function fromMultipath(output: string, blocks: Blocks): void {
  let map: Block | undefined;
  for (const raw of linesOf(output)) {
    const line = raw.slice(0, 1000);
    const head = /^(\S+)(?: \((\S+)\))?\s*(dm-\d+)\s+([^,]*),(.*)$/u.exec(line);
    if (head !== null) {
      map = blockNamed(blocks, head[3]!);
      if (map === undefined) continue;
      map.type = 'mpath';
      map.mapped ??= head[1];
      map.wwn ??= head[2] ?? head[1];
      map.vendor ??= usable(head[4]);
      map.model ??= usable(head[5]!.replace(/\s+undef.*$/u, ''));
      continue;
    }
    const path = /^[\s|`\\_-]+\d+:\d+:\d+:\d+\s+([a-z]+)\s+\d+:\d+\s/u.exec(line)?.[1];
    if (map !== undefined && path !== undefined && blockNamed(blocks, path) !== undefined)
      map.below.add(path);
  }
}

/** Logical volumes that are not active have no block device: `vg|lv|bytes|linear|/dev/sda2(0)`. */
function fromLvs(output: string, blocks: Blocks): void {
  const find = pathFinder(blocks);
  for (const line of linesOf(output)) {
    const [group, volume, size, segment, devices] = line.trim().split('|');
    if (!usable(group) || !usable(volume) || find(`/dev/${group!}/${volume!}`) !== undefined) continue;
    const block = blockNamed(blocks, `${group!}-${volume!}`);
    if (block === undefined || !/^(?:linear|striped|raid.*|mirror|thin)$/u.test(segment ?? '')) continue;
    block.type ??= 'lvm';
    block.bytes ??= wholeNumber(size);
    for (const device of devices?.split(',').slice(0, 100) ?? []) {
      const lower = find(device.replace(/\(\d+\)$/u, ''));
      if (lower !== undefined) block.below.add(lower.name);
    }
  }
}

/** Blanks in names are written as octal: `\040`. */
export const unescapeMount = (name: string): string =>
  name.replace(/\\([0-7]{3})/gu, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));

function fromMounts(content: string, blocks: Blocks): void {
  const find = pathFinder(blocks);
  for (const line of linesOf(content)) {
    const [device, mount, fileSystem] = line.split(' ');
    if (device === undefined || mount === undefined || !device.startsWith('/')) continue;
    const block = find(unescapeMount(device));
    if (block === undefined) continue;
    addMount(block, unescapeMount(mount));
    block.fileSystem ??= usable(fileSystem);
  }
}
