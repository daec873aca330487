import { basename } from 'node:path';
import { plural } from '../../../base/text.ts';
import type { AnnotationsReading } from '../../../assess/annotations-csv.ts';
import type { Command } from '../../commands.ts';
import { printable, table } from '../../terminal.ts';
import type { World } from '../../world.ts';
import { engagementOf, usage } from '../collect/options.ts';
import { readTableFile } from '../../../base/table-file.ts';
import { openToRead, READ_ENGAGEMENT_HELP } from './reading.ts';

/** Lines that are printed; all are in --json. */
const SHOWN = 50;

export const serversAnnotateCommand: Command = {
  help: `Usage: ironlift servers annotate FILE.csv --engagement FILE [--dry-run] [--json]

Takes over what people said of servers, from the table that
\`ironlift servers export\` has made and somebody has filled in. Empty cells change
nothing, - takes back what was said. A table with a cell that is not understood is
refused as a whole, with a sentence for each such cell.

  --dry-run            tell what would change, and change nothing
${READ_ENGAGEMENT_HELP}
  --json               print one JSON document

\`ironlift servers export --help\` says what may be written into each column.`,
  options: { engagement: { type: 'string' }, 'dry-run': { type: 'boolean' } },
  async run({ values, positionals: [file, ...more] }, world) {
    const path = engagementOf(values, 'servers annotate');
    if (more.length > 0 || file === undefined)
      throw usage('servers annotate', 'Name the table that was filled in');
    const { annotationsSource, applyAnnotations, readAnnotationsTable, refused } =
      await import('../../../assess/annotations-csv.ts');
    const bytes = await readTableFile(file, annotationsSource(basename(file)));
    const dryRun = values['dry-run'] === true;
    const { openEngagement } = await import('../../../store/open.ts');
    const engagement = dryRun ? await openToRead(path, world) : openEngagement(path, { now: world.now });
    try {
      const reading = readAnnotationsTable(bytes, basename(file), engagement);
      const json = values['json'] === true;
      const isGood = reading.problemCount === 0;
      if (isGood && !dryRun) applyAnnotations(engagement, reading);
      if (json) {
        const { servers, changes, problems, problemCount, remarks } = reading;
        const told = { applied: isGood && !dryRun, servers, changes, problems, problemCount, remarks };
        world.out(`${JSON.stringify(told, null, 2)}\n`);
        return isGood ? 0 : refused(reading.problemCount).exitStatus;
      }
      tellProblems(reading, world);
      if (!isGood) throw refused(reading.problemCount);
      world.out(changesText(reading, dryRun));
      return 0;
    } finally {
      engagement.close();
    }
  },
};

function tellProblems({ problems, problemCount, remarks }: AnnotationsReading, world: World): void {
  for (const remark of remarks) world.err(`Note: ${printable(remark)}\n`);
  for (const { line, column, message } of problems.slice(0, SHOWN))
    world.err(
      `Line ${line}${column === null ? '' : `, column ${printable(column)}`}: ${printable(message)}\n`,
    );
  if (problemCount > SHOWN) world.err(`And ${problemCount - SHOWN} more.\n`);
}

function changesText({ changes, servers, annotations }: AnnotationsReading, dryRun: boolean): string {
  const short = (text: string): string => (text.length <= 40 ? text : `${text.slice(0, 39)}…`);
  const rows = changes
    .slice(0, SHOWN)
    .map(({ name, column, before, after }) => [
      short(name),
      column,
      short(before) || '—',
      short(after) || '—',
    ]);
  const list = rows.length === 0 ? '' : table(['Server', 'Column', 'Before', 'After'], rows);
  const more = changes.length > SHOWN ? `And ${plural(changes.length - SHOWN, 'more change')}.\n` : '';
  const count = `${plural(annotations.size, 'server')} of ${servers} in the table`;
  return `${list}${more}${count} ${dryRun ? 'would change; nothing was changed' : 'changed'}.\n`;
}
