/** Servers as the interface has them, over a real session and a real engagement file. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { serverInventory } from '../../../../migration-core/store/model/inventory.ts';
import { createEngagement } from '../../../../migration-core/store/open.ts';
import { openTestSession, type TestSession } from '../../../support/session.ts';
import { scratchFolder } from '../../../support/tools.ts';

/** Monday 2 November 2026, 00:00 in UTC. */
const MONDAY = Date.UTC(2026, 10, 2);
const MINUTE = 60_000;
const GIB = 1024 ** 3;

/** Three servers: `db` measured for two days with a gap, `web` known by its inventory, `old` by its name alone. */
async function site(): Promise<TestSession & { ids: Record<'db' | 'web' | 'old', number> }> {
  const folder = await scratchFolder();
  const path = join(folder, 'site.ironlift');
  const now = (): number => MONDAY + 3 * 86_400_000;
  const file = createEngagement(path, { name: 'Site', now, utcOffsetMinutes: 60 });
  const id = (name: string): number => file.server({ name, macs: [] }, MONDAY).id;
  const ids = { db: id('db'), web: id('web'), old: id('old') };
  const collection = file.beginCollection({
    collector: 'test',
    source: 'test',
    digest: null,
    startedAt: MONDAY,
  });
  const slots = Array.from({ length: 576 }, (_, slot) => slot).filter((slot) => slot < 200 || slot >= 260);
  const times = Float64Array.from(slots, (slot) => MONDAY + (slot + 1) * 5 * MINUTE);
  const put = (
    metric: Parameters<typeof file.readSamples>[1],
    instance: string,
    values: Float64Array,
  ): void => void file.appendSamples(ids.db, { metric, instance, times, values, interval: 300 });
  put(
    'cpu.busy',
    '',
    Float64Array.from(slots, (slot) => (slot % 12 === 0 ? 80 : 20)),
  );
  put(
    'memory.used',
    '',
    Float64Array.from(slots, () => 6 * GIB),
  );
  put(
    'disk.readOperations',
    'sda',
    Float64Array.from(slots, () => 30),
  );
  put(
    'disk.writeOperations',
    'sda',
    Float64Array.from(slots, () => 12),
  );
  // A partition carries what its disk carries already.
  put(
    'disk.readOperations',
    'sda1',
    Float64Array.from(slots, () => 30),
  );
  file.putInventory(
    ids.web,
    serverInventory.parse({
      identity: { name: 'web', serial: 'S1' },
      vendor: 'Hewlett <b>',
      model: 'DL360',
      memoryBytes: 8 * GIB,
      operatingSystem: { family: 'linux', name: 'Debian GNU/Linux 12' },
      processors: [{ model: 'Xeon', cores: 8 }],
      gaps: [{ part: 'memoryModules', why: 'Only root may see them.' }],
    }),
    MONDAY,
    collection,
  );
  file.rollUp(ids.db);
  file.finishCollection(collection, MONDAY);
  file.putAnnotations(ids.old, { tags: ['legacy'], owner: 'Kim' });
  file.close();
  return { ...(await openTestSession({ engagement: path, now })), ids };
}

describe('the list', () => {
  it('shows what is known of each server, and null for what is not', async () => {
    const { call } = await site();
    const { servers } = await call('servers.list', {});
    expect(servers.map(({ name }) => name)).toEqual(['db', 'old', 'web']);
    expect(servers[0]).toMatchObject({
      cpuP95: 80,
      memoryUsedP95: 6 * GIB,
      diskOperationsP95: 42,
      owner: null,
    });
    expect(servers[0]!.coverage).toBeCloseTo(516 / 576, 2);
    expect(servers[1]).toMatchObject({
      cpuP95: null,
      coverage: null,
      days: 0,
      owner: 'Kim',
      tags: ['legacy'],
    });
    expect(servers[2]).toMatchObject({
      vendor: 'Hewlett <b>',
      cores: 8,
      memoryBytes: 8 * GIB,
      firstSample: null,
    });
    const names = await call('servers.names', {});
    expect(names.servers).toHaveLength(3);
  });
});

