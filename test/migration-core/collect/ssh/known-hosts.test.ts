/** The format of known_hosts by hand: patterns, markers, lines that are none. What OpenSSH does is in host-keys.tools.ts. */
import { describe, expect, it } from 'vitest';
import { algorithmsFor } from '../../../../migration-core/collect/ssh/algorithms.ts';
import { judgeHostKey } from '../../../../migration-core/collect/ssh/host-check.ts';
import { readHostKey, type HostKey } from '../../../../migration-core/collect/ssh/host-key.ts';
import { keysOf } from '../../../../migration-core/collect/ssh/known-hosts.ts';

function keyOf(algorithm: string, filler: number): HostKey {
  const name = Buffer.from(algorithm);
  const head = Buffer.alloc(4);
  head.writeUInt32BE(name.length);
  return readHostKey(Buffer.concat([head, name, Buffer.alloc(32, filler)]))!;
}

const lineOf = (names: string, key: HostKey): string =>
  `${names} ${key.algorithm} ${key.blob.toString('base64')} a comment`;
const ED = keyOf('ssh-ed25519', 1);
const RSA = keyOf('ssh-rsa', 2);

describe('known hosts', () => {
  it('match by name, list, pattern and negation', () => {
    const finds = (names: string, host: string, port = 22): boolean =>
      keysOf(lineOf(names, ED), host, port).length === 1;
    expect(finds('web1', 'web1')).toBe(true);
    expect(finds('web1', 'WEB1')).toBe(true);
    expect(finds('web1', 'web1', 2222)).toBe(false);
    expect(finds('[web1]:2222', 'web1', 2222)).toBe(true);
    expect(finds('a,b,192.0.2.?', '192.0.2.7')).toBe(true);
    expect(finds('a,b,192.0.2.?', '192.0.2.17')).toBe(false);
    expect(finds('*.example,!bad.example', 'good.example')).toBe(true);
    expect(finds('*.example,!bad.example', 'bad.example')).toBe(false);
    expect(finds('*', '')).toBe(true);
    expect(finds('.*', 'web1')).toBe(false);
    const started = performance.now();
    expect(finds(`${'*a'.repeat(5000)}b`, 'a'.repeat(250))).toBe(false);
    expect(performance.now() - started).toBeLessThan(500);
  });

  it('know revoked keys, and leave out authorities and what is no line', () => {
    const text = [
      '',
      '# comment',
      `@cert-authority * ${lineOf('', ED).trim()}`,
      `@revoked ${lineOf('web1', RSA)}`,
      'web1 ssh-ed25519',
      'web1 ssh-ed25519 %%%%',
      `web1 ssh-rsa ${ED.blob.toString('base64')}`,
      `|1|${'x'.repeat(100)}`,
      `|2|a|b ssh-rsa AAAA`,
      lineOf('web1', ED),
      'x'.repeat(70_000),
    ].join('\n');
    expect(keysOf(text, 'web1', 22).map(({ algorithm, revoked }) => [algorithm, revoked])).toEqual([
      ['ssh-rsa', true],
      ['ssh-ed25519', false],
    ]);
  });

  it('decide', () => {
    const known = (key: HostKey, revoked = false) => ({ ...key, revoked });
    expect(judgeHostKey(ED, [])).toBe('unknown');
    expect(judgeHostKey(ED, [known(ED)])).toBe('known');
    expect(judgeHostKey(ED, [known(RSA)])).toBe('changed');
    expect(judgeHostKey(ED, [known(keyOf('ssh-ed25519', 9))])).toBe('changed');
    expect(judgeHostKey(ED, [known(ED), known(ED, true)])).toBe('revoked');
    expect(judgeHostKey(ED, [known(RSA, true)])).toBe('unknown');
  });

  it('put the kind of key that is known first, and old algorithms nowhere unless allowed', () => {
    const plain = algorithmsFor(['ssh-rsa'], false);
    expect((plain.serverHostKey as string[]).slice(0, 3)).toEqual([
      'rsa-sha2-512',
      'rsa-sha2-256',
      'ssh-rsa',
    ]);
    expect(JSON.stringify(plain)).not.toMatch(/dss|group1-|cbc|md5/u);
    expect(JSON.stringify(algorithmsFor([], true))).toMatch(/dss.*group1-.*cbc.*md5/u);
  });

  it('are no keys where the bytes are none', () => {
    for (const bytes of [
      Buffer.alloc(0),
      Buffer.alloc(3),
      Buffer.alloc(4, 255),
      Buffer.from('SSH-2.0-x\r\n'),
    ]) {
      expect(readHostKey(bytes)).toBeNull();
    }
  });
});
