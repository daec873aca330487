/** What a consultant does first, in a real Chromium over the real program. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { axe, openSample } from '../support/browser.ts';
import { openApplication } from '../support/opened.ts';

let home: string;
let page: Page;
let faults: string[];

beforeAll(async () => {
  const opened = await openApplication();
  ({ home, page, faults } = opened);
  return opened.close;
});

const goTo = async (hash: string, heading: string): Promise<void> => {
  await page.evaluate((to) => (location.hash = to), hash);
  await page.getByRole('heading', { name: heading, level: 1 }).waitFor();
};
const rows = (): Promise<number> => page.locator('tbody tr:not(.space)').count();

describe('the sample', () => {
  it('is there in one click, with every server', async () => {
    await openSample(page);
    await page.getByText('47 servers, 46 of them measured').waitFor();
    expect(await page.getByRole('grid', { name: 'Servers' }).getAttribute('aria-rowcount')).toBe('48');
  });

  it('is searched, and a server opened by keys alone', async () => {
    await page.keyboard.press('Control+k');
    await page.getByRole('combobox', { name: 'Name of a screen or a server' }).waitFor();
    await page.keyboard.type('erp-d');
    await page.getByRole('option', { name: /erp-db/u }).waitFor();
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'erp-db', level: 2 }).waitFor();
    const cpu = page.getByRole('img', { name: /^erp-db, CPU\. CPU: \d+% on average/u });
    await cpu.waitFor();
    await cpu.focus();
    await page.keyboard.press('ArrowRight');
    expect(await page.locator('figure .reading strong').first().textContent()).toMatch(/2026|20\d\d/u);
    await page.getByRole('tab', { name: 'Hardware' }).click();
    await page.getByText('Serial number').waitFor();
    await page.getByRole('button', { name: 'Close this server' }).click();
  });

  it('takes one tag for many servers by keyboard, and gives it back', async () => {
    await page.getByRole('textbox', { name: 'Filter Servers' }).fill('web-');
    const grid = page.getByRole('grid', { name: 'Servers' });
    await page.getByText(/^\d+ of 47 rows$/u).waitFor();
    expect(await rows()).toBeGreaterThan(2);
    await grid.focus();
    await page.keyboard.press('Home');
    await page.keyboard.press('Shift+ArrowDown');
    await page.keyboard.press('Shift+ArrowDown');
    await page.getByText('3 selected').waitFor();
    await page.getByRole('button', { name: 'Edit annotations' }).click();
    await page.getByLabel('Add tags').fill('first night');
    await page.getByRole('button', { name: 'Change', exact: true }).click();
    await page.getByText('3 servers changed.').waitFor();
    await expect.poll(() => page.getByRole('gridcell', { name: 'first night' }).count()).toBe(3);
    await grid.focus();
    await page.keyboard.press('Control+z');
    await page.getByText('Taken back: Tag 3 servers').waitFor();
    await expect.poll(() => page.getByRole('gridcell', { name: 'first night' }).count()).toBe(0);
    await page.keyboard.press('Control+y');
    await expect.poll(() => page.getByRole('gridcell', { name: 'first night' }).count()).toBe(3);
    await page.getByRole('textbox', { name: 'Filter Servers' }).fill('');
    await page.getByRole('button', { name: 'Clear the selection' }).click();
  });
});

describe('every screen of the beginning', () => {
  const SCREENS: [string, string][] = [
    ['#/start', 'Start'],
    ['#/project', 'New project'],
    ['#/sources', 'Sources'],
    ['#/inventory/1', 'Inventory'],
    ['#/settings', 'Settings and help'],
  ];
  for (const theme of ['light', 'dark'] as const)
    it.each(SCREENS)(`has nothing serious for axe to find (${theme}): %s`, async (hash, heading) => {
      await page.emulateMedia({ colorScheme: theme });
      await goTo(hash, heading);
      await page.waitForTimeout(600);
      expect(await axe(page)).toEqual([]);
    });

  it.each(SCREENS)('needs no sideways scrolling at 200 %% zoom: %s', async (hash, heading) => {
    await page.setViewportSize({ width: 640, height: 400 });
    await goTo(hash, heading);
    await page.waitForTimeout(300);
    const wide = await page.evaluate(() => {
      const outer = [
        document.documentElement,
        document.querySelector('.screen-place')!,
        document.querySelector('main')!,
      ];
      return outer
        .filter((one) => one.scrollWidth > one.clientWidth + 1)
        .map((one) => one.className || one.tagName);
    });
    await page.setViewportSize({ width: 1280, height: 800 });
    expect(wide).toEqual([]);
  });
});

describe('a new project', () => {
  it('is made by the wizard, which keeps what was typed, and a list of servers is imported into it', async () => {
    const list = ['Hostname,OS,Manufacturer,Model,Serial Number,CPU Cores,Memory (GB)'];
    for (let server = 1; server <= 12; server++)
      list.push(`rack-${server},Debian GNU/Linux 12,Dell Inc.,PowerEdge R620,SN-${server},16,64`);
    writeFileSync(join(home, 'cmdb.csv'), `${list.join('\r\n')}\r\n`);

    await goTo('#/project', 'New project');
    await page.getByRole('textbox', { name: 'Customer' }).fill('Nordhafen & Söhne');
    await page.getByRole('button', { name: 'Next' }).click();
    await page.getByRole('radio', { name: /Hyper-V/u }).check();
    await page.getByRole('button', { name: 'Next' }).click();
    await page.getByRole('radio', { name: /Conservative/u }).check();
    await page.getByRole('button', { name: 'Back' }).click();
    expect(await page.getByRole('radio', { name: /Hyper-V/u }).isChecked()).toBe(true);
    await page.getByRole('button', { name: 'Create project' }).click();
    const dialog = page.getByRole('dialog', { name: 'Where the new engagement is kept' });
    await dialog.waitFor();
    expect(await axe(page)).toEqual([]);
    expect(await dialog.getByLabel('File name').inputValue()).toBe('Nordhafen & Söhne.ironlift');
    await dialog.getByRole('button', { name: 'Save here' }).click();
    await page.getByRole('heading', { name: 'Sources', level: 1 }).waitFor();
    await page.getByText('Nothing was collected yet.').waitFor();

    await page.getByRole('button', { name: 'Choose files or a folder…' }).click();
    await page.getByRole('button', { name: 'cmdb.csv' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Choose', exact: true }).click();
    await page
      .getByText('1 collection brought 12 servers; all of it was understood.')
      .waitFor({ timeout: 60_000 });
    await goTo('#/inventory', 'Inventory');
    await page.getByRole('gridcell', { name: 'rack-7', exact: true }).waitFor();
  });
});

it('never broke the rules of its own page', () => {
  expect(faults).toEqual([]);
});
