/** Which drivers for the hardware of virtual machines this Windows can load: its own, and those of the named sources. */
import { isIronliftError } from '../../base/errors.ts';
import { CARD_IDS, STORAGE_SERVICES, type WindowsDrivers } from '../../target/windows-drivers.ts';
import type { GuestReader } from '../fixer.ts';
import type { DriverPackage } from './driver-package.ts';
import type { WindowsFacts, WindowsService } from './facts.ts';
import { openGuestHive } from './guest-hive.ts';
import { RegistryReader } from './inspect/registry.ts';
import { driverPath } from './inspect/services.ts';
import { VolumePaths } from './volume-path.ts';

/** INF files with which Windows registers its own storage drivers: with file and INF there, the missing service can be made. */
const INBOX_INF: Record<string, string> = {
  atapi: 'mshdc.inf',
  intelide: 'mshdc.inf',
  pciide: 'mshdc.inf',
  msahci: 'mshdc.inf',
  storahci: 'mshdc.inf',
  lsi_sas: 'lsi_sas.inf',
  lsi_scsi: 'lsi_scsi.inf',
  symmpi: 'symmpi.inf',
  stornvme: 'stornvme.inf',
  storvsc: 'wstorvsc.inf',
  vmbus: 'wvmbus.inf',
};

/** Bytes of INF files that are looked through, together; those of Windows 10 for network cards measure some 40 MiB. */
const MOST_INF_BYTES = 64 << 20;
const LARGEST_INF = 2 << 20;

export async function loadableDrivers(
  files: GuestReader,
  windows: WindowsFacts,
  packages: readonly DriverPackage[] = [],
): Promise<WindowsDrivers> {
  const paths = new VolumePaths(files);
  const services = new Set<string>();
  const known = new Map(windows.services.map((service) => [service.name.toLowerCase(), service]));
  for (const name of STORAGE_SERVICES)
    if (await isThere(paths, windows, name, known.get(name))) services.add(name);
  let cards = await cardsInDatabases(files, paths, windows);
  if (cards.size === 0) cards = await cardsInInfFiles(files, paths, windows);
  for (const { inf, devices } of packages)
    for (const { hardwareIds, compatibleIds, service } of devices) {
      if (service !== null) services.add(service.name.toLowerCase());
      for (const id of [...hardwareIds, ...compatibleIds])
        for (const card of CARD_IDS) if (claims(id.toUpperCase(), card)) cards.set(card, inf);
    }
  return { services, cards };
}

/** A driver may name the card alone, or with subsystem and revision after it. */
const claims = (id: string, card: string): boolean => id === card || id.startsWith(`${card}&`);

async function isThere(
  paths: VolumePaths,
  windows: WindowsFacts,
  name: string,
  service: WindowsService | undefined,
): Promise<boolean> {
  const { systemRoot, systemDrive } = windows;
  if (service !== undefined)
    return (await paths.file(driverPath(service, { paths, systemRoot, systemDrive }))) !== null;
  const inf = INBOX_INF[name];
  return (
    inf !== undefined &&
    (await paths.file(`${windows.system32}/drivers/${name}.sys`)) !== null &&
    (await paths.file(`${systemRoot}/INF/${inf}`)) !== null
  );
}

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
    if (!isIronliftError(error) || error.kind === 'cancelled') throw error;
    return null;
  }
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
