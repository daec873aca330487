/** The real loopback host on a real port, and the page's own client with Node's fetch. */
import { randomBytes } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { startHost, type Host, type HostOptions } from '../../electron/host/host.ts';
import type { Page } from '../../electron/page.ts';
import { connectHttp, type HttpWorld } from '../../renderer/client/http.ts';
import type { Connection } from '../../renderer/client/connection.ts';
import type { PracticeProgram } from './practice.ts';
import type { Transport } from './transport.ts';

const text = (value: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(value);

export const practicePage: Page = new Map([
  ['/', { type: 'text/html; charset=utf-8', bytes: text('<!doctype html><title>Practice</title>') }],
  [
    '/index.html',
    { type: 'text/html; charset=utf-8', bytes: text('<!doctype html><title>Practice</title>') },
  ],
  ['/app.js', { type: 'text/javascript; charset=utf-8', bytes: text('document.title = "ran";') }],
]);

export function startPractice(program: PracticeProgram, changes: Partial<HostOptions> = {}): Promise<Host> {
  return startHost({
    page: practicePage,
    events: program.events,
    port: 0,
    handlers: program.handlers,
    destroy: false,
    log: program.log,
    clock: () => performance.now(),
    token: {
      secret: () => randomBytes(32).toString('base64url'),
      clock: () => performance.now(),
      wait: async () => undefined,
    },
    users: null,
    ...changes,
  });
}

export interface Tab extends Connection {
  /** Breaks what the tab waits for, as a lost network would. */
  cut(): void;
  leave(): void;
}

/** A tab of a browser, as far as the client needs one. */
export async function openTab(host: Host, storage = new Map<string, string>()): Promise<Tab> {
  const streams = new Set<AbortController>();
  let left = false;
  const world: HttpWorld = {
    origin: host.origin,
    fetch: (url, init = {}) => {
      if (left) return Promise.reject(new TypeError('gone'));
      const controller = new AbortController();
      streams.add(controller);
      const signal = init.signal === undefined || init.signal === null ? [] : [init.signal];
      return fetch(url, { ...init, signal: AbortSignal.any([controller.signal, ...signal]) });
    },
    storage: {
      getItem: (key) => storage.get(key) ?? null,
      setItem: (key, value) => void storage.set(key, value),
      removeItem: (key) => void storage.delete(key),
    },
    fragment: new URL(host.newUrl()).hash,
    eraseFragment: () => undefined,
    wait: (milliseconds, signal) =>
      wait(Math.min(milliseconds, 20_000), undefined, { signal }).catch(() => undefined),
  };
  const connection = await connectHttp(world);
  const cut = (): void => {
    for (const stream of streams) stream.abort();
    streams.clear();
  };
  return {
    ...connection,
    cut,
    leave: () => {
      left = true;
      cut();
    },
  };
}

export async function openLoopback(program: PracticeProgram): Promise<Transport> {
  const host = await startPractice(program);
  const tabs = [await openTab(host)];
  const [first] = tabs as [Tab];
  return {
    connection: first,
    cut: () => first.cut(),
    another: async () => {
      const tab = await openTab(host);
      tabs.push(tab);
      return tab;
    },
    leave: async () => first.leave(),
    close: async () => {
      for (const tab of tabs) tab.leave();
      await host.close();
    },
  };
}
