/**
 * Importing on a thread of its own: a screen or a terminal stays awake while millions of samples are read, kept and
 * summed up. `runImport` starts it; worker.ts is what runs there.
 */
import { Worker } from 'node:worker_threads';
import { cancelled } from '../../base/cancel.ts';
import { IronliftError } from '../../base/errors.ts';
import type { ErrorCode } from '../../base/error-codes.ts';
import type { ProgressListener, Progress } from '../../base/progress.ts';
import type { ImportReport } from './import-path.ts';

/** Plain data: it is told to a thread. */
export interface ImportJob {
  /** Of the engagement file, which is made where there is none. */
  engagement: string;
  /** Files and folders. */
  paths: readonly string[];
  serverName?: string | undefined;
  utcOffsetMinutes?: number | undefined;
  columns?: unknown;
  /** Milliseconds since 1970, and seconds: for files that carry no times. */
  startTime?: number | undefined;
  intervalSeconds?: number | undefined;
  /** Read files that were imported completely before once more. */
  again: boolean;
}

export interface ImportResult {
  /** The engagement file was made. */
  isNew: boolean;
  reports: ImportReport[];
}

/** An error on its way between threads. */
export interface ToldError {
  code: string;
  message: string;
  next: string;
  data: Record<string, unknown>;
}

export type FromImportThread =
  | { kind: 'progress'; progress: Progress }
  | { kind: 'done'; isNew: boolean; reports: ToldReport[] }
  | { kind: 'failed'; error: ToldError };

export type ToldReport =
  Exclude<ImportReport, { status: 'failed' }> | { status: 'failed'; path: string; error: ToldError };

const revived = ({ code, message, next, data }: ToldError): IronliftError =>
  new IronliftError(code as ErrorCode, message, { next, data });

/** @throws what importPath and engagementAt throw, CANCELLED */
export function runImport(
  job: ImportJob,
  {
    signal,
    onProgress,
  }: { signal?: AbortSignal | undefined; onProgress?: ProgressListener | undefined } = {},
): Promise<ImportResult> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) {
      reject(cancelled());
      return;
    }
    const worker = new Worker(new URL('./worker.ts', import.meta.url), {
      workerData: job,
      execArgv: [],
      // A file of gigabytes is read in pieces; more than this is a mistake, and better found here than by the customer.
      // Young objects would take 50 MB and more before anybody looks whether they are still needed: of ten million samples
      // the peak was 330 MB, and is 170 with this, at the same speed.
      resourceLimits: { maxOldGenerationSizeMb: 192, maxYoungGenerationSizeMb: 6 },
    });
    const stop = (): void => worker.postMessage('stop');
    signal?.addEventListener('abort', stop, { once: true });
    const settle = (how: () => void): void => {
      signal?.removeEventListener('abort', stop);
      void worker.terminate();
      how();
    };
    worker.on('message', (message: FromImportThread) => {
      if (message.kind === 'progress') onProgress?.(message.progress);
      else if (message.kind === 'failed') settle(() => reject(revived(message.error)));
      else {
        const reports = message.reports.map((report): ImportReport =>
          report.status === 'failed' ? { ...report, error: revived(report.error) } : report,
        );
        settle(() => resolve({ isNew: message.isNew, reports }));
      }
    });
    worker.on('error', (error) =>
      settle(() => reject(error instanceof Error ? error : new Error(String(error)))),
    );
    worker.on('exit', (status) => reject(new Error(`the thread that imports ended with ${status}`)));
  });
}
