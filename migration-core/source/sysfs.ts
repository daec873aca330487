/**
 * Block devices as Linux describes them in /sys (Documentation/ABI/stable/sysfs-block). Sizes there are counted in
 * 512-byte units whatever the sector size.
 */
import { readFile, readdir, readlink, realpath } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/** Where the kernel shows itself. Another root is for looking at a system that is not the running one. */
export interface SystemRoot {
  sys: string;
  proc: string;
  dev: string;
  run: string;
}

export const RUNNING_SYSTEM: SystemRoot = { sys: '/sys', proc: '/proc', dev: '/dev', run: '/run' };

/** `disk` is hardware (or a virtual machine's view of it); the others are made by the kernel. */
export type DeviceKind = 'disk' | 'cdrom' | 'floppy' | 'loop' | 'ram' | 'zram' | 'dm' | 'md' | 'network';

export interface BlockPartition {
  /** `sda1` */
  name: string;
  /** `8:1` */
  number: string;
  /** As the kernel counts it: 1 for sda1. */
  index: number;
  /** Bytes from the start of the disk. */
  offset: number;
  /** Bytes. */
  size: number;
}

export interface BlockDevice {
  /** `sda`, with `!` for `/` as in `cciss!c0d0`. */
  name: string;
  /** Its node: `/dev/sda`. */
  path: string;
  /** `8:0` */
  number: string;
  kind: DeviceKind;
  /** Bytes. */
  size: number;
  sectorSize: number;
  physicalSectorSize: number;
  model: string;
  serial: string;
  bus: string;
  removable: boolean;
  readOnly: boolean;
  partitions: BlockPartition[];
}

/** A small text file without its line end; empty where there is none. */
export async function text(...path: string[]): Promise<string> {
  try {
    return (await readFile(join(...path), 'utf8')).trim();
  } catch {
    return '';
  }
}

export async function names(...path: string[]): Promise<string[]> {
  try {
    return (await readdir(join(...path))).sort(byNumber);
  } catch {
    return [];
  }
}

/** sda2 before sda10. By hand: the first comparison of `localeCompare` takes 7 ms, to load the rules of a language. */
function byNumber(a: string, b: string): number {
  const [left, right] = [a, b].map((name) => name.match(/\d+|\D+/gu) ?? []);
  for (const [at, part] of left!.entries()) {
    const other = right![at];
    if (other === undefined) return 1;
    if (part === other) continue;
    const difference = Number(part) - Number(other);
    return Number.isNaN(difference) || difference === 0 ? (part < other ? -1 : 1) : difference;
  }
  return left!.length - right!.length;
}

const number = (value: string, otherwise = 0): number => {
  const parsed = Number.parseInt(value, 10);
  return Number.isSafeInteger(parsed) ? parsed : otherwise;
};

const KINDS: [pattern: RegExp, kind: DeviceKind][] = [
  [/^loop\d/, 'loop'],
  [/^ram\d/, 'ram'],
  [/^zram\d/, 'zram'],
  [/^dm-/, 'dm'],
  [/^md[\d_]/, 'md'],
  [/^(sr|scd)\d/, 'cdrom'],
  [/^fd\d/, 'floppy'],
  [/^(nbd|rbd|drbd)\d/, 'network'],
];

/** Null where the kernel knows no such disk. */
export async function readBlockDevice(
  name: string,
  root: SystemRoot = RUNNING_SYSTEM,
): Promise<BlockDevice | null> {
  const folder = join(root.sys, 'block', name);
  const deviceNumber = await text(folder, 'dev');
  if (deviceNumber === '') return null;
  const kind = KINDS.find(([pattern]) => pattern.test(name))?.[1] ?? 'disk';
  const logical = number(await text(folder, 'queue/logical_block_size'), 512);
  const identity = await readIdentity(folder, deviceNumber, root);
  return {
    name,
    path: join(root.dev, name.replaceAll('!', '/')),
    number: deviceNumber,
    kind,
    size: number(await text(folder, 'size')) * 512,
    sectorSize: logical,
    physicalSectorSize: Math.max(logical, number(await text(folder, 'queue/physical_block_size'), logical)),
    model: identity.model,
    serial: identity.serial,
    bus: kind === 'disk' || kind === 'cdrom' ? await readBus(folder, name) : '',
    removable: (await text(folder, 'removable')) === '1',
    readOnly: (await text(folder, 'ro')) === '1',
    partitions: await readPartitions(folder),
  };
}

