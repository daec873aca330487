/**
 * Windows servers for tests: volumes with hives and files as each version leaves them on a physical server that boots from a RAID
 * controller. In memory for fast tests, or on NTFS made by mkntfs and filled by our driver (which its own tests prove).
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { memorySource } from '../../migration-core/block/memory.ts';
import { Overlay } from '../../migration-core/block/overlay.ts';
import type { GuestFileSystem } from '../../migration-core/filesystem/filesystem.ts';
import { fatDriver } from '../../migration-core/filesystem/fat/driver.ts';
import { ntfsDriver } from '../../migration-core/filesystem/ntfs/driver.ts';
import type { OpenVolume } from '../../migration-core/guest/inspect.ts';
import { blankFat } from '../migration-core/filesystem/fat/blank-fat.ts';
import { makeDisk } from '../migration-core/volume/disk-file.ts';
import { ESP_TYPE, volume, type Tree, type VolumeOptions } from './linux-guests.ts';
import { memoryFileSystem, type MemoryEntry } from './memory-filesystem.ts';
import { run, scratchFolder } from './tools.ts';
import { bootStore, mountedDevice, type PartitionId } from './windows/boot-store.ts';
import { BOOT_INI, windowsFiles } from './windows/files.ts';
import type { Keys } from './windows/hive-of.ts';
import { windowsHives, type HiveOverrides } from './windows/hives.ts';
import { portableExecutable } from './windows/portable-executable.ts';
import { WINDOWS_VERSIONS, type WindowsVersion, type WindowsVersionId } from './windows/versions.ts';

export { hiveOf, applyKeys, type Keys } from './windows/hive-of.ts';
export { windowsHives, NIC_GUIDS, HOST_NAME, type HiveOverrides } from './windows/hives.ts';
export { portableExecutable } from './windows/portable-executable.ts';
export { WINDOWS_VERSIONS, WINDOWS_VERSION_IDS, type WindowsVersionId } from './windows/versions.ts';

const NOW = 1_800_000_000;
const NTFS_TYPE = 'EBD0A0A2-B9E5-4433-87C0-68B6B72699C7';
const SIGNATURE = 0x5cbea03e;
const DISK_GUID = '{eff77581-f7ef-42bc-bd27-8be22d244bbd}';

const MEBIBYTE = 1 << 20;
const PARTITIONS = {
  boot: { number: 1, offset: MEBIBYTE, guid: '{24e0e103-9bc2-477e-a5e2-3e42d2bb134f}' },
  windows: { number: 2, offset: 101 * MEBIBYTE, guid: '{178d943a-4f79-41e9-865d-2e5b4328cd23}' },
  data: { number: 3, offset: 1101 * MEBIBYTE, guid: '{5a3e2b1c-0d4f-4e6a-9b8c-7d6e5f4a3b2c}' },
} as const;
type Place = keyof typeof PARTITIONS;

export interface WindowsGuestOptions extends HiveOverrides {
  version: WindowsVersionId;
  /** `memory` (the default) or `ntfs`, which needs mkntfs and belongs into a *.tools.ts. */
  on?: 'memory' | 'ntfs';
  firmware?: 'bios' | 'uefi';
  /** Hives that are given as bytes (fixtures) instead of made. A SOFTWARE of null is left out. */
  hives?: { system?: Uint8Array; software?: Uint8Array | null };
  /** Files added to, changed on or (null) taken off the volume of Windows. */
  files?: Record<string, string | Uint8Array | null>;
  /** The same for the volume it boots from (ESP or System Reserved). */
  bootFiles?: Record<string, string | Uint8Array | null>;
  /** Changes of the boot store. */
  bootStore?: Keys;
  /** Files of a second volume, drive D:. */
  data?: Record<string, string | Uint8Array>;
  /** Further options of the volume of Windows in memory: label, freeBytes. */
  volume?: Partial<VolumeOptions>;
  /** MiB of the NTFS volume. */
  mib?: number;
}

