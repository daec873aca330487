/** A Debian from its disk to its login prompt, by the wizard alone: converted, started in the Test step, accepted. */
import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { openPage, startApplication, startBrowser } from '../support/browser.ts';
import { chooseAll, next } from '../support/convert-wizard.ts';
import { buildGuest } from '../support/guests.ts';
import { sha256 } from '../support/hash.ts';
import { scratchFolder } from '../support/tools.ts';

/** Minutes that a start may take where processors are imitated and the computer is busy. */
const LONGEST_START = 15;

test('the wizard makes a Debian that starts and says so, with a picture of its screen', async () => {
  const guest = await buildGuest('bios-ahci');
  const before = await sha256(guest.disk);
  const folder = await scratchFolder();
  mkdirSync(join(folder, 'home'));
  symlinkSync(guest.disk, join(folder, 'home', 'erp01.img'));
  const application = await startApplication(folder);
  onTestFinished(() => application.close());
  const browser = await startBrowser();
  onTestFinished(() => browser.close());
  const { page, faults } = await openPage(browser, application.url);
  page.setDefaultTimeout(10 * 60_000);

  await chooseAll(page, { disk: 'erp01.img', platform: 'KVM', folder: 'erp01' });
  await next(page);
  await page.getByRole('button', { name: 'Convert 1 disk' }).click();
  await page.getByText('read again and found equal, and the system is prepared', { exact: false }).waitFor();
  await next(page);
  await page.getByLabel('Give it at most').fill(String(LONGEST_START));
  await page.getByLabel('Give it at most').blur();
  await page.getByRole('switch', { name: 'Without the virtualisation of this computer' }).check();
  await page.getByRole('button', { name: 'Start it for a test' }).click();
  await page
    .getByRole('button', { name: 'Start it again' })
    .waitFor({ timeout: (LONGEST_START + 2) * 60_000 });
  await page.getByText('Started', { exact: true }).first().waitFor();
  const picture = page.getByRole('img', { name: 'Its screen at the end of the test' });
  await picture.waitFor();
  expect(await picture.evaluate((image) => (image as HTMLImageElement).naturalWidth)).toBeGreaterThan(0);
  await next(page);
  await page.getByLabel('Accepted by').fill('A. Beck');
  await page.getByRole('button', { name: 'Accept the machine' }).click();
  await page.getByRole('region', { name: 'Result', exact: true }).getByText('Accepted by A. Beck').waitFor();
  expect(faults).toEqual([]);
  expect(await sha256(guest.disk)).toBe(before);
});
