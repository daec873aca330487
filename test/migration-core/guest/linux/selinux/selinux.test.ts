import { describe, expect, test } from 'vitest';
import { labelFor } from '../../../../../migration-core/guest/linux/selinux.ts';
import { literalStart, pathPattern } from '../../../../../migration-core/guest/linux/selinux-pattern.ts';
import { selinux } from '../../../../../migration-core/guest/linux/selinux-relabel.ts';
import { fix, treeOf } from '../../../../support/fix-linux.ts';
import type { Tree } from '../../../../support/linux-guests.ts';

const LABELLED = { dir: true as const, xattrs: { 'security.selinux': 'system_u:object_r:etc_t:s0\0' } };
const POLICY: Tree = {
  '/etc': LABELLED,
  '/var': LABELLED,
  '/opt': { dir: true },
  '/etc/selinux/config': '# which\nSELINUX=enforcing\nSELINUXTYPE=mls\n',
  '/etc/selinux/mls/contexts/files/file_contexts': [
    '/.*\tsystem_u:object_r:default_t:s0',
    '/etc/.*\tsystem_u:object_r:etc_t:s0',
    '/usr/lib/systemd/system(/.*)?\tsystem_u:object_r:systemd_unit_file_t:s0',
    '/etc/modprobe\\.d(/.*)?\t--\tsystem_u:object_r:modules_conf_t:s0',
    '/etc/rc\\.d/rc[0-6]\\.d(/.*)?\t-l\tsystem_u:object_r:initrc_link_t:s0',
    '/etc/securetty\t--\tsystem_u:object_r:securetty_t:s0',
    '/etc/secure.*\tsystem_u:object_r:other_t:s0',
    '/var/tmp/.*\t<<none>>',
    'nonsense',
    '/etc/broken(\tsystem_u:object_r:x_t:s0',
    '',
  ].join('\n'),
  '/etc/selinux/mls/contexts/files/file_contexts.local':
    '/etc/ours\\.conf\tsystem_u:object_r:ours_t:s0:c1,c2\n',
  '/etc/selinux/mls/contexts/files/file_contexts.subs_dist':
    '# aliases\n/etc/systemd/system /usr/lib/systemd/system\n',
};

const label = async (
  path: string,
  type?: 'file' | 'directory' | 'symlink',
  tree = POLICY,
): Promise<string | null> => {
  const bytes = await labelFor(path, treeOf(tree), type);
  return bytes === null ? null : Buffer.from(bytes).toString('latin1');
};
const of = (type: string): string => `system_u:object_r:${type}:s0\0`;

describe('the label of a new file', () => {
  test('the last pattern that fits decides, a plain path before all patterns', async () => {
    expect(await label('/etc/x')).toBe(of('etc_t'));
    expect(await label('/etc/modprobe.d/a.conf')).toBe(of('modules_conf_t'));
    expect(await label('/etc/securetty')).toBe(of('securetty_t'));
    expect(await label('/etc/ours.conf')).toBe('system_u:object_r:ours_t:s0:c1,c2\0');
  });

  test('patterns are for a type of file', async () => {
    expect(await label('/etc/modprobe.d', 'directory')).toBe(of('etc_t'));
    expect(await label('/etc/rc.d/rc3.d/K15x', 'symlink')).toBe(of('initrc_link_t'));
    expect(await label('/etc/rc.d/rc3.d/K15x')).toBe(of('etc_t'));
  });

  test('directories that count as others', async () => {
    expect(await label('/etc/systemd/system/x.service', 'symlink')).toBe(of('systemd_unit_file_t'));
  });

  test('without an opinion of the policy, that of the directory; without labels around it, none', async () => {
    expect(await label('/var/tmp/x')).toBe(of('etc_t'));
    expect(await label('/opt/x')).toBeNull();
    expect(await label('/etc/x', 'file', { '/etc': LABELLED })).toBe(of('etc_t'));
    expect(await label('/etc/new/deeper/x', 'file', { '/etc': LABELLED })).toBe(of('etc_t'));
    expect(await label('/etc/x', 'file', { '/etc/hostname': 'x' })).toBeNull();
  });
});

describe('patterns', () => {
  test('fit like anchored regular expressions', () => {
    // POSIX and PCRE take a bracket that comes first as itself; JavaScript does not.
    expect(pathPattern('/a[]]b')!.fits('/a]b')).toBe(true);
    const patterns = [
      '/usr/lib(64)?/.*\\.so(\\.[^/]*)*',
      '/etc/rc[0-6SX]?\\.d(/.*)?',
      '/dev/(tty|pts)[0-9]{1,3}',
      '/a{2,3}b+c?',
      '/x[^a-c]y',
      '/home/[^/]+/\\.ssh(/.*)?',
      '(/a|/b)/.+',
      '/a[\\]x]b',
      '/(a?)*b',
    ];
    const paths = [
      '/usr/lib/x.so',
      '/usr/lib64/d/x.so.1.2',
      '/usr/lib32/x.so',
      '/etc/rc3.d',
      '/etc/rc.d/x',
      '/etc/rc7.d',
      '/dev/tty0',
      '/dev/tty1234',
      '/dev/pts',
      '/aab',
      '/aaabbc',
      '/ab',
      '/xzy',
      '/xby',
      '/home/u/.ssh',
      '/home/u/.ssh/k',
      '/home/a/b/.ssh',
      '/a/x',
      '/b/',
      '/b/y',
      '/a]b',
      '/b',
      '/aaaab',
      '/aaaa',
      '',
    ];
    for (const pattern of patterns)
      for (const path of paths)
        expect([pattern, path, pathPattern(pattern)!.fits(path)]).toEqual([
          pattern,
          path,
          new RegExp(`^(?:${pattern})$`).test(path),
        ]);
  });

  test('what is outside the language fits nothing; what would take for ever takes no time', () => {
    for (const bad of [
      '/a(',
      '/a)',
      '/[a',
      '/\\d',
      '/a{1,999}',
      '*a',
      '/a{x}',
      '[[:alpha:]]',
      '(?=a)',
      '/a\\',
    ])
      expect(pathPattern(bad)).toBeNull();
    const started = performance.now();
    expect(pathPattern('/(a+)+(a*)*(a|aa)*$x'.replace('$', ''))!.fits(`/${'a'.repeat(3000)}`)).toBe(false);
    expect(pathPattern('((((a{90}){90}){90}){90})')).toBeNull();
    expect(pathPattern('(((((((){90}){90}){90}){90}){90}){90})')).toBeNull();
    expect(performance.now() - started).toBeLessThan(2000);
  });

  test('what every fitting path begins with', () => {
    expect(literalStart('/etc/modprobe\\.d(/.*)?')).toBe('/etc/modprobe.d');
    expect(literalStart('/usr/lib64?/x')).toBe('/usr/lib6');
    expect(literalStart('/a|/b')).toBe('');
    expect(literalStart('/(a|b)')).toBe('/');
  });
});

test('a server that has SELinux on but no labels labels itself at the next boot', async () => {
  const guest = { selinux: 'enforcing' as const };
  const { after, changes, findings } = await fix(selinux, { '/etc/hostname': 'x' }, { guest });
  expect([changes, findings]).toEqual([['write /.autorelabel'], ['SELINUX_RELABEL']]);
  expect(await after.readText('/.autorelabel')).toBe('');
  expect((await fix(selinux, POLICY, { guest })).changes).toEqual([]);
  expect((await fix(selinux, { '/etc/hostname': 'x' })).changes).toEqual([]);
});
