/** What an INF says for one Windows: devices, services, files (INF Version, Models, DDInstall and AddService of the documentation). */
import type { DriverDevice, DriverService } from '../../driver-package.ts';
import { copiesOf, isPlainName, type InfCopy } from './files.ts';
import {
  compareDecorations,
  installSection,
  modelsFor,
  readNumber,
  type Decoration,
  type DriverArchitecture,
  type TargetWindows,
} from './models.ts';
import { addedValues } from './registry-values.ts';
import type { Inf } from './syntax.ts';

/** The largest INFs of network cards have some 2,000 models. */
const MAX_DEVICES = 20_000;
/** SPSVCINST_ASSOCSERVICE of setupapi.h: this service is the device's function driver. */
const ASSOCIATED = 2;

export interface InfVersion {
  provider: string;
  className: string;
  /** `{4D36E97B-E325-11CE-BFC1-08002BE10318}` in capitals; empty where there is none. */
  classGuid: string;
  /** `2024-05-17`; empty where there is none. */
  date: string;
  /** `100.95.104.26200`; empty where there is none. */
  version: string;
  /** Name of the catalogue for this architecture; null for none. */
  catalogue: string | null;
}

export interface InfPackage extends InfVersion {
  /** The closest of the models sections that were taken. */
  decoration: Decoration;
  devices: DriverDevice[];
  copies: InfCopy[];
  /** What stands in the way of a whole package, or has to be known: sentences without their end. */
  problems: string[];
}

export function versionOf(inf: Inf, architecture: DriverArchitecture): InfVersion {
  const one = (key: string): string => inf.value('Version', key)?.[0]?.trim() ?? '';
  const guid = one('ClassGuid').toUpperCase();
  const [date = '', version = ''] = inf.value('Version', 'DriverVer') ?? [];
  const catalogue =
    one(`CatalogFile.NT${architecture}`) || one('CatalogFile.NT') || one('CatalogFile') || null;
  return {
    provider: one('Provider'),
    className: one('Class'),
    classGuid: /^\{[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}\}$/u.test(guid) ? guid : '',
    date: isoDate(date),
    version: /^\d{1,5}(\.\d{1,5}){0,3}$/u.test(version.trim()) ? version.trim() : '',
    catalogue,
  };
}

/** `mm/dd/yyyy`, or with dashes. */
function isoDate(text: string): string {
  const [, month = '', day = '', year = ''] = /^(\d{1,2})[/-](\d{1,2})[/-](\d{4})$/u.exec(text.trim()) ?? [];
  if (year === '' || Number(month) < 1 || Number(month) > 12 || Number(day) < 1 || Number(day) > 31)
    return '';
  return `${year}-${month.padStart(2, '0')}-${day.padStart(2, '0')}`;
}

/** null where the INF has nothing for this Windows. */
export function packageOf(inf: Inf, windows: TargetWindows): InfPackage | null {
  const { architecture } = windows;
  const models = modelsFor(inf, windows);
  const devices: DriverDevice[] = [];
  const installs = new Map<string, string | null>();
  const problems = new Set<string>();
  const services = new Map<string, DriverService | null>();
  for (const { section } of models)
    for (const { key, fields } of inf.section(section) ?? []) {
      const [install, ...ids] = fields.map((field) => inf.expand(field).trim());
      const known = ids.filter((id) => id !== '');
      if (install === undefined || install === '' || known.length === 0) continue;
      if (devices.length >= MAX_DEVICES) {
        problems.add(`only its first ${MAX_DEVICES} devices were looked at`);
        break;
      }
      if (!installs.has(install)) installs.set(install, installSection(inf, install, architecture));
      const actual = installs.get(install) ?? null;
      if (actual === null) problems.add(`it has no section [${install}], which some of its devices need`);
      else if (!services.has(actual)) services.set(actual, serviceOf(inf, actual));
      devices.push({
        description: inf.expand(key ?? ''),
        // The first is the hardware ID, those after it are compatible ones.
        hardwareIds: known.slice(0, 1),
        compatibleIds: known.slice(1),
        service: actual === null ? null : (services.get(actual) ?? null),
      });
    }
  if (devices.length === 0) return null;
  const sections = [...new Set([...installs.values()].filter((name) => name !== null))];
  const { copies, problems: unusable } = copiesOf(
    inf,
    sections.flatMap((name) => [name, `${name}.CoInstallers`]),
    architecture,
  );
  for (const problem of unusable) problems.add(problem);
  for (const name of sections)
    for (const include of inf.values(name, 'Include'))
      if (include !== '') problems.add(`it needs ${include}, which comes with Windows`);
  const decoration = models.map((one) => one.decoration).sort(compareDecorations)[0]!;
  return { ...versionOf(inf, architecture), decoration, devices, copies, problems: [...problems] };
}

/** The function driver of an install section; null where it names none. */
function serviceOf(inf: Inf, install: string): DriverService | null {
  for (const { key, fields } of inf.section(`${install}.Services`) ?? []) {
    if (key?.toLowerCase() !== 'addservice') continue;
    const [name = '', flags = '', section = ''] = fields.map((field) => inf.expand(field).trim());
    if (((readNumber(flags) ?? 0) & ASSOCIATED) === 0) continue;
    // `AddService = ,2` binds no driver at all.
    if (name === '' || section === '' || inf.section(section) === null) return null;
    return readService(inf, name, section);
  }
  return null;
}

function readService(inf: Inf, name: string, section: string): DriverService | null {
  const text = (key: string): string => inf.value(section, key)?.[0]?.trim() ?? '';
  const number = (key: string, otherwise: number): number => readNumber(text(key)) ?? otherwise;
  const binary = text('ServiceBinary').split(/[\\/]/u).at(-1) ?? '';
  if (!isPlainName(binary) || !isPlainName(name)) return null;
  return {
    name,
    displayName: text('DisplayName'),
    // SERVICE_KERNEL_DRIVER, SERVICE_DEMAND_START and SERVICE_ERROR_NORMAL of winnt.h, where an INF forgets to say.
    type: number('ServiceType', 1),
    start: number('StartType', 3),
    errorControl: number('ErrorControl', 1),
    group: text('LoadOrderGroup'),
    binary,
    values: addedValues(inf, inf.values(section, 'AddReg')),
  };
}