/** Names of all disks; hidden paths of a multipath NVMe namespace are not disks of their own. */
export async function blockDeviceNames(root: SystemRoot = RUNNING_SYSTEM): Promise<string[]> {
  const all: string[] = [];
  for (const name of await names(root.sys, 'block'))
    if ((await text(root.sys, 'block', name, 'hidden')) !== '1') all.push(name);
  return all;
}

/** The disk a device number belongs to, and the partition where it is one. Null where the kernel knows no such number. */
export async function deviceOfNumber(
  deviceNumber: string,
  root: SystemRoot = RUNNING_SYSTEM,
): Promise<{ disk: string; partition: string | null } | null> {
  let folder: string;
  try {
    folder = await realpath(join(root.sys, 'dev/block', deviceNumber));
  } catch {
    return null;
  }
  if ((await text(folder, 'partition')) === '') return { disk: basename(folder), partition: null };
  return { disk: basename(dirname(folder)), partition: basename(folder) };
}

async function readPartitions(folder: string): Promise<BlockPartition[]> {
  const partitions: BlockPartition[] = [];
  for (const name of await names(folder)) {
    const index = await text(folder, name, 'partition');
    if (index === '') continue;
    partitions.push({
      name,
      number: await text(folder, name, 'dev'),
      index: number(index),
      offset: number(await text(folder, name, 'start')) * 512,
      size: number(await text(folder, name, 'size')) * 512,
    });
  }
  return partitions.sort((a, b) => a.index - b.index);
}

/** From the device itself where it has a file for it, else from what udev found out. */
async function readIdentity(
  folder: string,
  deviceNumber: string,
  root: SystemRoot,
): Promise<{ model: string; serial: string }> {
  const udev = await text(root.run, 'udev/data', `b${deviceNumber}`);
  const property = (key: string): string => new RegExp(`^E:${key}=(.*)$`, 'm').exec(udev)?.[1]?.trim() ?? '';
  const vendor = await text(folder, 'device/vendor');
  const model = (await text(folder, 'device/model')) || property('ID_MODEL').replaceAll('_', ' ').trim();
  return {
    // SCSI disks tell their vendor apart; ATA ones say "ATA", PCI ones a number.
    model:
      vendor !== '' && vendor !== 'ATA' && !vendor.startsWith('0x') ? `${vendor} ${model}`.trim() : model,
    serial:
      (await text(folder, 'serial')) ||
      (await text(folder, 'device/serial')) ||
      (await unitSerial(folder)) ||
      property('ID_SERIAL_SHORT') ||
      property('ID_SCSI_SERIAL'),
  };
}

/** SCSI vital product data page 0x80: four bytes of header, the last two the length, then the serial number in ASCII. */
async function unitSerial(folder: string): Promise<string> {
  try {
    const page = await readFile(join(folder, 'device/vpd_pg80'));
    if (page.length < 4 || page[1] !== 0x80) return '';
    const end = Math.min(page.length, 4 + page.readUInt16BE(2));
    return page
      .toString('latin1', 4, end)
      .replace(/[^\x20-\x7e]/g, '')
      .trim();
  } catch {
    return '';
  }
}

/** The way from the board to the disk is its path in /sys/devices. */
const BUSES: [pattern: RegExp, bus: string][] = [
  [/\/usb\d/, 'usb'],
  [/\/nvme\d/, 'nvme'],
  [/\/ata\d+\//, 'sata'],
  [/\/(sas_device|end_device-|expander-)/, 'sas'],
  [/\/rport-/, 'fc'],
  [/\/session\d+\//, 'iscsi'],
  [/\/mmc\d/, 'mmc'],
  [/\/virtio\d+\//, 'virtio'],
  [/\/VMBUS|\/vmbus/, 'hyperv'],
  [/\/host\d+\//, 'scsi'],
];

async function readBus(folder: string, name: string): Promise<string> {
  try {
    const link = await readlink(folder);
    return BUSES.find(([pattern]) => pattern.test(link))?.[1] ?? '';
  } catch {
    return name.startsWith('nvme') ? 'nvme' : '';
  }
}
