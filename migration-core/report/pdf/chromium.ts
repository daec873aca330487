/** Chromium of this computer, without a window: prints one page as PDF. */
import { execFile } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { IronliftError } from '../../base/errors.ts';
import type { PrintPdf } from '../writer.ts';

/** Set to the program where it has another name or place. */
export const CHROMIUM_VARIABLE = 'IRONLIFT_CHROMIUM';

const NAMES = [
  'chromium',
  'chromium-browser',
  'google-chrome',
  'google-chrome-stable',
  'microsoft-edge',
  'chrome',
];
/** Where installers put it. */
const PLACES: Readonly<Record<string, readonly string[]>> = {
  darwin: [
    '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
    '/Applications/Chromium.app/Contents/MacOS/Chromium',
    '/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge',
  ],
  win32: [
    'Google\\Chrome\\Application\\chrome.exe',
    'Chromium\\Application\\chrome.exe',
    'Microsoft\\Edge\\Application\\msedge.exe',
  ],
};
/** Milliseconds: a thousand pages take half a minute. */
const PATIENCE = 300_000;

/** The program, or null: there is none. Pure but for looking at files. */
export function findChromium(
  env: Readonly<Record<string, string | undefined>> = process.env,
  platform: string = process.platform,
): string | null {
  const told = env[CHROMIUM_VARIABLE];
  if (told !== undefined && told !== '') return isProgram(told) ? told : null;
  const folders = (env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  const roots = ['PROGRAMFILES', 'PROGRAMFILES(X86)', 'LOCALAPPDATA'].flatMap((name) => env[name] ?? []);
  const known =
    platform === 'win32'
      ? roots.flatMap((root) => PLACES['win32']!.map((place) => join(root, place)))
      : [
          ...folders.flatMap((folder) => NAMES.map((name) => join(folder, name))),
          ...(PLACES[platform] ?? []),
          '/usr/bin/chromium',
          '/snap/bin/chromium',
        ];
  return known.find(isProgram) ?? null;
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** What a person is told where none is there; a sentence each. */
export const NO_CHROMIUM = {
  message: 'No browser was found that can print a PDF.',
  next: `Install Chromium, Google Chrome or Microsoft Edge, or say where it is in ${CHROMIUM_VARIABLE}; or write the report as HTML and print it from any browser.`,
} as const;

/** Before a person waits for it. */
export const whyNoPdf = (): string | null =>
  findChromium() === null ? `${NO_CHROMIUM.message} ${NO_CHROMIUM.next}` : null;

/** @throws PDF_NOT_POSSIBLE */
export async function chromiumPrinter(program: string | null = findChromium()): Promise<PrintPdf> {
  if (program === null)
    throw new IronliftError('PDF_NOT_POSSIBLE', NO_CHROMIUM.message, { next: NO_CHROMIUM.next });
  return (page, what, signal) => print(program, page, what, signal);
}

async function print(
  program: string,
  page: string,
  what: 'whole' | 'places',
  signal: AbortSignal | undefined,
): Promise<Uint8Array> {
  signal?.throwIfAborted();
  const folder = await mkdtemp(join(tmpdir(), 'ironlift-print-'));
  try {
    const [input, output] = [join(folder, 'report.html'), join(folder, 'report.pdf')];
    await writeFile(input, page, { mode: 0o600 });
    await run(
      program,
      [
        '--headless',
        '--disable-gpu',
        // The page may load nothing and has no script; should either fail, there is no network to be asked.
        '--host-resolver-rules=MAP * ~NOTFOUND',
        '--proxy-server=127.0.0.1:9',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
        '--disable-extensions',
        '--no-first-run',
        '--no-default-browser-check',
        '--disable-dev-shm-usage',
        '--force-color-profile=srgb',
        '--font-render-hinting=none',
        `--user-data-dir=${join(folder, 'profile')}`,
        // Its sandbox does not run for root, whose page is our own and has no script.
        ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
        '--no-pdf-header-footer',
        what === 'whole' ? '--generate-pdf-document-outline' : '--disable-pdf-tagging',
        `--print-to-pdf=${output}`,
        pathToFileURL(input).href,
      ],
      signal,
    );
    return new Uint8Array(await readFile(output));
  } catch (error) {
    if (signal?.aborted === true)
      throw new IronliftError('CANCELLED', 'The report was not printed.', {
        next: 'Write it again when it is wanted.',
        cause: error,
      });
    throw new IronliftError('PDF_FAILED', 'The browser could not print the report.', {
      next: `Start ${program} once by hand to see whether it runs; or write the report as HTML and print it from any browser.`,
      data: { program },
      cause: error,
    });
  } finally {
    // Its own processes may still be closing their files.
    await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }
}

function run(program: string, args: string[], signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    execFile(
      program,
      args,
      {
        timeout: PATIENCE,
        maxBuffer: 8 << 20,
        windowsHide: true,
        ...(signal === undefined ? {} : { signal }),
      },
      (error, _, stderr) => {
        if (error === null) resolve();
        else reject(new Error(`${error.message}\n${stderr.slice(-2000)}`));
      },
    );
  });
}
