/**
 * From the sample to verdicts, a plan and waves, as a consultant clicks: one journey over the real program. The screens are
 * looked over by axe on the way, light and dark.
 */
import { copyFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { axe, openSample } from '../support/browser.ts';
import { openApplication } from '../support/opened.ts';
import { hasShared, NEEDS_SHARED, sharedPath } from '../support/shared.ts';
import { run, scratchFolder } from '../support/tools.ts';

const PATIENCE = 60_000;
let home: string;
let page: Page;
let faults: string[];

beforeAll(async () => {
  const opened = await openApplication();
  ({ home, page, faults } = opened);
  page.setDefaultTimeout(PATIENCE);
  await openSample(page);
  return opened.close;
});

const go = (hash: string): Promise<void> =>
  page.evaluate((to) => {
    (globalThis as unknown as { location: { hash: string } }).location.hash = to;
  }, hash);

async function accessible(): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    expect(await axe(page)).toEqual([]);
  }
  await page.emulateMedia({ colorScheme: 'light' });
}

const cell = (name: string) => page.getByRole('row').filter({ has: page.getByText(name, { exact: true }) });

describe('from verdicts to waves', () => {
  it('explains one verdict on one screen, and takes a decision by hand', async () => {
    await page.getByRole('link', { name: /^Candidates/u }).click();
    await page.getByText(/can become virtual machines as they are/u).waitFor();
    await cell('backup-01').click();
    const why = page.getByRole('complementary', { name: 'Why' });
    await why.getByText(/^Candidate with conditions, because/u).waitFor();
    // The reasons, the conditions with what to do, the machine, the evidence and the rules: all here.
    await why.getByText('What to do:').first().waitFor();
    await why.getByRole('heading', { name: 'From server to virtual machine' }).waitFor();
    await why.getByRole('img', { name: /^Processor\./u }).waitFor();
    await why.getByText('Reasons and rules').click();
    await why
      .getByText(/Assessment model/u)
      .filter({ visible: true })
      .first()
      .waitFor();
    await accessible();

    await why.getByLabel('Verdict').selectOption('Keep physical');
    await why.getByRole('button', { name: 'Decide', exact: true }).click();
    await why.getByText('This is needed.').waitFor();
    await why.getByLabel(/^Reason/u).fill('The tape drive stays with it.');
    await why.getByRole('button', { name: 'Decide', exact: true }).click();
    await why.getByText(/The rules say: With conditions/u).waitFor();
    await page.keyboard.press('Control+z');
    await why.getByText(/^Candidate with conditions, because/u).waitFor();
    await why.getByText(/The rules say/u).waitFor({ state: 'detached' });
  });

  it('shows what a change of the scenario would do before it is applied', async () => {
    await go('#/sizing');
    await page.getByRole('radio', { name: /^Conservative/u }).click();
    const preview = page.getByRole('complementary', { name: 'What changes' });
    await preview.getByText(/sizes? changed\./u).waitFor();
    await preview.getByText('Because the profile is conservative instead of balanced.').first().waitFor();
    await accessible();
    await page.getByRole('tab', { name: 'Rules' }).click();
    await page.getByRole('grid', { name: 'Rules' }).waitFor();
    await page.getByRole('textbox', { name: 'Filter Rules' }).fill('one cpu nobody has');
    await page.getByText('No row matches the filter.').waitFor();
    await page.getByRole('textbox', { name: 'Filter Rules' }).fill('');
    await accessible();
    await page.getByRole('button', { name: 'Discard' }).click();
    // One model of host smaller, so that there is something to move to.
    await page.getByRole('tab', { name: 'Sizing' }).click();
    await page.getByLabel('Host model').selectOption({ value: 'modern-1u' });
    await page.getByRole('button', { name: 'Apply' }).click();
    await page.getByText('1 setting changed from default').waitFor();
  });

  it('plans, keeps a machine where it was put, and lets go of it', async () => {
    await go('#/plan');
    await page.getByRole('button', { name: 'Make the plan', exact: true }).click();
    await page.getByRole('tab', { name: /^Hosts/u }).waitFor();
    await page.getByText(/servers fit on \d+ hosts/u).waitFor();
    await accessible();
    // By keyboard: choose a machine, look where it fits, keep it there.
    const first = page.getByRole('article').first();
    const from = (await first.getAttribute('aria-label'))!;
    const machines = first.getByRole('list', { name: `Machines on ${from}` }).getByRole('button');
    const pane = page.getByRole('complementary', { name: 'Move a machine' });
    let to: string | null = null;
    for (let at = 0; to === null && at < (await machines.count()); at++) {
      await machines.nth(at).focus();
      await page.keyboard.press('Enter');
      await pane
        .getByText(/fits? on host-|kept on different hosts/u)
        .first()
        .waitFor();
      await expect.poll(() => pane.getByText('Would it fit?').count(), { timeout: 30_000 }).toBe(0);
      const fits = pane.getByRole('listitem').filter({ hasText: /fits on host-/u });
      if ((await fits.count()) > 0) {
        const name = (await pane.getByRole('heading').innerText()).trim();
        to = (await fits.first().locator('strong').first().innerText()).trim();
        await accessible();
        await fits
          .first()
          .getByRole('button', { name: `Keep on ${to}` })
          .click();
        await page.getByText(`${name} is kept on ${to}.`, { exact: false }).waitFor();
      } else await machines.nth(at).press('Enter');
    }
    expect(to).not.toBeNull();
    await page.getByText('The scenario was changed since.', { exact: false }).waitFor();
    await page.getByLabel('Search', { exact: true }).selectOption('Quick, about 2 s');
    await page.getByRole('button', { name: 'Make the plan anew' }).click();
    await page.getByText('The scenario was changed since.', { exact: false }).waitFor({ state: 'detached' });
    const host = page.getByRole('article', { name: to! });
    await host.getByText('pinned here').waitFor({ state: 'attached' });
    await page.getByRole('tab', { name: 'Proof and backups' }).click();
    await page.getByText(new RegExp(`^The scenario keeps .* on ${to!}\\.`, 'u')).waitFor();
    await accessible();
    await page.getByRole('tab', { name: 'Savings' }).click();
    await page.getByText('How it was computed').waitFor();
    await accessible();
    await page.getByRole('tab', { name: /^Hosts/u }).click();
    await host.getByRole('button', { name: /pinned here/u }).click();
    await pane.getByRole('button', { name: 'Let go of the pin' }).click();
    await page.getByText(/is free again/u).waitFor();
  });

  it('edits the waves as a table and reads it back, with what could not be used by line', async () => {
    await page.getByRole('link', { name: /^Waves/u }).click();
    await page.getByText(/servers move in \d+ waves/u).waitFor();
    await page.getByLabel('First night').fill('2027-01-11');
    await page.getByLabel('First night').blur();
    await page.getByRole('img', { name: /^Nights of the waves/u }).waitFor();
    await accessible();
    await page.getByRole('button', { name: 'Write as a table…' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('button', { name: 'Save here' }).click();
    await page.getByText('waves.csv is written.', { exact: false }).waitFor();

    const path = join(home, 'waves.csv');
    const lines = (await readFile(path, 'utf8')).split('\n');
    const last = lines.findLastIndex((line) => /^\d+,[^,]+,\d+,/u.test(line));
    const cells = lines[last]!.split(',');
    const name = cells[1]!;
    const former = cells[2]!;
    cells[2] = '1';
    lines[last] = cells.join(',');
    lines.push('4711,nobody,1,,,,,,,,,');
    await writeFile(path, lines.join('\n'));

    await page.getByRole('button', { name: 'Read a table back…' }).click();
    await dialog.getByText('waves.csv').click();
    await dialog.getByRole('button', { name: 'Choose', exact: true }).click();
    await page.getByText(`${name}: Wave ${former} → Wave 1`).waitFor();
    await page.getByText(/There is no server 4711 nobody here; the row was left out\./u).waitFor();
    await accessible();
    await page.getByRole('button', { name: 'Take these changes' }).click();
    const wave = page.getByRole('region', { name: 'Wave 1' });
    await wave.getByRole('button', { name: new RegExp(`^${name}.*put here by hand`, 'u') }).waitFor();
    // Undo brings it back.
    await page.keyboard.press('Control+z');
    await wave.getByText(name, { exact: true }).waitFor({ state: 'detached' });
  });
});

/** A week of a counter log of Windows, every five minutes: busy by day, quiet by night. */
function counterLog(servers: readonly string[]): string {
  const counters = [
    String.raw`Processor(_Total)\% Processor Time`,
    String.raw`Memory\Available Bytes`,
    String.raw`PhysicalDisk(0 C:)\Disk Reads/sec`,
    String.raw`PhysicalDisk(0 C:)\Disk Writes/sec`,
    String.raw`PhysicalDisk(0 C:)\Disk Read Bytes/sec`,
    String.raw`PhysicalDisk(0 C:)\Disk Write Bytes/sec`,
    String.raw`Network Interface(eth0)\Bytes Received/sec`,
    String.raw`Network Interface(eth0)\Bytes Sent/sec`,
  ];
  const cells = (values: readonly string[]): string => `${values.map((value) => `"${value}"`).join(',')}\r\n`;
  const lines = [
    cells([
      '(PDH-CSV 4.0) (UTC)(0)',
      ...servers.flatMap((server) => counters.map((counter) => `\\\\${server}\\${counter}`)),
    ]),
  ];
  const two = (value: number): string => String(value).padStart(2, '0');
  for (let at = 0; at < 7 * 288; at++) {
    const time = new Date(Date.UTC(2026, 9, 5) + at * 300_000);
    const busy = time.getUTCHours() >= 8 && time.getUTCHours() < 18 && time.getUTCDay() % 6 !== 0;
    const stamp = `${two(time.getUTCMonth() + 1)}/${two(time.getUTCDate())}/${String(time.getUTCFullYear())} ${two(time.getUTCHours())}:${two(time.getUTCMinutes())}:00.000`;
    const values = (server: number): string[] => [
      String((busy ? 20 : 4) + ((at + server) % 7)),
      String((busy ? 24 : 40) * 2 ** 30),
      String(busy ? 80 : 5),
      String(busy ? 40 : 5),
      String(busy ? 4_000_000 : 90_000),
      String(busy ? 2_000_000 : 90_000),
      String(busy ? 1_500_000 : 20_000),
      String(busy ? 900_000 : 20_000),
    ];
    lines.push(cells([stamp, ...servers.flatMap((_, server) => values(server))]));
  }
  return lines.join('');
}

/** A new project of this customer, what lies in the home folder brought into it, and every server of it in the plan. */
async function studyOf(customer: string, names: readonly string[], files: readonly string[]): Promise<void> {
  await go('#/project');
  await page.getByRole('textbox', { name: 'Customer' }).fill(customer);
  await page.getByRole('button', { name: 'Create project' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('button', { name: 'Save here' }).click();
  await page.getByText('Nothing was collected yet.').waitFor();
  await page.getByRole('button', { name: 'Choose files or a folder…' }).click();
  for (const file of files) await dialog.getByRole('button', { name: file }).click();
  await dialog.getByRole('button', { name: 'Choose', exact: true }).click();
  await page
    .getByText(`${files.length} collections brought ${names.length} servers`, { exact: false })
    .waitFor();
  await go('#/candidates');
  await cell(names[0]!).click();
  const why = page.getByRole('complementary', { name: 'Why' });
  await why.getByRole('img', { name: /^Processor\./u }).waitFor();
  await go('#/plan');
  await page.getByRole('button', { name: 'Make the plan', exact: true }).click();
  await page.getByRole('tab', { name: /^Hosts/u }).waitFor();
  // Every server that was brought is in the answer: on a host, or left out with the reason.
  const placed = async (): Promise<number> => {
    const buttons = await page.getByRole('article').getByRole('button').allInnerTexts();
    return names.filter((name) => buttons.some((text) => text.startsWith(name))).length;
  };
  const left = async (): Promise<number> =>
    Number(/\d+/u.exec(await page.getByRole('tab', { name: /^Without a host/u }).innerText())![0]);
  await expect.poll(async () => (await placed()) + (await left())).toBe(names.length);
}

/** Stars of trust that the verdict on screen has, of five. */
async function starsOf(name: string): Promise<number> {
  await go('#/candidates');
  await cell(name).click();
  const label = await page
    .getByRole('complementary', { name: 'Why' })
    .getByRole('img', { name: /of 5 stars/u })
    .first()
    .getAttribute('aria-label');
  return Number(label!.charAt(0));
}

const inventory = (names: readonly string[]): string =>
  [
    'Hostname,OS,Manufacturer,Model,Serial Number,CPU Cores,Memory (GB)',
    ...names.map(
      (name) => `${name},Microsoft Windows Server 2019 Standard,Dell Inc.,PowerEdge R620,SN-${name},16,64`,
    ),
    '',
  ].join('\r\n');

describe('from a log that was brought to a plan', () => {
  it('imports what was measured, judges it with honest stars, and plans it', async () => {
    const names = ['RACK-1', 'RACK-2', 'RACK-3'];
    await writeFile(join(home, 'cmdb.csv'), inventory(names));
    await writeFile(join(home, 'counters.csv'), counterLog(names));
    await studyOf('Nordhafen', names, ['cmdb.csv', 'counters.csv']);
    // A week is not a month: it says so.
    expect(await starsOf('RACK-1')).toBeLessThan(5);
  });

  it.skipIf(!hasShared)(`does so with a month of real servers ${NEEDS_SHARED}`, async () => {
    const trace = await scratchFolder();
    await run('tar', [...['-xJf', sharedPath('perf/bitbrains/2013-8_2013-9_vm001-030.tar.xz'), '-C', trace]]);
    const numbers = [11, 12, 13, 14, 15, 16, 17, 18, 19];
    for (const number of numbers)
      await copyFile(join(trace, '2013-8', `${number}.csv`), join(home, `${number}.csv`));
    const names = numbers.map((number) => `vm-${number}`);
    await writeFile(join(home, 'machines.csv'), inventory(names));
    await studyOf('Bitbrains', names, ['machines.csv', ...numbers.map((number) => `${number}.csv`)]);
  });

  it('complained of nothing', () => {
    expect(faults).toEqual([]);
  });
});
