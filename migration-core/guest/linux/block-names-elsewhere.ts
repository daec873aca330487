/** Other files that may name disks of the physical server: told where nothing can be decided for them, put aside where they only remember. */
import type { Fixer } from '../fixer.ts';
import { parseDeviceName } from '../inspect/device-names.ts';
import { listed } from './block-names.ts';
import { editPlan, readTextFile } from './edit-plan.ts';

/** What each program loses when its disks are gone. */
const NAMING: [path: string, purpose: string][] = [
  ['/etc/smartd.conf', 'the disk health monitor smartd'],
  ['/etc/smartmontools/smartd.conf', 'the disk health monitor smartd'],
  ['/etc/hdparm.conf', 'the disk power settings of hdparm'],
  ['/etc/sysconfig/rawdevices', 'raw devices, used by old databases'],
  ['/etc/sysconfig/oracleasm', 'the disk groups of Oracle ASM'],
  ['/etc/rc.local', 'the commands run at each start'],
  ['/etc/rc.d/rc.local', 'the commands run at each start'],
];

export const blockNamesElsewhere: Fixer = {
  id: 'block-names-elsewhere',
  title: 'Disk names in other files',
  applies: () => true,
  async plan(context) {
    const plan = editPlan(context.files);
    for (const path of ['/etc/multipath/bindings', '/etc/multipath/wwids']) {
      const file = await readTextFile(context.files, path);
      if (file === null || !/^[^#\s]/m.test(file.text)) continue;
      await plan.moveAside(file.path, {
        what: `The multipath disks remembered in ${file.path} are put aside.`,
        why: 'They are disks of the physical server; the multipath service makes a new list for the disks it finds.',
      });
    }
    for (const [path, purpose] of NAMING) {
      const file = await readTextFile(context.files, path);
      if (file === null || (await context.files.realpath(path)) !== path) continue;
      const named = diskNames(file.text);
      if (named.length === 0) continue;
      plan.findings.push({
        severity: 'info',
        code: 'DISK_NAMES_LEFT',
        message: `${path} names ${listed(named)} for ${purpose}, and the virtual machine gives its disks other device names.`,
        next: 'Adapt the file in the virtual machine if this is still wanted there.',
      });
    }
    return plan.finished();
  },
};

/** Names of disks outside comments. */
function diskNames(text: string): string[] {
  const found = new Set<string>();
  for (const line of text.split('\n', 10_000)) {
    if (/^\s*#/.test(line)) continue;
    for (const [name] of line.matchAll(/\/dev\/[A-Za-z0-9/_.:-]{2,200}/g))
      if (parseDeviceName(name)?.kind === 'disk') found.add(name);
  }
  return [...found];
}