/** What fills a server: the volumes in the order of the disk. */
export async function windowsVolumes(options: WindowsGuestOptions): Promise<OpenVolume[]> {
  const version = WINDOWS_VERSIONS[options.version];
  const firmware = options.firmware ?? version.firmware;
  const place = (at: Place): PartitionId =>
    firmware === 'uefi'
      ? { scheme: 'gpt', disk: DISK_GUID, partition: PARTITIONS[at].guid }
      : { scheme: 'mbr', signature: SIGNATURE, offset: PARTITIONS[at].offset };
  const made = madeHives(options, {
    '\\DosDevices\\C:': mountedDevice(place('windows')),
    ...(options.data === undefined ? {} : { '\\DosDevices\\D:': mountedDevice(place('data')) }),
  });
  const hives = { ...made, ...options.hives };
  const tree = windowsFiles(version, hives);
  const boot = bootFiles(version, firmware, options, place);
  const ownBootVolume = firmware === 'uefi' || version.binding === 'ddb' || version.nt === '6.1';
  const bootTree = changed(boot, options.bootFiles);
  const windowsTree = changed(ownBootVolume ? tree : { ...tree, ...bootTree }, options.files);

  const volumes: OpenVolume[] = [];
  const add = async (at: Place, content: Tree, more: Partial<VolumeOptions>): Promise<void> => {
    const { number, offset, guid } = PARTITIONS[at];
    const uefi = firmware === 'uefi';
    const described = volume(null, {
      type: 'ntfs',
      partition: number,
      partitionType: uefi ? NTFS_TYPE : '07',
      partUuid: uefi ? guid.slice(1, -1) : `${SIGNATURE.toString(16)}-0${number}`,
      ...more,
    });
    const partition = { ...described.volume.partition!, offset, bootable: !uefi && at === 'boot' };
    const fileSystem = await fileSystemOf(content, described.info.type, options, more);
    const { uuid, label, size } = fileSystem;
    const diskId = uefi ? DISK_GUID.slice(1, -1) : SIGNATURE.toString(16);
    const info = { ...described.info, uuid, label, size, offset, diskId };
    volumes.push({ ...described, info, volume: { ...described.volume, partition }, fileSystem });
  };
  if (ownBootVolume)
    await add('boot', bootTree, {
      label: firmware === 'uefi' ? 'SYSTEM' : 'System Reserved',
      size: 100 * MEBIBYTE,
      ...(firmware === 'uefi' ? { type: 'vfat', partitionType: ESP_TYPE } : {}),
    });
  await add('windows', windowsTree, { size: 1000 * MEBIBYTE, ...options.volume });
  if (options.data !== undefined)
    await add('data', { ...options.data }, { label: 'Data', size: 500 * MEBIBYTE });
  return volumes;
}

/** Hives of plain servers, which are asked for again and again; nobody writes to them. */
const plainHives = new Map<string, ReturnType<typeof windowsHives>>();

function madeHives(
  options: WindowsGuestOptions,
  drives: Record<string, Uint8Array>,
): ReturnType<typeof windowsHives> {
  const { version, system, software, hostName, controlSets } = options;
  const all = { ...options, drives: { ...drives, ...options.drives } };
  if ([system, software, hostName, controlSets, options.drives].some((one) => one !== undefined))
    return windowsHives(version, all);
  const key = `${version} ${Object.values(drives)
    .map((data) => Buffer.from(data).toString('hex'))
    .join(' ')}`;
  let made = plainHives.get(key);
  if (made === undefined) plainHives.set(key, (made = windowsHives(version, all)));
  return made;
}

