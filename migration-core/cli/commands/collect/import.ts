import { readFile } from 'node:fs/promises';
import { IronliftError } from '../../../base/errors.ts';
import type { ImportJob } from '../../../collect/import/job.ts';
import type { Command, OptionValues } from '../../commands.ts';
import { ProgressLine } from '../../terminal.ts';
import { reportImports } from './import-report.ts';
import { ENGAGEMENT_HELP, engagementOf, parseSpan, parseUtcOffset, textOf, usage } from './options.ts';

const COMMAND = 'collect import';

async function help(): Promise<string> {
  const { importers } = await import('../../../collect/import/table.ts');
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
  --columns FILE       JSON that says which column of a plain CSV is what
  --again              read files once more that were imported completely before
  --json               print one JSON document

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
      return await reportImports(job.engagement, { isNew, reports }, values['json'] === true, world);
    } finally {
      line.clear();
    }
  },
});

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
