import Database from 'better-sqlite3';
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { takeLock } from '../../../migration-core/store/lock.ts';
import { createEngagement, openEngagement } from '../../../migration-core/store/open.ts';
import { scratchFolder } from '../../support/tools.ts';
import { nextVersion } from './next-version.ts';
import { batch, named, newFile, now, T0 } from './support.ts';

const code = (expected: string): unknown => expect.objectContaining({ code: expected });
const newPath = async (): Promise<string> => join(await scratchFolder(), 'site.ironlift');

async function closedFile(): Promise<string> {
  const path = await newPath();
  const file = createEngagement(path, { name: 'Site', now, utcOffsetMinutes: 60 });
  const { id } = file.server(named('a'), T0);
  file.appendSamples(id, batch([1, 2, 3], [1, 2, 3]));
  file.close();
  return path;
}

describe('an engagement file', () => {
  it('is one file when it is closed, and keeps its name and the time of the site', async () => {
    const path = await closedFile();
    expect(readdirSync(dirname(path))).toEqual(['site.ironlift']);
    const file = openEngagement(path, { now });
    expect(file).toMatchObject({ path, readOnly: false, name: 'Site', createdAt: T0, utcOffsetMinutes: 60 });
    file.close();
    file.close();
    expect(readFileSync(path).toString('latin1', 68, 72)).toBe('Iron');
  });

  it('is never made over another one, and nothing is left where it cannot be made', async () => {
    const path = await closedFile();
    const before = readFileSync(path);
    expect(() => createEngagement(path, { name: 'x', now })).toThrow(code('DESTINATION_EXISTS'));
    expect(readFileSync(path).equals(before)).toBe(true);
    expect(() => createEngagement(join(`${path}s`, 'a.ironlift'), { name: 'x', now })).toThrow(
      code('WRITE_FAILED'),
    );
    expect(() => createEngagement(`${path}2`, { name: 'x', now, utcOffsetMinutes: 9999 })).toThrow(
      code('USAGE'),
    );
    expect(readdirSync(dirname(path))).toEqual(['site.ironlift']);
  });

  it('is not made while another program makes it', async () => {
    const path = join(await scratchFolder(), 'site.ironlift');
    // As far as the other one has come: it has the lock, and its file is not whole yet.
    const other = takeLock(path)!;
    writeFileSync(`${path}.partial`, 'half of it');
    expect(() => createEngagement(path, { name: 'x', now })).toThrow(code('ENGAGEMENT_READ_ONLY'));
    expect(readFileSync(`${path}.partial`, 'utf8')).toBe('half of it');
    other.release();
    createEngagement(path, { name: 'x', now }).close();
    expect(readdirSync(dirname(path))).toEqual(['site.ironlift']);
  });

  it('is told from other files, which stay as they are', async () => {
    const folder = await scratchFolder();
    const refused = (name: string, content: Uint8Array | string): void => {
      const path = join(folder, name);
      writeFileSync(path, content);
      expect(() => openEngagement(path, { now }), name).toThrow(code('NOT_AN_ENGAGEMENT'));
      expect(readFileSync(path).equals(Buffer.from(content))).toBe(true);
    };
    refused('empty', '');
    refused('text', 'Time,CPU\n'.repeat(1000));
    refused('zeros', Buffer.alloc(65_536));
    refused('half a header', 'SQLite format 3\0');
    const stranger = new Database(join(folder, 'stranger.db'));
    stranger.exec('CREATE TABLE a (b); PRAGMA user_version = 1');
    stranger.close();
    refused('sqlite', readFileSync(join(folder, 'stranger.db')));
    expect(() => openEngagement(folder, { now })).toThrow(code('NOT_AN_ENGAGEMENT'));
    expect(() => openEngagement(join(folder, 'none'), { now })).toThrow(code('ENGAGEMENT_NOT_FOUND'));
    expect(readdirSync(folder).filter((name) => name.includes('-'))).toEqual([]);
  });

  it('of a newer version is refused', async () => {
    const path = await newPath();
    createEngagement(path, { name: 'x', now, migrations: nextVersion }).close();
    const before = readFileSync(path);
    expect(() => openEngagement(path, { now })).toThrow(code('ENGAGEMENT_TOO_NEW'));
    expect(readFileSync(path).equals(before)).toBe(true);
  });

  it('of an older version is brought to the newest, after a copy was made', async () => {
    const path = await closedFile();
    const reader = (): unknown => openEngagement(path, { now, readOnly: true, migrations: nextVersion });
    expect(reader).toThrow(code('ENGAGEMENT_READ_ONLY'));
    const file = openEngagement(path, { now, migrations: nextVersion });
    expect(file.series(1)[0]!.samples).toBe(3);
    file.close();
    expect(readdirSync(dirname(path)).toSorted()).toEqual(['site.ironlift', 'site.ironlift.before-v3']);
    const copy = openEngagement(`${path}.before-v3`, { now });
    expect([...copy.readSamples(1, 'cpu.busy', '', 0, 9).values]).toEqual([1, 2, 3]);
    copy.close();
  });

  it('whose migration fails stays as it was', async () => {
    const path = await closedFile();
    const broken = [
      ...nextVersion.slice(0, -1),
      { name: 'broken', sql: "INSERT INTO server_key VALUES ('name', 'x', 999)" },
    ];
    expect(() => openEngagement(path, { now, migrations: broken })).toThrow('orphans');
    openEngagement(path, { now }).close();
  });

  it('with the schema of a stranger is refused: nothing of it runs', async () => {
    for (const sql of [
      'CREATE TRIGGER evil AFTER INSERT ON server BEGIN DELETE FROM series; END',
      'CREATE VIEW evil AS SELECT 1',
      'DROP TABLE rollup',
      'ALTER TABLE server ADD COLUMN more TEXT',
    ]) {
      const path = await closedFile();
      const database = new Database(path);
      database.exec(sql);
      database.close();
      expect(() => openEngagement(path, { now }), sql).toThrow(code('ENGAGEMENT_DAMAGED'));
    }
  });

  it('with values that are none of ours says so where they are read', async () => {
    const spoil = async (sql: string): Promise<ReturnType<typeof openEngagement>> => {
      const path = await closedFile();
      const database = new Database(path);
      database.exec(sql);
      database.close();
      return openEngagement(path, { now });
    };
    const damages: [string, (file: ReturnType<typeof openEngagement>) => unknown][] = [
      [`UPDATE server SET identity = '{"name": 5}'`, (file) => file.servers()],
      [`UPDATE server SET identity = 'x'`, (file) => file.server(named('a'), 0)],
      [`UPDATE server SET rollup = '{"cpuMean": "x"}'`, (file) => file.servers()],
      [`UPDATE chunk SET data = zeroblob(500000000)`, (file) => file.readSamples(1, 'cpu.busy', '', 0, 9)],
      [`UPDATE chunk SET samples = 1000000000`, (file) => file.rollUp(1)],
      [`UPDATE chunk SET last = 99`, (file) => file.readSamples(1, 'cpu.busy', '', 0, 9)],
      [`UPDATE series SET metric = 'x'`, (file) => file.series(1)],
    ];
    for (const [sql, read] of damages) {
      const file = await spoil(sql);
      expect(() => read(file), sql).toThrow(code('ENGAGEMENT_DAMAGED'));
      file.close();
    }
  });

  it('is written by one, read by others, whatever name they know it by', async () => {
    const path = await closedFile();
    const link = join(dirname(path), 'link.ironlift');
    symlinkSync(path, link);
    const writer = openEngagement(path, { now });
    const reader = openEngagement(link, { now });
    expect([writer.readOnly, reader.readOnly]).toEqual([false, true]);
    writer.appendSamples(1, batch([4], [4]));
    expect(reader.series(1)[0]!.samples).toBe(4);
    expect(() => reader.appendSamples(1, batch([5], [5]))).toThrow(code('ENGAGEMENT_READ_ONLY'));
    reader.close();
    writer.close();
    const next = openEngagement(link, { now });
    expect(next.readOnly).toBe(false);
    next.close();
    expect(readdirSync(dirname(path)).toSorted()).toEqual(['link.ironlift', 'site.ironlift']);
  });

  it('opens for reading where no lock can be had', async () => {
    const path = await closedFile();
    mkdirSync(`${path}-lock`);
    const file = openEngagement(path, { now });
    expect(file.readOnly).toBe(true);
    file.close();
    expect(existsSync(`${path}-lock`)).toBe(true);
  });
});

