import type { Command } from '../commands.ts';
import { ProgressLine } from '../terminal.ts';
import { conversionFolder } from './conversion-folder.ts';
import { resultJson, resultText } from './convert.ts';

export const resume: Command = {
  help: `Usage: ironlift resume DIR [options]

Goes on with the conversion in DIR that was killed, paused or failed: with the same sources and the same settings, from
the last checkpoint on. What is copied already is neither read nor written again. A source that has changed since, or a
plan that comes out differently, is refused. In a folder whose conversion is finished there is nothing to do.

  --keep-partial   leave what was written when it is cancelled (Ctrl-C), to go on once more; without, it is removed
  --json           print one JSON document`,
  options: { 'keep-partial': { type: 'boolean' } },
  async run({ values, positionals }, world) {
    const folder = conversionFolder('resume', positionals);
    const { resumeConversion } = await import('../../convert/resume.ts');
    const { default: manifest } = await import('../../../package.json', { with: { type: 'json' } });
    const line = new ProgressLine(world);
    try {
      const result = await resumeConversion(folder, {
        now: world.now,
        version: manifest.version,
        signal: world.signal,
        keepPartial: values['keep-partial'] === true,
        onStep: (text) => line.say(text),
        onProgress: line.show,
      });
      line.clear();
      const { wasFinished } = result;
      if (values['json'] === true)
        world.out(
          `${JSON.stringify({ folder: result.folder, wasFinished, ...resultJson(result.manifest) }, null, 2)}\n`,
        );
      else if (wasFinished)
        world.out(`The conversion in ${result.folder} is finished; there is nothing to do.\n`);
      else world.out(resultText(result.folder, result.manifest, world));
      return 0;
    } finally {
      line.clear();
    }
  },
};
