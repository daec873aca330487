/** GRUB 2: its menu, its environment block, and the settings the next menu is made from. */
import type { FixContext, Fixer } from '../fixer.ts';
import { nameOf } from '../tree-path.ts';
import { encodeText } from '../tree-text.ts';
import { bootArguments, fixLines, reasonFor, type BootArguments } from './boot-arguments.ts';
import { editPlan, readTextFile, type EditPlan, type TextFile } from './edit-plan.ts';
import { findFiles } from './grub-files.ts';

/** `linux`, `linux16`, `linuxefi`, Xen's `module`, and the defaults that BLS entries refer to. `search` and `set root` are not among them. */
const MENU_LINES = /^\s*(?:linux(?:16|efi)?|module2?)\s|^\s*set\s+(?:default_)?kernelopts=/;
const SETTING_LINES =
  /^\s*(?:export\s+)?(?:GRUB_CMDLINE_LINUX\w*|GRUB_CMDLINE_XEN\w*|DEFAULT_APPEND|FAILSAFE_APPEND|XEN_KERNEL_APPEND)\+?=/;

export const grub: Fixer = {
  id: 'grub',
  title: 'Root and resume volumes in GRUB',
  applies: ({ guest }) => guest.bootLoaders.some(({ kind }) => kind === 'grub2'),
  async plan(context) {
    const plan = editPlan(context.files);
    const bootArgs = bootArguments(context);
    for (const path of findFiles(context.guest, 'grub2', /./)) {
      const file = await readTextFile(context.files, path);
      if (file === null) continue;
      if (nameOf(path) === 'grubenv') await fixEnvironment(plan, file, bootArgs);
      else if (nameOf(path) === 'grub.cfg')
        await fixLines(plan, file, bootArgs, MENU_LINES, hasInitramfs(context));
      else await fixLines(plan, file, bootArgs, SETTING_LINES);
    }
    // Where SUSE kept the settings before GRUB 2, and still reads some.
    const bootloader = await readTextFile(context.files, '/etc/sysconfig/bootloader');
    if (bootloader !== null) await fixLines(plan, bootloader, bootArgs, SETTING_LINES);
    plan.findings.push(...bootArgs.findings);
    return plan.finished();
  },
};

/** Without any initramfs the kernel itself must find the root volume. */
export const hasInitramfs = ({ guest }: Pick<FixContext, 'guest'>): boolean =>
  guest.kernels.length === 0 || guest.kernels.some(({ initramfs }) => initramfs !== null);

/** The block keeps its size (1024 bytes): GRUB writes it in place, by the sectors it found it in. */
async function fixEnvironment(plan: EditPlan, file: TextFile, bootArgs: BootArguments): Promise<void> {
  const bytes = (text: string): number => encodeText(text, file.encoding).length;
  const size = bytes(file.text);
  const changed: string[] = [];
  const text = file.text.replace(/^kernelopts=.*$/m, (line) => {
    const fixed = bootArgs.fix(line.slice('kernelopts='.length));
    changed.push(...fixed.changed);
    return `kernelopts=${fixed.text}`;
  });
  if (changed.length === 0) return;
  let end = text.length;
  while (text[end - 1] === '#') end--;
  const body = text.slice(0, end);
  const missing = size - bytes(body);
  if (missing < 0) {
    plan.findings.push({
      severity: 'warning',
      code: 'GRUBENV_FULL',
      message: `The boot arguments in ${file.path} name disks of the physical server, and the file has no room for their UUIDs.`,
      next: 'Check with a boot test that the virtual machine starts.',
    });
    return;
  }
  await plan.rewrite(file, body + '#'.repeat(missing), reasonFor(file.path, changed));
}
