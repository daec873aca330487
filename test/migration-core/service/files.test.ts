import { mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FILE_PURPOSES } from '../../../migration-core/contract/files.ts';
import { MAX_ENTRIES, listFolder, parentsOf } from '../../../migration-core/service/files/browse.ts';
import { whyNoName } from '../../../migration-core/service/files/names.ts';
import { openTestSession } from '../../support/session.ts';
import { scratchFolder } from '../../support/tools.ts';

const NOT_CHOSEN = {
  code: 'FILE_NOT_CHOSEN',
  message: 'This file was not chosen for that.',
  next: 'Choose the file again.',
};

describe('choosing files without a dialog of the system', () => {
  it('begins at home, shows folders first and what fits, and nothing hidden', async () => {
    const { call, homeFolder } = await openTestSession();
    await mkdir(join(homeFolder, 'Zoo'));
    for (const name of ['b.ironlift', 'A.IRONLIFT', 'note.txt', '.secret', '$RECYCLE.BIN'])
      await writeFile(join(homeFolder, name), 'x');
    const listed = await call('files.browse', { purpose: 'engagement', folder: null });
    expect(listed.path).toBe(homeFolder);
    expect(listed.more).toBe(false);
    expect(listed.entries.map(({ name, kind, bytes, fits }) => [name, kind, bytes, fits])).toEqual([
      ['Zoo', 'folder', null, true],
      ['A.IRONLIFT', 'file', 1, true],
      ['b.ironlift', 'file', 1, true],
      ['note.txt', 'file', 1, false],
    ]);
    expect(listed.parents[0]!.name).toBe('/');
    const up = await call('files.browse', { purpose: 'engagement', folder: listed.parents.at(-1)!.id });
    expect(up.entries.map(({ name }) => name)).toContain('home');
    const folders = await call('files.browse', { purpose: 'output', folder: null });
    expect(folders.entries.map(({ name }) => name)).toEqual(['Zoo']);
  });

  it('gives ids that open nothing before they are taken, and nothing else after', async () => {
    const { call, refused, session, homeFolder } = await openTestSession();
    await writeFile(join(homeFolder, 'a.ironlift'), 'x');
    const listed = await call('files.browse', { purpose: 'engagement', folder: null });
    const [entry] = listed.entries;
    expect(() => session.files.pathOf(entry!.id, 'engagement')).toThrow(NOT_CHOSEN.message);
    const { files } = await call('files.take', { purpose: 'engagement', entries: [entry!.id] });
    expect(session.files.pathOf(files[0]!.id, 'engagement')).toBe(join(homeFolder, 'a.ironlift'));
    for (const purpose of Object.keys(FILE_PURPOSES) as (keyof typeof FILE_PURPOSES)[])
      if (purpose !== 'engagement')
        expect(() => session.files.pathOf(files[0]!.id, purpose)).toThrow(NOT_CHOSEN.message);
    // Listed for one purpose, taken or listed on for another.
    for (const call of ['files.take', 'files.browse'] as const)
      expect(
        await refused(
          call,
          call === 'files.take'
            ? { purpose: 'import', entries: [entry!.id] }
            : { purpose: 'import', folder: listed.folder.id },
        ),
      ).toMatchObject(NOT_CHOSEN);
    const invented = `file-${'0'.repeat(32)}`;
    expect(await refused('files.browse', { purpose: 'engagement', folder: invented })).toMatchObject(
      NOT_CHOSEN,
    );
    expect(await refused('engagement.open', { file: invented })).toMatchObject(NOT_CHOSEN);
    expect(await refused('engagement.open', { file: entry!.id })).toMatchObject(NOT_CHOSEN);
    expect(await refused('engagement.open', { file: '/etc/passwd' })).toMatchObject({ code: 'USAGE' });
    expect((await refused('files.reveal', { file: files[0]!.id })).message).toBe(
      'Files cannot be shown from here.',
    );
  });

  it('gives the same id for the same thing, so that looking again fills nothing', async () => {
    const { call, homeFolder } = await openTestSession();
    await writeFile(join(homeFolder, 'a.img'), 'x');
    const ids = async () =>
      (await call('files.browse', { purpose: 'source', folder: null })).entries.map(({ id }) => id);
    expect(await ids()).toEqual(await ids());
  });

  it('takes a new name in a folder for what is saved, with its ending, and no way out of the folder', async () => {
    const { call, refused, session, homeFolder } = await openTestSession();
    const { folder } = await call('files.browse', { purpose: 'new-engagement', folder: null });
    const take = { purpose: 'new-engagement', entries: [folder.id] };
    const { files } = await call('files.take', {
      ...take,
      purpose: 'new-engagement',
      name: 'Müller & Söhne',
    });
    expect(files[0]).toMatchObject({ name: 'Müller & Söhne.ironlift', bytes: null });
    expect(session.files.pathOf(files[0]!.id, 'new-engagement')).toBe(
      join(homeFolder, 'Müller & Söhne.ironlift'),
    );
    for (const [name, why] of [
      ['../outside', 'it holds a separator of folders'],
      ['a/b', 'it holds a separator of folders'],
      ['C:\\boot.ini', 'it holds a separator of folders'],
      ['..', 'it stands for a folder'],
      [' ', 'it is empty'],
      ['a\nb', 'it holds characters that cannot be seen'],
      ['\u001b[31mred', 'it holds characters that cannot be seen'],
      ['nul.ironlift', 'Windows keeps it for a device'],
      ['a:b', 'it holds one of < > : " | ? *, which Windows does not take'],
      ['trailing.', 'it begins with a space, or ends with one or a dot'],
      ['ü'.repeat(150), 'it is too long'],
    ])
      expect(await refused('files.take', { ...take, name })).toMatchObject({
        code: 'FILE_NAME_NOT_ALLOWED',
        message: `This name cannot be used: ${why}.`,
        next: 'Choose another name.',
      });
    const open = await call('files.browse', { purpose: 'engagement', folder: null });
    expect(
      (await refused('files.take', { purpose: 'engagement', entries: [open.folder.id], name: 'new' }))
        .message,
    ).toBe('Something that is there already has to be chosen here.');
  });

  it('refuses a file for a folder, a folder for a file, two for one, and what has gone', async () => {
    const { call, refused, homeFolder } = await openTestSession();
    await mkdir(join(homeFolder, 'd'));
    await writeFile(join(homeFolder, 'a'), '');
    await writeFile(join(homeFolder, 'b'), '');
    const listed = async (purpose: keyof typeof FILE_PURPOSES) =>
      (await call('files.browse', { purpose, folder: null })).entries.map(({ id }) => id);
    const [d, a, b] = await listed('logo');
    const why = async (purpose: string, entries: unknown[], name?: string) =>
      (await refused('files.take', { purpose, entries, ...(name === undefined ? {} : { name }) })).message;
    expect(await why('logo', [d])).toBe('A file has to be chosen here.');
    expect(await why('logo', [a, b])).toBe('Only one can be chosen here.');
    const sources = await listed('source');
    expect(await why('source', sources)).toBe('A file has to be chosen here.');
    expect((await call('files.take', { purpose: 'source', entries: sources.slice(1) })).files).toHaveLength(
      2,
    );
    expect(
      (await call('files.take', { purpose: 'import', entries: await listed('import') })).files,
    ).toHaveLength(3);
    const [, file] = await listed('log-out');
    expect(await why('log-out', [file], 'x')).toBe(
      'Nothing can be saved there: it is no folder, or is not there any more.',
    );
    await rm(join(homeFolder, 'a'));
    expect(await why('logo', [a])).toBe('It is not there any more.');
  });

  it('lists no more than it can of a folder with a great many files', async () => {
    const { call, homeFolder } = await openTestSession();
    const folder = join(homeFolder, 'many');
    await mkdir(folder);
    for (let i = 0; i < MAX_ENTRIES + 1; i += 100)
      await Promise.all(Array.from({ length: 100 }, (_, j) => writeFile(join(folder, `f${i + j}`), '')));
    const home = await call('files.browse', { purpose: 'source', folder: null });
    const listed = await call('files.browse', { purpose: 'source', folder: home.entries[0]!.id });
    expect(listed.entries).toHaveLength(MAX_ENTRIES);
    expect(listed.more).toBe(true);
  });

  it('follows links to where they lead, and leaves out those that lead nowhere', async () => {
    const { call, homeFolder } = await openTestSession();
    const there = join(homeFolder, 'there');
    await mkdir(there);
    await symlink(homeFolder, join(there, 'up'));
    await symlink('loop', join(there, 'loop'));
    await symlink('/nowhere', join(there, 'broken'));
    await symlink('/dev/zero', join(there, 'endless'));
    const browse = async (folder: string | null) => call('files.browse', { purpose: 'source', folder });
    const first = await browse((await browse(null)).entries[0]!.id);
    expect(first.entries.map(({ name, kind }) => [name, kind])).toEqual([['up', 'folder']]);
    const again = await browse(first.entries[0]!.id);
    expect(again.path).toBe(homeFolder);
    expect(again.entries[0]!.id).toBe((await browse(null)).entries[0]!.id);
  });

  it('says why a folder cannot be listed', async () => {
    const { call, refused, homeFolder } = await openTestSession();
    await mkdir(join(homeFolder, 'd'));
    const { entries } = await call('files.browse', { purpose: 'source', folder: null });
    await rm(join(homeFolder, 'd'), { recursive: true });
    expect(await refused('files.browse', { purpose: 'source', folder: entries[0]!.id })).toMatchObject({
      code: 'FOLDER_NOT_READABLE',
      message: `The folder ${join(homeFolder, 'd')} is not there any more.`,
      next: 'Choose another folder.',
    });
  });

  it('knows drives and servers of Windows', async () => {
    expect(parentsOf('C:\\Users\\me', 'win32')).toEqual(['', 'C:\\', 'C:\\Users']);
    expect(parentsOf('D:\\', 'win32')).toEqual(['']);
    expect(parentsOf('\\\\nas\\share\\x', 'win32')).toEqual(['', '\\\\nas\\share\\']);
    expect(parentsOf('/', 'linux')).toEqual([]);
    const computer = await listFolder('', 'win32');
    expect(computer.folder.name).toBe('This computer');
    expect(computer.parents).toEqual([]);
  });

  it('asks the dialog of the system where there is one', async () => {
    const folder = await scratchFolder();
    const asked: unknown[] = [];
    const { call, session } = await openTestSession({
      shell: {
        chooseFiles: async (...wanted) => {
          asked.push(wanted);
          return [join(folder, 'chosen')];
        },
      },
    });
    const { files } = await call('files.choose', { purpose: 'waves-out', suggestedName: 'waves' });
    expect(asked).toEqual([['waves-out', 'waves']]);
    expect(session.files.pathOf(files[0]!.id, 'waves-out')).toBe(join(folder, 'chosen.csv'));
    const without = await openTestSession();
    expect((await without.refused('files.choose', { purpose: 'logo' })).message).toBe(
      'There is no dialog of the system here.',
    );
  });
});

describe('names of new files', () => {
  it('are any that all systems take', () => {
    for (const name of ['a', 'Ærø 2026', '.hidden', 'con-fig', 'nulls', '=cmd', '服务器'])
      expect(whyNoName(name), name).toBeNull();
    for (const name of ['COM1', 'lpt9.txt', 'aux', 'a\u2028b', 'a\0b', 'x '])
      expect(whyNoName(name), name).not.toBeNull();
  });
});
