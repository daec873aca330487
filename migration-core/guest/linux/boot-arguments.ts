/** The kernel command line, wherever it is kept: `root=` and `resume=` by UUID. All other arguments are left as they are. */
import type { Finding } from '../../base/finding.ts';
import type { FixContext } from '../fixer.ts';
import { blockNames, listed } from './block-names.ts';
import type { EditPlan, TextFile } from './edit-plan.ts';

export interface ArgumentFix {
  text: string;
  /** Arguments that changed, as they were: `root=/dev/sda1`. */
  changed: string[];
}

export interface BootArguments {
  /**
   * A stretch of a command line. @param initramfs whether an initramfs is loaded with it: the kernel alone cannot look
   * for file systems by UUID, only for partitions.
   */
  fix(text: string, initramfs?: boolean): ArgumentFix;
  findings: Finding[];
}

export function bootArguments(context: Pick<FixContext, 'guest' | 'volumes'>): BootArguments {
  const names = blockNames(context);
  const findings: Finding[] = [];

  const rootName = (value: string, initramfs: boolean): string | null => {
    const stable = names.stable(value);
    // A tag that names no volume here is some other system's entry, or a mistake that works: it is left alone.
    if (
      stable.kind === 'stays' ||
      /^(UUID|LABEL|PARTUUID|PARTLABEL)=|^\/dev\/disk\/by-(uuid|label|part)/.test(value)
    )
      return value;
    const volume = stable.kind === 'becomes' ? stable.volume : names.root;
    if (volume === null) return value;
    if (stable.kind !== 'becomes' && !findings.some(({ code }) => code === 'BOOT_ROOT_UNCLEAR'))
      findings.push(rootUnclear(value));
    return names.tag(volume, !initramfs) ?? value;
  };
  const resumeName = (value: string): string | null => {
    const stable = names.stable(value, 'swap');
    if (stable.kind === 'becomes') return stable.name;
    return stable.kind === 'stays' ? value : null;
  };

  return {
    findings,
    fix(text, initramfs = true) {
      const changed: string[] = [];
      const dropped: string[] = [];
      let fixed = text.replace(
        /(^|[\s"'=])(root|real_root|resume)=([^\s"']+)/g,
        (all, before: string, key: string, value: string) => {
          // `kopt=root=...` of GRUB legacy begins with `=`; `set root=` never gets here.
          const name = key === 'resume' ? resumeName(value) : rootName(value, initramfs);
          if (name === value) return all;
          changed.push(`${key}=${value}`);
          if (name !== null) return `${before}${key}=${name}`;
          dropped.push(value);
          // Taken out with the space before it; what follows brings its own.
          return /\s/.test(before) ? '' : before;
        },
      );
      if (dropped.length > 0)
        fixed = fixed.replace(/([\s"'])resume_offset=\d+/g, (_, before: string) =>
          /\s/.test(before) ? '' : before,
        );
      return { text: fixed, changed };
    },
  };
}

/** Fixes those lines of a file that carry a command line. */
export async function fixLines(
  plan: EditPlan,
  file: TextFile,
  bootArgs: BootArguments,
  carriesArguments: RegExp,
  initramfs = true,
): Promise<void> {
  const changed: string[] = [];
  const lines = file.text.split('\n').map((line) => {
    if (!carriesArguments.test(line)) return line;
    const fixed = bootArgs.fix(line, initramfs);
    changed.push(...fixed.changed);
    return fixed.text;
  });
  await plan.rewrite(file, lines.join('\n'), reasonFor(file.path, changed));
}

export function reasonFor(path: string, changed: readonly string[]): { what: string; why: string } {
  return {
    what: `The boot arguments ${listed(changed)} in ${path} are replaced by the UUID of the volume, or dropped where it is not converted.`,
    why: 'The virtual machine gives its disks other device names, and with the old ones the system would not find its root volume.',
  };
}

function rootUnclear(value: string): Finding {
  return {
    severity: 'info',
    code: 'BOOT_ROOT_UNCLEAR',
    message: `The boot loader names ${value} as the root volume, which fits none of the disks, so the volume that holds the system is named instead.`,
    next: 'Check with a boot test that the virtual machine starts.',
  };
}
