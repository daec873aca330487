/** The thread that imports; see job.ts. */
import { rmSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { IronliftError } from '../../base/errors.ts';
import type { Progress } from '../../base/progress.ts';
import { engagementAt } from '../engagement-at.ts';
import { importPath, isFileError, type ImportReport } from './import-path.ts';
import type { FromImportThread, ImportJob, ToldError, ToldReport } from './job.ts';

const port = parentPort!;
const say = (message: FromImportThread): void => port.postMessage(message);
const stopping = new AbortController();
port.on('message', () => stopping.abort());

const told = (error: unknown): ToldError =>
  error instanceof IronliftError
    ? error.toJSON()
    : {
        code: 'INTERNAL',
        message: `Ironlift met a fault of its own: ${error instanceof Error ? error.message : String(error)}`,
        next: 'What was imported before is in the file. Please report this with the details.',
        data: { stack: error instanceof Error ? error.stack : undefined },
      };

const toldReport = (report: ImportReport): ToldReport =>
  report.status === 'failed' ? { ...report, error: told(report.error) } : report;

async function run(job: ImportJob): Promise<void> {
  const now = (): number => Date.now();
  const { engagement, isNew } = engagementAt(job.engagement, now);
  try {
    const reports: ImportReport[] = [];
    const options = {
      ...job,
      now,
      signal: stopping.signal,
      onProgress: (progress: Progress): void => say({ kind: 'progress', progress }),
    };
    for (const path of job.paths) {
      try {
        reports.push(...(await importPath(path, engagement, options)));
      } catch (error) {
        // One bad file of many costs itself alone.
        if (job.paths.length === 1 || !isFileError(error)) throw error;
        reports.push({ status: 'failed', path, error });
      }
    }
    engagement.close();
    say({ kind: 'done', isNew, reports: reports.map(toldReport) });
  } catch (error) {
    const isEmpty = isNew && engagement.servers().length === 0;
    engagement.close();
    // Who is refused finds nothing written: the file was made for this import, and holds nothing.
    if (isEmpty) rmSync(job.engagement, { force: true });
    throw error;
  }
}

run(workerData as ImportJob)
  .catch((error: unknown) => say({ kind: 'failed', error: told(error) }))
  .finally(() => port.close());
