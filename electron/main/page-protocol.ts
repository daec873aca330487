/** `app://ironlift/`: where the page comes from. Not a file of the disk and not the network, so it has an origin of its own. */
import type { CustomScheme, Protocol } from 'electron';
import { SECURITY_HEADERS, type Page } from '../page.ts';

const SCHEME = 'app';
const NAME = 'ironlift';
export const PAGE_URL = `${SCHEME}://${NAME}/`;

/** To be registered before Electron is ready. */
export const PAGE_SCHEME: CustomScheme = {
  scheme: SCHEME,
  privileges: { standard: true, secure: true, supportFetchAPI: true },
};

/** Whether an address is of the page itself. (Node gives addresses of such schemes no origin to compare.) */
export function isPage(address: string): boolean {
  const url = URL.parse(address);
  return (
    url !== null &&
    url.protocol === `${SCHEME}:` &&
    url.host === NAME &&
    url.username === '' &&
    url.password === ''
  );
}

/** From the list of files that was made beforehand: no path is made of what is asked for. */
export function answerPage(page: Page, request: Pick<Request, 'method' | 'url'>): Response {
  const no = (status: number): Response => new Response(null, { status, headers: SECURITY_HEADERS });
  if (request.method !== 'GET') return no(405);
  if (!isPage(request.url)) return no(404);
  const file = page.get(new URL(request.url).pathname);
  if (file === undefined) return no(404);
  return new Response(file.bytes, { headers: { ...SECURITY_HEADERS, 'content-type': file.type } });
}

export function servePage(protocol: Pick<Protocol, 'handle'>, page: Page): void {
  protocol.handle(SCHEME, (request) => answerPage(page, request));
}
