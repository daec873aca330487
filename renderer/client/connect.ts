/** Picks the line: the bridge of the desktop application where there is one, else the host that served this page. */
import { connectBridge, type Bridge } from './bridge.ts';
import type { Connection } from './connection.ts';
import { connectHttp } from './http.ts';

declare global {
  interface Window {
    ironlift?: Bridge;
  }
}

/** @throws CallFailed with the sentence to show instead of the application */
export function connect(): Promise<Connection> {
  if (window.ironlift !== undefined) return connectBridge(window.ironlift);
  return connectHttp({
    origin: '',
    fetch: (...request) => window.fetch(...request),
    storage: window.sessionStorage,
    fragment: window.location.hash,
    eraseFragment: () => window.history.replaceState(null, '', window.location.pathname),
    wait: (milliseconds, signal) =>
      new Promise((resolve) => {
        if (signal.aborted) {
          resolve();
          return;
        }
        const done = (): void => {
          clearTimeout(timer);
          signal.removeEventListener('abort', done);
          resolve();
        };
        const timer = setTimeout(done, milliseconds);
        signal.addEventListener('abort', done);
      }),
  });
}
