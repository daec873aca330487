/** Which of many packages a Windows gets for each of its devices. */
import type { DriverDevice, DriverFile, DriverPackage } from '../driver-package.ts';
import {
  compareDecorations,
  compareVersions,
  ntVersionOf,
  type Decoration,
  type TargetWindows,
} from './inf/models.ts';
import { folderWindows, type WindowsName } from './windows-names.ts';

export interface Candidate {
  /** Path of the INF in its source: folders may say which Windows it is for. */
  place: string;
  decoration: Decoration;
  content: DriverPackage;
  /** The file of its catalogue; null where it has none. */
  catalogue: DriverFile | null;
}

const versionOf = ({ ntVersion, build }: WindowsName): readonly [number, number, number] => {
  const [major = 0, minor = 0] = ntVersion.split('.').map(Number);
  return [major, minor, build];
};

/**
 * Sources keep one build of a driver for each Windows in folders of their own, often with INFs that say nothing but the
 * architecture. There the folder decides: a build for Windows 10 is not for Windows 7.
 */
export function placeFits(place: string, decoration: Decoration, windows: TargetWindows): boolean {
  if (decoration.version[0] > 0) return true;
  const meant = folderWindows(place);
  return (
    meant === null ||
    compareVersions(versionOf(meant), ntVersionOf(windows)) <= 0 ||
    sameRelease(meant, windows)
  );
}

/** Client and server of one version, such as 7 and 2008 R2, take the same drivers. */
const sameRelease = (meant: WindowsName, windows: TargetWindows): boolean =>
  meant.ntVersion === windows.ntVersion && meant.ntVersion !== '10.0';

/**
 * Less than 0 where `a` is the better one: the closest decoration, then the folder of this Windows or of the closest one
 * before it, then the later date and version, as Windows ranks drivers that match equally well. What is left is decided by
 * the place, so that the same source gives the same answer.
 */
export function compareCandidates(a: Candidate, b: Candidate, windows: TargetWindows): number {
  return (
    compareDecorations(a.decoration, b.decoration) ||
    compareFolders(folderWindows(a.place), folderWindows(b.place), windows) ||
    compareText(b.content.date, a.content.date) ||
    compareVersions(numbers(b.content.version), numbers(a.content.version)) ||
    compareText(a.place, b.place)
  );
}

function compareFolders(a: WindowsName | null, b: WindowsName | null, windows: TargetWindows): number {
  const own = ntVersionOf(windows);
  const rank = (meant: WindowsName | null): readonly number[] => {
    if (meant === null) return [1, 0, 0, 0, 0];
    const version = versionOf(meant);
    const later = compareVersions(version, own) > 0 && !sameRelease(meant, windows);
    const [major, minor, build] = version;
    return [later ? 0 : 2, major, minor, meant.server === windows.server ? 1 : 0, build];
  };
  return compareVersions(rank(b), rank(a));
}

const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
const numbers = (version: string): number[] => version.split('.').map(Number);

/** The packages that are the best for at least one ID, each with the devices for which it is. */
export function bestCandidates(candidates: readonly Candidate[], windows: TargetWindows): Candidate[] {
  const ordered = [...candidates].sort((a, b) => compareCandidates(a, b, windows));
  const best = firstForEachDevice(ordered.map(({ content }) => content));
  return ordered.flatMap((candidate, index) => {
    const content = best[index] ?? null;
    return content === null ? [] : [{ ...candidate, content }];
  });
}

/**
 * Packages of several sources: a device that more than one knows is driven by the one of the first. Of network cards those come
 * first that Microsoft has signed, as Windows installs them without a question.
 */
export function mergePackages(sources: readonly (readonly DriverPackage[])[]): DriverPackage[] {
  return firstForEachDevice(sources.flat()).filter((one) => one !== null);
}

/** Each package with the devices for which none before it has a driver; null where there are none. */
function firstForEachDevice(packages: readonly DriverPackage[]): (DriverPackage | null)[] {
  const taken = new Map<string, DriverPackage>();
  const claimants = [...packages.filter((one) => !asks(one)), ...packages.filter(asks)];
  for (const one of claimants)
    for (const id of one.devices.flatMap(idsOf)) if (!taken.has(id)) taken.set(id, one);
  return packages.map((one) => {
    const devices = one.devices.filter((device) => idsOf(device).some((id) => taken.get(id) === one));
    return devices.length === 0 ? null : { ...one, devices };
  });
}

const asks = ({ className, signers = [] }: DriverPackage): boolean =>
  className.toLowerCase() === 'net' && !(signers.length > 0 && signers.every(({ microsoft }) => microsoft));

const idsOf = ({ hardwareIds, compatibleIds }: DriverDevice): string[] =>
  [...hardwareIds, ...compatibleIds].map((id) => id.toUpperCase());
