import type { Command } from '../../commands.ts';
import { findingsText, ProgressLine, wrap } from '../../terminal.ts';
import { formatBytes } from '../../../base/text.ts';
import type { ImageComparison } from '../../../convert/image/compare-images.ts';
import type { World } from '../../world.ts';
import { PARENTS_HELP, parentsOf, wrongUsage } from './options.ts';

/** Ranges listed in the JSON document. */
const LIMIT = 1000;

export const imageCompareCommand: Command = {
  help: `Usage: ironlift image compare A B [--parents WHERE] [--json]

Says whether two images of any formats hold the same disk, or where the first
byte is that differs. Only what one of them has allocated is read. A disk that is
longer than the other is equal to it when the rest of it is zeros.

${PARENTS_HELP}
  --json               print one JSON document, with the list of the sectors that
                       differ (up to ${LIMIT} ranges)

Exit status: 0 equal, 1 different.`,
  options: { parents: { type: 'string' } },
  async run({ values, positionals }, world) {
    const wrong: string[] = [];
    const parents = parentsOf(values, wrong);
    const [a, b, ...more] = positionals;
    if (a === undefined || b === undefined || more.length > 0) wrong.push('Name two images');
    if (wrong.length > 0) throw wrongUsage('compare', wrong);
    const { compareImages } = await import('../../../convert/image/compare-images.ts');
    const line = new ProgressLine(world);
    try {
      const json = values['json'] === true;
      const result = await compareImages([a!, b!], {
        parents,
        limit: json ? LIMIT : 1,
        signal: world.signal,
        onProgress: line.show,
      });
      line.clear();
      world.out(json ? `${JSON.stringify(result, null, 2)}\n` : text(result, world));
      return result.equal ? 0 : 1;
    } finally {
      line.clear();
    }
  },
};

function text({ first, a, b, comparedBytes, skippedBytes, findings }: ImageComparison, world: World): string {
  const lines: string[] = [];
  if (first === null) {
    lines.push(
      `The disks are equal. ${formatBytes(comparedBytes)} compared, ${formatBytes(skippedBytes)} allocated in neither.`,
    );
  } else {
    lines.push(
      `The disks differ, first at byte ${first.offset} (sector ${Math.floor(first.offset / 512)}): ` +
        `${hex(first.a)} in ${a.path}, ${hex(first.b)} in ${b.path}.`,
    );
  }
  const [longer, shorter] = a.size > b.size ? [a, b] : [b, a];
  if (longer.size > shorter.size) {
    const rest = `${longer.path} is longer by ${formatBytes(longer.size - shorter.size)}`;
    const counts =
      first === null
        ? '; the rest of it is zeros, which counts as equal.'
        : `; ${shorter.path} counts as zeros there.`;
    lines.push(rest + counts);
  }
  return `${lines.map((line) => wrap(line, world.columns, '')).join('\n')}\n${findingsText(findings, world.columns)}`;
}

const hex = (byte: number): string => `0x${byte.toString(16).padStart(2, '0')}`;