describe('one server', () => {
  it('has its inventory with what could not be seen, and its annotations', async () => {
    const { call, ids } = await site();
    const sheet = await call('servers.get', { server: ids.web });
    expect(sheet.inventory?.gaps).toEqual([{ part: 'memoryModules', why: 'Only root may see them.' }]);
    expect(sheet.names.serial).toBe('S1');
    expect((await call('servers.get', { server: ids.db })).inventory).toBeNull();
  });

  it('that does not exist is refused with what to do', async () => {
    const { refused } = await site();
    expect(await refused('servers.get', { server: 999 })).toMatchObject({
      code: 'USAGE',
      message: 'There is no such server in the engagement any more.',
      next: 'Go back to the list: it may have been merged with another one.',
    });
  });

  it('tells its load in steps: least, mean and most, each disk once, gaps as gaps', async () => {
    const { call, ids } = await site();
    const load = await call('servers.load', { server: ids.db, days: 7 });
    const [cpu, memory, operations] = load.series;
    expect(load.series.map(({ resource }) => resource)).toEqual(['cpu', 'memory', 'operations']);
    // 576 slots are more than a chart can show; two of them make a step.
    expect(load.step).toBe(10 * MINUTE);
    expect(cpu!.points).toHaveLength(258);
    expect(cpu!.points[0]).toEqual({ at: MONDAY + 5 * MINUTE, mean: 50, minimum: 20, maximum: 80 });
    expect(cpu!.points[1]).toMatchObject({ mean: 20, minimum: 20, maximum: 20 });
    expect(memory!.points.every(({ mean }) => mean === 6 * GIB)).toBe(true);
    expect(operations!.points.every(({ mean }) => mean === 42)).toBe(true);
    const distances = cpu!.points.slice(1).map(({ at }, index) => at - cpu!.points[index]!.at);
    expect(distances.filter((distance) => distance > load.step)).toEqual([31 * 10 * MINUTE]);
    // Monday 01:00 of the site is 00:00 UTC; nobody looked on Sunday.
    expect(cpu!.week[1]).toBe(25);
    expect(cpu!.week[167]).toBeNull();
    expect(cpu).toMatchObject({ p95: 80, capacity: 100, unit: 'percent' });
  });

  it('without samples has no load, and says so by null', async () => {
    const { call, ids } = await site();
    expect(await call('servers.load', { server: ids.web, days: 7 })).toMatchObject({
      from: null,
      series: [],
    });
  });
});

describe('annotations', () => {
  it('of many servers change together, tags one by one, and can be taken back and done again', async () => {
    const { call, ids } = await site();
    const servers = [ids.db, ids.old];
    expect(
      await call('servers.annotate', {
        servers,
        set: { criticality: 'high' },
        addTags: ['move', 'move'],
        removeTags: ['legacy'],
      }),
    ).toEqual({ changed: 2 });
    const tags = async (): Promise<string[][]> =>
      (await call('servers.list', {})).servers.map((row) => row.tags);
    expect(await tags()).toEqual([['move'], ['move'], []]);
    const before = await call('engagement.undo', {});
    expect(before).toMatchObject({ undo: null, redo: 'Change criticality of 2 servers' });
    expect(await tags()).toEqual([[], ['legacy'], []]);
    expect((await call('servers.get', { server: ids.old })).annotations).toEqual({
      tags: ['legacy'],
      owner: 'Kim',
    });
    await call('engagement.redo', {});
    expect(await tags()).toEqual([['move'], ['move'], []]);
  });

  it('set the backup windows of many at once, and leave how each is backed up', async () => {
    const { call, ids } = await site();
    const night = { startMinute: 1320, endMinute: 120, days: [0, 1, 2, 3, 4] };
    await call('servers.annotate', {
      servers: [ids.db],
      set: { backup: { windows: [], method: 'agent', toleratesFreeze: true } },
    });
    const servers = [ids.db, ids.old];
    expect(await call('servers.annotate', { servers, backupWindows: [night] })).toEqual({ changed: 2 });
    expect((await call('engagement.current', {}))?.undo).toBe('Change backup windows of 2 servers');
    const backupOf = async (server: number): Promise<unknown> =>
      (await call('servers.get', { server })).annotations.backup;
    expect(await backupOf(ids.db)).toEqual({ windows: [night], method: 'agent', toleratesFreeze: true });
    expect(await backupOf(ids.old)).toEqual({ windows: [night] });
    expect(await call('servers.annotate', { servers, backupWindows: [], addTags: ['x'] })).toEqual({
      changed: 2,
    });
    expect((await call('engagement.current', {}))?.undo).toBe('Change annotations of 2 servers');
    expect(await backupOf(ids.db)).toEqual({ windows: [], method: 'agent', toleratesFreeze: true });
    expect(await backupOf(ids.old)).toBeUndefined();
  });

  it('that stay as they are count for nothing, and leave nothing to undo', async () => {
    const { call, ids } = await site();
    expect(await call('servers.annotate', { servers: [ids.old], addTags: ['legacy'] })).toEqual({
      changed: 0,
    });
    expect((await call('engagement.current', {}))?.undo).toBeNull();
  });

  it('are called what they are', async () => {
    const { call, ids } = await site();
    await call('servers.annotate', { servers: [ids.db, ids.web, ids.old], addTags: ['x'] });
    expect((await call('engagement.current', {}))?.undo).toBe('Tag 3 servers');
    await call('servers.annotate', { servers: [ids.old], clear: ['owner'] });
    expect((await call('engagement.current', {}))?.undo).toBe('Change owner of 1 server');
    await call('servers.annotate', { servers: [ids.old], removeTags: ['x'] });
    expect((await call('engagement.current', {}))?.undo).toBe('Remove tags of 1 server');
  });

  it('of a server that is gone change nothing at all', async () => {
    const { call, refused, ids } = await site();
    expect(await refused('servers.annotate', { servers: [ids.db, 999], addTags: ['x'] })).toMatchObject({
      message: 'There is no such server in the engagement any more.',
    });
    expect((await call('servers.get', { server: ids.db })).annotations).toEqual({});
  });

  it.each([
    [{ servers: [], addTags: ['x'] }],
    [{ servers: [1], set: { criticality: 'enormous' } }],
    [{ servers: [1], clear: ['everything'] }],
    [{ servers: [1], addTags: [' '] }],
  ])('that are not as they must be are refused: %j', async (input) => {
    const { refused } = await site();
    const { code, message } = await refused('servers.annotate', input);
    expect(code).toBe('USAGE');
    expect(message).toMatch(/^servers\.annotate was not asked as it must be: /u);
  });
});

