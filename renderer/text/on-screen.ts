/**
 * Sentences of the program name options of its command line where a person may want to change one. On a screen the same
 * thing is a field with a name; this puts that in its place. What is not listed stands as it is.
 */
import { convert } from './convert.ts';

const FIELDS: Readonly<Record<string, string>> = {
  '--name': convert.options.name,
  '--cpus': convert.options.cpus,
  '--memory': convert.options.memory,
  '--nic': convert.options.nics,
  '--bus': convert.target.bus,
  '--format': convert.target.format,
  '--allocation': convert.target.allocation,
  '--to': convert.target.platform,
  '--drivers': convert.options.drivers,
  '--root': convert.source.root,
  '--allow-mounted': convert.source.allowMounted,
  '--accept-unclean-ntfs': convert.preflight.acceptUncleanNtfs,
  '--zero-bad-sectors': convert.options.zeroBadSectors,
  '--whole-disk': convert.options.wholeDisk,
  '--timeout': convert.test.timeout,
};
/** Options that switch something off that a screen has switched on. */
const OFF: Readonly<Record<string, string>> = {
  '--no-fix': convert.options.fix,
  '--no-verify': convert.options.verify,
};

/** @param sentence of a finding, a check or an error */
export function onScreen(sentence: string): string {
  return sentence
    .replaceAll(/, or replace it with --force\b/gu, '')
    .replaceAll(/ with -o\b/gu, '')
    .replaceAll(
      /(\b(?:with|by) )?(--[a-z]+(?:-[a-z]+)*)/gu,
      (whole, lead: string | undefined, option: string) => {
        const on = FIELDS[option];
        if (on !== undefined) return lead === undefined ? `“${on}”` : `under “${on}”`;
        const off = OFF[option];
        if (off !== undefined) return `${lead === undefined ? '' : 'with '}“${off}” switched off`;
        return whole;
      },
    );
}
