/** What the image commands have in common. */
import type { OptionValues } from '../../commands.ts';
import { IronliftError } from '../../../base/errors.ts';

export const PARENTS_HELP = `  --parents WHERE      where the images that a snapshot depends on may lie:
                       folder (beside it or below, the default) or anywhere
                       (wherever it says; only if you trust it)`;

export const wrongUsage = (command: string, wrong: readonly string[]): IronliftError =>
  new IronliftError('USAGE', `${wrong.join('; ')}.`, {
    next: `Run \`ironlift image ${command} --help\` for what it takes.`,
  });

export const textOf = (values: OptionValues, name: string): string | null =>
  typeof values[name] === 'string' ? values[name] : null;

/** Adds to `wrong` what cannot be. */
export function parentsOf(values: OptionValues, wrong: string[]): 'folder' | 'anywhere' {
  const parents = textOf(values, 'parents') ?? 'folder';
  if (parents === 'folder' || parents === 'anywhere') return parents;
  wrong.push('--parents takes folder or anywhere');
  return 'folder';
}
