/**
 * Proxmox VE's storage.cfg (`man pvesm`): which storage lies where on the host.
 *
 *   lvmthin: local-lvm          kind and name begin a section
 *           vgname pve          its properties follow, indented
 *           thinpool data
 */
import { isAbsolute, join } from 'node:path';

/** A storage as it is written there. */
export interface Storage {
  kind: string;
  properties: ReadonlyMap<string, string>;
}

export type Storages = ReadonlyMap<string, Storage>;

/** A host has a handful; what is beyond is left out. */
const MOST_STORAGES = 1000;
/** Names of volume groups, pools and storages as the host takes them: they become part of a path. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9._+-]*$/u;
const POOL = /^[A-Za-z0-9][A-Za-z0-9._+-]*(?:\/[A-Za-z0-9][A-Za-z0-9._+-]*)*$/u;

/** A line that is neither the head of a section nor a property is passed over. */
export function readStorages(text: string): Storages {
  const storages = new Map<string, Storage>();
  let properties: Map<string, string> | null = null;
  for (const line of text.split(/\r?\n/u)) {
    const head = /^([a-z][a-z0-9]*):\s*(\S+)\s*$/u.exec(line);
    if (head !== null) {
      properties = new Map();
      if (NAME.test(head[2]!) && storages.size < MOST_STORAGES)
        storages.set(head[2]!, { kind: head[1]!, properties });
      continue;
    }
    if (!/^[ \t]/u.test(line)) continue;
    const property = line.trim();
    const key = /^[a-z][a-z0-9_-]*/u.exec(property)?.[0];
    if (key !== undefined) properties?.set(key, property.slice(key.length).trim());
  }
  // A share is mounted there unless it says otherwise.
  for (const [name, { kind, properties: known }] of storages)
    if (['nfs', 'cifs', 'cephfs', 'glusterfs'].includes(kind) && !known.has('path'))
      (known as Map<string, string>).set('path', `/mnt/pve/${name}`);
  return storages;
}

/** Absolute paths where a volume of this storage may be; null where the storage says nothing of use. */
export function storagePlaces(storage: Storage | undefined, volume: string): string[] | null {
  if (storage === undefined) return null;
  const { kind, properties } = storage;
  const parts = volumeTail(volume);
  const file = parts.at(-1);
  if (file === undefined) return null;
  const path = properties.get('path');
  if (path !== undefined && isAbsolute(path)) {
    const images = imagesFolder(properties.get('content-dirs'));
    const places = [join(path, images, ...parts)];
    // btrfs keeps a raw disk as a subvolume of the disk's name.
    return kind === 'btrfs' ? [...places, join(path, images, parts[0]!, stemOf(file), 'disk.raw')] : places;
  }
  const group = properties.get('vgname');
  if ((kind === 'lvm' || kind === 'lvmthin') && group !== undefined && NAME.test(group))
    return [`/dev/${group}/${file}`];
  const pool = properties.get('pool');
  if (kind === 'zfspool' && pool !== undefined && POOL.test(pool)) return [`/dev/zvol/${pool}/${file}`];
  if (kind === 'rbd') return [`/dev/rbd/${pool !== undefined && NAME.test(pool) ? pool : 'rbd'}/${file}`];
  return null;
}

/** `100/base.raw/101/vm.qcow2` is the volume 101/vm.qcow2. */
export const volumeTail = (name: string): string[] => {
  const parts = name.split('/').filter((part) => part !== '' && part !== '..' && part !== '.');
  return parts.slice(-2);
};

/** `images=vm/disks,backup=dump`; below the path of the storage, whatever it says. */
function imagesFolder(folders: string | undefined): string {
  const said = /(?:^|,)\s*images=([^,]+)/u.exec(folders ?? '')?.[1]?.trim();
  return said === undefined || said.split('/').includes('..') ? 'images' : said;
}

const stemOf = (file: string): string => file.replace(/\.raw$/u, '');
