/**
 * Whether a request is answered at all. Who could ask: any page in the person's browser (forged requests, a name that is
 * made to point to 127.0.0.1, frames), any other user of this computer. A pure function of the head of the request; the
 * checks go from what costs nothing to what needs the secret.
 */
export interface RequestHead {
  method: string;
  /** As it stands in the first line. */
  target: string;
  /** Each with all its values, as they came. */
  headers: Readonly<Record<string, readonly string[] | undefined>>;
}

export type Route = 'page' | 'session' | 'call' | 'events';

export type Verdict =
  | { pass: true; route: Route; path: string }
  | { pass: false; status: number; why: string; headers?: Record<string, string> };

const API: Readonly<Record<string, Route>> = {
  '/api/session': 'session',
  '/api/call': 'call',
  '/api/events': 'events',
};

/** Any port: `ssh -L 9000:` forwards one to another. */
const OWN_NAME = /^(?:127\.0\.0\.1|localhost|\[::1\])(?::\d{1,5})?$/iu;

const no = (status: number, why: string, headers?: Record<string, string>): Verdict => ({
  pass: false,
  status,
  why,
  ...(headers === undefined ? {} : { headers }),
});

export function guard({ method, target, headers }: RequestHead): Verdict {
  const [host, ...moreHosts] = headers['host'] ?? [];
  if (host === undefined || moreHosts.length > 0 || !OWN_NAME.test(host))
    return no(421, 'This address is served under the names 127.0.0.1 and localhost only.');
  const origins = headers['origin'] ?? [];
  if (origins.some((origin) => origin.toLowerCase() !== `http://${host.toLowerCase()}`))
    return no(403, 'Requests of other pages are not answered.');
  const sites = headers['sec-fetch-site'] ?? [];
  if (sites.some((site) => site !== 'same-origin' && site !== 'none'))
    return no(403, 'Requests of other pages are not answered.');
  const path = target.split(/[?#]/u, 1)[0]!;
  if (!path.startsWith('/') || path.startsWith('//')) return no(400, 'The address is not understood.');
  if (path !== '/api' && !path.startsWith('/api/')) {
    return method === 'GET' || method === 'HEAD'
      ? { pass: true, route: 'page', path }
      : no(405, 'The page can only be read.', { allow: 'GET, HEAD' });
  }
  if (!Object.hasOwn(API, path)) return no(404, 'There is nothing at this address.');
  if (method !== 'POST') return no(405, 'Calls are made by POST.', { allow: 'POST' });
  // A form of another page can send other types without asking first; this one it cannot.
  const types = headers['content-type'] ?? [];
  if (types.length !== 1 || types[0]!.split(';', 1)[0]!.trim().toLowerCase() !== 'application/json')
    return no(415, 'Calls are made in JSON.');
  if ((headers['content-encoding'] ?? []).length > 0) return no(415, 'Calls are not packed.');
  return { pass: true, route: API[path]!, path };
}
