/**
 * The application as Electron runs it, for the same journeys as in the browser: `npm run test:electron`. Electron's own program is
 * not part of the package from the registry; its install script fetches it where that is allowed.
 */
import { existsSync, mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { _electron, type ElectronApplication } from 'playwright-core';
import type { Application, View, ViewOptions } from './browser.ts';

const ROOT = join(import.meta.dirname, '../..');

/** Whether the journeys are to run in Electron. */
export const inElectron = (): boolean => process.env['IRONLIFT_E2E'] === 'electron';

/** By the address that stands for them. */
const running = new Map<string, ElectronApplication>();

/** @throws Error with what to do where Electron's program is not there. */
function electronProgram(): string {
  const folder = join(createRequire(import.meta.url).resolve('electron/package.json'), '..', 'dist');
  const names = ['electron', 'electron.exe', 'Electron.app/Contents/MacOS/Electron'];
  const found = names.map((name) => join(folder, name)).find((path) => existsSync(path));
  if (found === undefined)
    throw new Error(
      'Electron\'s program is not installed; run "node node_modules/electron/install.js" first.',
    );
  return found;
}

/** Starts the built application with a data folder and a home of its own in `folder`. */
export async function startElectron(folder: string): Promise<Application> {
  const home = join(folder, 'home');
  mkdirSync(home, { recursive: true });
  const application = await _electron.launch({
    executablePath: electronProgram(),
    args: [ROOT, `--user-data-dir=${join(folder, 'data')}`],
    env: { ...process.env, HOME: home },
    locale: 'en-GB',
  });
  const url = `electron:${running.size}`;
  running.set(url, application);
  return { url, close: () => application.close() };
}

/** Its window, in the size asked for. */
export async function electronWindow(
  url: string,
  { width, height, dark }: Required<ViewOptions>,
): Promise<View> {
  const application = running.get(url);
  if (application === undefined) throw new Error(`${url} was not started`);
  const page = await application.firstWindow();
  const faults: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error') faults.push(message.text());
  });
  page.on('pageerror', (error) => faults.push(String(error)));
  await page.setViewportSize({ width, height });
  await page.emulateMedia({ colorScheme: dark ? 'dark' : 'light', reducedMotion: 'reduce' });
  await page.getByRole('navigation').first().waitFor();
  return { page, faults };
}