describe('a transaction', () => {
  it('is kept whole or not at all', async () => {
    const file = await newFile();
    const { id } = file.server(named('a'), T0);
    expect(() =>
      file.transaction(() => {
        file.appendSamples(id, batch([1], [1]));
        file.server(named('b'), T0);
        throw new Error('no');
      }),
    ).toThrow('no');
    expect([file.series(id).length, file.servers().length]).toEqual([0, 1]);
    expect(file.transaction(() => file.appendSamples(id, batch([1], [1])).added)).toBe(1);
  });

  it('is not nested, and does not wait', async () => {
    const file = await newFile();
    expect(() => file.transaction(() => file.transaction(() => 1))).toThrow(code('INTERNAL'));
    expect(() => file.transaction(async () => file.server(named('a'), T0))).toThrow(code('INTERNAL'));
    expect(file.servers()).toEqual([]);
  });

  it('survives a step that fails, of which nothing is kept', async () => {
    const file = await newFile();
    file.transaction(() => {
      const { id } = file.server(named('a'), T0);
      expect(() => file.putInventory(id, { identity: named('a'), gaps: [] }, 1, 999)).toThrow();
      file.appendSamples(id, batch([1], [1]));
    });
    expect(file.inventory(1)).toBeNull();
    expect(file.series(1)).toHaveLength(1);
  });
});
