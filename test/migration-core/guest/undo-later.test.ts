/** Changes taken back from a guest that was started and has gone on in the meantime. */
import { expect, it } from 'vitest';
import { applyEdits } from '../../../migration-core/guest/apply.ts';
import { invertEdits } from '../../../migration-core/guest/apply-undo.ts';
import type { EditAction } from '../../../migration-core/guest/fixer.ts';
import { GuestTree } from '../../../migration-core/guest/tree.ts';
import { memoryFileSystem } from '../../support/memory-filesystem.ts';

const NOW = 1_800_000_000;
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

it('takes back what can be, leaves what the guest has taken the place of, and says so', async () => {
  const fs = memoryFileSystem({
    '/etc/a': 'a',
    '/etc/b': 'b',
    '/etc/initrd': 'main',
    '/etc/c': 'c',
    '/etc/f': 'f',
  });
  const tree = new GuestTree(fs, 'disk0p1');
  const actions: EditAction[] = [
    { kind: 'write', path: '/etc/a', content: bytes('new') },
    { kind: 'append', path: '/etc/initrd', content: bytes('+segment') },
    { kind: 'rename', from: '/etc/b', path: '/etc/b.off' },
    { kind: 'chmod', path: '/etc/c', mode: 0o600 },
    { kind: 'mkdir', path: '/ironlift' },
    { kind: 'mkdir', path: '/ironlift/steps' },
    { kind: 'write', path: '/ironlift/steps/10.cmd', content: bytes('step') },
    { kind: 'mkdir', path: '/gone' },
    { kind: 'mkdir', path: '/gone/below' },
    { kind: 'write', path: '/gone/below/x', content: bytes('x') },
    { kind: 'remove', path: '/etc/f' },
  ];
  const edits = actions.map((action) => ({ what: 'Something is done.', why: 'It is needed.', action }));
  const undo = invertEdits(await applyEdits(tree, edits, { now: NOW }));

  await fs.remove('/ironlift/steps/10.cmd');
  await fs.writeFile('/ironlift/log.txt', bytes('done'));
  for (const path of ['/gone/below/x', '/gone/below', '/gone', '/etc/c']) await fs.remove(path);
  await fs.writeFile('/etc/initrd', bytes('new'));
  await fs.writeFile('/etc/b', bytes('the guest has one again'));
  tree.forget();

  const records = await applyEdits(tree, undo, { now: NOW, takesBack: true });
  expect(records.flatMap(({ skipped }) => skipped ?? [])).toEqual([
    '/ironlift is not empty.',
    'The change "chmod" of /etc/c is not possible: it is not there.',
    '/etc/b is there already.',
    'The change "truncate" of /etc/initrd is not possible: the file is not that long.',
  ]);
  expect(await tree.readText('/etc/a')).toBe('a');
  expect(await tree.readText('/etc/f')).toBe('f');
  expect(await tree.list('/')).toEqual(['etc', 'ironlift']);
  expect(await tree.list('/ironlift')).toEqual(['log.txt']);
  expect(await tree.readText('/etc/b')).toBe('the guest has one again');
  // What was left out has nothing to be taken back.
  expect(invertEdits(records).map(({ action }) => [action.kind, action.path])).toEqual([
    ['write', '/etc/a'],
    ['mkdir', '/ironlift/steps'],
    ['remove', '/etc/f'],
  ]);
});