function bootFiles(
  version: WindowsVersion,
  firmware: 'bios' | 'uefi',
  options: WindowsGuestOptions,
  place: (at: Place) => PartitionId,
): Tree {
  const { folder, nt, architecture } = version;
  if (nt.startsWith('5.'))
    return {
      '/boot.ini': BOOT_INI(folder, PARTITIONS.windows.number),
      '/ntldr': 'ntldr',
      '/NTDETECT.COM': 'ntdetect',
    };
  const own = version.binding === 'ddb' || nt === '6.1' || firmware === 'uefi';
  const store = bootStore(firmware, place(own ? 'boot' : 'windows'), place('windows'), {
    folder,
    ...(options.bootStore === undefined ? {} : { overrides: options.bootStore }),
  });
  if (firmware === 'bios')
    return {
      '/bootmgr': portableExecutable(architecture),
      '/Boot/BCD': store,
      '/Boot/memtest.exe': 'memtest',
    };
  const manager = portableExecutable(architecture, {
    originalName: 'bootmgr.exe',
    version: `${nt}.${version.build}.0`,
  });
  return {
    '/EFI/Microsoft/Boot/BCD': store,
    '/EFI/Microsoft/Boot/bootmgfw.efi': manager,
    '/EFI/Boot/bootx64.efi': manager,
  };
}

/** Files added, replaced (in either case) and, where null, taken away. */
function changed(tree: Tree, files: Record<string, string | Uint8Array | null> = {}): Tree {
  const names = new Set(Object.keys(files).map((path) => path.toUpperCase()));
  const result: Tree = Object.fromEntries(
    Object.entries(tree).filter(([path]) => !names.has(path.toUpperCase())),
  );
  for (const [path, content] of Object.entries(files)) if (content !== null) result[path] = content;
  return result;
}

async function fileSystemOf(
  tree: Tree,
  type: string,
  { on = 'memory', mib = 96 }: WindowsGuestOptions,
  more: Partial<VolumeOptions>,
): Promise<GuestFileSystem> {
  if (on === 'memory')
    return memoryFileSystem(tree, {
      uuid: type === 'vfat' ? 'ABCD-1234' : '01D5B2C3D4E5F607',
      ...more,
      type,
      ignoreCase: true,
    });
  const empty = type === 'vfat' ? await emptyFat() : await emptyNtfs(mib);
  await fill(empty, tree);
  await empty.flush();
  return empty;
}

async function emptyFat(): Promise<GuestFileSystem> {
  const image = blankFat({ bits: 16, clusters: 30_000, rootEntries: 512 });
  return fatDriver.open(new Overlay(memorySource(new Uint8Array(image))), { now: NOW });
}

/** Volumes as mkntfs leaves them, by size: it runs once for each. */
const blank = new Map<number, Promise<Uint8Array<ArrayBuffer>>>();

async function emptyNtfs(mib: number): Promise<GuestFileSystem> {
  let bytes = blank.get(mib);
  if (bytes === undefined) blank.set(mib, (bytes = makeNtfs(mib)));
  return ntfsDriver.open(new Overlay(memorySource(await bytes)), { now: NOW });
}

async function makeNtfs(mib: number): Promise<Uint8Array<ArrayBuffer>> {
  const path = await makeDisk(join(await scratchFolder(), 'windows.ntfs'), mib * MEBIBYTE);
  await run('mkntfs', ['-q', '-F', '-f', path]);
  return new Uint8Array(await readFile(path));
}

/** Writes a tree into an empty volume, parents first. */
async function fill(fileSystem: GuestFileSystem, tree: Tree): Promise<void> {
  const made = new Set<string>();
  for (const path of Object.keys(tree).sort()) {
    const names = path.split('/').slice(1);
    for (let depth = 1; depth < names.length; depth++) {
      const folder = `/${names.slice(0, depth).join('/')}`;
      if (made.has(folder)) continue;
      await fileSystem.mkdir(folder);
      made.add(folder);
    }
    const entry = tree[path]!;
    const content = typeof entry === 'string' || entry instanceof Uint8Array ? entry : contentOf(entry);
    await fileSystem.writeFile(
      path,
      typeof content === 'string' ? new TextEncoder().encode(content) : content,
    );
  }
}

const contentOf = ({ file = '' }: MemoryEntry): string | Uint8Array => file;
