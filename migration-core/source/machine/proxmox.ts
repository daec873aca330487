/**
 * Proxmox VE's qemu-server/ID.conf: lines `key: value`, the values comma lists; sections in brackets are snapshots and
 * pending changes. Names of volumes, `local-lvm:vm-100-disk-0`, are resolved as the storage.cfg beside it says
 * (proxmox-storage.ts), or else the way the usual kinds of storage keep them.
 */
import { basename, dirname, extname, join } from 'node:path';
import type { DescribedDisk, DescribedMachine, DescribedNic, MachineBus, MachineDialect } from './machine.ts';
import { readStorages, storagePlaces, volumeTail, type Storages } from './proxmox-storage.ts';
import { cpuCount, macAddress, vlanNumber, wholeNumber } from './values.ts';

export const proxmox: MachineDialect = {
  id: 'proxmox',
  name: 'Proxmox VE (.conf)',
  extensions: ['.conf'],
  recognises,
  disksAnywhere: true,
  // Beside it where both were copied; on a host it is /etc/pve/storage.cfg for /etc/pve/qemu-server/ID.conf.
  companions: (path) => [join(dirname(path), 'storage.cfg'), join(dirname(dirname(path)), 'storage.cfg')],
  parse,
};

const DISK = /^(ide|sata|scsi|virtio)(\d{1,2})$/u;
const DEFAULT_MEMORY_MIB = 512;

/** Nothing but comments, settings and sections; many programs call their files .conf. */
function recognises(text: string): boolean {
  const lines = text.split(/\r?\n/u).filter((line) => line.trim() !== '' && !line.startsWith('#'));
  return lines.length > 0 && lines.every((line) => /^(?:[a-z][a-z0-9_-]*:|\[)/u.test(line));
}

function parse(text: string, path: string, storageText = ''): DescribedMachine {
  const values = readValues(text);
  const storages = readStorages(storageText);
  const memory = values.get('memory');
  return {
    name: values.get('name') ?? '',
    cpus:
      cpuCount(values.get('vcpus')) ??
      (cpuCount(values.get('cores')) ?? 1) * (cpuCount(values.get('sockets')) ?? 1),
    memoryMiB: memory === undefined ? DEFAULT_MEMORY_MIB : wholeNumber(memory.replace(/^current=/u, '')),
    firmware: values.get('bios') === 'ovmf' ? 'uefi' : 'bios',
    guestOs: values.get('ostype') ?? null,
    disks: readDisks(values, path, storages),
    nics: readNics(values),
    findings: [],
  };
}

function readValues(text: string): Map<string, string> {
  const values = new Map<string, string>();
  for (const line of text.split(/\r?\n/u)) {
    if (/^\s*\[/u.test(line)) break;
    const match = /^([a-z][a-z0-9_]*):\s*(.*?)\s*$/u.exec(line);
    if (match !== null) values.set(match[1]!, match[2]!);
  }
  return values;
}

/** `local:8006/vm.qcow2,discard=on`: the part without a key (or `file=`), and the others by their keys. */
function readList(value: string): { first: string; options: Map<string, string> } {
  const options = new Map<string, string>();
  let first = '';
  for (const part of value.split(',')) {
    const [key, rest] = part.split(/=(.*)/su) as [string, string | undefined];
    if (rest === undefined) first ||= key.trim();
    else options.set(key.trim(), rest.trim());
  }
  return { first: first || (options.get('file') ?? options.get('volume') ?? ''), options };
}

function readDisks(values: ReadonlyMap<string, string>, path: string, storages: Storages): DescribedDisk[] {
  const disks: DescribedDisk[] = [];
  for (const bus of ['scsi', 'virtio', 'sata', 'ide'] as const satisfies MachineBus[]) {
    const found = [...values].filter(([key]) => DISK.exec(key)?.[1] === bus);
    for (const [slot, value] of found.sort(
      ([a], [b]) => Number(a.slice(bus.length)) - Number(b.slice(bus.length)),
    )) {
      const { first, options } = readList(value);
      const noDisk =
        options.get('media') === 'cdrom' ||
        first === 'none' ||
        first === 'cdrom' ||
        first === '' ||
        /\.iso$/iu.test(first);
      if (noDisk || /(^|[-:/])cloudinit$|-cloudinit(\.|$)/u.test(first)) continue;
      const controller = bus === 'scsi' ? (values.get('scsihw') ?? 'lsi') : null;
      disks.push({ bus, controller, slot, source: first, places: volumePlaces(first, path, storages) });
    }
  }
  const order = bootOrder(values);
  const rank = ({ slot }: DescribedDisk): number =>
    order.includes(slot) ? order.indexOf(slot) : order.length;
  return disks.sort((a, b) => rank(a) - rank(b));
}

/** `boot: order=scsi0;net0`, or the older `bootdisk: scsi0`. */
function bootOrder(values: ReadonlyMap<string, string>): string[] {
  const order = readList(values.get('boot') ?? '').options.get('order');
  return order?.split(';').map((slot) => slot.trim()) ?? [values.get('bootdisk') ?? ''];
}

/** Where a volume may be: beside the description, as in a copied folder, then where a host of Proxmox has it. */
function volumePlaces(volume: string, path: string, storages: Storages): string[] {
  if (volume.startsWith('/')) return [basename(volume), volume];
  const [storage, name] = volume.split(/:(.*)/su) as [string, string | undefined];
  if (name === undefined || name === '') return [];
  const file = name.split('/').at(-1)!;
  const number = basename(path, extname(path));
  const beside = [file, join('images', number, file)];
  // What the storage configuration says; a storage it does not have is looked for where storages usually are.
  const said = storagePlaces(storages.get(storage), name);
  if (said !== null)
    return [...beside, ...['.raw', '.qcow2', '.vmdk'].map((ending) => file + ending), ...said];
  // A folder as storage has names with a slash, 100/vm-100-disk-0.qcow2; a linked clone also names its base.
  if (name.includes('/'))
    return [
      ...beside,
      ...['/var/lib/vz', `/mnt/pve/${storage}`].map((root) => join(root, 'images', ...volumeTail(name))),
    ];
  const group = storage === 'local-lvm' ? 'pve' : storage;
  return [
    ...beside,
    ...['.raw', '.qcow2', '.vmdk'].map((extension) => file + extension),
    `/dev/${group}/${file}`,
    `/dev/zvol/rpool/data/${file}`,
    `/dev/zvol/${storage}/${file}`,
  ];
}

function readNics(values: ReadonlyMap<string, string>): DescribedNic[] {
  const nics: DescribedNic[] = [];
  for (let index = 0; index < 32; index++) {
    const value = values.get(`net${index}`);
    if (value === undefined) continue;
    const { first, options } = readList(value);
    // `virtio=52:54:...`, or `model=virtio,macaddr=...`, or the model alone.
    const model = [...options].find(([key, mac]) => !OPTIONS.has(key) && macAddress(mac) !== null);
    nics.push({
      mac: macAddress(model?.[1] ?? options.get('macaddr')),
      model: model?.[0] ?? options.get('model') ?? (first === '' ? null : first),
      network: options.get('bridge') ?? 'nat',
      vlan: vlanNumber(options.get('tag')),
    });
  }
  return nics;
}

const OPTIONS = new Set([
  'bridge',
  'tag',
  'firewall',
  'queues',
  'rate',
  'mtu',
  'link_down',
  'trunks',
  'macaddr',
  'model',
]);