describe('the table for a customer', () => {
  it('goes out, is filled in, is shown cell by cell, and is taken as one edit', async () => {
    const { call, fileId, homeFolder } = await site();
    const path = join(homeFolder, 'servers.csv');
    const out = await fileId(path, 'annotations-out');
    expect(await call('servers.exportTable', { file: out })).toEqual({ servers: 3 });
    const [head, ...rows] = (await readFile(path, 'utf8')).split('\r\n').filter((line) => line !== '');
    const at = head!.split(',').indexOf('owner');
    const filled = rows.map((row) => {
      const cells = row.split(',');
      cells[at] = '=cmd()';
      return cells.join(',');
    });
    await writeFile(path, [head, ...filled].join('\r\n'));
    const file = await fileId(path, 'annotations-in');
    const reading = await call('servers.readTable', { file });
    expect(reading).toMatchObject({ servers: 3, changeCount: 3, problemCount: 0 });
    expect(reading.changes[0]).toMatchObject({ name: 'db', column: 'owner', before: '' });
    expect(await call('servers.applyTable', { file, digest: reading.digest })).toEqual({
      servers: 3,
      changes: 3,
    });
    const owners = async (): Promise<(string | null)[]> =>
      (await call('servers.list', {})).servers.map(({ owner }) => owner);
    expect(await owners()).toEqual(['=cmd()', '=cmd()', '=cmd()']);
    expect((await call('engagement.undo', {})).redo).toBe('Take the table of 3 servers');
    expect(await owners()).toEqual([null, 'Kim', null]);
  });

  it('is not taken when it was changed after it was shown, or holds what cannot be used', async () => {
    const { call, refused, fileId, homeFolder } = await site();
    const path = join(homeFolder, 'in.csv');
    await writeFile(path, 'server,criticality\r\ndb,high\r\n');
    const file = await fileId(path, 'annotations-in');
    const { digest } = await call('servers.readTable', { file });
    await writeFile(path, 'server,criticality\r\ndb,enormous\r\nnobody,low\r\n');
    expect(await refused('servers.applyTable', { file, digest })).toMatchObject({
      code: 'ANNOTATIONS_INVALID',
      message: 'The table was changed after it was shown here.',
    });
    const wrong = await call('servers.readTable', { file });
    expect(wrong.problems.map(({ line, column }) => [line, column])).toEqual([
      [2, 'criticality'],
      [3, 'server'],
    ]);
    expect(await refused('servers.applyTable', { file, digest: wrong.digest })).toMatchObject({
      message: '2 cells or lines of the table cannot be used, so nothing of it was taken.',
    });
    await writeFile(path, 'what is this\r\n');
    expect((await refused('servers.readTable', { file })).message).toContain('has no column "server"');
  });
});
