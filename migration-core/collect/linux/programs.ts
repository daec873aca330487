/** Services (systemd, SysV, Upstart, OpenRC), software (dpkg, rpm, apk, pacman) and what agents of vendors are among them. */
import type { CatalogueEntry } from '../../guest/linux/agents-catalogue.ts';
import type { ServerInventory } from '../../store/model/inventory.ts';
import { known, linesOf, pathsOf, textOf, usable, type Sections } from './text.ts';

type Service = NonNullable<ServerInventory['services']>[number];
type Software = NonNullable<ServerInventory['software']>[number];

const MAX_SERVICES = 20_000;
/** A full desktop with all its libraries has 5000 packages. */
const MAX_PACKAGES = 50_000;

/** @returns undefined where no source is there */
export function servicesOf(sections: Sections): Service[] | undefined {
  const services = new Map<string, Service>();
  const at = (name: string): Service | undefined => {
    let service = services.get(name);
    if (service === undefined && services.size < MAX_SERVICES && name.length <= 256)
      services.set(name, (service = { name }));
    return service;
  };
  for (const line of linesOf(textOf(sections, 'unit-files'))) {
    const [unit, state] = line.trim().split(/\s+/u);
    if (unit?.endsWith('.service') !== true || state === undefined) continue;
    const service = at(unit.slice(0, -8));
    if (service !== undefined) service.startType = UNIT_STATES.get(state) ?? service.startType;
  }
  for (const line of linesOf(textOf(sections, 'units'))) {
    // Failed units have a dot in front, in old versions without a blank to the others.
    const words = line
      .replace(/^[^\w-]+/u, '')
      .trim()
      .split(/\s+/u);
    if (words[0]?.endsWith('.service') !== true || words[1] === 'not-found') continue;
    const service = at(words[0].slice(0, -8));
    if (service === undefined) continue;
    service.running = words[2] === 'active' && words[3] === 'running';
    service.title = usable(words.slice(4).join(' '));
  }
  for (const line of linesOf(textOf(sections, 'chkconfig'))) {
    const match = /^(\S+)\s+0:(?:on|off)\s/u.exec(line.slice(0, 500));
    const service = match === null ? undefined : at(match[1]!);
    if (service !== undefined) service.startType ??= /[35]:on\b/u.test(line) ? 'auto' : 'disabled';
  }
  for (const line of linesOf(textOf(sections, 'upstart'))) {
    const match = /^(\S+)(?: \([^)]*\))? (start|stop)\/(\w+)/u.exec(line.slice(0, 500));
    const service = match === null ? undefined : at(match[1]!);
    if (match !== null && service !== undefined)
      service.running ??= match[2] === 'start' && match[3] === 'running';
  }
  for (const line of linesOf(textOf(sections, 'openrc'))) {
    const match = /^\s+(\S+)\s+(?:[\d: ]+)?\[\s*(started|stopped|crashed)\s*\]/u.exec(line.slice(0, 500));
    const service = match === null ? undefined : at(match[1]!);
    if (match !== null && service !== undefined) service.running ??= match[2] === 'started';
  }
  // Links of run levels, where neither systemd nor chkconfig told: S20ssh starts `ssh`.
  if (textOf(sections, 'unit-files') === '' && textOf(sections, 'chkconfig') === '')
    for (const path of pathsOf(textOf(sections, 'runlevels'))) {
      const started = /^\/etc\/(?:rc\.d\/)?rc[2-5]\.d\/S\d\d(.+)$/u.exec(path)?.[1];
      const script = started ?? /^\/etc\/init\.d\/([^/]+)$/u.exec(path)?.[1];
      const service = script === undefined ? undefined : at(script);
      if (service !== undefined && (started !== undefined || service.startType === undefined))
        service.startType = started === undefined ? 'manual' : 'auto';
    }
  const looked = ['unit-files', 'units', 'chkconfig', 'upstart', 'openrc', 'runlevels'].some(
    (name) => textOf(sections, name) !== '',
  );
  return looked ? [...services.values()].map((service) => known(service)) : undefined;
}

/** systemctl(1), "list-unit-files". */
// Names are of strangers: `constructor` must find nothing.
const UNIT_STATES = new Map<string, Service['startType']>(
  Object.entries({
    enabled: 'auto',
    'enabled-runtime': 'auto',
    linked: 'manual',
    static: 'manual',
    indirect: 'manual',
    alias: 'manual',
    generated: 'auto',
    disabled: 'disabled',
    masked: 'disabled',
    'masked-runtime': 'disabled',
  }),
);

/** @returns undefined where no package manager told anything */
export function softwareOf(sections: Sections): Software[] | undefined {
  const packages: Software[] = [];
  const add = (software: Software): void => {
    if (packages.length < MAX_PACKAGES) packages.push(known(software));
  };
  for (const line of linesOf(textOf(sections, 'dpkg'))) {
    const [name, version, status] = line.split('\t');
    // `deinstall ok config-files`: removed.
    if (usable(name) !== undefined && / installed$/u.test(status ?? ''))
      add({ name: name!, version: usable(version) });
  }
  for (const line of linesOf(textOf(sections, 'rpm'))) {
    const [name, version, vendor] = line.split('\t');
    if (usable(name) !== undefined && version !== undefined && name !== 'gpg-pubkey')
      add({
        name: name!,
        version: usable(version),
        vendor: vendor === '(none)' ? undefined : usable(vendor),
      });
  }
  for (const line of linesOf(textOf(sections, 'apk'))) {
    const match = /^(\S{1,200}?)-(\d\S{0,100})$/u.exec(line.slice(0, 400));
    if (match !== null) add({ name: match[1]!, version: match[2] });
  }
  for (const line of linesOf(textOf(sections, 'pacman'))) {
    const [name, version] = line.split(' ');
    if (usable(name) !== undefined && version !== undefined) add({ name: name!, version });
  }
  const looked = ['dpkg', 'rpm', 'apk', 'pacman'].some((name) => textOf(sections, name) !== '');
  return looked ? packages : undefined;
}

/** Software of vendors and hypervisors of the catalogue that is installed: by its services or its folders. */
export function vendorAgentsOf(
  sections: Sections,
  services: readonly Service[] | undefined,
  catalogue: readonly CatalogueEntry[],
): Software[] | undefined {
  if (services === undefined && textOf(sections, 'agent-paths') === '') return undefined;
  const names = new Set(services?.map(({ name }) => name));
  const paths = new Set(pathsOf(textOf(sections, 'agent-paths')));
  return catalogue
    .filter(({ kind }) => kind !== 'hardware')
    .filter(
      (entry) =>
        entry.services.some((name) => names.has(name)) || entry.paths.some((path) => paths.has(path)),
    )
    .map(({ name, vendor }) => ({ name, vendor }));
}
