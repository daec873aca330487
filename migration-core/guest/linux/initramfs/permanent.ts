/**
 * The drivers of the new machine in the configuration of the tool that makes initramfs images, so that the next rebuild
 * (the one at first boot, and every kernel update after it) has them too, whatever the tool thinks of the hardware.
 * Only the drivers of this machine's controllers are named: most tools load at every start what is listed there.
 */
import { driverNeeds, driversFor } from '../../../target/drivers.ts';
import type { FixContext, FixPlan, Fixer } from '../../fixer.ts';
import type { Kernel } from '../../guest.ts';
import { editPlan, readTextFile, type EditPlan } from '../edit-plan.ts';
import { readKernelModules, type KernelModules } from './modules.ts';

export const initramfsConfig: Fixer = {
  id: 'initramfs-config',
  title: 'Drivers kept when the initramfs is rebuilt',
  applies: ({ guest, machine }) => guest.kernels.length > 0 && machine.disks.length > 0,

  async plan(context: FixContext): Promise<FixPlan> {
    const plan = editPlan(context.files);
    const tools = new Set(context.guest.kernels.map(({ initramfsTool }) => initramfsTool));
    for (const tool of tools) {
      const kernels = context.guest.kernels.filter((kernel) => kernel.initramfsTool === tool);
      const drivers = await driversToKeep(context, kernels);
      if (drivers.length > 0) await CONFIGURE[tool](plan, drivers);
    }
    return plan.finished();
  },
};

export interface Driver {
  /** With underscores. */
  name: string;
  /** Within the modules directory: `kernel/drivers/block/virtio_blk.ko.xz`. */
  path: string;
}

/** Drivers of the machine's disk controllers that all these kernels have as files: a name that one of them lacks is an error to some tools. */
export async function driversToKeep(
  { files, machine }: Pick<FixContext, 'files' | 'machine'>,
  kernels: readonly Kernel[],
): Promise<Driver[]> {
  const all: KernelModules[] = [];
  for (const kernel of kernels) {
    const modules = await readKernelModules(files, kernel, false);
    if (modules.modules.size > 0) all.push(modules);
  }
  const first = all[0];
  if (first === undefined) return [];
  const known = new Set([...first.modules.keys(), ...first.builtin]);
  const names = machine.disks.flatMap(({ bus }) => driversFor(driverNeeds(bus), known) ?? []);
  return [...new Set(names)]
    .filter((name) => all.every(({ modules }) => modules.has(name)))
    .map((name) => ({ name, path: first.modules.get(name)!.path }));
}

const WHY =
  'Without them the next rebuild of the initramfs could leave out the drivers of the virtual disks.';
const reason = (path: string, drivers: readonly Driver[]): { what: string; why: string } => ({
  what: `${drivers.map(({ name }) => name).join(', ')} ${drivers.length === 1 ? 'is' : 'are'} named in ${path}.`,
  why: WHY,
});

const CONFIGURE: Record<
  Kernel['initramfsTool'],
  (plan: EditPlan, drivers: readonly Driver[]) => Promise<void>
> = {
  'initramfs-tools': configureInitramfsTools,
  dracut: configureDracut,
  mkinitcpio: configureMkinitcpio,
  mkinitfs: configureMkinitfs,
  unknown: configureMkinitrd,
};

