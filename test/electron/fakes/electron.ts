/**
 * Stands for the module `electron` in tests: Electron itself runs nowhere here. Written after electron.d.ts; what it
 * cannot show is whether Electron does what its documentation says (see "What was not run" in README.md).
 */
import { fork, type ChildProcess } from 'node:child_process';
import { EventEmitter } from 'node:events';
import type * as ElectronModule from 'electron';
import type {
  BrowserWindowConstructorOptions,
  MenuItemConstructorOptions,
  PrintToPDFOptions,
  WebPreferences,
} from 'electron';

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
  constructor(main: FakeIpcMain) {
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

/** An event that can be prevented. */
export const preventable = (facts: object = {}): { prevented: boolean; preventDefault(): void } => ({
  ...facts,
  prevented: false,
  preventDefault() {
    this.prevented = true;
  },
});

type Answer = (...args: never[]) => unknown;
type Serve = (request: Request) => Response | Promise<Response>;

/** What is printed: the page as its session serves it, and what was asked of window and printer. */
export interface Printed {
  html: string;
  preferences: WebPreferences;
  options: PrintToPDFOptions;
}

export class FakeSession extends EventEmitter {
  handlers: Record<string, Answer> = {};
  readonly protocols = new Map<string, Serve>();
  readonly protocol = {
    handle: (scheme: string, handler: Serve) => void this.protocols.set(scheme, handler),
  };
  setPermissionRequestHandler(handler: Answer): void {
    this.handlers['permissionRequest'] = handler;
  }
  setPermissionCheckHandler(handler: Answer): void {
    this.handlers['permissionCheck'] = handler;
  }
  setDevicePermissionHandler(handler: Answer): void {
    this.handlers['devicePermission'] = handler;
  }
  setBluetoothPairingHandler(handler: Answer): void {
    this.handlers['bluetoothPairing'] = handler;
  }
  setDisplayMediaRequestHandler(handler: Answer): void {
    this.handlers['displayMedia'] = handler;
  }
  readonly webRequest = {
    onBeforeRequest: (handler: Answer) => void (this.handlers['beforeRequest'] = handler),
  };
}

export class FakeWindow extends EventEmitter {
  readonly options: BrowserWindowConstructorOptions;
  readonly webContents: FakeWebContents;
  loaded: string[] = [];
  shown = 0;
  focused = false;
  maximized = false;
  minimized = false;
  progress: number[] = [];
  destroyed = false;
  document = '';
  /** Of a window with a session of its own: what that answers. */
  serve: ((url: string) => Promise<string>) | null = null;
  constructor(main: FakeIpcMain, options: BrowserWindowConstructorOptions) {
    super();
    this.options = options;
    this.webContents = new FakeWebContents(main);
  }
  async loadURL(url: string): Promise<void> {
    this.loaded.push(url);
    this.document = (await this.serve?.(url)) ?? '';
    this.emit('ready-to-show');
  }
  show(): void {
    this.shown++;
  }
  focus(): void {
    this.focused = true;
  }
  isFocused(): boolean {
    return this.focused;
  }
  isMinimized(): boolean {
    return this.minimized;
  }
  restore(): void {
    this.minimized = false;
  }
  maximize(): void {
    this.maximized = true;
  }
  isMaximized(): boolean {
    return this.maximized;
  }
  isDestroyed(): boolean {
    return this.destroyed;
  }
  destroy(): void {
    this.destroyed = true;
    this.webContents.destroy();
  }
  getNormalBounds(): object {
    return { x: 40, y: 50, width: 1300, height: 850 };
  }
  setProgressBar(part: number): void {
    this.progress.push(part);
  }
}

export class FakeUtilityProcess extends EventEmitter {
  readonly options: {
    serviceName?: string;
    env?: Record<string, string>;
    stdio?: unknown;
    execArgv?: string[];
  };
  readonly child: ChildProcess;
  readonly stdout;
  readonly stderr;
  constructor(entry: string, args: string[], options: FakeUtilityProcess['options']) {
    super();
    this.options = options;
    this.child = fork(entry, args, {
      ...(options.env === undefined ? {} : { env: options.env }),
      execArgv: [],
      serialization: 'advanced',
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    this.stdout = this.child.stdout;
    this.stderr = this.child.stderr;
    this.child.on('message', (message) => this.emit('message', message));
    this.child.on('exit', (code) => this.emit('exit', code ?? 1));
  }
  get pid(): number | undefined {
    return this.child.pid;
  }
  postMessage(message: unknown): void {
    if (this.child.connected) this.child.send(message as object, () => undefined);
  }
  kill(): boolean {
    return this.child.kill('SIGTERM');
  }
}

export interface FakeOptions {
  userData: string;
  /** false: another instance has the lock. */
  first?: boolean;
  packaged?: boolean;
  /** Of the key store on Linux. */
  backend?: string;
  /** Which button is pressed, one after another. */
  presses?: number[];
  chosen?: { canceled: boolean; filePath?: string; filePaths?: string[] };
  /** What prints. */
  print?: (printed: Printed) => Promise<Uint8Array>;
}

/** Things that happened, in their order: `app.quit`, `dialog.showErrorBox The window ...`. */
export function fakeElectron(options: FakeOptions) {
  const did: string[] = [];
  const note = (what: string): void => void did.push(what);
  const ipcMain = new FakeIpcMain();
  const windows: FakeWindow[] = [];
  const processes: FakeUtilityProcess[] = [];
  const notifications: { title: string; body: string }[] = [];
  const asked: Record<string, unknown>[] = [];
  const schemes: { scheme: string; privileges: Record<string, boolean> }[] = [];
  const protocols = new Map<string, (request: Request) => Response | Promise<Response>>();
  const blockers = new Set<number>();
  const presses = [...(options.presses ?? [])];
  let menu: MenuItemConstructorOptions[] = [];
  let blocker = 0;
  const defaultSession = new FakeSession();
  const partitions = new Map<string, FakeSession>();
  const app = Object.assign(new EventEmitter(), {
    isPackaged: options.packaged ?? false,
    requestSingleInstanceLock: (data: unknown) => {
      note(`app.requestSingleInstanceLock ${JSON.stringify(data)}`);
      return options.first ?? true;
    },
    quit: () => {
      note('app.quit');
      app.emit('before-quit', preventable());
    },
    exit: (code: number) => note(`app.exit ${code}`),
    enableSandbox: () => note('app.enableSandbox'),
    whenReady: async () => note('app.whenReady'),
    getPath: (name: string) => (name === 'userData' ? options.userData : '/home/somebody/Documents'),
    getVersion: () => '9.9.9',
    setAppUserModelId: () => undefined,
  });
  const message = async (...args: [unknown, Record<string, unknown>] | [Record<string, unknown>]) => {
    asked.push(args.at(-1) as Record<string, unknown>);
    note('dialog.showMessageBox');
    return { response: presses.shift() ?? 0 };
  };
  const choose = async (_window: unknown, about: Record<string, unknown>) => {
    asked.push(about);
    return { filePath: '', filePaths: [], ...(options.chosen ?? { canceled: true }) };
  };
  const own = {
    app,
    ipcMain,
    protocol: {
      registerSchemesAsPrivileged: (list: typeof schemes) => {
        note('protocol.registerSchemesAsPrivileged');
        schemes.push(...list);
      },
      handle: (scheme: string, handler: (request: Request) => Response) =>
        void protocols.set(scheme, handler),
    },
    crashReporter: { start: (about: object) => note(`crashReporter.start ${JSON.stringify(about)}`) },
    session: {
      defaultSession,
      fromPartition: (name: string, about: object) => {
        note(`session.fromPartition ${name} ${JSON.stringify(about)}`);
        const known = partitions.get(name) ?? new FakeSession();
        partitions.set(name, known);
        return known;
      },
    },
    dialog: {
      showErrorBox: (title: string) => note(`dialog.showErrorBox ${title}`),
      showMessageBox: message,
      showOpenDialog: choose,
      showSaveDialog: choose,
    },
    shell: {
      openPath: async (path: string) => note(`shell.openPath ${path}`),
      showItemInFolder: (path: string) => note(`shell.showItemInFolder ${path}`),
    },
    Menu: {
      buildFromTemplate: (template: MenuItemConstructorOptions[]) => template,
      setApplicationMenu: (template: MenuItemConstructorOptions[]) => void (menu = template),
    },
    powerMonitor: new EventEmitter(),
    powerSaveBlocker: {
      start: (kind: string) => {
        note(`powerSaveBlocker.start ${kind}`);
        blockers.add(++blocker);
        return blocker;
      },
      stop: (id: number) => {
        note('powerSaveBlocker.stop');
        blockers.delete(id);
      },
      isStarted: (id: number) => blockers.has(id),
    },
    // XOR is no encryption; it shows that the plain text is not what is written.
    safeStorage: {
      getSelectedStorageBackend: () => options.backend ?? 'gnome_libsecret',
      isAsyncEncryptionAvailable: async () => true,
      encryptStringAsync: async (text: string) => Buffer.from(text).map((byte) => byte ^ 0x5a) as Buffer,
      decryptStringAsync: async (sealed: Buffer) => ({
        result: Buffer.from(sealed.map((byte) => byte ^ 0x5a)).toString('utf8'),
        shouldReEncrypt: false,
      }),
    },
    screen: { getAllDisplays: () => [{ workArea: { x: 0, y: 0, width: 1920, height: 1040 } }] },
    nativeTheme: { shouldUseDarkColors: true },
    Notification: class extends EventEmitter {
      static isSupported(): boolean {
        return true;
      }
      constructor(about: { title: string; body: string }) {
        super();
        notifications.push(about);
      }
      show(): void {
        note('Notification.show');
      }
    },
    utilityProcess: {
      fork: (entry: string, args: string[], about: FakeUtilityProcess['options']) => {
        const child = new FakeUtilityProcess(entry, args, about);
        processes.push(child);
        return child;
      },
    },
    BrowserWindow: class extends FakeWindow {
      constructor(about: BrowserWindowConstructorOptions) {
        super(ipcMain, about);
        windows.push(this);
        const preferences = about.webPreferences ?? {};
        const own = partitions.get(preferences.partition ?? '');
        if (own !== undefined)
          this.serve = async (url) => (await own.protocols.get('app')!(new Request(url))).text();
        Object.assign(this.webContents, {
          printToPDF: async (asked: PrintToPDFOptions) => {
            note('webContents.printToPDF');
            if (options.print === undefined) throw new Error('There is no printer.');
            return options.print({ html: this.document, preferences, options: asked });
          },
        });
        app.emit('web-contents-created', {}, this.webContents);
      }
    },
  };
  return {
    /** What stands for the module. */
    electron: own as unknown as typeof ElectronModule,
    ...{
      app,
      ipcMain,
      did,
      windows,
      processes,
      notifications,
      asked,
      schemes,
      protocols,
      blockers,
      defaultSession,
      partitions,
    },
    powerMonitor: own.powerMonitor,
    safeStorage: own.safeStorage as unknown as Electron.SafeStorage,
    menu: () => menu,
  };
}
