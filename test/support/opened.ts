/** The application opened for the tests of a file, and closed after them. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openPage, startApplication, startBrowser, type View } from './browser.ts';

export interface Opened extends View {
  /** Everything that the application keeps; it goes with it. */
  folder: string;
  /** The folder in it that the application takes for that of its user. */
  home: string;
  close: () => Promise<void>;
}

/**
 * For `beforeAll`, which is to hand back `close`.
 * @param prepare puts into the home what is to be there when the application starts
 */
export async function openApplication(prepare?: (home: string) => Promise<void> | void): Promise<Opened> {
  const folder = await mkdtemp(join(tmpdir(), 'ironlift-e2e-'));
  const opened: (() => Promise<void>)[] = [() => rm(folder, { recursive: true, force: true })];
  const close = async (): Promise<void> => {
    for (const end of opened.reverse()) await end();
  };
  try {
    const home = join(folder, 'home');
    await mkdir(home);
    await prepare?.(home);
    const application = await startApplication(folder);
    opened.push(() => application.close());
    const browser = await startBrowser();
    opened.push(() => browser.close());
    return { ...(await openPage(browser, application.url)), folder, home, close };
  } catch (error) {
    await close();
    throw error;
  }
}
