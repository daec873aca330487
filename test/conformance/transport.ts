/**
 * What a line between page and program must do, whichever it is. Run over direct dispatch, over the pair of Electron's
 * IPC, and over the loopback host: a screen cannot tell them apart.
 */
import { describe, expect, it } from 'vitest';
import type { Connection, Line } from '../../renderer/client/connection.ts';
import { CallFailed } from '../../migration-core/contract/client.ts';
import { practiceProgram, type PracticeProgram } from './practice.ts';

export interface Transport {
  connection: Connection;
  /** Cuts the line of events under the client, which has to come back by itself; absent: this line cannot break. */
  cut?: () => void;
  /** Another page of the same program. */
  another: () => Promise<Connection>;
  /** The page goes away with everything it waits for. */
  leave: () => Promise<void>;
  close: () => Promise<void>;
}

export type OpenTransport = (program: PracticeProgram) => Promise<Transport>;

const MEGABYTE = 1 << 20;

async function failure(work: Promise<unknown>): Promise<CallFailed> {
  const error = await work.then(
    () => null,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(CallFailed);
  return error as CallFailed;
}

export async function until(what: () => boolean, timeout = 10_000): Promise<void> {
  await expect.poll(what, { timeout, interval: 5 }).toBe(true);
}

/** @param breaks the line can break while both ends live, so `cut` is there */
export function transportConformance(
  name: string,
  open: OpenTransport,
  { breaks }: { breaks: boolean },
): void {
  const using = async (
    work: (transport: Transport, program: PracticeProgram) => Promise<void>,
  ): Promise<void> => {
    const program = practiceProgram();
    const transport = await open(program);
    try {
      await work(transport, program);
    } finally {
      await transport.close();
    }
  };

  describe(`a line by ${name}`, () => {
    it('brings a call there and its answer back', () =>
      using(async ({ connection }) => {
        const settings = {
          theme: 'dark',
          density: 'compact',
          locale: 'de',
          consultant: 'Ö. Ü <b>',
          company: '',
        } as const;
        expect(await connection.client.call('app.saveSettings', settings)).toEqual(settings);
        expect(await connection.client.call('app.settings', {})).toEqual(settings);
      }));

    it('fills in what a page may leave away', () =>
      using(async ({ connection }) => {
        expect(await connection.client.call('app.saveSettings', { theme: 'light' })).toMatchObject({
          theme: 'light',
          density: 'normal',
          locale: null,
        });
      }));

    it('refuses what is not asked as the contract says', () =>
      using(async ({ connection }) => {
        const wrong = { theme: 'pink', evil: 1 } as unknown as { theme: 'dark' };
        const error = await failure(connection.client.call('app.saveSettings', wrong));
        expect(error.code).toBe('USAGE');
        expect(error.message).toMatch(/^app\.saveSettings was not asked as it must be: .*evil/su);
        expect(error.next).toBe('Reload the page and try again.');
      }));

    it.each(['app.format', 'constructor', '__proto__', '', 'toString'])('knows no call %j', (method) =>
      using(async ({ connection }) => {
        const error = await failure(connection.client.call(method as 'app.about', {}));
        expect(error.code).toBe('USAGE');
        expect(error.message).toBe(`There is no call ${JSON.stringify(method)}.`);
      }),
    );

    it('hands over an error with its sentences and its facts', () =>
      using(async ({ connection }) => {
        const error = await failure(
          connection.client.call('engagement.open', { file: `file-${'0'.repeat(32)}` }),
        );
        expect({ ...error, message: error.message }).toMatchObject({
          code: 'ENGAGEMENT_DAMAGED',
          message: 'The file harbour.ironlift is damaged at page 7.',
          next: 'Take the copy that was made yesterday.',
          data: { page: 7, name: 'a\u0000b\u001b[31m' },
        });
      }));

    it('tells nothing of a fault of the program itself', () =>
      using(async ({ connection }, program) => {
        const error = await failure(connection.client.call('engagement.close', {}));
        expect(error.code).toBe('INTERNAL');
        expect(error.message).toBe('The program made a mistake of its own.');
        expect(JSON.stringify(error)).not.toContain('secret');
        expect(program.faults).toEqual(['engagement.close']);
      }));

    it('refuses an answer that is not of its schema', () =>
      using(async ({ connection }) => {
        expect((await failure(connection.client.call('jobs.list', {}))).code).toBe('INTERNAL');
      }));

    it('carries a megabyte both ways', () =>
      using(async ({ connection }, program) => {
        program.result = { text: 'ä"\\'.repeat(MEGABYTE / 4) };
        const job = await connection.client.call('jobs.get', { job: 'job-1' });
        expect(job.result).toEqual(program.result);
        const padded = { job: 'job-1', padding: 'x'.repeat(MEGABYTE - 100) } as { job: string };
        // Too much for the contract, and not for the line.
        expect((await failure(connection.client.call('jobs.get', padded))).code).toBe('USAGE');
      }));

    it('tells events in their order, each once, to each listener until it ends', () =>
      using(async ({ connection, another }, program) => {
        const [first, second, other]: string[][] = [[], [], []];
        const line: Line[] = [];
        connection.onLine((state) => line.push(state));
        await until(() => line.includes('up'));
        const end = connection.client.on('job-removed', ({ id }) => first!.push(id));
        connection.client.on('job-removed', ({ id }) => second!.push(id));
        (await another()).client.on('job-removed', ({ id }) => other!.push(id));
        await until(() => program.events.followers === 2);
        const ids = Array.from({ length: 500 }, (_, n) => `job-${n}`);
        for (const id of ids) program.hub.emit('job-removed', { id });
        await until(() => second!.length >= 500 && other!.length >= 500);
        end();
        program.hub.emit('job-removed', { id: 'last' });
        await until(() => second!.includes('last'));
        expect(first).toEqual(ids);
        expect(second).toEqual([...ids, 'last']);
        expect(other!.slice(0, 500)).toEqual(ids);
      }));

    it.runIf(breaks)('goes on where it was when the line was cut', () =>
      using(async ({ connection, cut }, program) => {
        const seen: string[] = [];
        connection.client.on('job-removed', ({ id }) => seen.push(id));
        await until(() => program.events.followers === 1);
        program.hub.emit('job-removed', { id: 'before' });
        await until(() => seen.length === 1);
        cut!();
        for (let n = 0; n < 20; n++) program.hub.emit('job-removed', { id: `missed-${n}` });
        await until(() => seen.length === 21);
        program.hub.emit('job-removed', { id: 'after' });
        await until(() => seen.length === 22);
        expect(seen).toEqual(['before', ...Array.from({ length: 20 }, (_, n) => `missed-${n}`), 'after']);
      }),
    );

    it.runIf(breaks)('asks for everything again when too much was missed', () =>
      using(async ({ connection, cut }, program) => {
        const changed: number[] = [];
        connection.client.on('changed', ({ what }) => changed.push(what.length));
        await until(() => program.events.followers === 1);
        cut!();
        for (let n = 0; n < 3000; n++) program.hub.emit('job-removed', { id: `job-${n}` });
        await until(() => changed.length === 1);
        expect(changed[0]).toBeGreaterThan(5);
      }),
    );

    it('takes a call back', () =>
      using(async ({ connection }, program) => {
        const controller = new AbortController();
        const call = failure(
          connection.client.call('jobs.resume', { job: 'job-1' }, { signal: controller.signal }),
        );
        await until(() => program.waiting === 1);
        controller.abort();
        expect((await call).code).toBe('CANCELLED');
        await until(() => program.aborted === 1);
        // The line is still good.
        expect((await connection.client.call('app.settings', {})).theme).toBe('system');
      }));

    it('ends what a page waits for when it goes away', () =>
      using(async ({ connection, leave }, program) => {
        for (const n of [1, 2, 3])
          void connection.client.call('jobs.resume', { job: `job-${n}` }).catch(() => undefined);
        await until(() => program.waiting === 3 && program.events.followers === 1);
        await leave();
        await until(() => program.aborted === 3 && program.events.followers === 0);
      }));

    it('answers calls beside each other, each to whom it belongs', () =>
      using(async ({ connection }) => {
        const answers = await Promise.all(
          // A browser keeps six at once by itself; Node's fetch opens a connection for each, and 32 is the host's limit.
          Array.from({ length: 24 }, (_, n) => connection.client.call('jobs.get', { job: `job-${n}` })),
        );
        expect(answers.map(({ id }) => id)).toEqual(Array.from({ length: 24 }, (_, n) => `job-${n}`));
      }));
  });
}
