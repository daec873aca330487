/** Keys of servers: OpenSSH's own tools make and judge them. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { collectSsh } from '../../../../migration-core/collect/ssh/collect.ts';
import { fingerprint, readHostKey, type HostKey } from '../../../../migration-core/collect/ssh/host-key.ts';
import { keysOf, KnownHostsFiles } from '../../../../migration-core/collect/ssh/known-hosts.ts';
import { startSshd } from '../../../support/sshd.ts';
import { all, failure, optionsOf, targetOf } from '../../../support/ssh-collect.ts';
import { run, scratchFolder } from '../../../support/tools.ts';

async function makeKey(folder: string, type: string, bits: number): Promise<{ file: string; key: HostKey }> {
  const file = join(folder, `${type}-${bits}`);
  await run('ssh-keygen', ['-q', '-t', type, '-b', String(bits), '-N', '', '-C', '', '-f', file]);
  const text = await readFile(`${file}.pub`, 'utf8');
  return { file: `${file}.pub`, key: readHostKey(Buffer.from(text.split(' ')[1]!, 'base64'))! };
}

describe('keys of servers', () => {
  it('have the fingerprint that ssh-keygen -lf prints', async () => {
    const folder = await scratchFolder();
    const kinds: [string, number][] = [
      ['ed25519', 256],
      ['ecdsa', 256],
      ['ecdsa', 521],
      ['rsa', 2048],
      ['rsa', 3072],
    ];
    for (const [type, bits] of kinds) {
      const { file, key } = await makeKey(folder, type, bits);
      const printed = (await run('ssh-keygen', ['-lf', file])).trim();
      expect(printed.replace(' no comment', '')).toBe(fingerprint(key).text);
    }
  });

  it('are found in files that ssh-keygen hashed, and what we write ssh-keygen finds', async () => {
    const folder = await scratchFolder();
    const one = await makeKey(folder, 'ed25519', 256);
    const two = await makeKey(folder, 'rsa', 2048);
    const own = join(folder, 'new', 'known_hosts');
    const store = new KnownHostsFiles(own);
    await Promise.all([
      store.add('Web1.example', 22, one.key),
      store.add('web1.example', 2222, two.key),
      store.add('2001:db8::7', 22, two.key),
    ]);
    for (const [name, key] of [
      ['web1.example', one.key],
      ['[web1.example]:2222', two.key],
      ['2001:db8::7', two.key],
    ] as const) {
      expect(await run('ssh-keygen', ['-F', name, '-f', own]), name).toContain(key.blob.toString('base64'));
    }
    await run('ssh-keygen', ['-H', '-f', own]);
    const hashed = await readFile(own, 'utf8');
    expect(hashed).not.toContain('web1');
    for (const [host, port, key] of [
      ['web1.example', 22, one.key],
      ['WEB1.example', 2222, two.key],
      ['2001:db8::7', 22, two.key],
    ] as const) {
      expect((await store.find(host, port)).map(({ blob }) => blob)).toEqual([key.blob]);
    }
    expect(await store.find('web2.example', 22)).toEqual([]);
    expect(
      keysOf(`@revoked * ${hashed.split('\n')[0]!.split(' ').slice(1).join(' ')}`, 'any', 22)[0]?.revoked,
    ).toBe(true);
  });

  it('are refused when unknown, pinned when accepted, and refused when changed', async () => {
    const sshd = await startSshd();
    const target = targetOf(sshd);
    const printed = async (): Promise<string> =>
      (await run('ssh-keygen', ['-lf', `${sshd.hostKeyFile}.pub`])).trim().replace(' host ', ' ');
    const options = optionsOf(sshd, { inventory: false });
    const unknown = await all(collectSsh([target], { ...options, onUnknownHost: async () => false }));
    expect(failure(unknown)).toBe('HOST_KEY_UNKNOWN');
    expect(JSON.stringify(unknown)).toContain(await printed());
    const without = { credentials: options.credentials, hostKeys: options.hostKeys };
    expect(failure(await all(collectSsh([target], without)))).toBe('HOST_KEY_UNKNOWN');

    const asked: string[] = [];
    const accept = async (host: { fingerprint: { text: string } }): Promise<boolean> => {
      asked.push(host.fingerprint.text);
      return true;
    };
    for (let time = 0; time < 2; time++) {
      expect(failure(await all(collectSsh([target], { ...options, onUnknownHost: accept })))).toBe('');
    }
    expect(asked).toEqual([await printed()]);

    await sshd.kill();
    await sshd.changeHostKey();
    await sshd.start();
    const changed = await all(collectSsh([target], { ...options, onUnknownHost: accept }));
    expect(failure(changed)).toBe('HOST_KEY_CHANGED');
    expect(JSON.stringify(changed)).toContain(await printed());
    expect(sshd.log()).not.toMatch(/Failed|Accepted.*after/u);
    expect(asked.length).toBe(1);
  });

  it("of the user's own file are trusted, and that file is never written", async () => {
    const sshd = await startSshd({ keyType: 'rsa' });
    const users = join(sshd.folder, 'users');
    const own = join(sshd.folder, 'own');
    await mkdir(own);
    const [type, base64] = (await readFile(`${sshd.hostKeyFile}.pub`, 'utf8')).split(' ');
    await writeFile(users, `other ssh-rsa AAAA\n[127.0.0.1]:${sshd.port} ${type} ${base64}`);
    await run('ssh-keygen', ['-H', '-f', users]);
    const before = await readFile(users, 'utf8');
    const hostKeys = new KnownHostsFiles(join(own, 'known'), [users]);
    const items = await all(
      collectSsh([targetOf(sshd)], {
        credentials: optionsOf(sshd).credentials,
        hostKeys,
        inventory: false,
      }),
    );
    expect(failure(items)).toBe('');
    expect(await readFile(users, 'utf8')).toBe(before);
  });

  it('of a server with old algorithms need the permission, and a warning is told', async () => {
    const sshd = await startSshd({
      keyType: 'rsa',
      config: [
        'KexAlgorithms diffie-hellman-group1-sha1',
        'Ciphers aes128-cbc',
        'MACs hmac-md5',
        'HostKeyAlgorithms ssh-rsa',
      ],
    });
    const refused = await all(collectSsh([targetOf(sshd)], optionsOf(sshd)));
    expect(failure(refused)).toBe('HOST_NOT_REACHED');
    expect(JSON.stringify(refused)).toContain('old algorithms');
    const items = await all(collectSsh([{ ...targetOf(sshd), oldAlgorithms: true }], optionsOf(sshd)));
    expect(failure(items)).toBe('');
    expect(items[0]).toMatchObject({ kind: 'warning' });
    expect(items.some(({ kind }) => kind === 'inventory')).toBe(true);
  });

  it('are asked for once, however often keys are exchanged, and are still compared', async () => {
    const sshd = await startSshd({ config: ['RekeyLimit 16K'] });
    let asked = 0;
    const options = optionsOf(sshd, { onUnknownHost: async () => ++asked > 0 });
    const items = await all(collectSsh([targetOf(sshd)], options));
    expect(failure(items)).toBe('');
    expect(items.some(({ kind }) => kind === 'inventory')).toBe(true);
    expect(asked).toBe(1);
    expect(await options.hostKeys.find('127.0.0.1', sshd.port)).toHaveLength(1);
  });
});
