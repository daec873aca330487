import { IronliftError } from '../../base/errors.ts';

/**
 * The one folder that a command is given.
 * @param what is to be in it: `conversion`
 * @throws USAGE
 */
export function conversionFolder(
  command: string,
  [folder, ...more]: readonly string[],
  what = 'conversion',
): string {
  if (folder !== undefined && more.length === 0) return folder;
  throw new IronliftError('USAGE', `Name the folder of one ${what}.`, {
    next: `Run \`ironlift ${command} DIR\`.`,
  });
}
