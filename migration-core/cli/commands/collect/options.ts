/** What the collecting commands have in common. */
import { IronliftError } from '../../../base/errors.ts';
import type { OptionValues } from '../../commands.ts';

export const ENGAGEMENT_HELP = `  --engagement FILE    where everything that is collected is kept; made where there
                       is none. The name usually ends in .ironlift`;

export const textOf = (values: OptionValues, name: string): string | undefined => {
  const value = values[name];
  return typeof value === 'string' ? value : undefined;
};

/** @throws USAGE where it is missing */
export function engagementOf(values: OptionValues, command: string): string {
  const path = textOf(values, 'engagement');
  if (path !== undefined && path !== '') return path;
  throw usage(command, 'Name the engagement file with --engagement FILE');
}

export const usage = (command: string, ...wrong: string[]): IronliftError =>
  new IronliftError('USAGE', `${wrong.join('; ')}.`, {
    next: `Run \`ironlift ${command} --help\` for what it takes.`,
  });

/** A name that nobody has: help would not show which there are. */
export const noServer = (message: string): IronliftError =>
  new IronliftError('USAGE', message, {
    next: '`ironlift servers --engagement FILE` lists the names; put one with blanks or signs into quotation marks.',
  });

const SECONDS: Record<string, number> = { s: 1, m: 60, min: 60, h: 3600, d: 86_400 };

/** `90`, `90s`, `15m`, `36h`, `14d` in seconds, or undefined. */
export function parseSpan(text: string): number | undefined {
  const match = /^(\d{1,7})\s*(s|m|min|h|d)?$/u.exec(text.trim());
  return match === null ? undefined : Number(match[1]) * SECONDS[match[2] ?? 's']!;
}

/** `+02:00`, `-5`, `+0530`, `Z` in minutes east of UTC, or undefined. */
export function parseUtcOffset(text: string): number | undefined {
  if (/^(?:z|utc)$/iu.test(text)) return 0;
  const match = /^([+-]?)(\d{1,2})(?::?(\d{2}))?$/u.exec(text);
  if (match === null) return undefined;
  const minutes = Number(match[2]) * 60 + Number(match[3] ?? 0);
  if (Number(match[3] ?? 0) > 59 || minutes > 14 * 60) return undefined;
  return match[1] === '-' ? -minutes : minutes;
}
