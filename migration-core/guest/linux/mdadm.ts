/** mdadm.conf: arrays are found by their UUID on all partitions, not on disks by name. mdadm.conf(5). */
import type { Fixer } from '../fixer.ts';
import { parseDeviceName } from '../inspect/device-names.ts';
import { editPlan, readTextFile } from './edit-plan.ts';

export const mdadm: Fixer = {
  id: 'mdadm',
  title: 'Disks in mdadm.conf',
  applies: () => true,
  async plan(context) {
    const plan = editPlan(context.files);
    for (const path of ['/etc/mdadm/mdadm.conf', '/etc/mdadm.conf']) {
      const file = await readTextFile(context.files, path);
      if (file === null) continue;
      const { text, unfound } = rewriteMdadm(file.text);
      for (const array of unfound)
        plan.findings.push({
          severity: 'warning',
          code: 'MD_ARRAY_BY_DISK_NAME',
          message: `${file.path} describes the array ${array} only by the names of its disks, which change in the virtual machine.`,
          next: `Add the array's UUID there (mdadm --detail ${array} prints it).`,
        });
      await plan.rewrite(file, text, {
        what: `${file.path} no longer names single disks: arrays are looked for on all partitions.`,
        why: 'The virtual machine gives its disks other device names, and arrays are known by their UUID.',
      });
    }
    return plan.finished();
  },
};

/** No array is described in more characters. */
const LONGEST_BLOCK = 8192;

/** Continuation lines (beginning with white space) belong to the line before. `unfound`: arrays known by disk names alone. */
export function rewriteMdadm(text: string): { text: string; unfound: string[] } {
  const unfound: string[] = [];
  const blocks = text.split(/\n(?![ \t])/);
  const fixed = blocks.map((block) => {
    if (block.length > LONGEST_BLOCK) return block;
    const [keyword = '', ...words] = block.trim().split(/\s+/);
    if (/^DEVICE$/i.test(keyword)) {
      const byName = words.some(
        (word) => parseDeviceName(word)?.kind === 'disk' || /^\/dev\/[a-z].*[*?[]/.test(word),
      );
      return byName ? 'DEVICE partitions' : block;
    }
    if (!/^ARRAY$/i.test(keyword)) return block;
    const devices = words.find((word) => /^devices=/i.test(word));
    if (
      devices === undefined ||
      !devices
        .slice('devices='.length)
        .split(',')
        .some((name) => parseDeviceName(name)?.kind === 'disk')
    )
      return block;
    if (!words.some((word) => /^(uuid|super-minor|name)=/i.test(word))) {
      unfound.push(words[0] ?? '');
      return block;
    }
    return block.replace(/\s+devices=\S+/i, '');
  });
  return { text: fixed.join('\n'), unfound };
}
