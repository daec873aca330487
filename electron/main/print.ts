/**
 * Prints a report by Electron's own Chromium, so that none has to be on the computer: in a window that nobody sees, without
 * scripts, with a session of its own that keeps nothing and reaches nothing but the one page it is to print.
 */
import type { BrowserWindow, WebContents } from 'electron';
import type * as ElectronModule from 'electron';
import { randomBytes } from 'node:crypto';
import { IronliftError } from '../../migration-core/base/errors.ts';
import type { PrintPdf } from '../../migration-core/report/writer.ts';
import { lockSession } from './locks.ts';
import { LOCKED_PAGE } from './window-options.ts';

type Electron = Pick<typeof ElectronModule, 'BrowserWindow' | 'session'>;

/** Without `persist:` its session is in memory alone. */
const PARTITION = 'ironlift-print';
/** Not the page's own name, so that it is of another origin. */
const PLACE = 'app://print/';
/** Milliseconds: a thousand pages take half a minute. */
const PATIENCE = 300_000;

export function pdfPrinter(electron: Electron, patience = PATIENCE): PrintPdf {
  /** By address; each is there as long as it is printed. */
  const pages = new Map<string, string>();
  let isReady = false;
  const prepare = (): void => {
    if (isReady) return;
    const session = electron.session.fromPartition(PARTITION, { cache: false });
    lockSession(session, (url) => pages.has(url));
    session.protocol.handle('app', ({ method, url }) => {
      const page = method === 'GET' ? pages.get(url) : undefined;
      return page === undefined
        ? new Response(null, { status: 404 })
        : new Response(page, {
            headers: { 'content-type': 'text/html; charset=utf-8', 'x-content-type-options': 'nosniff' },
          });
    });
    isReady = true;
  };
  return async (page, what, signal) => {
    const isTakenBack = (): boolean => signal?.aborted === true;
    if (isTakenBack()) throw notPrinted();
    prepare();
    const address = `${PLACE}${randomBytes(16).toString('hex')}`;
    pages.set(address, page);
    const window = new electron.BrowserWindow({
      show: false,
      webPreferences: {
        ...LOCKED_PAGE,
        partition: PARTITION,
        javascript: false,
        // A window that is never shown would otherwise wait to be.
        backgroundThrottling: false,
      },
    });
    try {
      return await within(patience, signal, window, async () => {
        await window.loadURL(address);
        return print(window.webContents, what === 'whole');
      });
    } catch (error) {
      if (isTakenBack()) throw notPrinted(error);
      if (error instanceof IronliftError) throw error;
      throw failed('The report could not be printed.', error);
    } finally {
      pages.delete(address);
      if (!window.isDestroyed()) window.destroy();
    }
  };
}

/** As the headless browser of a command line does it (report/pdf/chromium.ts): paper and margins are those of the style. */
const print = (contents: WebContents, whole: boolean): Promise<Uint8Array> =>
  contents.printToPDF({
    printBackground: true,
    preferCSSPageSize: true,
    displayHeaderFooter: false,
    generateTaggedPDF: whole,
    generateDocumentOutline: whole,
  });

/** What becomes of `work`, unless it is taken back, its window breaks, or it takes for ever. */
async function within<T>(
  patience: number,
  signal: AbortSignal | undefined,
  { webContents }: BrowserWindow,
  work: () => Promise<T>,
): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const taken = (): void => reject(notPrinted());
  const late = setTimeout(
    () => reject(failed(`The report was not printed within ${patience / 60_000} minutes.`)),
    patience,
  );
  signal?.addEventListener('abort', taken, { once: true });
  webContents.once('render-process-gone', (_event, { reason }) =>
    reject(failed(`The window that prints the report stopped working (${reason}).`)),
  );
  try {
    return await Promise.race([work(), promise]);
  } finally {
    clearTimeout(late);
    signal?.removeEventListener('abort', taken);
  }
}

const failed = (message: string, cause?: unknown): IronliftError =>
  new IronliftError('PDF_FAILED', message, {
    next: 'Write it again; if it fails once more, write it as HTML and print it from any browser.',
    ...(cause === undefined ? {} : { cause }),
  });

const notPrinted = (cause?: unknown): IronliftError =>
  new IronliftError('CANCELLED', 'The report was not printed.', {
    next: 'Write it again when it is wanted.',
    ...(cause === undefined ? {} : { cause }),
  });
