/** The application as a person has it: the real program behind the loopback host, and a real Chromium in front. */
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { mkdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { chromium, type Browser, type Page } from 'playwright-core';
import { electronWindow, inElectron, startElectron } from './electron-application.ts';

const ROOT = resolve(import.meta.dirname, '../..');
/** Debian's. */
export const CHROMIUM = process.env['IRONLIFT_CHROMIUM'] ?? '/usr/bin/chromium';

export interface Application {
  /** Good for one browser. */
  url: string;
  close(): Promise<void>;
}

/** Starts `ironlift serve` with a data folder and a home of its own in `folder`; or Electron, where that is to be tested. */
export async function startApplication(folder: string): Promise<Application> {
  if (inElectron()) return startElectron(folder);
  const home = join(folder, 'home');
  mkdirSync(home, { recursive: true });
  const child = spawn(
    process.execPath,
    [join(ROOT, 'bin/ironlift.js'), 'serve', '--no-open', '--json', '--data', join(folder, 'data')],
    { env: { ...process.env, HOME: home }, stdio: ['pipe', 'pipe', 'pipe'] },
  );
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  const ended = new Promise<void>((done) => child.once('exit', () => done()));
  const url = await new Promise<string>((found, failed) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      const answer = JSON.parse(line) as { url?: string };
      if (answer.url !== undefined) found(answer.url);
    });
    child.once('exit', (code) => failed(new Error(`serve ended with ${code}: ${errors}`)));
  });
  return {
    url,
    async close() {
      child.kill('SIGTERM');
      await ended;
    },
  };
}

export interface View {
  page: Page;
  /** What the page wrote to its console as an error, and what it threw. */
  faults: string[];
}

export const startBrowser = (): Promise<Browser> =>
  chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] });

export interface ViewOptions {
  width?: number;
  height?: number;
  dark?: boolean;
}

export async function openPage(
  browser: Browser,
  url: string,
  { width = 1280, height = 800, dark = false }: ViewOptions = {},
): Promise<View> {
  if (inElectron()) return electronWindow(url, { width, height, dark });
  const context = await browser.newContext({
    viewport: { width, height },
    colorScheme: dark ? 'dark' : 'light',
    locale: 'en-GB',
    reducedMotion: 'reduce',
  });
  const page = await context.newPage();
  const faults: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error') faults.push(message.text());
  });
  page.on('pageerror', (error) => faults.push(String(error)));
  await page.goto(url);
  await page.getByRole('navigation').first().waitFor();
  return { page, faults };
}

/** Opens the sample by the button a person would press, and waits until the list of servers is there. */
export async function openSample(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Try the sample' }).click();
  await page.getByRole('heading', { name: 'Inventory', level: 1 }).waitFor({ timeout: 120_000 });
  await page.getByText('rows', { exact: false }).first().waitFor();
}

export interface AxeViolation {
  id: string;
  impact: string | null;
  nodes: string[];
}

const axeFile = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

/** How often a page that is still on its way to what it shows is looked at. */
const LOOKS = 3;

/** What axe finds of WCAG 2.2 AA that is serious or worse, and goes on finding once the page has come to rest. */
export async function axe(page: Page): Promise<AxeViolation[]> {
  for (let look = 1; ; look++) {
    const found = await axeNow(page);
    if (found.length === 0 || look === LOOKS) return found;
    await page.waitForTimeout(500);
  }
}

async function axeNow(page: Page): Promise<AxeViolation[]> {
  // Colours on their way from one theme to the other are those of neither.
  await page.evaluate(async () => {
    // They set out with the first picture in the new theme, which a busy machine has not drawn yet.
    for (let frame = 0; frame < 2; frame++) await new Promise((done) => requestAnimationFrame(done));
    // One that never ends is not waited for.
    const all = Promise.allSettled(document.getAnimations().map(({ finished }) => finished));
    await Promise.race([all, new Promise((done) => setTimeout(done, 1000))]);
  });
  await page.evaluate(await readFile(axeFile, 'utf8'));
  const found = await page.evaluate(async () => {
    const run = (
      globalThis as unknown as {
        axe: {
          run: (
            options: unknown,
          ) => Promise<{ violations: { id: string; impact: string | null; nodes: { html: string }[] }[] }>;
        };
      }
    ).axe.run;
    const { violations } = await run({
      runOnly: {
        type: 'tag',
        values: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
      },
    });
    return violations.map(({ id, impact, nodes }) => ({
      id,
      impact,
      nodes: nodes.slice(0, 3).map(({ html }) => html.slice(0, 200)),
    }));
  });
  return found.filter(({ impact }) => impact === 'serious' || impact === 'critical');
}
