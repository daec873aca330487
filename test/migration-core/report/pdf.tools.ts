/** Reports as independent readers see them: poppler and qpdf for PDF, Chromium and axe for HTML. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser } from 'playwright-core';
import readWorkbook from 'read-excel-file/node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isIronliftError } from '../../../migration-core/base/errors.ts';
import type { ReportInput } from '../../../migration-core/report/input.ts';
import type { Report } from '../../../migration-core/report/model.ts';
import { csvFiles } from '../../../migration-core/report/csv.ts';
import { writeHtml } from '../../../migration-core/report/html/write.ts';
import { writeJson } from '../../../migration-core/report/json.ts';
import { writeXlsx } from '../../../migration-core/report/xlsx.ts';
import { writeMarkdown } from '../../../migration-core/report/markdown/write.ts';
import { chromiumPrinter, findChromium, whyNoPdf } from '../../../migration-core/report/pdf/chromium.ts';
import { placesIn } from '../../../migration-core/report/pdf/look.ts';
import { writePdf } from '../../../migration-core/report/pdf/write.ts';
import { axe, startBrowser } from '../../support/browser.ts';
import {
  HOSTILE_NAMES,
  namedInput,
  reportFrom,
  sampleInput,
  writeWorld,
} from '../../support/report-inputs.ts';
import { needTools, run, scratchFolder } from '../../support/tools.ts';

let input: ReportInput;
let report: Report;
let browser: Browser;
beforeAll(async () => {
  needTools('pdftotext', 'pdfinfo', 'pdffonts', 'qpdf', 'chromium');
  input = await sampleInput();
  // Four sheets are as good as 47 for what is judged here, and printed in a third of the time.
  report = reportFrom(input, { servers: input.study.facts.slice(0, 4).map(({ name }) => name) });
  browser = await startBrowser();
});
afterAll(() => browser.close());

async function printed(
  of: Report,
  options: Parameters<typeof writeWorld>[1] = {},
): Promise<{ path: string; bytes: Uint8Array; text: string; pages: string[] }> {
  const bytes = (await writePdf(of, writeWorld(of, options))) as Uint8Array;
  const path = join(await scratchFolder(), 'report.pdf');
  await writeFile(path, bytes);
  const text = await run('pdftotext', ['-layout', path, '-']);
  return { path, bytes, text, pages: text.split('\f').slice(0, -1) };
}
/** RFC 4180, without a thought for anything else. */
function parseCsv(bytes: Uint8Array): string[][] {
  const text = Buffer.from(bytes)
    .toString()
    .replace(/^\ufeff/u, '');
  return [...text.matchAll(/(?:(?:"(?:[^"]|"")*"|[^",\r\n]*)(?:,|(?=\r?\n|$)))+/gu)]
    .filter(([line]) => line !== '')
    .map(([line]) =>
      [...line.matchAll(/("(?:[^"]|"")*"|[^",]*)(?:,|$)/gu)].map(([, cell]) =>
        cell!.startsWith('"') ? cell!.slice(1, -1).replaceAll('""', '"') : cell!,
      ),
    );
}
const squeezed = (text: string): string => text.replace(/\s+/gu, ' ');

