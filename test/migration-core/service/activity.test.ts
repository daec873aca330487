import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { activityLog } from '../../../migration-core/service/activity/log.ts';
import { nameHider, withoutSecrets } from '../../../migration-core/service/activity/redact.ts';
import { createEngagement } from '../../../migration-core/store/open.ts';
import { openTestSession } from '../../support/session.ts';
import { scratchFolder } from '../../support/tools.ts';

const unexpected = (error: unknown): void => {
  throw error;
};
const NOW = Date.UTC(2026, 0, 5);

describe('secrets', () => {
  it('are taken out by key and by shape', () => {
    const key = '-----BEGIN OPENSSH PRIVATE KEY-----\nabc\n-----END OPENSSH PRIVATE KEY-----';
    const cleaned = JSON.stringify(
      withoutSecrets({
        password: 'hunter1',
        nested: {
          apiToken: 'hunter2',
          privateKey: 'hunter3',
          sshPassphrase: 'hunter4',
          list: ['pwd=hunter5'],
        },
        url: 'ssh://root:hunter6@web01/x',
        text: `login with password: hunter7, Authorization: Bearer hunter8 and "secret": "hunter9 10" ${key}`,
        kept: 'passenger 7, tokens of 3 kinds',
        count: 3,
      }),
    );
    expect(cleaned).not.toContain('hunter');
    expect(cleaned).not.toContain('abc');
    expect(cleaned).toContain('ssh://root:[removed]@web01/x');
    expect(cleaned).toContain('passenger 7, tokens of 3 kinds');
    expect(cleaned).toContain('"count":3');
  });

  it('are looked for in bounded time, in bounded data', () => {
    const began = performance.now();
    const deep: Record<string, unknown> = {};
    let at = deep;
    for (let i = 0; i < 10_000; i++) at = at['next'] = {};
    at['loop'] = deep;
    const huge = { deep, list: Array.from({ length: 1_000_000 }, (_, i) => i), text: '='.repeat(50 << 20) };
    expect(JSON.stringify(withoutSecrets(huge)).length).toBeLessThan(5000);
    for (const hostile of [
      '://'.repeat(700),
      'pass='.repeat(400),
      '-----BEGIN PRIVATE KEY-----'.repeat(70),
      '::'.repeat(1000),
      'a.'.repeat(1000),
    ])
      nameHider([]).text(String(withoutSecrets(hostile)));
    expect(performance.now() - began).toBeLessThan(2000);
    expect(withoutSecrets([undefined, () => 1, Symbol('x'), 10n, NaN, null])).toEqual([
      null,
      null,
      null,
      '10',
      'NaN',
      null,
    ]);
  });
});

describe('names', () => {
  it('are hidden, each by the same word wherever it stands', () => {
    const hider = nameHider(['db1', 'db10', 'Müller GmbH', 'a+b', 'x', 'web-01', '(.*)']);
    expect(hider.text('db10 copied to DB1, db1x and x stay; Müller GmbH, a+b')).toBe(
      'name-1 copied to name-2, db1x and x stay; name-3, name-4',
    );
    expect(hider.details({ server: 'db1', names: ['db10', 'new'], code: 'EXT_DAMAGED', at: 3 })).toEqual({
      ...{ server: 'name-2', names: ['name-1', 'name-5'], code: 'EXT_DAMAGED', at: 3 },
    });
    expect(
      hider.text(
        'from 10.1.2.3 and fe80::1 with 00:21:9b:00:00:02 (web.corp.example) /home/me/x.img C:\\Users\\me\\y at 12:30:15 in 1.5 s, report.pdf',
      ),
    ).toBe('from name-10 and name-11 with name-6 (name-9) name-7 name-8 at 12:30:15 in 1.5 s, report.pdf');
  });
});

