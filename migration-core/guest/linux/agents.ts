/**
 * Software of hardware vendors and of hypervisors: found by the catalogue, switched off where the virtual machine has
 * nothing for it, never deleted. A watchdog agent without its hardware may restart the machine; a RAID monitor without
 * its controller fills logs and mail boxes.
 */
import { throwIfCancelled } from '../../base/cancel.ts';
import type { FixContext, Fixer, FixPlan, GuestReader } from '../fixer.ts';
import type { Agent } from '../guest.ts';
import { readCatalogue, type CatalogueEntry } from './agents-catalogue.ts';
import { editPlan, readTextFile, type EditPlan } from './edit-plan.ts';
import { isMultipathInUse } from './multipath.ts';
import { findService, switchOff } from './services.ts';

export const agents: Fixer = {
  id: 'agents',
  title: 'Software of the hardware vendor and of other hypervisors',
  applies: ({ guest }) => guest.agents.length > 0,
  plan,
};

const BLACKLIST = '/etc/modprobe.d/ironlift-hardware.conf';

/** All that is installed, whether it is started or not. */
export async function findAgents(files: GuestReader): Promise<Agent[]> {
  const found: Agent[] = [];
  const loaded = await loadedModules(files);
  for (const entry of await readCatalogue()) {
    const services: string[] = [];
    for (const name of entry.services) if ((await findService(files, name)) !== null) services.push(name);
    let present = services.length > 0 || entry.modules.some((module) => loaded.has(module));
    for (const path of entry.paths) present ||= await files.exists(path);
    if (!present || (entry.unless === 'multipath-in-use' && (await isMultipathInUse(files)))) continue;
    const { id, name, vendor, kind } = entry;
    found.push({ id, name, vendor, kind, services });
  }
  return found;
}

/** Kernel modules that the configuration loads by name. */
async function loadedModules(files: GuestReader): Promise<Set<string>> {
  const paths = ['/etc/modules'];
  for (const name of await files.list('/etc/modules-load.d'))
    if (name.endsWith('.conf')) paths.push(`/etc/modules-load.d/${name}`);
  const modules = new Set<string>();
  for (const path of paths)
    for (const line of (await readTextFile(files, path))?.text.split('\n') ?? []) {
      const name = /^\s*([\w-]+)/.exec(line)?.[1];
      if (name !== undefined) modules.add(name.replaceAll('-', '_'));
    }
  return modules;
}

async function plan({ guest, files, target }: FixContext, signal?: AbortSignal): Promise<FixPlan> {
  const fixes = editPlan(files);
  const installed = new Map(guest.agents.map((agent) => [agent.id, agent]));
  const unwanted = (await readCatalogue()).filter(
    ({ id, keepOn }) => installed.has(id) && !keepOn.includes(target.id),
  );
  for (const entry of unwanted) {
    throwIfCancelled(signal);
    for (const name of installed.get(entry.id)!.services) {
      const service = await findService(fixes.files, name);
      if (service !== null)
        await switchOff(fixes, service, guest.init, `The service ${name} (${entry.name})`, entry.why);
    }
  }
  await blacklistModules(fixes, unwanted);
  return fixes.finished();
}

async function blacklistModules(fixes: EditPlan, unwanted: readonly CatalogueEntry[]): Promise<void> {
  // A server that was converted before keeps its list: software that is switched off may not be found again.
  const before = (await readTextFile(fixes.files, BLACKLIST))?.text ?? '';
  const listed = [...before.matchAll(/^blacklist (\w+)$/gm)].map(([, module]) => module!);
  const modules = [...new Set([...listed, ...unwanted.flatMap((entry) => entry.modules)])].sort();
  if (modules.length === listed.length) return;
  const text = [
    '# Written by Ironlift: drivers of hardware that the virtual machine does not have.',
    ...modules.map((module) => `blacklist ${module}`),
    '',
  ].join('\n');
  await fixes.writeFile(BLACKLIST, text, {
    what: `The kernel no longer loads ${modules.join(', ')} by itself (${BLACKLIST}).`,
    why: 'These drivers are for the management processors, sensors and watchdogs of the physical server.',
  });
}
