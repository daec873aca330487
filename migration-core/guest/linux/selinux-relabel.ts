/** Guests whose files cannot be labelled one by one: there the guest itself labels them all, at its next boot. */
import type { FixContext, Fixer, FixPlan } from '../fixer.ts';
import { editPlan } from './edit-plan.ts';
import { LABEL } from './selinux.ts';

export const selinux: Fixer = {
  id: 'selinux',
  title: 'SELinux labels',
  applies: ({ guest }) => guest.selinux === 'enforcing' || guest.selinux === 'permissive',
  plan,
};

async function plan({ files, guest }: FixContext): Promise<FixPlan> {
  const fixes = editPlan(files);
  // New files get the label of their policy when they are written. Where /etc has none, there is nothing to go by.
  const labelled = (await files.exists('/etc')) && (await files.xattrs('/etc')).has(LABEL);
  if (!labelled) {
    await fixes.writeFile('/.autorelabel', '', {
      what: 'The server is told to label all its files at the next boot (/.autorelabel).',
      why: `SELinux is ${guest.selinux}, but the files of the server have no labels, so new files cannot get the right ones.`,
    });
    fixes.findings.push({
      severity: 'warning',
      code: 'SELINUX_RELABEL',
      message: 'The files of the server have no SELinux labels, although SELinux is switched on.',
      next: 'The first boot labels all files, which takes some minutes, and then the machine starts once more by itself.',
    });
  }
  return fixes.finished();
}
