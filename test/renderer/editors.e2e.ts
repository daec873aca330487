/** What a person adds by hand: a pasted list, a host and a model, freezes and backup windows; and who talks to whom. */
import type { Page } from 'playwright-core';
import { beforeAll, expect, it } from 'vitest';
import { axe, openSample } from '../support/browser.ts';
import { go } from '../support/convert-wizard.ts';
import { openApplication } from '../support/opened.ts';

let page: Page;
let faults: string[];

beforeAll(async () => {
  const opened = await openApplication();
  ({ page, faults } = opened);
  await openSample(page);
  return opened.close;
}, 180_000);

it('takes a list out of a spreadsheet, column by column', async () => {
  await page.getByRole('button', { name: 'Paste a list…' }).click();
  const dialog = page.getByRole('dialog');
  await dialog
    .getByLabel('Rows', { exact: true })
    .fill('Box\tOS\tRAM (GB)\tOwner\npasted-01\tDebian 12\t16\tAda\npasted-02\tUbuntu\t32\tBob');
  await dialog.getByRole('button', { name: 'Look at the columns' }).click();
  await dialog.getByText('Say which column holds the names of the servers.').waitFor();
  await dialog.getByLabel('What the column Box is').selectOption('Name');
  expect(await axe(page)).toEqual([]);
  await dialog.getByRole('button', { name: 'Import these servers' }).click();
  await page.getByText('49 rows').waitFor({ timeout: 120_000 });
}, 180_000);

it('draws who talks to whom, with a table that leads to the servers', async () => {
  await go(page, '#/inventory/talk');
  const link = page.getByRole('row').filter({ hasText: 'tcp/' }).getByRole('link').first();
  await link.waitFor({ timeout: 120_000 });
  await page.getByRole('img', { name: /^Who talks to whom\. \d+ servers with \d+ links/u }).waitFor();
  expect(await axe(page)).toEqual([]);
  await link.press('Enter');
  await page.getByRole('tab', { name: 'Talks to' }).waitFor();
}, 180_000);

it('sets the backup windows of several servers together', async () => {
  await go(page, '#/inventory');
  const grid = page.getByRole('grid', { name: 'Servers' });
  await page.getByRole('textbox', { name: 'Filter Servers' }).fill('web-');
  await grid.focus();
  await page.keyboard.press('Home');
  await page.keyboard.press('Shift+ArrowDown');
  await page.getByText('2 selected').waitFor();
  await page.getByRole('button', { name: 'Edit annotations' }).click();
  await page.getByRole('checkbox', { name: 'Set when their backups run' }).check();
  await page.getByRole('checkbox', { name: 'Sun' }).uncheck();
  await page.getByLabel('From').fill('21:30');
  await page.getByLabel('From').blur();
  expect(await axe(page)).toEqual([]);
  await page.getByRole('button', { name: 'Change', exact: true }).click();
  await page.getByText('2 servers changed.').waitFor();
  await page.getByRole('button', { name: 'Clear the selection' }).click();
  await page.getByRole('gridcell', { name: 'web-02', exact: true }).click();
  await grid.press('Enter');
  await page.getByRole('tab', { name: 'Annotations' }).click();
  await expect.poll(() => page.getByLabel('From').inputValue()).toBe('21:30');
  expect(await page.getByRole('checkbox', { name: 'Sun' }).isChecked()).toBe(false);
  expect(await page.getByRole('checkbox', { name: 'Mon' }).isChecked()).toBe(true);
}, 180_000);

it('edits backup windows of a server, hosts, models and freezes of the scenario', async () => {
  await page.getByRole('tab', { name: 'Annotations' }).click();
  await page.getByRole('button', { name: 'Add a window' }).click();
  await page.getByRole('checkbox', { name: 'Sat' }).last().uncheck();
  await page.getByRole('button', { name: 'Save annotations' }).click();
  await page.getByText('Annotations saved.').waitFor();
  await go(page, '#/sizing/hosts');
  await page.getByRole('button', { name: 'Add a host' }).click({ timeout: 120_000 });
  await page.getByRole('button', { name: 'Describe a model' }).click();
  await page.getByRole('button', { name: 'Modern 1U host (example)' }).click();
  expect(await axe(page)).toEqual([]);
  await go(page, '#/sizing/money');
  await page.getByRole('button', { name: 'Add a freeze' }).click();
  await page.getByRole('button', { name: 'Apply' }).click();
  await page.getByText('default is changed.').waitFor({ timeout: 60_000 });
  await page.getByText(/3 settings changed from default/u).waitFor({ timeout: 60_000 });
  expect(faults).toEqual([]);
}, 240_000);
