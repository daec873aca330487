/** Where the files of a driver package go in the guest, and the edits that put them there. */
import { isIronliftError } from '../../../base/errors.ts';
import type { Finding } from '../../../base/finding.ts';
import { formatBytes } from '../../../base/text.ts';
import type { GuestEdit, GuestReader } from '../../fixer.ts';
import type { DriverFile, DriverPackage } from '../driver-package.ts';
import type { WindowsFacts } from '../facts.ts';
import { ironliftFolder, mkdirForIronlift } from '../first-boot/steps.ts';
import { readExecutableBytes } from '../inspect/executable.ts';
import { forPeople } from '../path.ts';
import { ARCHITECTURES, compareVersions, type DriverArchitecture } from './inf/models.ts';

/** Bytes of one package: those of network and storage drivers have a few MiB, of graphics cards (not ours) a GiB. */
const MAX_PACKAGE = 256 << 20;
/** Bytes of all packages, which are in memory until they are written: those of a platform have some 50 MiB. */
const MAX_PACKAGES = 512 << 20;

/** Canonical guest path of the folder of all driver packages that are left in the guest. */
export const driversFolder = (windows: WindowsFacts): string => `${ironliftFolder(windows)}/Drivers`;

export interface LoadedFile {
  file: DriverFile;
  content: Uint8Array<ArrayBuffer>;
}

export const bytesOf = ({ files }: DriverPackage): number => files.reduce((sum, { bytes }) => sum + bytes, 0);

/**
 * All files of a package, or a clause that says why they cannot be used on this architecture.
 * @param before bytes of the packages that were loaded before
 */
export async function loadPackage(
  driver: DriverPackage,
  architecture: DriverArchitecture,
  before = 0,
): Promise<LoadedFile[] | string> {
  const bytes = bytesOf(driver);
  if (bytes > MAX_PACKAGE)
    return `has ${formatBytes(bytes)} of files, more than any driver of a virtual machine`;
  if (before + bytes > MAX_PACKAGES)
    return `comes after others that have ${formatBytes(before)} of files, more than the drivers of any virtual machine`;
  const loaded: LoadedFile[] = [];
  for (const file of driver.files) {
    try {
      loaded.push({ file, content: await file.read() });
    } catch (error) {
      if (!isIronliftError(error) || error.kind === 'cancelled') throw error;
      return `cannot be read (${error.message.replace(/\.$/u, '')})`;
    }
  }
  for (const binary of new Set(
    driver.devices.flatMap(({ service }) => (service === null ? [] : [service.binary])),
  )) {
    const found = loaded.find(({ file }) => same(file.name, binary));
    if (found === undefined) return `is not whole: its driver file ${binary} is not in the source`;
    const program = await readExecutableBytes(found.content);
    if (program === null) return `has a driver file, ${binary}, that is no program of Windows`;
    if (ARCHITECTURES[program.architecture] !== architecture)
      return `has a driver file, ${binary}, for another processor (${program.architecture})`;
  }
  return loaded;
}

export interface PlacedFiles {
  edits: GuestEdit[];
  findings: Finding[];
}

/** The folder of a package with all its files as they lie beside the INF: there Windows finds it at its first start. */
export async function packageFolderEdits(
  windows: WindowsFacts,
  files: GuestReader,
  folder: string,
  loaded: readonly LoadedFile[],
  made: Set<string>,
): Promise<GuestEdit[]> {
  const edits: GuestEdit[] = [];
  /** The folder as it is spelt already: Windows knows one where an INF writes `amd64` and `AMD64`. */
  const mkdir = async (path: string): Promise<string> => {
    const known = [...made].find((one) => same(one, path));
    if (known !== undefined || (await files.exists(path))) return known ?? path;
    made.add(path);
    edits.push({
      what: `A folder for drivers is added (${forPeople(windows, path)}).`,
      why: 'Windows takes drivers for its new devices from there, and only administrators may write there.',
      action: mkdirForIronlift(windows, path),
    });
    return path;
  };
  for (const path of [ironliftFolder(windows), driversFolder(windows), folder]) await mkdir(path);
  for (const { file, content } of loaded) {
    const parts = (file.path ?? file.name).split('/');
    let into = folder;
    for (const part of parts.slice(0, -1)) into = await mkdir(`${into}/${part}`);
    const path = `${into}/${parts.at(-1)!}`;
    if (await hasContent(files, path, content)) continue;
    edits.push({
      what: `${file.name} is added (${forPeople(windows, path)}).`,
      why: 'It belongs to a driver package, which Windows installs as a whole.',
      action: { kind: 'write', path, content },
    });
  }
  return edits;
}

