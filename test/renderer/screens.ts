/**
 * Every screen as a picture, for a person to look at: `npm run screens [-- SCREEN...]` fills them with the sample and
 * writes out/screens/<screen>-<width>-<theme>.png, at 1280 x 800 and 1920 x 1080, light and dark.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { openPage, openSample, startApplication, startBrowser } from '../support/browser.ts';

const OUT = resolve(import.meta.dirname, '../../out/screens');
const SIZES = [
  { width: 1280, height: 800 },
  { width: 1920, height: 1080 },
];
/** Longest wait for what a screen asks for. */
const PATIENCE = 60_000;

const folder = mkdtempSync(join(tmpdir(), 'ironlift-screens-'));
const application = await startApplication(folder);
const browser = await startBrowser();
const wanted = process.argv.slice(2);
try {
  mkdirSync(OUT, { recursive: true });
  const { page, faults } = await openPage(browser, application.url);
  await openSample(page);
  // A plan, so that every screen has something to show.
  await page.goto(`${page.url().split('#')[0]!}#/plan`);
  await page.getByRole('button', { name: 'Make the plan' }).click({ timeout: PATIENCE });
  await page.getByRole('heading', { name: 'No plan yet' }).waitFor({ state: 'detached', timeout: PATIENCE });
  // The rail knows every screen that belongs to it; the others are called by their names.
  const links = await page
    .locator('nav a[href^="#/"]')
    .evaluateAll((all) => all.map((a) => a.getAttribute('href')!));
  const names = new Set(['start', 'project', ...links.map((href) => href.slice(2)), ...wanted]);
  const visited = new Set<string>();
  for (const name of names) {
    if (visited.has(name) || (wanted.length > 0 && !wanted.includes(name))) continue;
    visited.add(name);
    await page.goto(`${page.url().split('#')[0]!}#/${name}`);
    await settled();
    // Screens below a step are in the rail only while it is open.
    const more = await page
      .locator('nav a.sub')
      .evaluateAll((all) => all.map((a) => a.getAttribute('href')!.slice(2)));
    for (const one of more) names.add(one);
    for (const size of SIZES)
      for (const theme of ['light', 'dark'] as const) {
        await page.setViewportSize(size);
        await page.emulateMedia({ colorScheme: theme });
        await settled();
        await page.screenshot({ path: join(OUT, `${name.replaceAll('/', '-')}-${size.width}-${theme}.png`) });
      }
    console.log(name);
  }
  for (const fault of faults) console.log(`The page complained: ${fault}`);

  async function settled(): Promise<void> {
    await page.waitForLoadState('networkidle', { timeout: 2000 }).catch(() => undefined);
    await page
      .locator('[aria-busy="true"]')
      .first()
      .waitFor({ state: 'detached', timeout: PATIENCE })
      .catch(() => undefined);
    await page.waitForTimeout(400);
  }
} finally {
  await browser.close();
  await application.close();
  rmSync(folder, { recursive: true, force: true });
}
