/** Hosts of a scenario and models of the customer's own: new ones, and what is wrong with them. */
import { sizing as words } from '../../text/sizing.ts';
import type { Scenario } from './draft.svelte.ts';

export type Host = Scenario['hosts'][number];
export type Template = Scenario['templates'][number];

/** `name 2`, `name 3`: the first that is free. */
function freeName(wanted: string, taken: ReadonlySet<string>): string {
  const base = wanted.replace(/ \d+$/u, '');
  for (let number = 1; ; number++) {
    const name = number === 1 ? base : `${base} ${number}`;
    if (!taken.has(name)) return name;
  }
}

/** Like the last one that was described, under another name. */
export function newHost(hosts: readonly Host[], template: string): Host {
  const name = freeName(words.hosts.newName, new Set(hosts.map((host) => host.name)));
  const load = { cpu: 0, memory: 0, diskOperations: 0, diskBytes: 0, networkBytes: 0 };
  return { name, template: hosts.at(-1)?.template ?? template, load, machines: 0 };
}

export function hostProblem(
  host: Host,
  hosts: readonly Host[],
  templates: readonly Template[],
): string | null {
  if (host.name.trim() === '') return words.hosts.nameNeeded;
  if (hosts.filter(({ name }) => name === host.name).length > 1) return words.hosts.nameTaken;
  return templates.some(({ id }) => id === host.template) ? null : words.hosts.noTemplate;
}

/** A copy of a known model, to be changed. Figures that are measured of that very model are not those of another one. */
export function copyOfTemplate(template: Template, templates: readonly Template[]): Template {
  const ids = new Set(templates.map(({ id }) => id));
  let number = 1;
  while (ids.has(`own-${number}`)) number++;
  const names = new Set(templates.map(({ name }) => name));
  return {
    ...template,
    id: `own-${number}`,
    name: freeName(words.hosts.copyOf(template.name), names),
    source: words.hosts.ownSource,
  };
}

/** Why a model cannot be removed: it is used; null: it can. */
export function templateUse(
  id: string,
  { template, hosts }: Pick<Scenario, 'template' | 'hosts'>,
): string | null {
  const used = hosts.filter((host) => host.template === id).length;
  if (template === id) return words.hosts.usedAsModel;
  return used === 0 ? null : words.hosts.usedByHosts(used);
}

export function templateProblem(template: Template): string | null {
  if (template.name.trim() === '') return words.hosts.nameNeeded;
  if (template.cores < template.sockets) return words.hosts.coresFewer;
  const known = template.cpuScore !== undefined || template.launchYear !== undefined;
  return known || template.megahertz !== undefined ? null : words.hosts.speedUnknown;
}