describe('the activity log', () => {
  it('is read by this user alone, turns over at its size, and keeps five files', async () => {
    const folder = await scratchFolder();
    let now = NOW;
    const log = activityLog({
      folder,
      now: () => (now += 1000),
      maxBytes: 1000,
      onFault: unexpected,
    });
    for (let i = 0; i < 200; i++) log.write(`Line ${i}`, { i });
    const files = readdirSync(folder).sort();
    expect(files).toEqual(
      [1, 2, 3, 4]
        .map((n) => `activity.${n}.ndjson`)
        .concat('activity.ndjson')
        .sort(),
    );
    for (const file of files) {
      const stats = statSync(join(folder, file));
      expect(stats.size).toBeLessThan(1100);
      if (process.platform !== 'win32') expect(stats.mode & 0o777).toBe(0o600);
    }
    const { entries, more } = log.read({ skip: 0, limit: 500, level: 'info' });
    expect(more).toBe(false);
    expect(entries.length).toBeGreaterThan(40);
    expect(entries.map(({ what }) => what)).toEqual(entries.map((_, i) => `Line ${199 - i}`));
    expect(log.read({ skip: 2, limit: 3, level: 'info' })).toMatchObject({
      entries: [{ what: 'Line 197' }, { what: 'Line 196' }, { what: 'Line 195' }],
      more: true,
    });
    expect(log.all()[0]!.what).toBe(entries.at(-1)!.what);
  });

  it('leaves out lines that are none, and has levels', async () => {
    const folder = await scratchFolder();
    const log = activityLog({ folder, now: () => NOW, onFault: unexpected });
    log.write('Good');
    log.write('Bad', { code: 'X' }, 'error');
    log.write('Odd', {}, 'warning');
    const file = join(folder, 'activity.ndjson');
    await writeFile(file, `${await readFile(file, 'utf8')}half a li\n{"at":1}\n\n[]\n`);
    expect(log.all().map(({ what }) => what)).toEqual(['Good', 'Bad', 'Odd']);
    expect(log.read({ skip: 0, limit: 9, level: 'warning' }).entries.map(({ what }) => what)).toEqual([
      'Odd',
      'Bad',
    ]);
  });

  it('is not filled by one fault that repeats', async () => {
    const folder = await scratchFolder();
    let now = NOW;
    const log = activityLog({ folder, now: () => now, onFault: unexpected });
    for (let i = 0; i < 2000; i++) log.write('Again', {}, 'error');
    expect(log.all()).toHaveLength(600);
    expect(log.all().at(-1)!.what).toBe('More happened in this minute than is written down');
    now += 60_000;
    log.write('Later');
    expect(log.all().at(-1)!.what).toBe('Later');
  });

  it('says once that it cannot be written', async () => {
    const folder = await scratchFolder();
    await writeFile(join(folder, 'log'), '');
    const faults: unknown[] = [];
    const log = activityLog({
      folder: join(folder, 'log'),
      now: () => NOW,
      onFault: (error) => faults.push(error),
    });
    log.write('One');
    log.write('Two');
    expect(faults).toHaveLength(1);
    expect(log.all()).toEqual([]);
  });

  it('is exported with names hidden, to a new file', async () => {
    const test = await openTestSession({ now: () => NOW });
    const path = join(test.homeFolder, 'a.ironlift');
    const engagement = createEngagement(path, { name: 'Harbour Ltd', now: () => NOW });
    engagement.server({ name: 'erp-db', macs: [] }, NOW);
    engagement.close();
    test.open.openEngagement(path);
    test.session.log('Read the disk of erp-db', {
      server: 'erp-db',
      password: 'hunter2',
      note: 'for Harbour Ltd',
    });
    const preview = await test.call('activity.preview', {});
    expect(preview.text).toContain('Read the disk of name-');
    const shown = await test.call('activity.preview', { hideNames: false });
    expect(shown.text).toContain('Read the disk of erp-db');
    expect(shown.text).not.toContain('hunter2');

    const file = await test.fileId(join(test.homeFolder, 'log.ndjson'), 'log-out');
    const { lines } = await test.call('activity.export', { file });
    const text = await readFile(join(test.homeFolder, 'log.ndjson'), 'utf8');
    expect(text.trimEnd()).toBe(preview.text);
    expect(text.trimEnd().split('\n')).toHaveLength(lines);
    for (const name of ['erp-db', 'Harbour', 'hunter2', test.homeFolder]) expect(text).not.toContain(name);
    expect((await stat(join(test.homeFolder, 'log.ndjson'))).mode & 0o077).toBe(0);
    expect(await test.refused('activity.export', { file })).toMatchObject({
      code: 'DESTINATION_EXISTS',
      message: 'log.ndjson is there already.',
      next: 'Choose another name.',
    });
    const nowhere = await test.fileId(join(test.homeFolder, 'no/log.txt'), 'log-out');
    expect((await test.refused('activity.export', { file: nowhere })).message).toBe(
      'The log could not be written to log.txt.',
    );
  });
});

