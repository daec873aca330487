import { existsSync } from 'node:fs';
import { commandWord } from '../../base/command-word.ts';
import { IronliftError } from '../../base/errors.ts';
import { formatSeconds, plural } from '../../base/text.ts';
import type { Command } from '../commands.ts';
import { ProgressLine } from '../terminal.ts';
import { usage } from './collect/options.ts';

export const sampleCommand: Command = {
  help: `Usage: ironlift sample FILE

Makes an engagement file of an invented customer, to try things with: servers as
they are found in the room of a harbour, with a month of measurements of each.`,
  options: {},
  async run({ positionals: [path, ...more] }, world) {
    if (path === undefined || more.length > 0) throw usage('sample', 'Name the file to make');
    if (existsSync(path))
      throw new IronliftError('DESTINATION_EXISTS', `${path} is there already.`, {
        next: 'Name a file that does not exist yet.',
      });
    const began = world.now();
    const { createEngagement } = await import('../../store/open.ts');
    const { makeSample } = await import('../../collect/sample/engagement.ts');
    const progress = new ProgressLine(world);
    const engagement = createEngagement(path, {
      name: 'Harbour (sample)',
      now: world.now,
      utcOffsetMinutes: 60,
    });
    try {
      const counts = await makeSample(engagement, {
        now: world.now,
        signal: world.signal,
        onProgress: (done, total) => progress.share('inventing', done, total),
      });
      progress.clear();
      world.out(
        `${plural(counts.servers, 'server')} with ${counts.samples.toLocaleString('en-US')} samples in ${path}, made in ${formatSeconds((world.now() - began) / 1000)}.\n` +
          `Try \`ironlift assess --engagement ${commandWord(path)}\`, then \`ironlift plan\` and \`ironlift waves\` with the same file.\n`,
      );
      return 0;
    } finally {
      engagement.close();
    }
  },
};
