/** The list of Electron's own security advice ("O n": number in its list), row by row, and ours beside it. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { BrowserWindowConstructorOptions } from 'electron';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { answerPage, PAGE_SCHEME } from '../../electron/main/page-protocol.ts';
import { CONTENT_SECURITY_POLICY, SECURITY_HEADERS } from '../../electron/page.ts';
import { practicePage } from '../conformance/loopback.ts';
import { openDesktop, prevents, type Desktop } from './desktop-support.ts';
import type { FakeWebContents } from './fakes/electron.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const sources = readdirSync(join(ROOT, 'electron'), { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .map((name) => ({ name, text: readFileSync(join(ROOT, 'electron', name), 'utf8') }));
const using = (pattern: RegExp): string[] =>
  sources.filter(({ text }) => pattern.test(text)).map(({ name }) => name);

let desktop: Desktop;
let contents: FakeWebContents;
let preferences: NonNullable<BrowserWindowConstructorOptions['webPreferences']>;
/** Asks a handler of the session as Electron would. */
const ask = (name: string, ...args: unknown[]): unknown =>
  (desktop.defaultSession.handlers[name] as (...args: unknown[]) => unknown)(...args);

describe('the security checklist', () => {
  beforeAll(async () => {
    desktop = await openDesktop({}, afterAll);
    contents = desktop.windows[0]!.webContents;
    preferences = desktop.windows[0]!.options.webPreferences!;
  });

  it('O1 only local content is loaded', () => {
    expect(desktop.windows.map(({ loaded }) => loaded)).toEqual([['app://ironlift/']]);
    expect(using(/loadURL\(|\.loadFile\(/u)).toEqual(['main/desktop.ts', 'main/print.ts']);
  });

  it('O2 the page has no Node', () => {
    expect(preferences).toMatchObject({
      nodeIntegration: false,
      nodeIntegrationInWorker: false,
      nodeIntegrationInSubFrames: false,
    });
  });

  it('O3 the page is isolated from the preload script', () => {
    expect(preferences.contextIsolation).toBe(true);
  });

  it('O4 the page is in a sandbox, and so is every other', () => {
    expect(preferences.sandbox).toBe(true);
    expect(desktop.did.indexOf('app.enableSandbox')).toBeLessThan(desktop.did.indexOf('app.whenReady'));
    expect(desktop.did).toContain('app.enableSandbox');
  });

  it('O5 no right that a page can ask for is given', () => {
    const answers: unknown[] = [];
    const permissions = [
      'media',
      'geolocation',
      'notifications',
      'midi',
      'fullscreen',
      'openExternal',
      'clipboard-read',
      'hid',
    ];
    for (const permission of permissions) {
      ask('permissionRequest', contents, permission, (given: boolean) => answers.push(given));
      answers.push(ask('permissionCheck', contents, permission, 'app://ironlift'));
    }
    answers.push(ask('devicePermission', { deviceType: 'usb' }));
    expect(answers).toEqual(Array.from({ length: 17 }, () => false));
    ask('displayMedia', {}, (streams: unknown) => expect(streams).toBeNull());
    ask('bluetoothPairing', {}, (answer: unknown) => expect(answer).toEqual({ confirmed: false }));
    for (const event of ['select-hid-device', 'select-usb-device'])
      expect(prevents(desktop.defaultSession, event, {}, {}, () => undefined)).toBe(true);
    expect(prevents(desktop.defaultSession, 'select-serial-port', {}, [], contents, () => undefined)).toBe(
      true,
    );
    expect(prevents(desktop.defaultSession, 'will-download')).toBe(true);
    expect.assertions(7);
  });

  it('O6, O8, O9, O10 web security stays on, nothing experimental is', () => {
    expect(preferences.webSecurity).toBe(true);
    expect(preferences.allowRunningInsecureContent).toBe(false);
    expect(preferences).not.toHaveProperty('experimentalFeatures');
    expect(preferences).not.toHaveProperty('enableBlinkFeatures');
    expect(
      using(/webSecurity: false|experimentalFeatures|enableBlinkFeatures|commandLine\.appendSwitch/u),
    ).toEqual([]);
  });

  it('O7 there is one content security policy, for both shells, without holes', () => {
    const headers = answerPage(practicePage, { method: 'GET', url: 'app://ironlift/' }).headers;
    expect(headers.get('content-security-policy')).toBe(CONTENT_SECURITY_POLICY);
    expect(SECURITY_HEADERS['content-security-policy']).toBe(CONTENT_SECURITY_POLICY);
    expect(CONTENT_SECURITY_POLICY).toMatch(/^default-src 'none'; script-src 'self'; style-src 'self';/u);
    expect(CONTENT_SECURITY_POLICY).not.toMatch(/unsafe|http:|https:|\*/u);
    for (const part of [
      "frame-ancestors 'none'",
      "base-uri 'none'",
      "form-action 'none'",
      "connect-src 'self'",
    ])
      expect(CONTENT_SECURITY_POLICY).toContain(part);
    expect(using(/default-src/u)).toEqual(['page.ts']);
  });

  it('O11, O12 no webview', () => {
    expect(preferences.webviewTag).toBe(false);
    expect(prevents(contents, 'will-attach-webview', {}, {}, {})).toBe(true);
  });

  it.each(['will-navigate', 'will-redirect', 'will-frame-navigate'])(
    'O13 the page cannot leave: %s',
    (event) => {
      expect(prevents(contents, event, { url: 'app://ironlift/index.html' })).toBe(false);
      for (const url of [
        'https://evil.test/',
        'file:///etc/passwd',
        'app://evil/',
        'app://ironlift.evil/',
        'app://user@ironlift/',
        'javascript:alert(1)',
        'data:text/html,x',
        'not an address',
      ])
        expect(prevents(contents, event, { url }), url).toBe(true);
    },
  );

  it('O14 no new windows', () => {
    expect(contents.openHandler!({ url: 'app://ironlift/' })).toEqual({ action: 'deny' });
    expect(using(/new (?:electron\.)?BrowserWindow/u)).toEqual(['main/desktop.ts', 'main/print.ts']);
  });

  it('O15 nothing is opened outside by an address: the application links nowhere', () => {
    expect(using(/openExternal/u)).toEqual([]);
  });

  it('O16 the version of Electron is pinned', () => {
    const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
      devDependencies: Record<string, string>;
    };
    expect(manifest.devDependencies['electron']).toMatch(/^\d+\.\d+\.\d+$/u);
  });

  it('O17 who sends is checked, in the one place that knows ipcMain', async () => {
    const call = () => contents.invoke('ironlift:call', 1, 'app.about', {});
    expect(await call()).toMatchObject({ ok: true });
    const own = contents.frame;
    for (const frame of [
      null,
      { url: 'https://evil.test/', parent: null },
      { url: 'app://evil/', parent: null },
      { url: 'app://ironlift/', parent: own },
      { url: '', parent: null },
    ]) {
      contents.frame = frame;
      await expect(call()).rejects.toThrow('Refused.');
      await expect(contents.invoke('ironlift:listen', null)).rejects.toThrow('Refused.');
      await expect(contents.invoke('ironlift:cancel', 1)).rejects.toThrow('Refused.');
    }
    contents.frame = own;
    expect([...desktop.ipcMain.handlers.keys()]).toEqual([
      'ironlift:call',
      'ironlift:cancel',
      'ironlift:listen',
    ]);
    expect(using(/ipcMain\.(?:handle|on)\(/u)).toEqual(['main/ipc.ts']);
    expect(sources.length).toBeGreaterThan(20);
  });

  it('O18 the page is no file: a scheme of its own, standard and secure, that bypasses nothing', () => {
    expect(desktop.schemes).toEqual([PAGE_SCHEME]);
    expect(PAGE_SCHEME).toEqual({
      scheme: 'app',
      privileges: { standard: true, secure: true, supportFetchAPI: true },
    });
    expect(desktop.did.indexOf('protocol.registerSchemesAsPrivileged')).toBeLessThan(
      desktop.did.indexOf('app.whenReady'),
    );
    expect(using(/\.loadFile|file:\/\//u)).toEqual([]);
  });

  it('the page reaches no network', () => {
    const cancelled = (url: string): boolean => {
      let answer = { cancel: false };
      ask('beforeRequest', { url }, (given: { cancel: boolean }) => (answer = given));
      return answer.cancel;
    };
    expect(cancelled('app://ironlift/assets/x.js')).toBe(false);
    for (const url of [
      'https://evil.test/x',
      'http://127.0.0.1:1/',
      'file:///etc/passwd',
      'ws://evil.test/',
      'app://evil/',
    ])
      expect(cancelled(url), url).toBe(true);
  });

  it('O20 the preload script gives three functions, and no name of Electron', () => {
    const text = readFileSync(join(ROOT, 'electron/preload/preload.ts'), 'utf8');
    expect(text.split('\n').length).toBeLessThan(30);
    expect(text.match(/exposeInMainWorld/gu)).toHaveLength(1);
    expect(using(/exposeInMainWorld/u)).toEqual(['preload/preload.ts']);
  });

  it('crash reports stay on this computer', () => {
    expect(desktop.did).toContain('crashReporter.start {"uploadToServer":false}');
  });

  it('nothing is fetched to be installed: there are no updates by themselves', () => {
    expect(using(/autoUpdater|electron-updater/u)).toEqual([]);
  });
});

describe('the address of the page', () => {
  it.each([
    'app://ironlift/../package.json',
    'app://ironlift/%2e%2e/%2e%2e/etc/passwd',
    'app://ironlift/..%5c..%5cwindows%5cwin.ini',
    'app://ironlift/app.js%00.html',
    'app://ironlift//app.js',
    'app://ironlift/nothing.exe',
    'app://ironlift/__proto__',
    'app://evil/app.js',
    'app://ironlift:80@evil/app.js',
    'https://ironlift/app.js',
    'file:///app.js',
  ])('serves nothing that is not in its list: %s', (url) => {
    expect(answerPage(practicePage, { method: 'GET', url }).status).toBe(404);
  });

  it('can only be read', () => {
    expect(answerPage(practicePage, { method: 'POST', url: 'app://ironlift/' }).status).toBe(405);
  });

  it('says what each file is', async () => {
    const answer = answerPage(practicePage, { method: 'GET', url: 'app://ironlift/app.js' });
    expect(answer.headers.get('content-type')).toBe('text/javascript; charset=utf-8');
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
    expect(await answer.text()).toBe('document.title = "ran";');
  });
});
