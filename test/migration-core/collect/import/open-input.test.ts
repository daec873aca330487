import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { openInput } from '../../../../migration-core/collect/import/open-input.ts';
import { recogniseInput } from '../../../../migration-core/collect/import/recognise.ts';
import { importers } from '../../../../migration-core/collect/import/table.ts';
import { textEncodingOf } from '../../../../migration-core/base/text-encoding.ts';
import { headText, utf8Pieces } from '../../../../migration-core/collect/import/text-encoding.ts';
import { scratchFolder } from '../../../support/tools.ts';

const TEXT = Array.from({ length: 30_000 }, (_, i) => `line ${i} of a file\n`).join('');

async function whole(pieces: AsyncIterable<Uint8Array>): Promise<string> {
  const parts: Buffer[] = [];
  for await (const piece of pieces) parts.push(Buffer.from(piece));
  return Buffer.concat(parts).toString('utf8');
}

async function opened(name: string, contents: Uint8Array | string) {
  const path = join(await scratchFolder(), name);
  await writeFile(path, contents);
  return openInput(path);
}

describe('opening a file', () => {
  it.each([
    ['plain', Buffer.from(TEXT)],
    ['gzip', gzipSync(TEXT)],
    [
      'two gzip files one after another',
      Buffer.concat([gzipSync(TEXT.slice(0, 1000)), gzipSync(TEXT.slice(1000))]),
    ],
    ['zstd', zstdCompressSync(TEXT)],
  ])('%s', async (_, bytes) => {
    const input = await opened('a.log', bytes);
    expect(input).toMatchObject({ name: 'a.log', isFolder: false, size: bytes.length, entries: [] });
    expect(Buffer.from(input.head).toString()).toBe(TEXT.slice(0, 65536));
    expect(await whole(input.read())).toBe(TEXT);
    expect(input.position()).toBe(bytes.length);
    expect(await whole(input.read())).toBe(TEXT);
  });

  it('refuses what it cannot unpack', async () => {
    await expect(opened('a.bz2', 'BZh91AY&SY')).rejects.toMatchObject({
      code: 'IMPORT_NOT_SUPPORTED',
      next: 'Unpack it first: bunzip2 -k a.bz2',
    });
    await expect(opened('a', '')).rejects.toMatchObject({ code: 'SOURCE_EMPTY' });
    await expect(openInput('/nowhere/at/all')).rejects.toMatchObject({ code: 'SOURCE_NOT_FOUND' });
    for (const packed of [gzipSync(TEXT), zstdCompressSync(TEXT)]) {
      const broken = Buffer.from(packed);
      broken.fill(0x55, broken.length >> 1);
      await expect(opened('a', broken).then(async (input) => whole(input.read()))).rejects.toMatchObject({
        code: 'IMPORT_DAMAGED',
      });
    }
  });

  it('lists a folder, follows no links, reads entries', async () => {
    const folder = await scratchFolder();
    await mkdir(join(folder, 'b'));
    await writeFile(join(folder, 'b', 'inner'), 'inside');
    await writeFile(join(folder, 'a'), 'x');
    await symlink('/etc', join(folder, 'etc'));
    const input = await openInput(folder);
    expect(input).toMatchObject({ isFolder: true, size: 7, entries: ['a', 'b/inner'] });
    expect(await whole(input.read('b/inner'))).toBe('inside');
    expect(() => input.read('../a')).toThrow(expect.objectContaining({ code: 'SOURCE_NOT_READABLE' }));
  });
});

describe('code pages', () => {
  it.each([
    ['time,value', 'utf-8', Buffer.from('time,value')],
    ['Größe', 'utf-8', Buffer.from('Größe')],
    ['Größe', 'windows-1252', Buffer.from('Größe', 'latin1')],
    [
      '\\\\H\\Processeur\\% temps privilégié',
      'windows-1252',
      Buffer.from('\\\\H\\Processeur\\% temps privilégié', 'latin1'),
    ],
    ['Verfügbar', 'cp437', Buffer.from([...Buffer.from('Verf'), 0x81, ...Buffer.from('gbar')])],
    [
      'MÓVIL número ú',
      'cp850',
      Buffer.from([0x4d, 0xe0, ...Buffer.from('VIL n'), 0xa3, ...Buffer.from('mero '), 0xa3]),
    ],
    ['Процесс', 'windows-1251', Buffer.from('cff0eef6e5f1f1', 'hex')],
    ['Процесс', 'ibm866', Buffer.from('8fe0aee6a5e1e1', 'hex')],
    ['a,b\nc', 'utf-16le', Buffer.from('a,b\nc', 'utf16le')],
  ])('%s in %s', async (text, encoding, bytes) => {
    const input = await opened('a', bytes);
    expect(textEncodingOf(bytes)).toBe(encoding);
    expect(await whole(utf8Pieces(input))).toBe(text);
    expect(headText(input)).toBe(text);
  });
});

describe('what nobody knows', () => {
  it('is refused with where to find what is known', async () => {
    const input = await opened('photo.jpg', Buffer.from('ffd8ffe000104a464946', 'hex'));
    expect(() => recogniseInput(input, importers)).toThrow(
      expect.objectContaining({
        code: 'IMPORT_NOT_SUPPORTED',
        next: 'Export it as CSV with one row of column names, or as one of the kinds that `ironlift collect import --help` lists.',
        data: { importers: importers.map(({ id }) => id) },
      }),
    );
  });
});
