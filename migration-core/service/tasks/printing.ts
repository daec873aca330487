/** How a task has its session's shell print a page: the side of the task. */
import { ERROR_KINDS, type ErrorCode } from '../../base/error-codes.ts';
import { IronliftError } from '../../base/errors.ts';
import type { PrintPdf } from '../../report/writer.ts';
import { MAX_PRINTED_PAGE, type Failure } from './protocol.ts';

export interface Printer {
  print: PrintPdf;
  /** What the session answered. */
  printed(pdf: Uint8Array): void;
  failed(error: Failure): void;
}

/** @param stop of the call: nobody waits for a page any more */
export function printer(send: (page: string) => void, stop: AbortSignal): Printer {
  let waiting: PromiseWithResolvers<Uint8Array> | null = null;
  const answered = (): PromiseWithResolvers<Uint8Array> | null => {
    const one = waiting;
    waiting = null;
    return one;
  };
  stop.addEventListener('abort', () => answered()?.reject(notPrinted()), { once: true });
  return {
    async print(page, signal) {
      if (stop.aborted || signal?.aborted === true) throw notPrinted();
      if (waiting !== null) throw new Error('A call prints one page after another.');
      if (page.length > MAX_PRINTED_PAGE)
        throw new IronliftError('PDF_FAILED', 'The report is too long to be printed in one piece.', {
          next: 'Leave chapters out, or write it as HTML or as a workbook.',
        });
      waiting = Promise.withResolvers();
      const { promise } = waiting;
      send(page);
      return promise;
    },
    printed: (pdf) => answered()?.resolve(pdf),
    failed({ code, message, next, data }) {
      const known = Object.hasOwn(ERROR_KINDS, code) ? (code as ErrorCode) : 'PDF_FAILED';
      answered()?.reject(new IronliftError(known, message, { next, data }));
    },
  };
}

const notPrinted = (): IronliftError =>
  new IronliftError('CANCELLED', 'The report was not printed.', {
    next: 'Write it again when it is wanted.',
  });
