/**
 * Drivers: modules that are loaded, and drivers built into the kernel that have a device. Boot-critical are those on the
 * way from the system disk to the bus, those its volumes need, and that of the screen.
 */
import type { Device, Driver } from '../../store/model/inventory.ts';
import { foundationOf, systemBlocks } from './storage.ts';
import type { Blocks } from './blocks.ts';
import { factsOf, fileOf, known, linesOf, pathsOf, textOf, usable, type Sections } from './text.ts';

/** Kernels of distributions have about 6000 modules. */
const MAX_MODULES = 20_000;

/** `-` and `_` are the same in names of modules. */
const plain = (name: string): string => name.replaceAll('-', '_');

export function driversOf(
  sections: Sections,
  devices: readonly Device[],
  blocks: Blocks,
): Driver[] | undefined {
  const loaded = linesOf(fileOf(sections, '/proc/modules'))
    .slice(0, MAX_MODULES)
    .map((line) => /^\S{1,64}/u.exec(line)?.[0])
    .filter((name) => name !== undefined);
  const moduleFacts = textOf(sections, 'modules');
  const versions = new Map<string, string>();
  const moduleOfDriver = new Map<string, string>();
  for (const [path, value] of factsOf(moduleFacts)) {
    const name = /^\/sys\/module\/([^/]+)\/version$/u.exec(path)?.[1];
    if (name !== undefined && value !== '') versions.set(plain(name), value);
  }
  // `/sys/module/e1000e/drivers/pci:e1000e`: which module a driver of a device belongs to.
  for (const path of pathsOf(moduleFacts)) {
    const match = /^\/sys\/module\/([^/]+)\/drivers\/[^/:]+:(.+)$/u.exec(path);
    if (match !== null) moduleOfDriver.set(match[2]!, plain(match[1]!));
  }
  const files = modinfo(textOf(sections, 'modinfo'));
  const initramfs = new Set(
    linesOf(textOf(sections, 'initramfs')).map((line) =>
      // Looking back keeps the search from beginning anew at each letter of a line without end.
      plain(/(?<![^/\s])([^/\s]+)\.ko(?:\.\w+)?\s*$/u.exec(line)?.[1] ?? ''),
    ),
  );
  const critical = criticalDrivers(sections, devices, blocks, moduleOfDriver);
  const names = new Map<string, boolean>(loaded.map((name) => [plain(name), true]));
  for (const { driver } of devices) {
    const module = driver === undefined ? undefined : (moduleOfDriver.get(driver) ?? plain(driver));
    if (module !== undefined && !names.has(module)) names.set(module, false);
  }
  for (const name of critical) if (versions.has(name) && !names.has(name)) names.set(name, false);
  if (names.size === 0) return loadedListed(sections) ? [] : undefined;
  return [...names].map(([name, isModule]) =>
    known<Driver>({
      name,
      version: versions.get(name) ?? files.get(name)?.version,
      vendor: files.get(name)?.author,
      path: isModule ? files.get(name)?.file : 'built into the kernel',
      startType: initramfs.has(name) ? 'boot' : undefined,
      loaded: true,
      bootCritical: blocks.size === 0 ? undefined : critical.has(name),
    }),
  );
}

const loadedListed = (sections: Sections): boolean => sections.has('file:/proc/modules');

interface ModuleFile {
  file: string;
  version?: string | undefined;
  author?: string | undefined;
}

/** Lines `filename:`, `version:`, `author:` of modinfo(8); each module begins with its file. */
function modinfo(text: string): Map<string, ModuleFile> {
  const modules = new Map<string, ModuleFile>();
  let current: ModuleFile | null = null;
  for (const line of linesOf(text)) {
    const match = /^(filename|version|author):\s+(\S.*)$/u.exec(line.slice(0, 2000));
    if (match === null) continue;
    if (match[1] === 'filename') {
      const name = plain(/(?<![^/])([^/]+)\.ko(?:\.\w+)?$/u.exec(match[2]!)?.[1] ?? '');
      current = { file: match[2]! };
      if (name !== '') modules.set(name, current);
    } else if (current !== null) {
      if (match[1] === 'version') current.version ??= usable(match[2]);
      else current.author ??= usable(match[2]);
    }
  }
  return modules;
}

/** What disks of these names need besides the driver of their controller. */
const DISK_MODULES: [RegExp, string[]][] = [
  [/^sd[a-z]/u, ['sd_mod', 'scsi_mod']],
  [/^nvme/u, ['nvme', 'nvme_core']],
  [/^vd[a-z]/u, ['virtio_blk']],
  [/^xvd/u, ['xen_blkfront']],
  [/^mmcblk/u, ['mmc_block', 'mmc_core']],
  [/^dm-/u, ['dm_mod']],
];

// Names are of strangers: `constructor` must find nothing.
const TYPE_MODULES = new Map<string, string[]>(
  Object.entries({
    crypt: ['dm_crypt'],
    mpath: ['dm_multipath'],
    raid0: ['raid0'],
    raid1: ['raid1'],
    raid10: ['raid10'],
    raid4: ['raid456'],
    raid5: ['raid456'],
    raid6: ['raid456'],
  }),
);

function criticalDrivers(
  sections: Sections,
  devices: readonly Device[],
  blocks: Blocks,
  moduleOfDriver: ReadonlyMap<string, string>,
): Set<string> {
  const critical = new Set<string>();
  const add = (driver: string | undefined): void => {
    if (driver !== undefined && driver !== '') critical.add(moduleOfDriver.get(driver) ?? plain(driver));
  };
  const byAddress = new Map(
    devices.filter(({ bus }) => bus === 'pci').map((device) => [device.address, device]),
  );
  const hosts = factsOf(textOf(sections, 'adapters'));
  for (const block of systemBlocks(blocks)) {
    for (const part of block.path?.split('/') ?? []) {
      add(byAddress.get(part)?.driver);
      if (/^host\d+$/u.test(part)) add(hosts.get(`/sys/class/scsi_host/${part}/proc_name`));
      if (/^virtio\d+$/u.test(part)) ['virtio', 'virtio_ring'].forEach(add);
    }
    for (const [pattern, modules] of DISK_MODULES) if (pattern.test(block.name)) modules.forEach(add);
    TYPE_MODULES.get(block.type ?? '')?.forEach(add);
  }
  for (const block of blocks.values())
    if (block.mountPoints.includes('/'))
      for (const each of foundationOf(blocks, block))
        if (each.fileSystem !== undefined && /^[a-z0-9]+$/u.test(each.fileSystem)) add(each.fileSystem);
  // Base class 03 is the screen.
  for (const { driver, classId } of devices) if (classId?.startsWith('03') === true) add(driver);
  for (const driver of factsOf(textOf(sections, 'display')).values())
    add(/\/drivers\/([^/]+)$/u.exec(driver)?.[1]);
  return critical;
}