/** What the INF copies below System32, and the driver itself even where it would stay in the driver store. */
export async function systemFileEdits(
  windows: WindowsFacts,
  files: GuestReader,
  driver: DriverPackage,
  loaded: readonly LoadedFile[],
): Promise<PlacedFiles> {
  const edits: GuestEdit[] = [];
  const findings: Finding[] = [];
  const drivers = `${windows.system32}/${await spelling(files, windows.system32, 'drivers')}`;
  const binaries = driver.devices.flatMap(({ service }) => (service === null ? [] : [service.binary]));
  for (const { file, content } of loaded) {
    const isBinary = binaries.some((binary) => same(binary, file.name));
    if (!isBinary && file.destination !== 'drivers' && file.destination !== 'system32') continue;
    const into = file.destination === 'system32' && !isBinary ? windows.system32 : drivers;
    const path = `${into}/${await spelling(files, into, file.name)}`;
    const there = await existing(files, path);
    if (there !== null && Buffer.from(there).equals(content)) continue;
    const [old, fresh] = there === null ? [] : [await versionOf(there), await versionOf(content)];
    if (old != null && fresh != null && compareVersions(numbers(old), numbers(fresh)) > 0) {
      findings.push({
        severity: 'info',
        code: 'DRIVER_NEWER_IN_GUEST',
        message: `${forPeople(windows, path)} is left as it is: its version ${old} is newer than ${fresh} in the driver source.`,
      });
      continue;
    }
    edits.push({
      what: `${file.name} is ${there === null ? 'added' : 'replaced'} (${forPeople(windows, path)}).`,
      why: `Windows needs it to use ${described(driver)}.`,
      action: { kind: 'write', path, content },
    });
  }
  return { edits, findings };
}

const versionOf = async (bytes: Uint8Array): Promise<string | null> =>
  (await readExecutableBytes(bytes))?.version ?? null;

/** `Red Hat VirtIO SCSI controller (viostor.inf 100.95.104.26200)`. */
export function described({ devices, inf, version }: DriverPackage): string {
  const name = devices.find(({ description }) => description !== '')?.description ?? 'its devices';
  return `${name} (${inf}${version === '' ? '' : ` ${version}`})`;
}

/** The name as it is written on the volume, or as asked for where it is not there. */
async function spelling(files: GuestReader, folder: string, name: string): Promise<string> {
  if (!(await files.exists(`${folder}/${name}`))) return name;
  return (await files.list(folder)).find((entry) => same(entry, name)) ?? name;
}

async function existing(files: GuestReader, path: string): Promise<Uint8Array | null> {
  const stat = await files.stat(path);
  if (stat?.type !== 'file' || stat.size > MAX_PACKAGE) return null;
  return files.readFile(path, MAX_PACKAGE);
}

async function hasContent(files: GuestReader, path: string, content: Uint8Array): Promise<boolean> {
  const stat = await files.stat(path);
  if (stat?.type !== 'file' || stat.size !== content.length) return false;
  return Buffer.from(await files.readFile(path, MAX_PACKAGE)).equals(content);
}

const numbers = (version: string): number[] => version.split('.').map(Number);
const same = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase();
