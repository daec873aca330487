/** extlinux and syslinux: `append` lines, and the settings Debian and Alpine make them from. */
import type { Fixer } from '../fixer.ts';
import { bootArguments, fixLines } from './boot-arguments.ts';
import { editPlan, readTextFile } from './edit-plan.ts';
import { hasInitramfs } from './grub.ts';
import { findFiles } from './grub-files.ts';

export const extlinux: Fixer = {
  id: 'extlinux',
  title: 'Root and resume volumes in extlinux',
  applies: ({ guest }) => guest.bootLoaders.some(({ kind }) => kind === 'extlinux'),
  async plan(context) {
    const plan = editPlan(context.files);
    const bootArgs = bootArguments(context);
    for (const path of findFiles(context.guest, 'extlinux', /./)) {
      const file = await readTextFile(context.files, path);
      if (file !== null) await fixLines(plan, file, bootArgs, /^\s*append\s/i, hasInitramfs(context));
    }
    const debian = await readTextFile(context.files, '/etc/default/extlinux');
    if (debian !== null) await fixLines(plan, debian, bootArgs, /^\s*EXTLINUX_(?:ROOT|PARAMETERS)=/);
    // Alpine: `root=UUID=...` is a setting of its own there, `default_kernel_opts` the rest.
    const alpine = await readTextFile(context.files, '/etc/update-extlinux.conf');
    if (alpine !== null) await fixLines(plan, alpine, bootArgs, /^\s*(?:root|default_kernel_opts)=/);
    plan.findings.push(...bootArgs.findings);
    return plan.finished();
  },
};
