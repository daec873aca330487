/**
 * Stands for the module `electron` in tests: Electron itself runs nowhere here. Written after electron.d.ts; what it
 * cannot show is whether Electron does what its documentation says (see "What was not run" in README.md).
 */
import { EventEmitter } from 'node:events';

type Handler = (event: unknown, ...args: unknown[]) => unknown;

/** Messages are copied as between processes: what cannot be copied fails, and nothing is shared. */
const copy = (args: unknown[]): unknown[] => structuredClone(args);

export class FakeIpcMain {
  readonly handlers = new Map<string, Handler>();
  handle(channel: string, handler: Handler): void {
    if (this.handlers.has(channel)) throw new Error(`A second handler for ${channel}`);
    this.handlers.set(channel, handler);
  }
}
export const ipcMain = new FakeIpcMain();

export interface FakeFrame {
  url: string;
  parent: FakeFrame | null;
}

export class FakeWebContents extends EventEmitter {
  readonly #main: FakeIpcMain;
  destroyed = false;
  frame: FakeFrame | null = { url: 'app://ironlift/', parent: null };
  reloads = 0;
  openHandler: ((details: unknown) => { action: string }) | null = null;
  readonly page = new EventEmitter();
  constructor(main: FakeIpcMain = ipcMain) {
    super();
    this.#main = main;
  }
  isDestroyed(): boolean {
    return this.destroyed;
  }
  send(channel: string, ...args: unknown[]): void {
    const copied = copy(args);
    setImmediate(() => this.page.emit(channel, {}, ...copied));
  }
  reload(): void {
    this.reloads++;
  }
  setWindowOpenHandler(handler: (details: unknown) => { action: string }): void {
    this.openHandler = handler;
  }
  destroy(): void {
    this.destroyed = true;
    this.emit('destroyed');
  }
  /** What ipcRenderer.invoke does, as far as the page can tell. */
  async invoke(channel: string, ...args: unknown[]): Promise<unknown> {
    const copied = copy(args);
    await new Promise((resolve) => setImmediate(resolve));
    const handler = this.#main.handlers.get(channel);
    if (handler === undefined) throw new Error(`No handler registered for '${channel}'`);
    let answer: unknown;
    try {
      answer = await handler({ sender: this, senderFrame: this.frame }, ...copied);
    } catch (error) {
      // Of an error only its text crosses.
      throw new Error(`Error invoking remote method '${channel}': ${String(error)}`, { cause: undefined });
    }
    if (this.destroyed) return new Promise(() => undefined);
    return structuredClone(answer);
  }
}

/** The two modules of a preload script, for the page of these contents. */
export function rendererOf(contents: FakeWebContents): {
  contextBridge: { exposeInMainWorld(name: string, api: unknown): void };
  ipcRenderer: { invoke: FakeWebContents['invoke']; on(channel: string, listener: Handler): void };
  exposed: Record<string, unknown>;
} {
  const exposed: Record<string, unknown> = {};
  return {
    exposed,
    contextBridge: { exposeInMainWorld: (name, api) => void (exposed[name] = api) },
    ipcRenderer: {
      invoke: (channel, ...args) => contents.invoke(channel, ...args),
      on: (channel, listener) => void contents.page.on(channel, listener),
    },
  };
}
