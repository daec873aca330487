/** What became of imported files, for people and programs. */
import { basename } from 'node:path';
import { plural } from '../../../base/text.ts';
import type { ImportReport } from '../../../collect/import/import-path.ts';
import type { ImportResult } from '../../../collect/import/job.ts';
import type { CollectionProblem } from '../../../store/engagement.ts';
import { fittedTable, printable, wrap } from '../../terminal.ts';
import type { World } from '../../world.ts';

/** Of each file; all of the first thousand are in --json. */
const PROBLEMS_SHOWN = 3;

/** Prints it; returns the exit status. */
export async function reportImports(
  engagement: string,
  { isNew, reports }: ImportResult,
  json: boolean,
  world: World,
): Promise<number> {
  const problems = await problemsOf(engagement, reports, world);
  if (json) {
    const files = reports.map((report, index) => ({
      ...report,
      ...(report.status === 'failed' ? { error: report.error.toJSON() } : {}),
      problems: problems[index]!,
    }));
    world.out(`${JSON.stringify({ engagement, isNew, files }, null, 2)}\n`);
  } else {
    if (isNew) world.err(`${wrap(`${engagement} was made.`, world.columns, '')}\n`);
    world.out(text(reports, problems, world));
  }
  return reports.some(({ status }) => status === 'failed') ? 1 : 0;
}

async function problemsOf(
  path: string,
  reports: readonly ImportReport[],
  world: World,
): Promise<CollectionProblem[][]> {
  const { openEngagement } = await import('../../../store/open.ts');
  const engagement = openEngagement(path, { readOnly: true, now: world.now });
  try {
    return reports.map((report) =>
      report.status === 'imported' ? engagement.problems(report.collection) : [],
    );
  } finally {
    engagement.close();
  }
}

function text(reports: readonly ImportReport[], problems: CollectionProblem[][], world: World): string {
  const count = (value: number): string => (value === 0 ? '—' : value.toLocaleString('en-US'));
  const rows = reports.map((report) => {
    const name = basename(report.path);
    if (report.status === 'failed') return [name, 'not imported', '—', '—', '—', '—', '—'];
    const { counts } = report.status === 'known' ? report.before : report;
    const kind = report.status === 'known' ? 'known already' : report.importer;
    return [
      name,
      kind,
      count(counts.servers),
      count(counts.inventories),
      count(report.status === 'known' ? 0 : counts.samples),
      count(report.status === 'known' ? counts.samples + counts.repeated : counts.repeated),
      count(counts.problems),
    ];
  });
  const head = ['File', 'Kind', 'Servers', 'Inventories', 'Samples', 'There already', 'Not understood'];
  return (
    fittedTable(head, rows, world.tableColumns, ['Inventories', 'There already']) +
    reports.map((report, at) => notes(report, problems[at]!, world)).join('')
  );
}

function notes(report: ImportReport, problems: readonly CollectionProblem[], world: World): string {
  const name = printable(basename(report.path));
  const say = (sentence: string): string => `${wrap(sentence, world.columns, '  ')}\n`;
  if (report.status === 'failed') return say(`${name}: ${report.error.message} ${report.error.next}`);
  if (report.status === 'known') return '';
  const remarks = problems.filter(({ at }) => at === 0).map(({ message }) => say(`${name}: ${message}`));
  const shown = problems
    .filter(({ at }) => at > 0)
    .slice(0, PROBLEMS_SHOWN)
    .map(({ at, unit, message }) => say(`${name}, ${unit} ${at}: ${message}`));
  const more = report.counts.problems - shown.length;
  const others = plural(more, 'more line or record', 'more lines or records');
  return [...remarks, ...shown, ...(more > 0 ? [say(`${name}: ${others} like that.`)] : [])].join('');
}
