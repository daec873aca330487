/**
 * Blacklists that keep a driver away which the virtual machine needs. Administrators block drivers of cards they do not
 * want; a blocked disk driver of the new machine would stop the boot.
 */
import { driverNeeds, moduleName } from '../../target/drivers.ts';
import type { FixContext, Fixer, FixPlan } from '../fixer.ts';
import { editPlan, readTextFile } from './edit-plan.ts';
import { editKernelArguments } from './kernel-arguments.ts';

export const blacklist: Fixer = {
  id: 'blacklist',
  title: 'Blocked drivers that the machine needs',
  applies: () => true,
  plan,
};

const DIRECTORIES = ['/etc/modprobe.d', '/usr/lib/modprobe.d', '/lib/modprobe.d'];
const SINGLE_FILES = ['/etc/modprobe.conf', '/etc/modprobe.conf.local'];
const WHY = 'The virtual machine needs this driver for its disks or its network.';

async function plan({ guest, files, machine }: FixContext): Promise<FixPlan> {
  const fixes = editPlan(files);
  const needed = neededModules({ machine });
  const paths = [...SINGLE_FILES];
  for (const directory of DIRECTORIES)
    for (const name of await files.list(directory))
      // Older modprobe reads files of any ending.
      if (!name.startsWith('.') && !/(~|\.(bak|orig|rpm\w+|dpkg-\w+|ironlift-off.*))$/.test(name))
        paths.push(`${directory}/${name}`);
  for (const path of paths) {
    const file = await readTextFile(fixes.files, path);
    if (file === null) continue;
    const freed = new Set<string>();
    const lines = file.text.split('\n').map((line) => {
      const module = blockedModule(line);
      if (module === null || !needed.has(module)) return line;
      freed.add(module);
      return `#ironlift# ${line}`;
    });
    await fixes.rewrite(file, lines.join('\n'), {
      what: `${file.path}: the line that blocks the driver ${[...freed].join(', ')} is commented out.`,
      why: WHY,
    });
  }
  await editKernelArguments(
    fixes,
    guest,
    (commandLine) => unblock(commandLine, needed),
    (path) => ({
      what: `Boot arguments in ${path} no longer block drivers of the virtual machine.`,
      why: WHY,
    }),
  );
  return fixes.finished();
}

/** Modules of the machine's controllers and network cards, spelled with underscores. */
function neededModules({ machine }: Pick<FixContext, 'machine'>): Set<string> {
  const hardware = [...machine.disks.map(({ bus }) => bus), ...machine.nics.map(({ model }) => model)];
  return new Set(hardware.flatMap((device) => driverNeeds(device).anyOf.flat()).map(moduleName));
}

/** The module that a line of modprobe.d keeps from being loaded, or null. */
export function blockedModule(line: string): string | null {
  const [command, name = '', ...rest] = line.trim().split(/\s+/);
  if (command === 'blacklist') return moduleName(name);
  const nothing = /^(\/usr)?\/s?bin\/(true|false)$|^(true|false|:)$/;
  if (command === 'install' && nothing.test(rest[0] ?? '')) return moduleName(name);
  // `alias virtio_net off` of modprobe before 3.3.
  if (command === 'alias' && rest[0] === 'off') return moduleName(name);
  return null;
}

const ARGUMENTS =
  /(^|\s)((?:module_blacklist|modprobe\.blacklist|rd\.driver\.blacklist|rdblacklist)=)([^\s"']+)/g;

/** Takes needed modules out of the lists of a command line; a list that gets empty goes. */
export function unblock(commandLine: string, needed: ReadonlySet<string>): string {
  return commandLine.replace(ARGUMENTS, (all, before: string, key: string, list: string) => {
    const modules = list.split(',');
    const left = modules.filter((module) => !needed.has(moduleName(module)));
    if (left.length === modules.length) return all;
    return left.length === 0 ? '' : `${before}${key}${left.join(',')}`;
  });
}
