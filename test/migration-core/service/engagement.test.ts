import Database from 'better-sqlite3';
import { execFileSync } from 'node:child_process';
import { mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { MANIFEST_NAME, renderManifest, type Manifest } from '../../../migration-core/convert/manifest.ts';
import { EditLog, MAX_EDITS } from '../../../migration-core/service/engagement/edits.ts';
import { createEngagement, openEngagement } from '../../../migration-core/store/open.ts';
import { openTestSession, type TestSession } from '../../support/session.ts';

const NOW = Date.UTC(2026, 0, 5);

async function makeOne({ homeFolder }: TestSession, name: string): Promise<string> {
  const path = join(homeFolder, `${name}.ironlift`);
  createEngagement(path, { name, now: () => NOW, utcOffsetMinutes: 60 }).close();
  return path;
}

/** An edit as handlers make them: a document that is set, and set back. */
function say(test: TestSession, text: string): void {
  const { session } = test;
  const read = (): unknown => session.engagement().document('scenario', 'test');
  session.edit(`Say ${text}`, ['scenarios'], () => {
    const before = read();
    const put = (value: unknown) => () =>
      session.engagement().putDocument('scenario', 'test', value, null, session.shell.now());
    put(text)();
    return { result: null, undo: put(before), redo: put(text) };
  });
}

/** As a stranger writes into the file. */
function damageDocument(path: string, name: string): void {
  const database = new Database(path);
  expect(database.prepare(`UPDATE document SET data = x'00' WHERE name = ?`).run(name).changes).toBe(1);
  database.close();
}

describe('the open engagement', () => {
  it('is made where a person chose, with its project, and never over another file', async () => {
    const test = await openTestSession({ now: () => NOW });
    const { call, refused, homeFolder } = test;
    const { folder } = await call('files.browse', { purpose: 'new-engagement', folder: null });
    const chosen = async (name: string) =>
      (await call('files.take', { purpose: 'new-engagement', entries: [folder.id], name })).files[0]!.id;
    const about = { name: 'Müller GmbH', utcOffsetMinutes: 120 };
    const made = await call('engagement.create', {
      file: await chosen('mueller'),
      ...about,
      project: { customer: 'Müller', driver: 'availability', collectDays: 14 },
    });
    expect(made).toMatchObject({
      name: 'Müller GmbH',
      file: { name: 'mueller.ironlift', path: join(homeFolder, 'mueller.ironlift') },
      project: { customer: 'Müller', driver: 'availability', collectDays: 14, currency: 'EUR' },
      ...{ readOnly: null, createdAt: NOW, utcOffsetMinutes: 120, servers: 0, firstSample: null },
      ...{ scenario: 'default', undo: null, redo: null },
    });
    expect(made.steps).toEqual([
      { step: 'sources', state: 'not-started', count: 0, text: 'Nothing was collected yet' },
      { step: 'inventory', state: 'not-started', count: 0, text: 'No servers are known yet' },
      { step: 'candidates', state: 'not-started', count: 0, text: 'Not assessed yet' },
      { step: 'plan', state: 'not-started', count: 0, text: 'Not planned yet' },
      { step: 'waves', state: 'not-started', count: 0, text: 'No waves yet' },
      { step: 'convert', state: 'not-started', count: 0, text: 'Nothing was converted yet' },
      { step: 'reports', state: 'not-started', count: 0, text: 'No report yet' },
    ]);
    expect(await refused('engagement.create', { file: await chosen('mueller'), ...about })).toMatchObject({
      code: 'DESTINATION_EXISTS',
      message: 'mueller.ironlift is there already.',
      next: 'Choose another name, or open the file that is there.',
    });
    // The one that was open still is.
    expect((await call('engagement.current', {}))!.name).toBe('Müller GmbH');
    await call('engagement.close', {});
    expect(await call('engagement.current', {})).toBeNull();
    expect(await refused('engagement.undo', {})).toMatchObject({
      code: 'NO_ENGAGEMENT',
      message: 'No engagement is open.',
      next: 'Open one, or make a new one, on the start screen.',
    });
  });

  it('is remembered, newest first, with the scenario that was shown', async () => {
    let now = NOW;
    const test = await openTestSession({ now: () => now++ });
    const a = await makeOne(test, 'A');
    const b = await makeOne(test, 'B');
    const ids = [await test.fileId(a, 'engagement'), await test.fileId(b, 'engagement')];
    await test.call('engagement.open', { file: ids[0]! });
    test.session.showScenario('cheap');
    await test.call('engagement.open', { file: ids[1]! });
    expect(test.session.scenario()).toBe('default');
    await rename(b, `${b}.moved`);
    await test.close();
    const next = await openTestSession({ dataFolder: test.dataFolder });
    const { recent } = await next.call('engagement.recent', {});
    expect(recent.map(({ name, path, there }) => [name, path, there])).toEqual([
      ['B', b, false],
      ['A', a, true],
    ]);
    expect(await next.refused('engagement.open', { file: recent[0]!.id })).toMatchObject({
      code: 'ENGAGEMENT_NOT_FOUND',
      message: 'There is no engagement file B.ironlift.',
      next: 'Check the name and the folder, or make a new engagement.',
    });
    expect((await next.call('engagement.open', { file: recent[1]!.id })).scenario).toBe('cheap');
    for (const damaged of [
      '',
      'no json',
      '[]',
      '{"version":1,"recent":[1,{"path":""}]}',
      'x'.repeat(9 << 20),
    ]) {
      await writeFile(join(test.dataFolder, 'recent.json'), damaged);
      expect((await next.call('engagement.recent', {})).recent).toEqual([]);
    }
  });

  it('is read where another program writes it, or by another name of the same file', async () => {
    const test = await openTestSession();
    const path = await makeOne(test, 'A');
    const other = openEngagement(path, { now: Date.now });
    const file = await test.fileId(path, 'engagement');
    const view = await test.call('engagement.open', { file });
    const sentence =
      'A.ironlift is open in another program, or lies where nothing can be written: it can only be read here.';
    expect(view.readOnly).toBe(sentence);
    expect(await test.refused('engagement.saveProject', {})).toMatchObject({
      code: 'ENGAGEMENT_READ_ONLY',
      message: sentence,
      next: 'Close the other program and open the engagement again, or copy it to a folder in which you may write.',
    });
    other.close();
    expect((await test.call('engagement.open', { file })).readOnly).toBeNull();
    const alias = join(test.homeFolder, 'alias.ironlift');
    await symlink(path, alias);
    const again = await test.call('engagement.open', { file: await test.fileId(alias, 'engagement') });
    expect(again).toMatchObject({ readOnly: null, file: { path } });
  });

  it('is refused in a sentence where it is none, and the one before stays open', async () => {
    const test = await openTestSession();
    test.open.openEngagement(await makeOne(test, 'A'));
    const bad = join(test.homeFolder, 'bad.ironlift');
    await writeFile(bad, 'not a database, but long enough to be looked at'.repeat(100));
    await mkdir(join(test.homeFolder, 'folder.ironlift'));
    for (const path of [bad, join(test.homeFolder, 'folder.ironlift'), '/dev/null'])
      expect(
        (await test.refused('engagement.open', { file: await test.fileId(path, 'engagement') })).code,
      ).toBe('NOT_AN_ENGAGEMENT');
    expect((await test.call('engagement.current', {}))!).toMatchObject({ name: 'A', readOnly: null });
  });

  it('survives that its file is taken away, and can be closed', async () => {
    const test = await openTestSession();
    const path = await makeOne(test, 'A');
    test.open.openEngagement(path);
    await rename(path, `${path}.away`);
    // What was open is read on, as systems do it; what is opened anew is not there.
    expect((await test.call('engagement.current', {}))!.name).toBe('A');
    expect(
      (await test.refused('engagement.open', { file: await test.fileId(path, 'engagement') })).code,
    ).toBe('ENGAGEMENT_NOT_FOUND');
    expect(await test.refused('engagement.current', {})).toMatchObject({
      code: 'ENGAGEMENT_NOT_FOUND',
      message: 'There is no engagement file A.ironlift.',
    });
    await test.call('engagement.close', {});
    expect(await test.call('engagement.current', {})).toBeNull();
  });

  it('whose disk is pulled does not keep another one from being opened', async () => {
    const test = await openTestSession();
    const folder = join(test.homeFolder, 'stick');
    await mkdir(folder);
    const path = join(folder, 'a.ironlift');
    createEngagement(path, { name: 'A', now: () => NOW }).close();
    test.open.openEngagement(path);
    await test.call('engagement.saveProject', { customer: 'not yet written back' });
    await rm(folder, { recursive: true });
    const other = await test.fileId(await makeOne(test, 'B'), 'engagement');
    expect((await test.call('engagement.open', { file: other })).name).toBe('B');
    expect((await test.call('engagement.saveProject', { customer: 'B' })).readOnly).toBeNull();
  });
});

describe('edits', () => {
  it('are taken back and done again, under their names', async () => {
    const test = await openTestSession();
    test.open.openEngagement(await makeOne(test, 'A'));
    const said = (): unknown => test.session.engagement().document('scenario', 'test');
    say(test, 'one');
    say(test, 'two');
    expect(await test.call('engagement.current', {})).toMatchObject({ undo: 'Say two', redo: null });
    expect(await test.call('engagement.undo', {})).toMatchObject({ undo: 'Say one', redo: 'Say two' });
    expect(said()).toBe('one');
    expect(await test.call('engagement.redo', {})).toMatchObject({ undo: 'Say two', redo: null });
    expect(said()).toBe('two');
    await test.call('engagement.undo', {});
    say(test, 'three');
    expect(await test.refused('engagement.redo', {})).toMatchObject({
      code: 'NOTHING_TO_UNDO',
      message: 'There is nothing to do again.',
      next: 'Edits can be taken back for as long as the engagement is open.',
    });
    const what = test.events.flatMap(({ event, data }) =>
      event === 'changed' ? [JSON.stringify(data)] : [],
    );
    expect(what).toContain('{"what":["engagement","scenarios"]}');
    const log = (await test.call('activity.list', {})).entries.map((entry) => [
      entry.what,
      entry.details['edit'],
    ]);
    expect(log.slice(0, 3)).toEqual([
      ['Edited', 'Say three'],
      ['Taken back', 'Say two'],
      ['Done again', 'Say two'],
    ]);
  });

  it('of which the last two hundred can be taken back', () => {
    const log = new EditLog();
    for (let i = 0; i <= MAX_EDITS; i++)
      log.add({ label: String(i), changed: [], undo: () => undefined, redo: () => undefined });
    for (let i = MAX_EDITS; i > 0; i--) {
      expect(log.undo!.label).toBe(String(i));
      log.moved('undo');
    }
    expect(log.undo).toBeNull();
    expect(log.redo!.label).toBe('1');
  });

  it('that fail leave nothing, and one that cannot be taken back does not stand in the way', async () => {
    const test = await openTestSession();
    const { session } = test;
    test.open.openEngagement(await makeOne(test, 'A'));
    say(test, 'one');
    const fail = (): never => {
      throw new Error('no');
    };
    expect(() =>
      session.edit('Fail', ['plan'], () => {
        session.engagement().putDocument('scenario', 'test', 'half', null, NOW);
        return fail();
      }),
    ).toThrow('no');
    expect(session.engagement().document('scenario', 'test')).toBe('one');
    session.edit('Stuck', ['plan'], () => ({ result: null, undo: fail, redo: fail }));
    expect((await test.refused('engagement.undo', {})).code).toBe('INTERNAL');
    expect((await test.call('engagement.undo', {})).redo).toBe('Say one');
    expect(session.engagement().document('scenario', 'test')).toBeNull();
  });

  it('of the project, also where what is kept of it is damaged', async () => {
    const test = await openTestSession();
    const path = await makeOne(test, 'A');
    const engagement = openEngagement(path, { now: Date.now });
    engagement.putDocument('project', 'project', { customer: 7, more: true }, null, NOW);
    engagement.close();
    test.open.openEngagement(path);
    expect((await test.call('engagement.current', {}))!.project).toMatchObject({
      customer: '',
      currency: 'EUR',
    });
    await test.call('engagement.saveProject', { customer: 'B', notes: 'n' });
    expect((await test.call('engagement.undo', {})).project.customer).toBe('');
    expect((await test.call('engagement.redo', {})).project.customer).toBe('B');
  });
});

describe('the steps of the rail', () => {
  it('say what needs attention', async () => {
    const test = await openTestSession({ now: () => NOW });
    const path = await makeOne(test, 'A');
    const engagement = openEngagement(path, { now: () => NOW });
    const { id } = engagement.server({ name: 'web01', macs: [] }, NOW);
    const collection = (finished: boolean): void => {
      const begun = engagement.beginCollection({ collector: 'x', source: 'y', digest: null, startedAt: NOW });
      if (finished) engagement.finishCollection(begun, NOW + 5);
    };
    collection(true);
    collection(false);
    engagement.putDocument('assessment', 'default', {}, 'hash', NOW + 4);
    engagement.putDocument('plan', 'default', {}, 'hash', NOW + 6);
    engagement.putDocument('waves', 'other', {}, 'hash', NOW + 6);
    engagement.putDocument('conversion', 'web01', {}, null, NOW);
    engagement.putDocument('report-history', '1', {}, null, NOW);
    engagement.close();
    test.open.openEngagement(path);
    const told = async () =>
      (await test.call('engagement.current', {}))!.steps.map(
        ({ state, count, text }) => `${state} ${count} ${text}`,
      );
    expect(await told()).toEqual([
      'attention 1 1 collection was interrupted',
      'attention 1 1 server lacks facts on hardware',
      'attention 1 Data came in since it was computed',
      'ok 0 Planned',
      'not-started 0 No waves yet',
      'ok 0 1 server converted',
      'ok 0 1 report',
    ]);
    test.session.engagement().finishCollection(2, NOW + 7);
    test.session.changed('collections');
    expect((await told())[0]).toBe('attention 1 1 server has no measurements');
    test.session.engagement().appendSamples(id, {
      ...{ metric: 'cpu.busy', instance: '', interval: 60 },
      ...{ times: Float64Array.of(NOW, NOW + 60_000), values: Float64Array.of(1, 2) },
    });
    test.session.changed('servers');
    expect((await told())[0]).toBe('ok 0 2 sources');
    test.session.showScenario('other');
    expect((await told())[4]).toBe('attention 1 Data came in since it was computed');
  });
});

describe('conversions of the open engagement', () => {
  const manifest: Manifest = {
    ...{
      ironlift: '0.1.0',
      formatVersion: 1,
      created: '2026-01-01T00:00:00.000Z',
      target: 'kvm',
      guest: null,
    },
    machine: {
      ...{ name: 'web01', uuid: '00000000-0000-4000-8000-000000000000', cpus: 2, memoryMiB: 2048 },
      ...{ firmware: 'bios', architecture: 'x86_64', os: { id: 'debian', version: '12', name: 'Debian' } },
      ...{ clock: 'utc', disks: [], nics: [] },
    },
    ...{ disks: [], edits: [], findings: [], timings: [], undone: null },
  };

  async function withConversion() {
    const test = await openTestSession({ now: () => NOW });
    test.open.openEngagement(await makeOne(test, 'A'));
    const path = join(test.homeFolder, 'web01');
    await mkdir(path);
    await writeFile(join(path, MANIFEST_NAME), renderManifest(manifest));
    const folder = await test.fileId(path, 'conversion');
    const disk = join(test.homeFolder, 'disk.img');
    await writeFile(disk, Buffer.alloc(1 << 20));
    const start = async (output: string) => ({
      options: {
        sources: [await test.fileId(disk, 'source')],
        target: 'kvm',
        output: await test.fileId(output, 'output'),
      },
      server: null,
    });
    return { ...test, path, folder, start };
  }

  it('keeps who accepted a machine when its folder is chosen once more', async () => {
    const { call, refused, path, folder, start } = await withConversion();
    await call('convert.accept', { folder, by: 'Ms Weber', note: 'Seen at work' });
    expect(await refused('convert.start', await start(path))).toMatchObject({
      code: 'DESTINATION_EXISTS',
      message: `The folder ${path} holds a finished conversion.`,
      next: 'Choose another folder, or look at what is there in the list of conversions.',
    });
    expect((await call('convert.result', { folder })).accepted).toMatchObject({ by: 'Ms Weber' });
    expect((await call('convert.list', {})).conversions).toMatchObject([
      { state: 'finished', accepted: true },
    ]);
  });

  it('shows the others where one record in a stranger’s file cannot be read', async () => {
    const { call, folder, session, path } = await withConversion();
    await call('convert.accept', { folder, by: 'Ms Weber', note: '' });
    session.engagement().putDocument('conversion', 'other', {}, null, NOW);
    damageDocument(session.engagementPath()!, 'other');
    expect((await call('convert.list', {})).conversions).toMatchObject([
      { folder: { path }, accepted: true },
    ]);
  });

  it.skipIf(process.platform === 'win32')('waits for no pipe in a folder of a stranger', async () => {
    const { call, refused, path, folder } = await withConversion();
    await mkdir(join(path, 'boot-test'));
    const pipes = ['README.txt', 'boot-test/verdict.json'].map((name) => join(path, name));
    execFileSync('mkfifo', pipes);
    expect(await call('convert.result', { folder })).toMatchObject({ readme: '', bootTest: null });
    await rm(join(path, MANIFEST_NAME));
    execFileSync('mkfifo', [join(path, MANIFEST_NAME)]);
    expect(await refused('convert.result', { folder })).toMatchObject({
      code: 'NOT_A_CONVERSION',
      message: `${path} is not a finished conversion: it has no readable ironlift.json.`,
    });
  });

  it('begins one job in a folder, however often somebody clicks', async () => {
    const { call, refused, path, folder, start, homeFolder, jobUntil } = await withConversion();
    const again = (where: string) => ({
      code: 'JOB_RUNNING',
      message: `A job is at work in ${where} already.`,
      next: 'Wait until it is done, or cancel it in the list of jobs.',
    });
    const { job: undo } = await call('convert.undo', { folder });
    expect(await refused('convert.undo', { folder })).toMatchObject(again(path));
    expect(await refused('convert.bootTest', { folder, timeoutSeconds: 60 })).toMatchObject(again(path));
    const wanted = await start(join(homeFolder, 'new'));
    const { job } = await call('convert.start', wanted);
    expect(await refused('convert.start', wanted)).toMatchObject(again(join(homeFolder, 'new')));
    expect((await call('jobs.list', {})).jobs).toHaveLength(2);
    await Promise.all([undo, job].map((id) => jobUntil(id, 'failed')));
  });
});

describe('scenarios of a stranger', () => {
  it('are listed and can be removed where they are not valid', async () => {
    const test = await openTestSession({ now: () => NOW });
    test.open.openEngagement(await makeOne(test, 'A'));
    const { call, refused, session } = test;
    session.engagement().putDocument('scenario', 'default', { profile: '<b>no</b>' }, null, NOW);
    session.engagement().putDocument('scenario', 'torn', {}, null, NOW);
    session.engagement().putDocument('scenario', 'sound', { title: 'Sound' }, null, NOW);
    damageDocument(session.engagementPath()!, 'torn');
    expect((await call('scenarios.list', {})).scenarios).toMatchObject([
      { name: 'default', title: 'default (not valid)' },
      { name: 'sound', title: 'Sound' },
      { name: 'torn', title: 'torn (not valid)' },
    ]);
    const { code, message } = await refused('scenarios.get', { name: 'default' });
    expect(code).toBe('SCENARIO_INVALID');
    expect(message).toContain('The scenario is not valid: ');
    await call('scenarios.remove', { name: 'torn' });
    await call('scenarios.remove', { name: 'default' });
    expect((await call('scenarios.list', {})).scenarios.map(({ title }) => title)).toEqual([
      'default',
      'Sound',
    ]);
    expect(await refused('scenarios.remove', { name: 'torn' })).toMatchObject({
      code: 'SCENARIO_INVALID',
      message: 'There is no scenario torn.',
    });
  });
});
