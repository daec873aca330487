import type { Command } from '../commands.ts';
import { wrap } from '../terminal.ts';
import { conversionFolder } from './conversion-folder.ts';

export const discard: Command = {
  help: `Usage: ironlift discard DIR [--json]

Gives up the conversion in DIR that was killed, paused or failed, and takes away what it has written there: what its
journal tells of, and nothing else. The server is not looked at. Finished machines and conversions that are at work are
left alone.

  --json     print one JSON document`,
  options: {},
  async run({ values, positionals }, world) {
    const path = conversionFolder('discard', positionals);
    const { discardConversion } = await import('../../convert/discard.ts');
    const result = await discardConversion(path);
    if (values['json'] === true) {
      world.out(`${JSON.stringify(result, null, 2)}\n`);
      return 0;
    }
    const { folder, removed, left, folderRemoved } = result;
    world.out(`The conversion in ${folder} is given up. Removed: ${removed.join(', ')}.\n`);
    if (folderRemoved) world.out('The folder, which it had made, is gone, too.\n');
    else if (left.length > 0)
      world.out(
        `${wrap(`Left, because it was not written by it: ${left.join(', ')}.`, world.columns, '  ')}\n`,
      );
    return 0;
  },
};