/** initramfs-tools(7): one module a line, in the image with MODULES=most, dep and list alike. */
async function configureInitramfsTools(plan: EditPlan, drivers: readonly Driver[]): Promise<void> {
  const path = '/etc/initramfs-tools/modules';
  const old = await readTextFile(plan.files, path);
  const named = new Set(
    (old?.text ?? '')
      .split('\n')
      .map((line) => line.replace(/#.*/, '').trim().split(/\s+/)[0]!.replaceAll('-', '_')),
  );
  const missing = drivers.filter(({ name }) => !named.has(name));
  if (missing.length === 0) return;
  const lines = ['# Disk controllers of the virtual machine', ...missing.map(({ name }) => name), ''].join(
    '\n',
  );
  if (old === null) return plan.writeFile(path, lines, reason(path, missing));
  await plan.rewrite(old, `${endLine(old.text)}${lines}`, reason(path, missing));
}

/** dracut.conf(5). The names get spaces around them because values are joined as text. */
async function configureDracut(plan: EditPlan, drivers: readonly Driver[]): Promise<void> {
  const path = '/etc/dracut.conf.d/90-ironlift.conf';
  const names = drivers.map(({ name }) => name).join(' ');
  await plan.writeFile(
    path,
    `# Disk controllers of the virtual machine\nadd_drivers+=" ${names} "\n`,
    reason(path, drivers),
  );
}

/** mkinitcpio.conf(5): MODULES is a shell array, in files of before 2018 a string. Presets name this file, not its drop-ins. */
async function configureMkinitcpio(plan: EditPlan, drivers: readonly Driver[]): Promise<void> {
  const old = await readTextFile(plan.files, '/etc/mkinitcpio.conf');
  if (old === null) return;
  // The last one counts.
  const found = [...old.text.matchAll(/^([ \t]*MODULES=)(?:\(([^()]*)\)|"([^"]*)"|'([^']*)')/gm)].at(-1);
  const value = found?.[2] ?? found?.[3] ?? found?.[4] ?? '';
  const named = new Set(
    value
      .replace(/#.*/g, '')
      .split(/\s+/)
      .map((name) => name.replace(/\?$/, '').replaceAll('-', '_')),
  );
  const missing = drivers.filter(({ name }) => !named.has(name)).map(({ name }) => name);
  if (missing.length === 0) return;
  let text: string;
  if (found === undefined) text = `${endLine(old.text)}MODULES=(${missing.join(' ')})\n`;
  else {
    // Before the closing bracket or quote; a comment at the end of a line of the array must not swallow the names.
    const end = found.index + found[0].length - 1;
    const gap = /#[^\n]*$/.test(value) ? '\n' : value.trim() === '' || /\s$/.test(value) ? '' : ' ';
    text = old.text.slice(0, end) + gap + missing.join(' ') + old.text.slice(end);
  }
  await plan.rewrite(old, text, reason(old.path, drivers));
}

/** mkinitfs(1): a feature is a list of module paths; patterns, because the suffix depends on how modules are compressed. */
async function configureMkinitfs(plan: EditPlan, drivers: readonly Driver[]): Promise<void> {
  const old = await readTextFile(plan.files, '/etc/mkinitfs/mkinitfs.conf');
  const features = old === null ? null : /^[ \t]*features=(["'])([^"'\n]*)\1/m.exec(old.text);
  if (old === null || features === null) return;
  const path = '/etc/mkinitfs/features.d/ironlift.modules';
  const patterns = drivers.map((driver) => `${driver.path.replace(/\.ko.*$/, '')}.ko*\n`).join('');
  await plan.writeFile(path, patterns, reason(path, drivers));
  if (features[2]!.split(/\s+/).includes('ironlift')) return;
  const end = features.index + features[0].length - 1;
  await plan.rewrite(old, `${old.text.slice(0, end)} ironlift${old.text.slice(end)}`, {
    what: `The feature "ironlift" is added to ${old.path}.`,
    why: WHY,
  });
}

/** The mkinitrd of SUSE up to 11 (INITRD_MODULES) and of Red Hat up to 5 (scsi_hostadapter aliases). */
async function configureMkinitrd(plan: EditPlan, drivers: readonly Driver[]): Promise<void> {
  const suse = await readTextFile(plan.files, '/etc/sysconfig/kernel');
  const list = suse === null ? null : /^[ \t]*INITRD_MODULES=(["'])([^"'\n]*)\1/m.exec(suse.text);
  if (suse !== null && list !== null) {
    const named = new Set(list[2]!.split(/\s+/).map((name) => name.replaceAll('-', '_')));
    const missing = drivers.filter(({ name }) => !named.has(name));
    const end = list.index + list[0].length - 1;
    const added = missing.map(({ name }) => ` ${name}`).join('');
    await plan.rewrite(
      suse,
      suse.text.slice(0, end) + added + suse.text.slice(end),
      reason(suse.path, missing),
    );
  }
  const redHat = await readTextFile(plan.files, '/etc/modprobe.conf');
  if (redHat === null) return;
  const aliases = [...redHat.text.matchAll(/^[ \t]*alias[ \t]+scsi_hostadapter(\d*)[ \t]+(\S+)/gm)];
  const named = new Set(aliases.map((alias) => alias[2]!.replaceAll('-', '_')));
  const missing = drivers.filter(({ name }) => !named.has(name) && name !== 'sd_mod');
  const free = aliases.length === 0 ? 0 : Math.max(...aliases.map((alias) => Number(alias[1]))) + 1;
  const lines = missing.map(
    ({ name }, i) => `alias scsi_hostadapter${free + i === 0 ? '' : free + i} ${name}\n`,
  );
  if (missing.length > 0)
    await plan.rewrite(redHat, endLine(redHat.text) + lines.join(''), reason(redHat.path, missing));
}

/** A file whose last line has no end would swallow the first line that is added. */
function endLine(text: string): string {
  return text === '' || text.endsWith('\n') ? text : `${text}\n`;
}
