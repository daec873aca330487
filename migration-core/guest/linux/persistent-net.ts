/**
 * udev rules that name network cards by their place in the physical server (a PCI address, a driver). In a virtual
 * machine they fit no card, or by accident a wrong one; they are switched off before names are given by MAC address.
 */
import type { FixContext, Fixer, FixPlan } from '../fixer.ts';
import { editPlan, readTextFile } from './edit-plan.ts';
import { commentOut, namingRules, rulesFiles } from './network/udev-rules.ts';

export const persistentNet: Fixer = {
  id: 'persistent-net',
  title: 'Network card names bound to the old hardware',
  applies: () => true,
  plan,
};

async function plan({ files }: FixContext): Promise<FixPlan> {
  const fixes = editPlan(files);
  for (const path of await rulesFiles(files)) {
    const file = await readTextFile(fixes.files, path);
    if (file === null) continue;
    const placed = namingRules(file.text).filter((rule) => rule.byPlace);
    if (placed.length === 0) continue;
    const names = [...new Set(placed.map(({ name }) => name))].join(', ');
    const why =
      'It names cards by their place in the physical server; in the virtual machine it would fit none, or a wrong one.';
    const rest = commentOut(file.text, placed);
    const nothingLeft = rest
      .split('\n')
      .every((line) => line.trim() === '' || line.trimStart().startsWith('#'));
    if (nothingLeft)
      await fixes.moveAside(path, {
        what: `${path} (names of ${names}) is renamed so that it is not read.`,
        why,
      });
    else
      await fixes.rewrite(file, rest, {
        what: `${file.path}: the rules for the names ${names} are commented out.`,
        why,
      });
  }
  return fixes.finished();
}
