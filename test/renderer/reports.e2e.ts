/** A consultant puts a report together and hands it over. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Locator } from 'playwright-core';
import { expect, it, onTestFinished } from 'vitest';
import { axe, openSample } from '../support/browser.ts';
import { openApplication } from '../support/opened.ts';
import { run } from '../support/tools.ts';

it('a report is previewed, redacted and exported', async () => {
  const { home, page, faults, close } = await openApplication();
  onTestFinished(close);
  await openSample(page);
  await page.goto(`${page.url().split('#')[0]!}#/reports`);
  const preview = page.frameLocator('iframe[title="Preview of the report"]');
  await preview.getByRole('heading', { name: 'Virtualization assessment' }).waitFor({ timeout: 120_000 });
  await preview.locator('main').getByText('app-01').first().waitFor();
  expect(await axe(page)).toEqual([]);
  await page.getByLabel('Replace names').check();
  await expect.poll(() => preview.locator('main').innerText(), { timeout: 60_000 }).toContain('Server-01');
  expect(await preview.locator('main').innerText()).not.toContain('app-01');

  await page.getByRole('checkbox', { name: /^PDF/u }).uncheck();
  await page.getByRole('button', { name: 'Export report' }).click();
  const chooser = page.getByRole('dialog');
  await chooser.getByRole('textbox').fill('Handed over');
  await chooser.getByRole('button').last().click();
  const list = page.getByRole('tabpanel').locator('code[title="SHA-256"]');
  await list.first().waitFor({ timeout: 120_000 });
  expect(await list.first().innerText()).toMatch(/^[0-9a-f]{64}$/u);
  const [file] = await readdir(join(home, 'Handed over'));
  expect(file).toMatch(/^Virtualization assessment [\d-]{10}\.html$/u);
  await page.emulateMedia({ colorScheme: 'dark' });
  expect(await axe(page)).toEqual([]);
  expect(faults).toEqual([]);
});

it('the sample becomes a PDF in a dozen clicks, by hand from the first screen', async () => {
  const { home, page, faults, close } = await openApplication();
  onTestFinished(close);
  let clicks = 0;
  const click = async (locator: Locator): Promise<void> => {
    clicks++;
    await locator.click({ timeout: 120_000 });
  };
  await click(page.getByRole('button', { name: 'Try the sample' }).first());
  await click(page.getByRole('navigation').getByRole('link', { name: /^Reports/u }));
  await click(page.getByRole('button', { name: 'Export report' }));
  const chooser = page.getByRole('dialog');
  await chooser.getByRole('textbox').fill('For the harbour');
  await click(chooser.getByRole('button').last());
  const out = join(home, 'For the harbour');
  await expect
    .poll(async () => (await readdir(out).catch(() => [])).filter((name) => name.endsWith('.pdf')), {
      timeout: 200_000,
    })
    .toHaveLength(1);
  const [pdf] = (await readdir(out)).filter((name) => name.endsWith('.pdf'));
  const told = await run('pdfinfo', [join(out, pdf!)]);
  expect(told).toMatch(/^Tagged: +yes$/mu);
  expect(clicks).toBeLessThanOrEqual(12);
  console.log(`From the first screen to ${pdf!} in ${String(clicks)} clicks.`);
  expect(faults).toEqual([]);
});
