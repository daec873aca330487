/**
 * Which sections of an INF are for which Windows: the decorations of its models sections
 * (`nt[Architecture][.[OSMajorVersion][.[OSMinorVersion][.[ProductType][.[SuiteMask][.[BuildNumber]]]]]]`, INF Manufacturer
 * Section and Combining Platform Extensions with Operating System Versions of the Windows driver documentation) and the
 * platform endings of the others (Creating INF Files for Multiple Platforms).
 */
import type { Inf } from './syntax.ts';

export type DriverArchitecture = 'x86' | 'amd64' | 'arm64';

/** By Guest.architecture. */
export const ARCHITECTURES: Readonly<Record<string, DriverArchitecture>> = {
  x86_64: 'amd64',
  i686: 'x86',
  aarch64: 'arm64',
};

/** The Windows that drivers are looked for. */
export interface TargetWindows {
  /** `6.1`, `10.0`. */
  ntVersion: string;
  build: number;
  architecture: DriverArchitecture;
  server: boolean;
}

export interface Decoration {
  /** Lower case; empty where none is said. */
  architecture: string;
  /** Major, minor and build, 0 where none is said. */
  version: readonly [number, number, number];
  /** VER_NT_WORKSTATION is 1, VER_NT_DOMAIN_CONTROLLER 2, VER_NT_SERVER 3; null where none is said. */
  productType: number | null;
  suiteMask: number | null;
}

const WORKSTATION = 1;
const UNDECORATED: Decoration = {
  architecture: '',
  version: [0, 0, 0],
  productType: null,
  suiteMask: null,
};

/** null: Windows takes no notice of what it cannot read either. */
export function parseDecoration(text: string): Decoration | null {
  const found = /^nt([a-z][a-z0-9]*)?((?:\.[^.]*){0,5})$/u.exec(text.trim().toLowerCase());
  if (found === null) return null;
  const numbers: (number | null)[] = [];
  for (const part of (found[2] ?? '').split('.').slice(1)) {
    const number = readNumber(part);
    if (part.trim() !== '' && number === null) return null;
    numbers.push(number);
  }
  const [major = null, minor = null, productType = null, suiteMask = null, build = null] = numbers;
  return {
    architecture: found[1] ?? '',
    version: [major ?? 0, minor ?? 0, build ?? 0],
    productType,
    suiteMask,
  };
}

/** Decimal or `0x` hexadecimal of 32 bits, as INF files write numbers; null for anything else. */
export function readNumber(text: string): number | null {
  const trimmed = text.trim();
  const number = /^(0x[0-9a-f]{1,8}|\d{1,10})$/iu.test(trimmed) ? Number(trimmed) : null;
  return number === null || number > 0xffffffff ? null : number;
}

export function ntVersionOf(windows: TargetWindows): readonly [number, number, number] {
  const [major = 0, minor = 0] = windows.ntVersion.split('.').map(Number);
  return [major, minor, windows.build];
}

/** Less than 0 where `a` is the older. */
export function compareVersions(a: readonly number[], b: readonly number[]): number {
  for (let i = 0; i < Math.max(a.length, b.length); i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/**
 * Whether Windows takes a models section of this decoration at all. Product suites are not known of a Windows on a disk: a
 * section for certain ones is not taken.
 */
export function decorationFits(decoration: Decoration, windows: TargetWindows): boolean {
  // Without an architecture it is for x86: so since Server 2003 SP1, with which the first x64 Windows came.
  if (decoration.architecture !== windows.architecture)
    if (decoration.architecture !== '' || windows.architecture !== 'x86') return false;
  const [major, minor, build] = decoration.version;
  const own = ntVersionOf(windows);
  const difference = compareVersions([major, minor], own.slice(0, 2));
  if (difference > 0) return false;
  // The build counts within one version only.
  if (difference === 0 && build > own[2]) return false;
  if (decoration.productType !== null && (decoration.productType === WORKSTATION) === windows.server)
    return false;
  return decoration.suiteMask === null || decoration.suiteMask === 0;
}

/** Less than 0 where `a` is the closer one: the version decides before all else. */
export function compareDecorations(a: Decoration, b: Decoration): number {
  return (
    compareVersions(b.version, a.version) ||
    Number(a.architecture === '') - Number(b.architecture === '') ||
    Number(a.productType === null) - Number(b.productType === null)
  );
}

export interface ChosenModels {
  section: string;
  decoration: Decoration;
}

/** The models section of each manufacturer that this Windows reads. A section that is not there installs nothing. */
export function modelsFor(inf: Inf, windows: TargetWindows): ChosenModels[] {
  const chosen: ChosenModels[] = [];
  for (const { key, fields } of inf.section('Manufacturer') ?? []) {
    const [first = key ?? '', ...more] = fields;
    const name = inf.expand(first);
    const fitting = more
      .map((text) => ({ text: inf.expand(text).trim(), decoration: parseDecoration(inf.expand(text)) }))
      .filter((one): one is { text: string; decoration: Decoration } => one.decoration !== null)
      .filter(({ decoration }) => decorationFits(decoration, windows))
      .sort((a, b) => compareDecorations(a.decoration, b.decoration));
    const best = fitting[0];
    if (best !== undefined) chosen.push({ section: `${name}.${best.text}`, decoration: best.decoration });
    else if (decorationFits(UNDECORATED, windows)) chosen.push({ section: name, decoration: UNDECORATED });
  }
  return chosen.filter(({ section }) => inf.section(section) !== null);
}

/** All decorations an INF has, for people: `NTamd64.10.0...17763`; `none` where sections without one are meant. */
export function decorationsOf(inf: Inf): string[] {
  const all = (inf.section('Manufacturer') ?? []).flatMap(({ fields }) => {
    const texts = fields.slice(1).map((text) => inf.expand(text).trim());
    return texts.length === 0 ? ['none'] : texts;
  });
  return [...new Set(all.filter((text) => text !== ''))];
}

const PLATFORM: Record<DriverArchitecture, string> = { x86: 'NTx86', amd64: 'NTamd64', arm64: 'NTarm64' };

/** The one of `name.NTamd64`, `name.NT` and `name` that this Windows reads; null where none is there. */
export function installSection(inf: Inf, name: string, architecture: DriverArchitecture): string | null {
  const names = [`${name}.${PLATFORM[architecture]}`, `${name}.NT`, name];
  return names.find((one) => inf.section(one) !== null) ?? null;
}

/** Lines of `SourceDisksFiles.amd64` before those of `SourceDisksFiles`. */
export function platformSections(name: string, architecture: DriverArchitecture): string[] {
  return [`${name}.${architecture}`, name];
}
