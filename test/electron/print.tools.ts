/**
 * A report as PDF out of the desktop application: Electron's part is a fake, but what it is told to print with is passed
 * on to a real Chromium, of which `printToPDF` asks the same; and readers of others look at what comes out.
 */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Job } from '../../migration-core/contract/jobs.ts';
import { reportChoices } from '../../migration-core/contract/reports.ts';
import { until } from '../conformance/transport.ts';
import { startBrowser } from '../support/browser.ts';
import { needTools, run, scratchFolder } from '../support/tools.ts';
import { openDesktop } from './desktop-support.ts';
import type { Printed } from './fakes/electron.ts';

describe('a report as PDF in the desktop application', () => {
  it('is printed by Electron itself, tagged, with an outline and contents that lead there', async () => {
    needTools('pdftotext', 'pdfinfo', 'qpdf', 'chromium');
    const browser = await startBrowser();
    onTestFinished(() => browser.close());
    const print = async ({ html, preferences, options }: Printed): Promise<Uint8Array> => {
      const context = await browser.newContext({
        javaScriptEnabled: preferences.javascript ?? true,
        offline: true,
      });
      try {
        const page = await context.newPage();
        await page.route('**/*', (route) => route.abort());
        await page.setContent(html);
        return await page.pdf({
          printBackground: options.printBackground ?? false,
          preferCSSPageSize: options.preferCSSPageSize ?? false,
          displayHeaderFooter: options.displayHeaderFooter ?? false,
          tagged: options.generateTaggedPDF ?? false,
          outline: options.generateDocumentOutline ?? false,
        });
      } finally {
        await context.close();
      }
    };
    const folder = join(await scratchFolder(), 'reports');
    const desktop = await openDesktop({ print, chosen: { canceled: false, filePaths: [folder] } });
    const { client } = await desktop.connect();
    const ended = new Map<string, Job>();
    client.on('job', (job) => void ended.set(job.id, job));
    const over = async (id: string): Promise<Job> => {
      await until(() => ['done', 'failed'].includes(ended.get(id)?.state ?? ''), 60_000);
      return ended.get(id)!;
    };
    const sample = await client.call('engagement.sample', {});
    expect((await over(sample.job)).state).toBe('done');
    const { formats } = await client.call('reports.get', {});
    expect(formats.find(({ id }) => id === 'pdf')).toMatchObject({ missing: null });
    const { files } = await client.call('files.choose', { purpose: 'report-folder' });
    const { job } = await client.call('reports.start', {
      choices: reportChoices.parse({ audience: 'executive' }),
      formats: ['pdf'],
      folder: files[0]!.id,
    });
    expect(await over(job)).toMatchObject({ state: 'done', error: null });
    // Once to see on which page each chapter is, once with that filled in.
    expect(desktop.did.filter((what) => what === 'webContents.printToPDF').length).toBeGreaterThanOrEqual(2);
    expect(desktop.windows.slice(1).every(({ destroyed, shown }) => destroyed && shown === 0)).toBe(true);

    const [name] = await readdir(folder);
    expect(name).toMatch(/\.pdf$/u);
    const path = join(folder, name!);
    const info = await run('pdfinfo', [path]);
    expect(info).toMatch(/^Tagged: +yes$/mu);
    expect(info).toMatch(/^Creator: +Ironlift$/mu);
    expect(info).toMatch(/^Page size: +59[45].*\(A4\)$/mu);
    expect(await run('qpdf', ['--check', path])).toContain('No syntax or stream encoding errors found');
    expect(await run('qpdf', ['--json', '--json-key=outlines', path])).toContain('"title": ');
    const pages = (await run('pdftotext', ['-layout', path, '-'])).split('\f').slice(0, -1);
    // The management's report has its contents on the cover.
    const contents = [
      ...pages[0]!.replace(/^.*\d+ of \d+$/mu, '').matchAll(/^ *(\d+(?:\.\d+)?) +(\S.*?)[ .]+(\d+)$/gmu),
    ];
    expect(contents.length).toBeGreaterThan(4);
    for (const [, number, title, page] of contents)
      expect(pages[Number(page) - 1]!.replace(/\s+/gu, ' '), `${number!} ${title!}`).toContain(
        `${number!} ${title!.trim().slice(0, 30)}`,
      );
  }, 180_000);
});
