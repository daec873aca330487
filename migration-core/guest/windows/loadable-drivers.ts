/** Which drivers for the hardware of virtual machines this Windows can load: its own, and those of the named sources. */
import { isIronliftError } from '../../base/errors.ts';
import { DISK_BUSES } from '../../target/machine.ts';
import { CARD_IDS, type WindowsDrivers } from '../../target/windows-drivers.ts';
import type { GuestReader } from '../fixer.ts';
import type { DriverPackage } from './driver-package.ts';
import type { DriverArchitecture } from './drivers/inf/models.ts';
import { installObstacle } from './drivers/publisher.ts';
import type { WindowsFacts } from './facts.ts';
import { openGuestHive } from './guest-hive.ts';
import { RegistryReader } from './inspect/registry.ts';
import { DriverFiles } from './storage/driver-files.ts';
import { drivenBy } from './storage/plan.ts';
import { BOOT_PATHS, type BootDevice } from './storage/table.ts';
import { VolumePaths } from './volume-path.ts';

/** Bytes of INF files that are looked through, together; those of Windows 10 for network cards measure some 40 MiB. */
const MOST_INF_BYTES = 64 << 20;
const LARGEST_INF = 2 << 20;

export interface LoadableOptions {
  /** Of Windows; those for x64 ask the most of drivers, and are meant unless told. */
  architecture?: DriverArchitecture;
  signal?: AbortSignal | undefined;
}

/** @throws what opening the SYSTEM hive throws. */
export async function loadableDrivers(
  files: GuestReader,
  windows: WindowsFacts,
  packages: readonly DriverPackage[] = [],
  { architecture = 'amd64', signal }: LoadableOptions = {},
): Promise<WindowsDrivers> {
  const paths = new VolumePaths(files);
  let cards = await cardsInDatabases(files, paths, windows);
  if (cards.size === 0) cards = await cardsInInfFiles(files, paths, windows);
  const passedOver = new Map<string, string>();
  const ofCards = packages.map((one) => ({ one, ids: cardsOf(one) })).filter(({ ids }) => ids.length > 0);
  const software =
    ofCards.length > 0 ? await openGuestHive(files, windows.hives.software).catch(orNull) : null;
  for (const { one, ids } of ofCards) {
    const why = installObstacle(one, { ntVersion: windows.ntVersion, architecture }, software);
    for (const card of ids)
      if (why === null) cards.set(card, one.inf);
      else passedOver.set(card, `the driver package ${one.inf} (${one.source}) ${why}`);
  }
  return { disks: await disksOf(files, windows, packages, signal), cards, passedOver };
}

/** The IDs of virtual cards that a package claims. */
function cardsOf({ devices }: DriverPackage): string[] {
  const ids = devices.flatMap(({ hardwareIds, compatibleIds }) => [...hardwareIds, ...compatibleIds]);
  return CARD_IDS.filter((card) => ids.some((id) => claims(id.toUpperCase(), card)));
}

async function disksOf(
  files: GuestReader,
  windows: WindowsFacts,
  packages: readonly DriverPackage[],
  signal: AbortSignal | undefined,
): Promise<WindowsDrivers['disks']> {
  const system = await openGuestHive(files, windows.hives.system);
  const driverFiles = new DriverFiles(windows, files, signal);
  const brought = broughtBy(packages);
  const found: [string, WindowsDrivers['disks'][keyof WindowsDrivers['disks']]][] = [];
  for (const bus of DISK_BUSES) {
    try {
      found.push([bus, await drivenBy(BOOT_PATHS[bus], windows, system, driverFiles, brought)]);
    } catch (error) {
      if (!isIronliftError(error, 'HIVE_DAMAGED')) throw error;
      found.push([bus, { problem: 'the registry of this Windows is damaged where its drivers are' }]);
    }
  }
  return Object.fromEntries(found) as WindowsDrivers['disks'];
}

/** By device: the service of a package whose INF names one of the device's IDs. */
function broughtBy(packages: readonly DriverPackage[]): (device: BootDevice) => string | null {
  const services = new Map<string, string>();
  for (const { devices } of packages)
    for (const { hardwareIds, compatibleIds, service } of devices)
      if (service !== null)
        for (const id of [...hardwareIds, ...compatibleIds])
          if (!services.has(id.toUpperCase())) services.set(id.toUpperCase(), service.name);
  return ({ forms }) => {
    for (const id of forms.flat()) {
      const service = services.get(id.toUpperCase());
      if (service !== undefined) return service;
    }
    return null;
  };
}

/** A driver may name the card alone, or with subsystem and revision after it. */
const claims = (id: string, card: string): boolean => id === card || id.startsWith(`${card}&`);

/**
 * Windows 8 and later: by hardware ID the names of the INF files that claim it. SYSTEM has what is needed to start, the hive DRIVERS
 * beside it all the rest, network cards among it.
 */
async function cardsInDatabases(
  files: GuestReader,
  paths: VolumePaths,
  windows: WindowsFacts,
): Promise<Map<string, string>> {
  const cards = new Map<string, string>();
  if (windows.bindingTable !== 'driver-database') return cards;
  const all = await paths.file(`${windows.system32}/config/DRIVERS`);
  for (const path of [windows.hives.system, ...(all === null ? [] : [all])]) {
    const reader = await readerOf(files, path);
    if (reader === null) continue;
    for (const id of CARD_IDS) {
      const inf = reader.valueNames(`DriverDatabase\\DeviceIds\\${id}`)[0];
      if (inf !== undefined) cards.set(id, inf);
    }
  }
  return cards;
}

/** Null where the hive is of no use: then the INF files are asked. */
async function readerOf(files: GuestReader, path: string): Promise<RegistryReader | null> {
  try {
    return new RegistryReader(await openGuestHive(files, path));
  } catch (error) {
    return orNull(error);
  }
}

function orNull(error: unknown): null {
  if (isIronliftError(error) && error.kind !== 'cancelled') return null;
  throw error;
}

/** The INF files of network cards themselves, Windows' own and those installed later. */
async function cardsInInfFiles(
  files: GuestReader,
  paths: VolumePaths,
  windows: WindowsFacts,
): Promise<Map<string, string>> {
  const cards = new Map<string, string>();
  let budget = MOST_INF_BYTES;
  for (const name of await paths.names(`${windows.systemRoot}/INF`)) {
    if (!/^(net|wnet|oem).*\.inf$/iu.test(name) || budget <= 0) continue;
    const path = await paths.file(`${windows.systemRoot}/INF/${name}`);
    if (path === null) continue;
    const bytes = Buffer.from(await files.readRange(path, 0, Math.min(LARGEST_INF, budget)));
    budget -= bytes.length;
    const wide = bytes.length >= 2 && bytes[0] === 0xff && bytes[1] === 0xfe;
    const text = bytes.toString(wide ? 'utf16le' : 'latin1').toUpperCase();
    for (const id of CARD_IDS)
      if (!cards.has(id) && new RegExp(`${id.replace(/[\\{}]/gu, '\\$&')}(?![0-9A-F])`, 'u').test(text))
        cards.set(id, name.toLowerCase());
  }
  return cards;
}
