/** The way through the wizard of conversions, as a person clicks it; shared by the journeys that do. */
import type { Page } from 'playwright-core';

/** Answers the page's own list of folders: files of the folder it begins with. */
export async function pickFile(page: Page, button: string, name: string): Promise<void> {
  await page.getByRole('button', { name: button }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('button', { name }).click();
  await dialog.getByRole('button', { name: 'Choose', exact: true }).click();
}

/** A new folder of this name where the list begins. */
export async function nameFolder(page: Page, name: string): Promise<void> {
  await page.getByRole('button', { name: 'Choose a folder…' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Name of a new folder').fill(name);
  await dialog.getByRole('button', { name: 'Choose this folder' }).click();
}

export const next = (page: Page): Promise<void> =>
  page.getByRole('button', { name: 'Next', exact: true }).click();

export const go = (page: Page, hash: string): Promise<void> =>
  page.evaluate((to) => {
    (globalThis as unknown as { location: { hash: string } }).location.hash = to;
  }, hash);

export interface Way {
  /** A file of the home folder. */
  disk: string;
  platform: string;
  /** Made in the home folder. */
  folder: string;
}

/** From an empty wizard to the checks of the pre-flight. */
export async function chooseAll(page: Page, { disk, platform, folder }: Way): Promise<void> {
  await go(page, '#/convert/new');
  const startOver = page.getByRole('button', { name: 'Start over' });
  await page.getByRole('button', { name: 'Choose files…' }).or(startOver).first().waitFor();
  if (await startOver.isVisible()) await startOver.click();
  await pickFile(page, 'Choose files…', disk);
  await page.getByRole('region', { name: 'What is on the disks' }).waitFor();
  await next(page);
  await page.getByRole('radio', { name: new RegExp(`^${platform}`, 'u') }).check();
  await nameFolder(page, folder);
  await next(page);
  await page.getByLabel('Name of the machine').waitFor();
  await next(page);
  await page.getByRole('list', { name: 'Checks' }).waitFor();
}
