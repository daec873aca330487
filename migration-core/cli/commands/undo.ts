import type { Command } from '../commands.ts';
import { ProgressLine, wrap } from '../terminal.ts';
import { conversionFolder } from './conversion-folder.ts';

export const undo: Command = {
  help: `Usage: ironlift undo DIR [--apply] [--json]

Prints every change that the conversion in DIR made to the guest, the last one first, and how it is taken back.
With --apply the disks in DIR are written anew with all changes taken back, as they were on the physical server;
the new disks take the place of the old ones only when they are complete and verified.

  --apply    take the changes back
  --json     print one JSON document`,
  options: { apply: { type: 'boolean' } },
  async run({ values, positionals }, world) {
    const folder = conversionFolder('undo', positionals, 'finished conversion');
    const { planUndo, applyUndo } = await import('../../convert/undo.ts');
    const plan = await planUndo(folder);
    let skipped: string[] = [];
    if (values['apply'] === true) {
      const line = new ProgressLine(world);
      skipped = await applyUndo(folder, {
        now: world.now,
        signal: world.signal,
        onStep: (text) => line.say(text),
        onProgress: line.show,
      });
      line.clear();
    }
    if (values['json'] === true) {
      world.out(
        `${JSON.stringify({ folder, applied: values['apply'] === true, changes: plan, skipped }, null, 2)}\n`,
      );
      return 0;
    }
    if (plan.length === 0) world.out('The conversion changed nothing in the guest.\n');
    for (const [index, change] of plan.entries()) {
      world.out(`${wrap(`${index + 1}. ${change.what}`, world.columns, '   ')}\n`);
      world.out(`   ${wrap(`Why it was made: ${change.why}`, world.columns - 3, '   ')}\n`);
      world.out(`   ${wrap(`Undo: ${change.undo}`, world.columns - 3, '   ')}\n`);
    }
    for (const sentence of skipped) world.out(`${wrap(`Left as it is: ${sentence}`, world.columns, '  ')}\n`);
    world.out(
      values['apply'] === true
        ? `${skipped.length === 0 ? 'All' : 'All other'} changes are taken back. The machine is now as the physical server was, and may not boot on virtual hardware.\n`
        : plan.length > 0
          ? 'Nothing was changed. Take all of this back with `ironlift undo DIR --apply`.\n'
          : '',
    );
    return 0;
  },
};
