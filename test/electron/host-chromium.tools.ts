/// <reference lib="dom" />
/** What the loopback host is attacked with in a real browser: the browser's own rules are half of the defence. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { chromium, type Browser, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Host } from '../../electron/host/host.ts';
import { startPractice } from '../conformance/loopback.ts';
import { practiceProgram } from '../conformance/practice.ts';
import { findTool, needTools } from '../support/tools.ts';

const program = practiceProgram();
let host: Host;
let evil: Server;
let evilOrigin: string;
let browser: Browser;

beforeAll(async () => {
  needTools('chromium');
  host = await startPractice(program);
  evil = createServer((_request, response) => {
    response.setHeader('content-type', 'text/html');
    response.end('<!doctype html><title>Evil</title><body></body>');
  }).listen(0, '127.0.0.1');
  await once(evil, 'listening');
  evilOrigin = `http://127.0.0.1:${(evil.address() as AddressInfo).port}`;
  browser = await chromium.launch({
    executablePath: findTool('chromium')!,
    args: ['--no-sandbox', '--host-resolver-rules=MAP evil.test 127.0.0.1, MAP *.evil.test 127.0.0.1'],
  });
});

afterAll(async () => {
  await browser.close();
  evil.close();
  evil.closeAllConnections();
  await host.close();
});

async function onPage(url: string, work: (page: Page) => Promise<void>): Promise<void> {
  const page = await browser.newPage();
  try {
    await page.goto(url);
    await work(page);
  } finally {
    await page.close();
  }
}

/** From within the page: how a POST to the host ends. */
const post = (page: Page, url: string, init: { mode?: RequestMode; type: string }): Promise<string> =>
  page.evaluate(
    async ([target, mode, type]) => {
      try {
        const response = await fetch(target, {
          method: 'POST',
          mode: mode,
          headers: { 'content-type': type },
          body: '{"method":"app.settings","input":{}}',
        });
        return `${response.type} ${response.status}`;
      } catch {
        return 'blocked';
      }
    },
    [url, init.mode ?? 'cors', init.type] as const,
  );

describe('in a real Chromium', () => {
  it('the page of the host runs, by its own address and by localhost', async () => {
    for (const origin of [host.origin, `http://localhost:${host.port}`])
      await onPage(`${origin}/`, async (page) => {
        expect(await page.title()).toBe('Practice');
        expect(await post(page, '/api/call', { type: 'application/json' })).toBe('basic 401');
      });
  });

  it('another page, on another port of this computer, gets nothing and does nothing', () =>
    onPage(evilOrigin, async (page) => {
      const refused = () => program.logged.filter(({ what }) => what === 'refused').length;
      const before = refused();
      const call = `${host.origin}/api/call`;
      expect(await post(page, call, { type: 'application/json' })).toBe('blocked');
      expect(await post(page, call, { mode: 'no-cors', type: 'text/plain' })).toMatch(
        /^(opaque 0|blocked)$/u,
      );
      expect(refused() - before).toBe(2);
      expect(program.logged.filter(({ what }) => what === 'call')).toEqual([]);
    }));

  it('another page can neither read, frame nor run what the host serves', () =>
    onPage(evilOrigin, async (page) => {
      const outcome = await page.evaluate(async (origin) => {
        const script = document.createElement('script');
        script.src = `${origin}/app.js`;
        const loaded = new Promise((resolve) => {
          script.onload = () => resolve('ran');
          script.onerror = () => resolve('blocked');
        });
        document.body.append(script);
        const read = await fetch(`${origin}/`).then(
          () => 'read',
          () => 'blocked',
        );
        return { script: await loaded, read, title: document.title };
      }, host.origin);
      expect(outcome).toEqual({ script: 'blocked', read: 'blocked', title: 'Evil' });
      await page.evaluate((origin) => {
        const frame = document.createElement('iframe');
        frame.src = `${origin}/`;
        document.body.append(frame);
        return new Promise((resolve) => (frame.onload = resolve));
      }, host.origin);
      const frames = await Promise.all(
        page
          .frames()
          .slice(1)
          .map((frame) => frame.title()),
      );
      expect(frames).not.toContain('Practice');
    }));

  it('a name that was made to point to 127.0.0.1 shows nothing', async () => {
    for (const name of ['evil.test', '127.0.0.1.evil.test'])
      await onPage(`http://${name}:${host.port}/`, async (page) => {
        expect(await page.content()).not.toContain('Practice');
        expect(await page.content()).toContain('names 127.0.0.1 and localhost only');
        expect(await post(page, '/api/call', { type: 'application/json' })).toBe('basic 421');
      });
  });

  it('a form of another page is refused', () =>
    onPage(evilOrigin, async (page) => {
      const answered = page.waitForResponse((response) => response.url().startsWith(host.origin));
      await page.evaluate((origin) => {
        const form = document.createElement('form');
        form.method = 'post';
        form.enctype = 'text/plain';
        form.action = `${origin}/api/call`;
        document.body.append(form);
        form.submit();
      }, host.origin);
      expect((await answered).status()).toBe(403);
    }));
});
