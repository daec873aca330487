/** Where the page is: `#/<screen>/<args>`, so that Back and reload do what they always do. */
export interface Route {
  screen: string;
  args: readonly string[];
}

export const START = 'start';

/** @param hash of an address; what cannot be read is the start */
export function parseHash(hash: string): Route {
  const parts = hash.replace(/^#?\/?/u, '').split('/');
  const decoded: string[] = [];
  for (const part of parts) {
    try {
      decoded.push(decodeURIComponent(part));
    } catch {
      return { screen: START, args: [] };
    }
  }
  const [screen = '', ...args] = decoded;
  return { screen: screen === '' ? START : screen, args: args.filter((arg) => arg !== '') };
}

export const href = (screen: string, ...args: (string | number)[]): string =>
  `#/${[screen, ...args].map((part) => encodeURIComponent(part)).join('/')}`;

class Router {
  route: Route = $state.raw({ screen: START, args: [] });

  /** Follows the address bar. Returns what ends it. */
  listen(): () => void {
    const follow = (): void => {
      this.route = parseHash(location.hash);
    };
    follow();
    addEventListener('hashchange', follow);
    return () => removeEventListener('hashchange', follow);
  }

  go(screen: string, ...args: (string | number)[]): void {
    location.hash = href(screen, ...args);
  }

  /** As `go`, without a step for Back: a selection within a screen. */
  replace(screen: string, ...args: (string | number)[]): void {
    history.replaceState(null, '', href(screen, ...args));
    this.route = parseHash(location.hash);
  }
}

export const router = new Router();
