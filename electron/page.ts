/** The page as it is handed out: a list of files made beforehand, their types, and the headers both shells send with them. */
import { readdir, readFile, stat } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { IronliftError } from '../migration-core/base/errors.ts';

/** The page runs its own scripts and styles, talks to where it came from, and is shown in nobody's frame. */
export const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  // Svelte's own templates; the preview of reports, which it puts into a frame that runs no script.
  'trusted-types svelte-trusted-html report-preview',
].join('; ');

export const SECURITY_HEADERS = {
  'content-security-policy': CONTENT_SECURITY_POLICY,
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), microphone=(), geolocation=(), usb=(), serial=(), hid=(), payment=()',
} as const;

/** What a page is made of. A file of another kind is not handed out. */
export const MIME_TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.json': 'application/json; charset=utf-8',
  '.txt': 'text/plain; charset=utf-8',
};

export interface PageFile {
  type: string;
  bytes: Uint8Array<ArrayBuffer>;
}
/** By path of the address: `/assets/index-1a2b.js`. `/` is index.html. */
export type Page = ReadonlyMap<string, PageFile>;

/** A built page has some dozen files of some hundred kilobytes; more than this is another folder. */
const MOST_FILES = 2000;
const MOST_BYTES = 64 << 20;

/**
 * Reads the whole page: regular files of the folder itself. Nothing is looked up later by a name that comes from outside.
 * @throws PAGE_NOT_BUILT
 */
export async function readPage(folder: string): Promise<Page> {
  const page = new Map<string, PageFile>();
  let bytes = 0;
  const read = async (path: string, address: string): Promise<void> => {
    for (const entry of await readdir(path, { withFileTypes: true })) {
      // A link is neither: where it leads is not part of the page.
      if (entry.isDirectory()) await read(join(path, entry.name), `${address}${entry.name}/`);
      const type = MIME_TYPES[extname(entry.name)];
      if (!entry.isFile() || type === undefined) continue;
      bytes += (await stat(join(path, entry.name))).size;
      if (bytes > MOST_BYTES || page.size >= MOST_FILES) throw new Error('It holds more than a page.');
      page.set(address + entry.name, { type, bytes: new Uint8Array(await readFile(join(path, entry.name))) });
    }
  };
  try {
    await read(folder, '/');
  } catch (cause) {
    throw notBuilt(cause);
  }
  const index = page.get('/index.html');
  if (index === undefined) throw notBuilt(new Error('It holds no index.html.'));
  page.set('/', index);
  return page;
}

const notBuilt = (cause: unknown): IronliftError =>
  new IronliftError('PAGE_NOT_BUILT', 'The page of the application has not been built.', {
    next: 'Run `npm run build` in the folder of Ironlift, then start it again.',
    cause,
  });
