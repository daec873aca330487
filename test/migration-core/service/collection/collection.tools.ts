/** Imports and collections as jobs of the interface: task processes, a real engagement file, a real SSH server. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Input } from '../../../../migration-core/contract/contract.ts';
import { createEngagement } from '../../../../migration-core/store/open.ts';
import { openTestSession, type TestSession } from '../../../support/session.ts';
import { startSshd, type Sshd } from '../../../support/sshd.ts';
import { scratchFolder } from '../../../support/tools.ts';

async function empty(): Promise<TestSession> {
  const path = join(await scratchFolder(), 'site.ironlift');
  createEngagement(path, { name: 'Site', now: Date.now, utcOffsetMinutes: 0 }).close();
  return openTestSession({ engagement: path, waitSeconds: 60 });
}

const LIST = [
  'Hostname,OS,Manufacturer,Model,Serial Number,CPU Cores,Memory (GB)',
  'rack-1,Debian GNU/Linux 12,Dell Inc.,PowerEdge R620,SN-1,16,64',
  'rack-2,Debian GNU/Linux 12,Dell Inc.,PowerEdge R620,SN-2,many,64',
  '',
].join('\r\n');

describe('an import', () => {
  it('brings servers, tells what was not understood, and can be repeated', async () => {
    const test = await empty();
    const { call, fileId, jobUntil, homeFolder } = test;
    const path = join(homeFolder, 'cmdb.csv');
    await writeFile(path, LIST);
    const input = { files: [await fileId(path, 'import')] };
    const first = await jobUntil((await call('collect.import', input)).job);
    expect(first.state).toBe('done');
    expect(first.notes.map(({ text }) => text).join('\n')).toMatch(/^cmdb\.csv: 2 servers, 2 inventories/u);
    expect((await call('servers.list', {})).servers.map(({ name }) => name)).toEqual(['rack-1', 'rack-2']);
    const { collections } = await call('collections.list', {});
    expect(collections).toMatchObject([{ source: 'cmdb.csv', servers: 2, inventories: 2 }]);
    const { problems } = await call('collections.problems', { collection: collections[0]!.id });
    expect(problems.length).toBe(collections[0]!.problems);

    const again = await jobUntil((await call('collect.import', input)).job);
    expect(again.notes[0]!.text).toBe('cmdb.csv: the same file was imported before; nothing was added.');
    expect((await call('collections.coverage', {})).servers).toMatchObject([
      { name: 'rack-1', first: null, gaps: [], hasInventory: true },
      { name: 'rack-2', first: null },
    ]);
  });

  it('of what is no such file fails with its reason, and changes nothing', async () => {
    const { call, fileId, jobUntil, homeFolder } = await empty();
    const path = join(homeFolder, 'photo.bin');
    await writeFile(path, Buffer.alloc(4096, 0xa5));
    const { job } = await call('collect.import', { files: [await fileId(path, 'import')] });
    const over = await jobUntil(job);
    expect(over.state).toBe('failed');
    expect(over.error?.code).toBe('IMPORT_NOT_SUPPORTED');
    expect((await call('servers.list', {})).servers).toEqual([]);
  });
});

it('this computer is taken stock of', async () => {
  const { call, jobUntil } = await empty();
  const over = await jobUntil((await call('collect.local', {})).job);
  expect(over.error).toBeNull();
  const { servers } = await call('servers.list', {});
  expect(servers).toHaveLength(1);
  expect((await call('servers.get', { server: servers[0]!.id })).inventory?.operatingSystem?.family).toBe(
    'linux',
  );
});

describe('servers over SSH', () => {
  const accessTo = async (
    test: TestSession,
    sshd: Sshd,
    more: object = {},
  ): Promise<Input<'collect.testSsh'>> => ({
    targets: [`127.0.0.1:${sshd.port}`],
    login: { user: sshd.user, key: await test.fileId(sshd.keyFile, 'ssh-key') },
    ...more,
  });

  it('are asked about when they were never seen, trusted by their fingerprint alone, then collected', async () => {
    const sshd = await startSshd();
    const test = await empty();
    const { call } = test;
    const [unknown] = (await call('collect.testSsh', await accessTo(test, sshd))).results;
    expect(unknown).toMatchObject({ state: 'unknown-host', error: { code: 'HOST_KEY_UNKNOWN' } });
    expect(unknown!.fingerprint).toMatch(/^256 SHA256:\S+ \(ED25519\)$/u);
    const wrong = await accessTo(test, sshd, { trust: ['SHA256:of-another-server'] });
    expect((await call('collect.testSsh', wrong)).results[0]!.state).toBe('unknown-host');
    const right = await accessTo(test, sshd, { trust: [unknown!.sha256!] });
    expect((await call('collect.testSsh', right)).results).toMatchObject([{ state: 'ok', error: null }]);
    // Pinned: nobody is asked again.
    const later = await accessTo(test, sshd);
    expect((await call('collect.testSsh', later)).results[0]!.state).toBe('ok');
    const over = await test.jobUntil((await call('collect.ssh', later)).job);
    expect(over.error).toBeNull();
    expect((await call('servers.list', {})).servers).toHaveLength(1);
    expect((await call('collections.list', {})).collections[0]).toMatchObject({
      collector: 'ssh',
      inventories: 1,
    });
    await sshd.changeHostKey();
    await sshd.kill();
    await sshd.start();
    const changed = (await call('collect.testSsh', later)).results[0]!;
    expect(changed).toMatchObject({ state: 'failed', error: { code: 'HOST_KEY_CHANGED' } });
  });

  it('that cannot be reached or logged in to say why, each for itself, and no secret is kept', async () => {
    const sshd = await startSshd();
    const test = await empty();
    const password = 'correct horse battery staple';
    const login = { user: sshd.user, password };
    const seen = (await test.call('collect.testSsh', { targets: [`127.0.0.1:${sshd.port}`], login }))
      .results[0]!;
    const { results } = await test.call('collect.testSsh', {
      targets: [`127.0.0.1:${sshd.port}`, '127.0.0.1:9'],
      login,
      trust: [seen.sha256!],
    });
    expect(results.map(({ state, error }) => [state, error?.code])).toEqual([
      ['failed', 'LOGIN_FAILED'],
      ['failed', 'HOST_NOT_REACHED'],
    ]);
    expect(JSON.stringify([results, test.events])).not.toContain(password);
  });

  it('need a way to log in, and names that are names', async () => {
    const { refused } = await empty();
    expect(await refused('collect.testSsh', { targets: ['web'], login: { user: 'root' } })).toMatchObject({
      message: 'There is no way to log in yet.',
      next: 'Choose the agent of this computer, a private key, or a password.',
    });
    expect(
      await refused('collect.ssh', { targets: ['-oProxyCommand=x'], login: { user: 'root', agent: true } }),
    ).toMatchObject({ message: '"-oProxyCommand=x" is no name or address of a server.' });
  });
});