describe('an exported log', () => {
  it.each([
    ['a folder with spaces in a sentence', 'The folder /srv/Acme GmbH/web 01 is not empty.'],
    ['a file in it', 'Nothing can be written to /srv/Acme GmbH/web 01/Acme.qcow2: the disk is full.'],
    ['the name of a file alone', 'web 01 could not be opened again.'],
    [
      'a path as the system quotes it',
      "ENOENT: no such file or directory, open '/data/Acme & Sons/web 01.img'",
    ],
    ['a path of other letters', 'Read /Ärzte/Acme/disk.img'],
  ])('hides %s', async (_what, message) => {
    const test = await openTestSession({ now: () => NOW });
    test.session.log('conversion started', { folder: '/srv/Acme GmbH/web 01', customer: 'Acme' });
    test.session.log('Job failed', { message });
    const { text } = await test.call('activity.preview', {});
    expect(text).toContain('Job failed');
    expect(text).not.toMatch(/Acme|web 01|Ärzte|Sons/u);
  });
});

describe('settings', () => {
  const settings = {
    theme: 'dark',
    density: 'compact',
    locale: 'de-DE',
    consultant: 'C',
    company: 'D',
  } as const;

  it('are kept, and those of a newer program are understood as far as possible and not lost', async () => {
    const test = await openTestSession();
    const file = join(test.dataFolder, 'settings.json');
    expect(await test.call('app.settings', {})).toMatchObject({ theme: 'system', locale: null });
    expect(await test.call('app.saveSettings', settings)).toEqual(settings);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    const newer = JSON.stringify({ version: 7, settings: { ...settings, theme: 'sepia', later: true } });
    await writeFile(file, newer);
    expect(await test.call('app.settings', {})).toEqual({ ...settings, theme: 'system' });
    await test.call('app.saveSettings', { ...settings, company: 'E' });
    expect(await readFile(`${file}.version-7`, 'utf8')).toBe(newer);
    expect((await test.call('app.settings', {})).company).toBe('E');
    for (const damaged of ['', '{', 'null', '{"settings":[]}', '{"version":-1,"settings":{"theme":{}}}']) {
      await writeFile(file, damaged);
      expect((await test.call('app.settings', {})).theme).toBe('system');
    }
    await writeFile(file, 'mine, by hand');
    await test.call('app.saveSettings', settings);
    expect(await readFile(`${file}.damaged`, 'utf8')).toBe('mine, by hand');
    expect(await test.call('app.settings', {})).toEqual(settings);
    await mkdir(join(test.dataFolder, 'unrelated'));
    expect(readdirSync(test.dataFolder).filter((name) => name.includes('partial'))).toEqual([]);
    expect((await test.refused('app.saveSettings', { theme: 'pink' })).code).toBe('USAGE');
  });

  it('say what the program is', async () => {
    const test = await openTestSession();
    expect(await test.call('app.about', {})).toMatchObject({
      ...{ version: '0.0.0-test', platform: process.platform, offline: true },
      capabilities: { shell: 'browser', dialogs: 'in-app' },
    });
  });
});
