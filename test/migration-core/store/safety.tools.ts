/** Nothing that was committed is lost, whatever happens. The sqlite3 command line and Python are the judges. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, copyFileSync, existsSync, readdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createEngagement, openEngagement } from '../../../migration-core/store/open.ts';
import { needTools, run, scratchFolder, seeded, tryRun } from '../../support/tools.ts';
import { nextVersion } from './next-version.ts';
import { batch, named, now, T0, wait } from './support.ts';

const WRITER = join(import.meta.dirname, 'killed-writer.ts');
const KILLS = Number(process.env['IRONLIFT_KILLS'] ?? 40);

const query = async (path: string, sql: string): Promise<string> =>
  (await run('sqlite3', ['-readonly', path, sql])).trim();

/** Starts the writer and kills it after so many milliseconds of work. @returns the lines that it said */
async function killed(args: string[], afterFirstLine: number): Promise<string[]> {
  const child = spawn(process.execPath, [WRITER, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  let errors = '';
  const ended = once(child, 'close');
  child.stderr.on('data', (text) => (errors += String(text)));
  await new Promise<void>((resolve) => {
    child.stdout.on('data', (text) => {
      said += String(text);
      resolve();
    });
    void ended.then(() => resolve());
  });
  await wait(afterFirstLine);
  child.kill('SIGKILL');
  await ended;
  if (errors !== '') throw new Error(errors);
  // A line without its end may be half of a number.
  return said.split('\n').slice(0, -1);
}

async function withServer(path: string, months = 0): Promise<void> {
  const file = createEngagement(path, { name: 'Site', now });
  const { id } = file.server(named('server'), 0);
  const random = seeded(4);
  for (let series = 0; series < months; series++) {
    const times = Array.from({ length: 8640 }, (_, i) => T0 + i * 300_000);
    file.appendSamples(
      id,
      batch(
        times,
        times.map(() => random()),
        { instance: `${series}` },
      ),
    );
  }
  file.close();
}

describe('a writer that is killed', () => {
  it(`${KILLS} times leaves all that it committed, and nothing half`, async () => {
    needTools('sqlite3');
    const path = join(await scratchFolder(), 'site.ironlift');
    await withServer(path);
    const random = seeded(5);
    let most = 0;
    for (let kill = 0; kill < KILLS; kill++) {
      const lines = await killed([path], random() * 60);
      most = Math.max(most, Number(lines.at(-1) ?? 0));
      // The judge reads a copy, log and all, so that it does not repair what the next writer has to.
      const copy = join(await scratchFolder(), 'copy.ironlift');
      for (const end of ['', '-wal']) if (existsSync(path + end)) copyFileSync(path + end, copy + end);
      const answer = await run('sqlite3', [
        copy,
        `PRAGMA integrity_check; PRAGMA foreign_key_check; SELECT group_concat(n) FROM (SELECT sum(chunk.samples) AS n FROM chunk GROUP BY series); SELECT sum(problems) FROM collection; SELECT data FROM annotation; SELECT changed_at FROM document; SELECT hex(data) FROM demand_profile;`,
      ]);
      const [integrity, series, problems, said, changed, profile] = answer.trim().split('\n');
      expect(integrity).toBe('ok');
      const [a, b, c] = series!.split(',').map(Number);
      expect([b, c, Number(problems)]).toEqual([a, a, a]);
      // What was said, the document and the profile are of the same transaction as the samples.
      expect([said, Number(changed), profile]).toEqual([
        `{"owner":"Owner ${a}"}`,
        a,
        Buffer.from(`${a}`).toString('hex'),
      ]);
      // One more may be there: it was killed before it could say so.
      expect(a).toBeGreaterThanOrEqual(most);
      expect(a).toBeLessThanOrEqual(most + 1);
    }
    expect(most).toBeGreaterThan(KILLS);
    const file = openEngagement(path, { now });
    expect(file.readOnly).toBe(false);
    const [server] = file.servers();
    const { times, values } = file.readSamples(server!.id, 'disk.readBytes', 'b', 0, 1e15);
    expect(times.length).toBeGreaterThanOrEqual(most);
    times.forEach((time, i) => expect([time, values[i]]).toEqual([(i + 1) * 1000, (i + 1) * 7]));
    file.close();
    expect(readdirSync(join(path, '..'))).toEqual(['site.ironlift']);
  });

  it('in the middle of a migration leaves the old version or the new one, and the copy is whole', async () => {
    needTools('sqlite3');
    const master = join(await scratchFolder(), 'site.ironlift');
    await withServer(master, 12);
    const random = seeded(6);
    const versions = new Set<string>();
    for (let kill = 0; kill < Math.ceil(KILLS / 4); kill++) {
      const folder = await scratchFolder();
      const path = join(folder, 'site.ironlift');
      copyFileSync(master, path);
      await killed([path, 'migrate'], random() * 150);
      for (const name of readdirSync(folder).filter((one) => /before-v3(-\d+)?$/u.test(one)))
        expect(await query(join(folder, name), 'PRAGMA integrity_check; PRAGMA user_version')).toBe('ok\n2');
      const file = openEngagement(path, { now, migrations: nextVersion });
      expect(file.series(file.servers()[0]!.id)).toHaveLength(12);
      file.close();
      const before = await query(path, 'SELECT count(*) FROM note');
      const chunks = await query(path, 'SELECT 8 * count(*) FROM chunk');
      expect(before).toBe(chunks);
      expect(
        await query(path, 'PRAGMA integrity_check; PRAGMA user_version; SELECT DISTINCT colour FROM server'),
      ).toBe('ok\n3\ngrey');
      versions.add(String(readdirSync(folder).length));
    }
    expect(versions.size).toBeGreaterThan(0);
  });
});

describe('a second program', () => {
  it('reads what the first one has committed, and may write when it has gone', async () => {
    const path = join(await scratchFolder(), 'site.ironlift');
    await withServer(path);
    const child = spawn(process.execPath, [WRITER, path], { stdio: ['ignore', 'pipe', 'inherit'] });
    onTestFinished(() => void child.kill('SIGKILL'));
    let said = '';
    child.stdout.on('data', (text) => (said += String(text)));
    while (!said.includes('\n3\n')) await wait(10);
    const reader = openEngagement(path, { now });
    expect(reader.readOnly).toBe(true);
    const { id } = reader.servers()[0]!;
    const least = Number(said.split('\n').at(-2));
    const first = reader.readSamples(id, 'disk.readBytes', 'a', 0, 1e15).times.length;
    expect(first).toBeGreaterThanOrEqual(least);
    await wait(100);
    expect(reader.readSamples(id, 'disk.readBytes', 'a', 0, 1e15).times.length).toBeGreaterThan(first);
    for (const write of [
      () => reader.server(named('x'), 0),
      () => reader.rollUp(id),
      () => reader.transaction(() => 1),
    ])
      expect(write).toThrow(expect.objectContaining({ code: 'ENGAGEMENT_READ_ONLY' }));
    child.kill('SIGKILL');
    await once(child, 'close');
    reader.close();
    const writer = openEngagement(path, { now });
    expect(writer.readOnly).toBe(false);
    writer.close();
    expect(readdirSync(join(path, '..'))).toEqual(['site.ironlift']);
  });

  it('in a thread of the same process too; and rolls up there', async () => {
    const path = join(await scratchFolder(), 'site.ironlift');
    await withServer(path, 1);
    const module = JSON.stringify(new URL('../../../migration-core/store/open.ts', import.meta.url).href);
    const inThread = async (): Promise<unknown> => {
      const worker = new Worker(
        `const { parentPort, workerData } = require('node:worker_threads');
         import(${module}).then(({ openEngagement }) => {
           const file = openEngagement(workerData, { now: () => 0 });
           const answer = file.readOnly ? 'reads' : file.rollUp(file.servers()[0].id).days;
           file.close();
           parentPort.postMessage(answer);
         });`,
        { eval: true, workerData: path },
      );
      const [answer] = (await once(worker, 'message')) as unknown[];
      await worker.terminate();
      return answer;
    };
    const file = openEngagement(path, { now });
    expect(await inThread()).toBe('reads');
    // Not even a thread that came and went takes the lock away.
    expect(await inThread()).toBe('reads');
    file.close();
    expect(await inThread()).toBeCloseTo(8639 / 288, 10);
  });
});

describe('a medium', () => {
  async function mounted(...options: string[]): Promise<string> {
    const folder = await scratchFolder();
    await run('mount', ['-t', 'tmpfs', '-o', options.join(','), 'tmpfs', folder]);
    onTestFinished(() => run('umount', ['-l', folder]).then(() => undefined));
    return folder;
  }

  it('that is full: says so, and keeps what was committed', async () => {
    needTools('mount', 'umount', 'sqlite3');
    const folder = await mounted('size=3m');
    const path = join(folder, 'site.ironlift');
    const file = createEngagement(path, { name: 'Site', now });
    const { id } = file.server(named('server'), 0);
    const random = seeded(7);
    let kept = 0;
    const fill = (): void => {
      for (; ; kept++) {
        const times = Array.from({ length: 1000 }, (_, i) => T0 + (kept * 1000 + i) * 1000);
        file.transaction(() =>
          file.appendSamples(
            id,
            batch(
              times,
              times.map(() => random()),
            ),
          ),
        );
      }
    };
    expect(fill).toThrow(
      expect.objectContaining({
        code: 'ENGAGEMENT_FULL',
        message: 'There is no space left to write to the engagement file site.ironlift.',
      }),
    );
    expect(kept).toBeGreaterThan(10);
    expect(file.readSamples(id, 'cpu.busy', '', 0, 1e15).times.length).toBe(kept * 1000);
    file.close();
    // On another medium, where the log can be brought in.
    const elsewhere = join(await scratchFolder(), 'site.ironlift');
    for (const end of ['', '-wal']) if (existsSync(path + end)) copyFileSync(path + end, elsewhere + end);
    expect(await run('sqlite3', [elsewhere, 'PRAGMA integrity_check; SELECT sum(samples) FROM chunk'])).toBe(
      `ok\n${kept * 1000}\n`,
    );
    expect(() => createEngagement(join(folder, 'second.ironlift'), { name: 'x', now })).toThrow(
      expect.objectContaining({ code: 'ENGAGEMENT_FULL' }),
    );
    expect(readdirSync(folder).filter((name) => name.startsWith('second'))).toEqual([]);
  });

  it('that cannot be written opens for reading', async () => {
    needTools('mount', 'umount');
    const folder = await mounted('size=8m');
    const path = join(folder, 'site.ironlift');
    await withServer(path);
    const left = join(folder, 'left.ironlift');
    await withServer(left);
    await killed([left], 20);
    expect(existsSync(`${left}-wal`)).toBe(true);
    await run('mount', ['-o', 'remount,ro', folder]);
    const file = openEngagement(path, { now });
    expect([file.readOnly, file.servers().length]).toEqual([true, 1]);
    expect(() => file.server(named('x'), 0)).toThrow(
      expect.objectContaining({ code: 'ENGAGEMENT_READ_ONLY' }),
    );
    file.close();
    // Its log cannot be read without writing: to open it as it is would show an old state.
    try {
      const stale = openEngagement(left, { now });
      expect(stale.series(stale.servers()[0]!.id).length).toBe(3);
      stale.close();
    } catch (error) {
      expect(error).toMatchObject({ code: 'ENGAGEMENT_READ_ONLY' });
    }
  });

  it('without shared memory: a rollback journal does it', async () => {
    needTools('sqlite3');
    const path = join(await scratchFolder(), 'site.ironlift');
    await withServer(path);
    // SQLite follows no link for the index of its log.
    symlinkSync('/nowhere', `${path}-shm`);
    const file = openEngagement(path, { now });
    expect(file.readOnly).toBe(false);
    const { id } = file.servers()[0]!;
    file.appendSamples(id, batch([1, 2], [1, 2]));
    const reader = openEngagement(path, { now });
    expect([reader.readOnly, reader.series(id)[0]!.samples]).toEqual([true, 2]);
    file.appendSamples(id, batch([3], [3]));
    expect(reader.series(id)[0]!.samples).toBe(3);
    reader.close();
    file.close();
    expect(await query(path, 'PRAGMA journal_mode; PRAGMA integrity_check')).toBe('delete\nok');
  });

  it('where only the file is not to be written', async () => {
    needTools('setpriv');
    {
      // For root, permissions are no hindrance: another user tries.
      const folder = await scratchFolder();
      await withServer(join(folder, 'site.ironlift'));
      chmodSync(folder, 0o777);
      chmodSync(join(folder, 'site.ironlift'), 0o444);
      const module = new URL('../../../migration-core/store/open.ts', import.meta.url).href;
      const ran = await tryRun('setpriv', [
        '--reuid=65534',
        '--clear-groups',
        process.execPath,
        '--input-type=module',
        '-e',
        `import { openEngagement } from ${JSON.stringify(module)};
         const file = openEngagement(${JSON.stringify(join(folder, 'site.ironlift'))}, { now: () => 0 });
         console.log(file.readOnly, file.servers().length); file.close();`,
      ]);
      expect(ran).toMatchObject({ status: 0, stdout: 'true 1\n' });
    }
  });
});
