/** Boot Loader Specification entries (RHEL 8 and later, Fedora, systemd-boot), and the command line new ones are made with. */
import type { Fixer } from '../fixer.ts';
import { bootArguments, fixLines } from './boot-arguments.ts';
import { editPlan, readTextFile } from './edit-plan.ts';
import { findFiles } from './grub-files.ts';

export const bls: Fixer = {
  id: 'bls',
  title: 'Root and resume volumes in boot entries',
  applies: () => true,
  async plan(context) {
    const plan = editPlan(context.files);
    const bootArgs = bootArguments(context);
    for (const kind of ['bls', 'systemd-boot'] as const) {
      for (const path of findFiles(context.guest, kind, /\/entries\/[^/]+\.conf$/)) {
        const file = await readTextFile(context.files, path);
        if (file === null) continue;
        await fixLines(plan, file, bootArgs, /^options\s/, /^initrd\s/m.test(file.text));
      }
    }
    for (const path of ['/etc/kernel/cmdline', '/usr/lib/kernel/cmdline']) {
      const file = await readTextFile(context.files, path);
      if (file !== null) await fixLines(plan, file, bootArgs, /./);
    }
    plan.findings.push(...bootArgs.findings);
    return plan.finished();
  },
};
