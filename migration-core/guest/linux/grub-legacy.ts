/** GRUB legacy: `kernel` lines of menu.lst, and the `# kopt=` comments that update-grub of old Debian makes them from. */
import type { Fixer } from '../fixer.ts';
import { bootArguments, fixLines } from './boot-arguments.ts';
import { editPlan, readTextFile } from './edit-plan.ts';
import { hasInitramfs } from './grub.ts';
import { findFiles } from './grub-files.ts';

const LINES = /^\s*(?:kernel|module)\s|^#\s*(?:kopt\w*|defoptions|xenkopt)=/;

export const grubLegacy: Fixer = {
  id: 'grub-legacy',
  title: 'Root and resume volumes in GRUB (old version)',
  applies: ({ guest }) => guest.bootLoaders.some(({ kind }) => kind === 'grub-legacy'),
  async plan(context) {
    const plan = editPlan(context.files);
    const bootArgs = bootArguments(context);
    for (const path of findFiles(context.guest, 'grub-legacy', /./)) {
      const file = await readTextFile(context.files, path);
      if (file !== null) await fixLines(plan, file, bootArgs, LINES, hasInitramfs(context));
    }
    plan.findings.push(...bootArgs.findings);
    return plan.finished();
  },
};