describe('a PDF', () => {
  it('is tagged, has all fonts within, numbered pages, contents that lead there, and the same bytes each time', async () => {
    const { path, bytes, text, pages } = await printed(report);
    const info = await run('pdfinfo', [path]);
    expect(info).toMatch(/^Tagged: +yes$/mu);
    expect(info).toMatch(/^Title: +Virtualization assessment for Harbour Ltd$/mu);
    expect(info).toMatch(/^Creator: +Ironlift$/mu);
    expect(info).toMatch(/^CreationDate: +Thu Nov 26 09:00:00 2026/mu);
    expect(info).toMatch(/^Page size: +59[45].*\(A4\)$/mu);
    expect(Number(/^Pages: +(\d+)$/mu.exec(info)![1])).toBe(pages.length);
    const fonts = (await run('pdffonts', [path])).trim().split('\n').slice(2);
    expect(fonts.length).toBeGreaterThan(0);
    for (const font of fonts) expect(font).toMatch(/ yes +(?:yes|no) +(?:yes|no) +\d+ +\d+$/u);
    expect(await run('qpdf', ['--check', path])).toContain('No syntax or stream encoding errors found');

    for (const [at, page] of pages.entries())
      if (at > 0) expect(page, `page ${at + 1}`).toContain(`${at + 1} of ${pages.length}`);
    expect(pages[0]).not.toContain(`1 of ${pages.length}`);
    expect(pages[0]).toContain('Harbour Ltd');
    expect(pages[0]).toContain('Ada Byron, Byron & Sons');
    // Each line of the contents names the page where its heading stands.
    const contents = [...pages[1]!.matchAll(/^ *(\d+(?:\.\d+)?) +(\S.*?)[ .]+(\d+)$/gmu)];
    expect(contents.length).toBeGreaterThan(25);
    for (const [, number, title, page] of contents)
      expect(squeezed(pages[Number(page) - 1]!), `${number!} ${title!}`).toContain(
        `${number!} ${title!.trim().slice(0, 30)}`,
      );
    // No heading is left alone at the foot of a page: something of its own follows.
    for (const [, number, title, page] of contents) {
      const lines = pages[Number(page) - 1]!.split('\n')
        .map(squeezed)
        .filter((line) => line.trim() !== '');
      const at = lines.findIndex((line) => line.includes(`${number!} ${title!.trim().slice(0, 30)}`));
      expect(lines.length - at, `${number!} ${title!} is alone`).toBeGreaterThan(3);
    }
    const outline = await run('qpdf', ['--json', '--json-key=outlines', path]);
    for (const { title } of report.sections) expect(outline).toContain(title);
    expect(text).not.toMatch(/NaN|undefined|\[object/u);

    const again = (await writePdf(report, writeWorld(report))) as Uint8Array;
    expect(Buffer.compare(bytes, again)).toBe(0);
  });

  it('fits US paper, carries colour and draft mark, and is printed of nothing and of hostile names', async () => {
    const empty = await printed(reportFrom(await namedInput([]), { draft: true }), {
      paper: 'Letter',
      accent: '#7a1f5c',
    });
    expect(await run('pdfinfo', [empty.path])).toMatch(/^Page size: +612 x 792 pts \(letter\)$/mu);
    expect(empty.text).toContain('No servers have been collected yet.');
    expect(empty.pages[1]).toContain('Draft');
    const hostile = await printed(
      reportFrom(await namedInput(HOSTILE_NAMES), { confidentiality: '"; }</style>' }),
    );
    expect(await run('qpdf', ['--check', hostile.path])).toContain(
      'No syntax or stream encoding errors found',
    );
    const text = hostile.text.replace(/\s/gu, '');
    for (const name of [
      '<script>document.title="owned"</script>',
      '</style><style>*{display:none}</style>',
      '=HYPERLINK("http://127.0.0.1/","x")',
    ])
      expect(text).toContain(name);
    expect(text).toContain('"; }</style>'.replace(/\s/gu, ''));
  });

  it('needs a browser, and says which where there is none', async () => {
    expect(findChromium({ PATH: '/nowhere', IRONLIFT_CHROMIUM: '/nowhere/chromium' })).toBeNull();
    const error: unknown = await chromiumPrinter(null).catch((thrown: unknown) => thrown);
    expect(isIronliftError(error, 'PDF_NOT_POSSIBLE')).toBe(true);
    expect((error as Error).message).toBe('No browser was found that can print a PDF.');
    expect((error as { next: string }).next).toMatch(
      /^Install Chromium, Google Chrome or Microsoft Edge, .* any browser\.$/u,
    );
    expect(whyNoPdf()).toBeNull();
    expect(() => placesIn(new TextEncoder().encode('%PDF-1.4\nnothing'))).toThrow(/built in another way/u);
  });
});

describe('the key figures', () => {
  it('are the same in HTML, PDF and Markdown', async () => {
    const world = writeWorld(report);
    const html = Buffer.from((await writeHtml(report, world)) as Uint8Array).toString();
    const markdown = Buffer.from((await writeMarkdown(report, world)) as Uint8Array).toString();
    const { pages } = await printed(reportFrom(input, { audience: 'executive' }));
    // Cover and contents on one page, the answer on the next, and not more than a manager reads.
    expect(pages.length).toBeGreaterThanOrEqual(4);
    expect(pages.length).toBeLessThanOrEqual(6);
    expect(squeezed(pages[0]!)).toContain('Contents 1 Summary');
    const summary = squeezed(pages[1]!);
    expect(report.figures.length).toBeGreaterThan(15);
    for (const { title, value, kind, unit, id } of report.figures) {
      const text = world.format.figure(value, kind, unit);
      expect(markdown, title).toContain(`| ${title} | ${text} |`);
      if (value === null || id.startsWith('verdict-')) continue;
      expect(html, title).toContain(`<dt>${title}</dt><dd dir="auto">${text}<`);
    }
    // Of the whole estate: the executive summary on paper, figure by figure.
    for (const { value, kind, unit, id, title } of reportFrom(input).figures) {
      if (value === null) continue;
      if (id.startsWith('verdict-')) {
        if (value !== 0) expect(summary, title).toContain(`${title} ${value as number}`);
      } else expect(summary, title).toContain(squeezed(world.format.figure(value, kind, unit)));
    }
  });
});

describe('the data formats', () => {
  it('have the same key figures, unrounded', async () => {
    const world = writeWorld(report);
    const json = JSON.parse(Buffer.from((await writeJson(report)) as Uint8Array).toString()) as {
      figures: { id: string; value: unknown }[];
    };
    const csv = parseCsv(new Map(csvFiles(report, world)).get('figures.csv')!);
    const header = csv[0]!;
    const workbook = await readWorkbook(Buffer.from(await writeXlsx(report, world)));
    const sheet = workbook.find(({ sheet: name }) => name === 'Figures')!.data;
    const column = (row: readonly unknown[], name: string): number => row.indexOf(name);
    for (const { id, title, value } of report.figures) {
      expect(json.figures.find((one) => one.id === id)!.value, id).toBe(value);
      // As they stand: the first row of that id is the key figure, chapters come after it.
      const line = csv.find((row) => row[column(header, 'Id')] === id)!;
      const cell = sheet.find((row) => row.includes(id) && row.includes(title))!;
      if (typeof value !== 'number') continue;
      expect(Number(line[column(header, 'Value')]), id).toBeCloseTo(value, 6);
      expect(Number(cell[sheet[0]!.indexOf('Value')]), id).toBeCloseTo(value, 6);
    }
  });
});

describe('an HTML page', () => {
  it.each([
    ['of the sample', () => report],
    ['of hostile names', async () => reportFrom(await namedInput(HOSTILE_NAMES))],
  ])('asks for nothing, complains of nothing, and axe finds nothing, light and dark: %s', async (_, of) => {
    const shown = await of();
    const path = join(await scratchFolder(), 'report.html');
    await writeFile(path, (await writeHtml(shown, writeWorld(shown))) as Uint8Array);
    const context = await browser.newContext({ reducedMotion: 'reduce', bypassCSP: false });
    const page = await context.newPage();
    const faults: string[] = [];
    const asked: string[] = [];
    page.on('console', (message) => faults.push(message.text()));
    page.on('pageerror', (error) => faults.push(String(error)));
    page.on('request', (request) => asked.push(request.url()));
    await page.goto(pathToFileURL(path).href);
    expect(await page.title()).toBe(shown.meta.title);
    const table = page.locator('table[data-table]').first();
    await table.locator('th button').first().click();
    expect(await table.locator('th').first().getAttribute('aria-sort')).toBe('ascending');
    const chart = page.locator('figure[data-chart] svg').first();
    await chart.focus();
    await page.keyboard.press('ArrowRight');
    expect(await page.locator('.readout:visible').first().innerText()).toMatch(/\d/u);
    await page.keyboard.press('Escape');
    expect(faults).toEqual([]);
    expect(asked.filter((url) => !url.startsWith('data:'))).toEqual([pathToFileURL(path).href]);
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      expect(await axe(page), colorScheme).toEqual([]);
    }
    await context.close();
  });

  it('sorts by value, filters, and turns the pages of a table of ten thousand', async () => {
    const [first, ...rest] = report.sections;
    const many: Report = {
      ...report,
      sections: [
        {
          ...first!,
          blocks: [
            {
              kind: 'table',
              table: {
                id: 'many',
                title: 'Many',
                columns: [
                  { id: 'name', title: 'Name', kind: 'text' },
                  { id: 'size', title: 'Size', kind: 'bytes' },
                ],
                rows: Array.from({ length: 10_000 }, (_, at) => [
                  `</script>srv-${at}`,
                  at % 7 === 0 ? null : ((at * 7919) % 10_000) * 2 ** 30,
                ]),
                empty: '',
              },
            },
          ],
        },
        ...rest.slice(0, 1),
      ],
    };
    const path = join(await scratchFolder(), 'many.html');
    await writeFile(path, (await writeHtml(many, writeWorld(many))) as Uint8Array);
    const page = await browser.newPage();
    await page.goto(pathToFileURL(path).href);
    const figure = page.locator('figure.table').first();
    expect(await figure.locator('tbody tr').count()).toBe(100);
    expect(await figure.getByRole('status').innerText()).toBe('1–100 of 10,000');
    await figure.getByRole('button', { name: 'Size' }).click();
    expect(await figure.locator('tbody tr').first().innerText()).toMatch(/\t2\.0$/u);
    await figure.getByRole('button', { name: 'Size' }).click();
    expect(await figure.locator('tbody tr').first().innerText()).toMatch(/\t9,999\.0$/u);
    await figure.getByRole('searchbox').fill('srv-123');
    await expect.poll(() => figure.getByRole('status').innerText()).toBe('11 of 10,000');
    await figure.getByRole('searchbox').fill('');
    await expect.poll(() => figure.getByRole('status').innerText()).toBe('1–100 of 10,000');
    await figure.getByRole('button', { name: 'Next rows' }).click();
    expect(await figure.getByRole('status').innerText()).toBe('101–200 of 10,000');
    await page.close();
    expect((await readFile(path)).length).toBeLessThan(4 << 20);
  });
});
