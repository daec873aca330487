/**
 * Boot configuration stores of Vista and later: registry hives with objects (boot manager, loaders) made of elements. Numbers of
 * elements and objects: Microsoft, "BCD reference" (bcdedit names in brackets). Layout of devices: the boot environment's device
 * descriptor, of which ReactOS' boot/environ/include/bl.h gives the fields.
 */
import { u64le, viewOf } from '../../../base/bytes.ts';
import { readGuid } from '../../../base/guid.ts';
import type { Hive } from '../../../registry/hive.ts';
import { REG, readText } from '../../../registry/types.ts';

/** {bootmgr}. */
export const BOOT_MANAGER = '{9dea862c-5cdd-4e70-acc1-f32b344d4795}';

export const ELEMENT = {
  /** [device] Where an application lies. */
  device: '11000001',
  /** [path] */
  path: '12000002',
  /** [recoveryenabled] Boolean. */
  recoveryEnabled: '16000009',
  /** [osdevice] */
  osDevice: '21000001',
  /** [default] of the boot manager: the loader that starts by itself. */
  defaultObject: '23000003',
  /** [bootstatuspolicy] Integer. */
  bootStatusPolicy: '250000e0',
  /** [detecthal] Boolean, Vista and Server 2008. */
  detectHal: '26000010',
} as const;

/** Type of the object of a Windows loader in its Description. */
const WINDOWS_LOADER = 0x10200003;

/** No device of a disk is longer; files within files within a disk stay far below. Bytes. */
const LARGEST_DEVICE = 4096;

/** What a device element says. */
export type BootDevice =
  /** A partition of a GPT disk, by GUIDs in lower case. */
  | { kind: 'gpt'; partition: string; disk: string }
  /** A partition of an MBR disk, by its start in bytes and the disk's signature as 8 hex digits. */
  | { kind: 'mbr'; offset: number; disk: string }
  /** The partition the boot manager was started from [boot]; found anew on every machine. */
  | { kind: 'boot' }
  /** Looked for by a file [locate]; found anew on every machine. */
  | { kind: 'locate' }
  /** A RAM disk, a virtual disk, the network, or what is not known: not judged. */
  | { kind: 'other' };

/** BL_DEVICE_DESCRIPTOR: type, flags, size and 4 bytes more, behind 16 bytes that name options. */
const DESCRIPTOR = 16;
const HEADER = 16;
const TYPE = { boot: 5, partition: 6, locate: 8 } as const;
/** Within the descriptor of a partition: its identity, the kind of its disk, the scheme of the disk, the disk's identity. */
const PARTITION = { identity: 0, diskType: 16, scheme: 20, disk: 24, size: 40 } as const;
const SCHEME = { gpt: 0, mbr: 1 } as const;
const HARD_DISK = 0;

/** Reads an element's data; whatever does not fit its own lengths is `other`. Never throws. */
export function readBootDevice(data: Uint8Array): BootDevice {
  if (data.length < DESCRIPTOR + HEADER || data.length > LARGEST_DEVICE) return { kind: 'other' };
  const view = viewOf(data);
  const type = view.getUint32(DESCRIPTOR, true);
  const size = view.getUint32(DESCRIPTOR + 8, true);
  if (size < HEADER || size > data.length - DESCRIPTOR) return { kind: 'other' };
  if (type === TYPE.boot) return { kind: 'boot' };
  if (type === TYPE.locate) return { kind: 'locate' };
  if (type !== TYPE.partition || size < HEADER + PARTITION.size) return { kind: 'other' };
  const at = DESCRIPTOR + HEADER;
  if (view.getUint32(at + PARTITION.diskType, true) !== HARD_DISK) return { kind: 'other' };
  const scheme = view.getUint32(at + PARTITION.scheme, true);
  if (scheme === SCHEME.gpt)
    return {
      kind: 'gpt',
      partition: readGuid(data, at + PARTITION.identity).toLowerCase(),
      disk: readGuid(data, at + PARTITION.disk).toLowerCase(),
    };
  if (scheme !== SCHEME.mbr) return { kind: 'other' };
  // An offset no disk has is the garbage of a damaged store.
  if (view.getUint32(at + PARTITION.identity + 4, true) >= 0x20_0000) return { kind: 'other' };
  return {
    kind: 'mbr',
    offset: u64le(view, at + PARTITION.identity),
    disk: view
      .getUint32(at + PARTITION.disk, true)
      .toString(16)
      .padStart(8, '0'),
  };
}

export const elementKey = (object: string, element: string): string =>
  `Objects\\${object}\\Elements\\${element}`;

/** The data of an element, or null. */
export function elementData(store: Hive, object: string, element: string): Uint8Array | null {
  return store.find(elementKey(object, element))?.value('Element')?.data ?? null;
}

export function elementText(store: Hive, object: string, element: string): string | null {
  const value = store.find(elementKey(object, element))?.value('Element');
  return (value === undefined ? undefined : readText(value)) ?? null;
}

/** A GUID in braces as stores name objects. */
const OBJECT = /^\{[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\}$/iu;

/** The object of the loader that starts by itself, in the letters of its key; null where the store names none that is there. */
export function defaultLoader(store: Hive): string | null {
  const named = elementText(store, BOOT_MANAGER, ELEMENT.defaultObject);
  if (named === null || !OBJECT.test(named)) return null;
  const description = store.find(`Objects\\${named}\\Description`)?.value('Type');
  if (description?.type !== REG.DWORD || description.data.length !== 4) return null;
  return viewOf(description.data).getUint32(0, true) === WINDOWS_LOADER ? named : null;
}
