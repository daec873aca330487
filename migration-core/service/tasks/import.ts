/** Reads performance logs, inventories and exports into the open engagement. */
import { basename } from 'node:path';
import { plural } from '../../base/text.ts';
import { runImport } from '../../collect/import/job.ts';
import type { ImportReport } from '../../collect/import/import-path.ts';
import type { Task } from './table.ts';

export interface ImportTaskInput {
  engagement: string;
  paths: readonly string[];
  serverName?: string | undefined;
  utcOffsetMinutes?: number | undefined;
}

/** Of one file. */
export interface ImportedFile {
  name: string;
  status: ImportReport['status'];
  /** Sentences: what became of it, and what to do next where it failed. */
  text: string;
}

export interface ImportTaskOutput {
  files: ImportedFile[];
  servers: number;
  samples: number;
  failed: number;
}

/** Notes of a job are read by people; the rest is under Sources. */
const NOTES = 100;

export const importTask: Task<ImportTaskInput, ImportTaskOutput> = {
  async run(input, { signal, onProgress, onStep, note }) {
    onStep(`Reading ${plural(input.paths.length, 'file or folder', 'files and folders')}`);
    const { reports } = await runImport({ ...input, again: false }, { signal, onProgress });
    const files = reports.map(fileOf);
    for (const { name, status, text } of files.slice(0, NOTES))
      note(status === 'failed' ? 'warning' : 'info', `${name}: ${text}`);
    if (files.length > NOTES)
      note('info', `${plural(files.length - NOTES, 'more file')} like these; all are under Sources.`);
    const imported = reports.filter((report) => report.status === 'imported');
    return {
      files,
      servers: new Set(imported.flatMap(({ servers }) => servers)).size,
      samples: imported.reduce((sum, { counts }) => sum + counts.samples, 0),
      failed: files.filter(({ status }) => status === 'failed').length,
    };
  },
};

function fileOf(report: ImportReport): ImportedFile {
  const name = basename(report.path);
  const { status } = report;
  if (status === 'failed')
    return { name, status, text: `not imported. ${report.error.message} ${report.error.next}` };
  if (status === 'known')
    return { name, status, text: 'the same file was imported before; nothing was added.' };
  const { servers, inventories, samples, repeated, problems } = report.counts;
  const parts = [
    plural(servers, 'server'),
    ...(inventories > 0 ? [plural(inventories, 'inventory', 'inventories')] : []),
    ...(samples > 0 ? [plural(samples, 'sample')] : []),
    ...(repeated > 0 ? [`${plural(repeated, 'sample')} there already`] : []),
    ...(problems > 0 ? [`${plural(problems, 'line or record', 'lines or records')} not understood`] : []),
  ];
  return { name, status, text: `${parts.join(', ')}.` };
}
