/** What is said of sectors that could not be read and became zeros. */
import type { Extent } from '../base/extents.ts';
import type { Finding } from '../base/finding.ts';
import { formatBytes, plural } from '../base/text.ts';

/** One warning, or none where all could be read. */
export function badSectorFindings(disk: string, bad: readonly Extent[]): Finding[] {
  const [first] = bad;
  if (first === undefined) return [];
  const bytes = bad.reduce((sum, { length }) => sum + length, 0);
  return [
    {
      severity: 'warning',
      code: 'BAD_SECTORS_ZEROED',
      message: `${formatBytes(bytes)} of ${disk} could not be read and are zeros in the copy (${plural(bad.length, 'place')}, the first at byte ${first.offset}).`,
      next: 'The result lists all of them; files that lay there are damaged: compare them with a backup.',
    },
  ];
}
