import { readFile } from 'node:fs/promises';
import { IronliftError, isIronliftError } from '../../../base/errors.ts';
import type { ImportJob } from '../../../collect/import/job.ts';
import type { Command, OptionValues } from '../../commands.ts';
import { ProgressLine, wrap } from '../../terminal.ts';
import { reportImports } from './import-report.ts';
import { ENGAGEMENT_HELP, engagementOf, parseSpan, parseUtcOffset, textOf, usage } from './options.ts';

const COMMAND = 'collect import';

async function help(): Promise<string> {
  const { importers } = await import('../../../collect/import/table.ts');
  const { TIME_FORMATS } = await import('../../../collect/import/performance/numbers.ts');
  const { UNIT_NAMES } = await import('../../../collect/import/performance/units.ts');
  const { METRICS } = await import('../../../store/model/metrics.ts');
  const UNIT_LINES = wrap(UNIT_NAMES.join(', '), 74, '           ');
  const METRIC_LINES = wrap(METRICS.map(({ id }) => id).join(', '), 74, '           ');
  const kinds = importers.map(({ id, name }) => [id, name] as const);
  const width = Math.max(...kinds.map(([id]) => id.length));
  return `Usage: ironlift collect import FILE... --engagement FILE [options]

Reads performance logs, inventories and exports of other tools into the
engagement file. What a file is, is told by its contents; of a folder every file
is read. A line that is not understood costs that line alone, and is listed. To
import something twice is harmless: what is there already is counted, not kept
again.

${ENGAGEMENT_HELP}
  --server NAME        whose data it is, for files that do not say it
  --utc-offset OFFSET  of local times whose zone the file does not tell: +02:00
  --start TIME         of the first sample, for files without times:
                       2026-03-31T14:00+02:00
  --every SPAN         between samples, for files that do not say it: 5s, 5m
  --columns FILE       JSON that says which column of a plain CSV is what, see below
  --again              read files once more that were imported completely before
  --json               print one JSON document

Where the columns of a CSV are not certain, --json tells a proposal with the question
(error.data.proposal). Kept in a file, mended, and given with --columns it looks like this:

  { "form": "wide",
    "time": { "column": "Date", "format": "dmy" },
    "server": "Host",
    "figures": [ { "column": "CPU %", "metric": "cpu.busy" },
                 { "column": "Read", "metric": "disk.readBytes", "unit": "KB/s" } ] }

  format   ${TIME_FORMATS.join(', ')}: the order
           of day, month and year, or time since 1970
  column   its name, or its number from 0
  metric   ${METRIC_LINES}
  unit     ${UNIT_LINES}

What can be read:
${kinds.map(([id, name]) => `  ${id.padEnd(width)}  ${name}`).join('\n')}`;
}

export const collectImportCommand = async (): Promise<Command> => ({
  help: await help(),
  options: {
    engagement: { type: 'string' },
    server: { type: 'string' },
    'utc-offset': { type: 'string' },
    start: { type: 'string' },
    every: { type: 'string' },
    columns: { type: 'string' },
    again: { type: 'boolean' },
  },
  async run({ values, positionals }, world) {
    const job = await readJob(values, positionals);
    const { runImport } = await import('../../../collect/import/job.ts');
    const line = new ProgressLine(world);
    try {
      const { isNew, reports } = await runImport(job, { signal: world.signal, onProgress: line.show });
      line.clear();
      const told = reports.map((report) =>
        report.status === 'failed' ? { ...report, error: withOption(report.error) } : report,
      );
      return await reportImports(job.engagement, { isNew, reports: told }, values['json'] === true, world);
    } catch (error) {
      throw isIronliftError(error) ? withOption(error) : error;
    } finally {
      line.clear();
    }
  },
});

/** Importers ask for what they need; here each of these is an option. */
const ANSWERS: Readonly<Record<string, string>> = {
  serverName: 'Give the name of the server with --server NAME.',
  startTime: 'Give the time of its first sample with --start TIME.',
  intervalSeconds: 'Give the time between two samples with --every SPAN.',
  columns:
    'Say which column is the time, the server and each figure, and in what unit it is, with --columns FILE; `ironlift collect import --help` shows such a file, and --json proposes one.',
};

function withOption(error: IronliftError): IronliftError {
  const option = error.code === 'IMPORT_NEEDS_ANSWER' ? error.data['option'] : undefined;
  if (typeof option !== 'string' || !Object.hasOwn(ANSWERS, option)) return error;
  const { code, message, data } = error;
  return new IronliftError(code, message, { next: ANSWERS[option]!, data, cause: error });
}

async function readJob(values: OptionValues, paths: string[]): Promise<ImportJob> {
  const engagement = engagementOf(values, COMMAND);
  if (paths.length === 0) throw usage(COMMAND, 'Name at least one file or folder to import');
  const offset = textOf(values, 'utc-offset');
  const utcOffsetMinutes = offset === undefined ? undefined : parseUtcOffset(offset);
  if (offset !== undefined && utcOffsetMinutes === undefined)
    throw usage(COMMAND, '--utc-offset takes hours and minutes east of UTC, such as +02:00 or -05:30');
  const start = textOf(values, 'start');
  const startTime = start === undefined ? undefined : Date.parse(start);
  if (startTime !== undefined && Number.isNaN(startTime))
    throw usage(COMMAND, '--start takes a date and a time, such as 2026-03-31T14:00+02:00');
  const every = textOf(values, 'every');
  const intervalSeconds = every === undefined ? undefined : parseSpan(every);
  if (every !== undefined && (intervalSeconds === undefined || intervalSeconds === 0))
    throw usage(COMMAND, '--every takes a time such as 5s, 5m or 1h');
  return {
    engagement,
    paths,
    startTime,
    intervalSeconds,
    serverName: textOf(values, 'server'),
    utcOffsetMinutes,
    columns: await readColumns(textOf(values, 'columns')),
    again: values['again'] === true,
  };
}

async function readColumns(path: string | undefined): Promise<unknown> {
  if (path === undefined) return undefined;
  try {
    return JSON.parse(await readFile(path, 'utf8')) as unknown;
  } catch (error) {
    throw new IronliftError('USAGE', `${path} cannot be read as JSON.`, {
      next: 'Check the file that --columns names.',
      data: { reason: error instanceof Error ? error.message : String(error) },
    });
  }
}
