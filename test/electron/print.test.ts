/** The window that prints: what it may, what becomes of it, and what is said when it cannot. */
import type { EventEmitter } from 'node:events';
import { describe, expect, it } from 'vitest';
import { pdfPrinter } from '../../electron/main/print.ts';
import { isIronliftError } from '../../migration-core/base/errors.ts';
import { scratchFolder } from '../support/tools.ts';
import { prevents } from './desktop-support.ts';
import { fakeElectron, type FakeOptions } from './fakes/electron.ts';

const PAGE = '<!doctype html><title>Report</title><p>A report';

async function printing(print: FakeOptions['print'], patience?: number) {
  const fake = fakeElectron({ userData: await scratchFolder(), ...(print === undefined ? {} : { print }) });
  return { fake, print: pdfPrinter(fake.electron, patience) };
}
const errorOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => null,
    (error: unknown) => error,
  );
const never = (): Promise<Uint8Array> => new Promise(() => undefined);

describe('printing in Electron', () => {
  it('shows the page to a hidden window without scripts, tagged and with an outline, and closes it', async () => {
    const asked: unknown[] = [];
    const { fake, print } = await printing(async ({ html, preferences, options }) => {
      asked.push(html, options);
      expect(preferences).toMatchObject({
        partition: 'ironlift-print',
        javascript: false,
        sandbox: true,
        contextIsolation: true,
        nodeIntegration: false,
        webSecurity: true,
        webviewTag: false,
      });
      expect(preferences).not.toHaveProperty('preload');
      return new TextEncoder().encode('%PDF');
    });
    expect(new TextDecoder().decode(await print(PAGE, 'whole', undefined))).toBe('%PDF');
    await print(PAGE, 'places', undefined);
    expect(asked[3]).toMatchObject({ generateTaggedPDF: false, generateDocumentOutline: false });
    expect(asked.slice(0, 2)).toEqual([
      PAGE,
      {
        printBackground: true,
        preferCSSPageSize: true,
        displayHeaderFooter: false,
        generateTaggedPDF: true,
        generateDocumentOutline: true,
      },
    ]);
    expect(fake.windows.map(({ options, shown, destroyed }) => [options.show, shown, destroyed])).toEqual([
      [false, 0, true],
      [false, 0, true],
    ]);
    // In memory alone, and made once.
    expect(fake.did.filter((what) => what.startsWith('session.fromPartition'))).toEqual([
      'session.fromPartition ironlift-print {"cache":false}',
    ]);
  });

  it('reaches that page alone, and only as long as it is printed', async () => {
    const loads: [string, boolean][] = [];
    const { fake, print } = await printing(async () => {
      const session = fake.partitions.get('ironlift-print')!;
      const [address] = fake.windows[0]!.loaded;
      const filter = session.handlers['beforeRequest'] as unknown as (
        about: object,
        answer: (given: { cancel: boolean }) => void,
      ) => void;
      for (const url of [
        address!,
        'data:image/png;base64,AA==',
        'app://ironlift/',
        'app://print/other',
        'https://evil.test/',
        'file:///etc/passwd',
        'devtools://x',
      ])
        filter({ url }, ({ cancel }) => loads.push([url === address ? 'its own' : url, !cancel]));
      expect((await session.protocols.get('app')!(new Request(address!, { method: 'POST' }))).status).toBe(
        404,
      );
      return new Uint8Array(1);
    });
    await print(PAGE, 'whole', undefined);
    expect(loads.filter(([, may]) => may).map(([url]) => url)).toEqual([
      'its own',
      'data:image/png;base64,AA==',
    ]);
    expect(loads).toHaveLength(7);
    const session = fake.partitions.get('ironlift-print')!;
    const again = await session.protocols.get('app')!(new Request(fake.windows[0]!.loaded[0]!));
    expect([again.status, await again.text()]).toEqual([404, '']);
    for (const right of ['permissionRequest', 'permissionCheck', 'devicePermission'])
      expect(session.handlers).toHaveProperty(right);
    expect(prevents(session as EventEmitter, 'will-download')).toBe(true);
  });

  it.each([
    ['the printer fails', async () => Promise.reject(new Error('boom')), 'The report could not be printed.'],
    ['it takes for ever', never, 'The report was not printed within 0.001 minutes.'],
  ])('says so where %s', async (_why, how, message) => {
    const { fake, print } = await printing(how, 60);
    const error = await errorOf(print(PAGE, 'whole', undefined));
    expect(isIronliftError(error, 'PDF_FAILED')).toBe(true);
    expect((error as Error).message).toBe(message);
    expect(fake.windows[0]!.destroyed).toBe(true);
  });

  it('says so where the window breaks, and stops when it is taken back', async () => {
    const broken = await printing(async () => {
      broken.fake.windows[0]!.webContents.emit('render-process-gone', {}, { reason: 'oom' });
      return never();
    });
    expect(await errorOf(broken.print(PAGE, 'whole', undefined))).toMatchObject({
      code: 'PDF_FAILED',
      message: 'The window that prints the report stopped working (oom).',
    });
    const stop = new AbortController();
    const taken = await printing(async () => {
      stop.abort();
      return never();
    });
    expect(await errorOf(taken.print(PAGE, 'whole', stop.signal))).toMatchObject({
      code: 'CANCELLED',
      message: 'The report was not printed.',
    });
    expect(taken.fake.windows.map(({ destroyed }) => destroyed)).toEqual([true]);
    expect(await errorOf(taken.print(PAGE, 'whole', stop.signal))).toMatchObject({ code: 'CANCELLED' });
    expect(taken.fake.windows).toHaveLength(1);
  });
});
