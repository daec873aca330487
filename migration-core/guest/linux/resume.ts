/** Where initramfs-tools looks for a hibernation image: by UUID, and nowhere when that swap space is gone. initramfs.conf(5). */
import type { Fixer } from '../fixer.ts';
import { joinPath } from '../tree-path.ts';
import { blockNames, type BlockNames } from './block-names.ts';
import { editPlan, readTextFile } from './edit-plan.ts';

const DIRECTORY = '/etc/initramfs-tools/conf.d';

export const resume: Fixer = {
  id: 'resume',
  title: 'Swap space for hibernation',
  applies: () => true,
  async plan(context) {
    const plan = editPlan(context.files);
    const names = blockNames(context);
    const paths = (await context.files.list(DIRECTORY)).map((name) => joinPath(DIRECTORY, name));
    for (const path of ['/etc/initramfs-tools/initramfs.conf', ...paths]) {
      const file = await readTextFile(context.files, path);
      if (file === null) continue;
      const { text, gone } = stableResume(file.text, names);
      await plan.rewrite(file, text, {
        what:
          gone.length > 0
            ? `The setting in ${file.path} that names a swap space for hibernation is switched off.`
            : `The swap space for hibernation is named by its UUID in ${file.path}.`,
        why:
          gone.length > 0
            ? 'That swap space is not on the converted disks, and every start would wait half a minute for it.'
            : 'The virtual machine gives its disks other device names, and every start would wait half a minute for the old one.',
      });
    }
    return plan.finished();
  },
};

/** The same settings with names that hold in the virtual machine. `gone`: devices that are not there, now `none`. */
export function stableResume(text: string, names: BlockNames): { text: string; gone: string[] } {
  const gone: string[] = [];
  const fixed = text.replace(
    /^([ \t]*(?:export[ \t]+)?RESUME=)(["']?)([^"'\s]+)\2/gm,
    (all, head: string, quote: string, device: string) => {
      const stable = names.stable(device, 'swap');
      if (stable.kind === 'becomes') return `${head}${quote}${stable.name}${quote}`;
      if (stable.kind === 'stays') return all;
      gone.push(device);
      return `${head}${quote}none${quote}`;
    },
  );
  return { text: fixed, gone };
}
