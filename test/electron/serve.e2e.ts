/** `ironlift serve` as a person has it: the command, the built page, a browser; the address once, the token for as long. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join, resolve } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openPage, startApplication, startBrowser } from '../support/browser.ts';
import { scratchFolder } from '../support/tools.ts';

const IRONLIFT = resolve(import.meta.dirname, '../../bin/ironlift.js');
let browser: Browser;

beforeAll(async () => {
  browser = await startBrowser();
});
afterAll(() => browser.close());

describe('ironlift serve', () => {
  it('lets one browser in, once, and that one again after a reload; nothing violates its policy', async () => {
    const application = await startApplication(await scratchFolder());
    try {
      const { page, faults } = await openPage(browser, application.url);
      // The code is gone from what can be read over a shoulder, and from the history.
      expect(page.url()).not.toContain('#c=');
      expect(await page.evaluate('history.length')).toBeLessThanOrEqual(2);
      await page.reload();
      await page.getByRole('navigation').first().waitFor();
      expect(faults).toEqual([]);

      const second = await browser.newContext();
      const stranger = await second.newPage();
      await stranger.goto(application.url);
      await stranger.getByText('This page is not connected to the program any more.').waitFor();
      expect(await stranger.getByRole('navigation').count()).toBe(0);
      await second.close();
    } finally {
      await application.close();
    }
  });

  it('says that the program does not answer when it has ended', async () => {
    const application = await startApplication(await scratchFolder());
    const { page } = await openPage(browser, application.url);
    await application.close();
    await expect.poll(() => page.getByRole('status').allTextContents(), { timeout: 20_000 }).not.toEqual([]);
  });

  it('prints its address and ends by Ctrl-C with a sentence', async () => {
    const folder = await scratchFolder();
    const child = spawn(process.execPath, [IRONLIFT, 'serve', '--no-open', '--data', join(folder, 'data')]);
    let out = '';
    let err = '';
    child.stdout.on('data', (text: Buffer) => (out += text.toString()));
    child.stderr.on('data', (text: Buffer) => (err += text.toString()));
    await expect.poll(() => err, { timeout: 60_000 }).toContain('Ctrl-C');
    expect(out).toMatch(/^Ironlift is at http:\/\/127\.0\.0\.1:\d+\/#c=[\w-]{43}\n$/u);
    child.kill('SIGINT');
    const [code] = (await once(child, 'exit')) as [number | null];
    expect(code).toBe(0);
    expect(err).toMatch(/Ended\.\n$/u);
  });
});
