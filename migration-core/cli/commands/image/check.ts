import type { Command } from '../../commands.ts';
import { findingsText, printable, ProgressLine, wrap } from '../../terminal.ts';
import { isIronliftError, type IronliftError } from '../../../base/errors.ts';
import { formatBytes, plural } from '../../../base/text.ts';
import type { CheckedImage, ImageCheckResult } from '../../../convert/image/look.ts';
import type { ImageProblem } from '../../../image/image.ts';
import type { World } from '../../world.ts';
import { PARENTS_HELP, parentsOf, wrongUsage } from './options.ts';

export const imageCheckCommand: Command = {
  help: `Usage: ironlift image check FILE... [--parents WHERE] [--json]

Looks for damage: tables that point outside the file, that overlap or contradict
each other, room that nothing uses. The images that a snapshot depends on are
looked at too. Nothing is repaired. The contents of the disk are not judged;
\`ironlift image compare\` holds them against another copy.

${PARENTS_HELP}
  --json               print one JSON document

Exit status: 0 nothing is wrong, 1 something is.`,
  options: { parents: { type: 'string' } },
  async run({ values, positionals }, world) {
    const wrong: string[] = [];
    const parents = parentsOf(values, wrong);
    if (positionals.length === 0) wrong.push('No image is named');
    if (wrong.length > 0) throw wrongUsage('check', wrong);
    const { checkImage } = await import('../../../convert/image/look.ts');
    const line = new ProgressLine(world);
    const results: (ImageCheckResult | { path: string; error: IronliftError })[] = [];
    for (const path of positionals) {
      try {
        const onShare = (done: number, total: number): void => line.share(`checking ${path}`, done, total);
        results.push(
          await checkImage(path, { parents, signal: world.signal, onShare, onProgress: line.show }),
        );
      } catch (error) {
        if (positionals.length === 1 || !isIronliftError(error) || error.kind === 'cancelled') throw error;
        results.push({ path, error });
      } finally {
        line.clear();
      }
    }
    if (values['json'] === true) world.out(`${JSON.stringify({ images: results }, null, 2)}\n`);
    else for (const result of results) world.out(text(result, world));
    return Math.max(...results.map(statusOf));
  },
};

function statusOf(result: ImageCheckResult | { error: IronliftError }): number {
  if ('error' in result) return result.error.exitStatus;
  return result.sound ? 0 : 1;
}

function text(result: ImageCheckResult | { path: string; error: IronliftError }, world: World): string {
  if ('error' in result) {
    const { message, next, code } = result.error;
    return `${wrap(`${result.path}: not checked. ${message} ${next} (${code})`, world.columns, '  ')}\n`;
  }
  return [
    ...result.images.map((image, index) => imageText(image, index > 0, world)),
    result.findings.length === 0 ? '' : findingsText(result.findings, world.columns),
  ].join('');
}

const LOOKED_AT = {
  structures: 'All structures of the format were looked at',
  tables: 'It was opened, and the place of every part of the disk looked up',
  nothing: 'It could not be opened',
} as const;

function imageText(image: CheckedImage, isParent: boolean, world: World): string {
  const { path, formatName, lookedAt, problems, more, allocatedBytes } = image;
  const count = problems.length + more;
  const verdict = count === 0 ? 'nothing is wrong' : plural(count, 'problem');
  const allocated = allocatedBytes === null ? '' : `, ${formatBytes(allocatedBytes)} are allocated`;
  return [
    `${printable(path)}${isParent ? ', which the image depends on' : ''}: ${verdict}\n`,
    `  ${wrap(`${formatName}. ${LOOKED_AT[lookedAt]}${allocated}.`, world.columns - 2, '  ')}\n`,
    ...problems.map((problem) => problemText(problem, world)),
    more === 0 ? '' : `  … and ${plural(more, 'problem')} more\n`,
  ].join('');
}

const MARKS = { error: 'error', leak: 'room lost', note: 'note' } as const;

function problemText({ severity, message, offset }: ImageProblem, world: World): string {
  const where = offset === undefined ? '' : ` at byte ${offset}`;
  return `  ${wrap(`${MARKS[severity]}${where}: ${message}`, world.columns - 2, '    ')}\n`;
}
