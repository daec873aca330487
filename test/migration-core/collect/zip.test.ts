import { describe, expect, it } from 'vitest';
import { openWorkbook } from '../../../migration-core/collect/xlsx.ts';
import { openZip } from '../../../migration-core/collect/zip.ts';
import { zipOf, type ZipFile } from '../../support/import-input.ts';
import { workbook } from '../../support/workbook.ts';

async function contents(bytes: Buffer, limit = 1 << 20): Promise<string[]> {
  const archive = openZip(bytes, 'x.zip');
  const texts: string[] = [];
  for (const entry of archive.entries) {
    const pieces: Uint8Array[] = [];
    for await (const piece of archive.read(entry, limit)) pieces.push(piece);
    texts.push(`${entry.name}: ${Buffer.concat(pieces).toString()}`);
  }
  return texts;
}

const readOf = (files: ZipFile[], limit?: number): Promise<string[]> => contents(zipOf(files), limit);

describe('.zip files of strangers', () => {
  it('are read with any comment and empty files', async () => {
    const bytes = zipOf([
      { name: 'a/b.txt', content: 'one' },
      { name: 'ü', content: '' },
    ]);
    bytes.writeUInt16LE(5, bytes.length - 2);
    expect(await contents(Buffer.concat([bytes, Buffer.from('hello')]))).toEqual(['a/b.txt: one', 'ü: ']);
  });

  it('may not claim to be larger than allowed', async () => {
    await expect(readOf([{ name: 'a', content: 'x'.repeat(2000) }], 1000)).rejects.toMatchObject({
      code: 'IMPORT_NOT_SUPPORTED',
    });
  });

  it('may not be larger than they claim, and not pack better than any text does', async () => {
    const content = Buffer.alloc(32 << 20);
    await expect(readOf([{ name: 'a', content, lies: { size: 1000 } }])).rejects.toMatchObject({
      code: 'IMPORT_DAMAGED',
      message: 'a in x.zip is damaged: it is larger than its directory says.',
    });
    await expect(readOf([{ name: 'a', content }], 1 << 30)).rejects.toMatchObject({
      code: 'IMPORT_NOT_SUPPORTED',
    });
  });

  it('are refused when encrypted, packed strangely, or with a wrong checksum', async () => {
    const lie = (lies: NonNullable<ZipFile['lies']>): Promise<string[]> =>
      readOf([{ name: 'a', content: 'text text text', lies }]);
    await expect(lie({ flags: 1 })).rejects.toMatchObject({ code: 'IMPORT_NOT_SUPPORTED' });
    await expect(lie({ method: 99 })).rejects.toMatchObject({ code: 'IMPORT_NOT_SUPPORTED' });
    await expect(lie({ crc: 5 })).rejects.toMatchObject({ code: 'IMPORT_DAMAGED' });
    await expect(lie({ method: 0 })).rejects.toMatchObject({ code: 'IMPORT_DAMAGED' });
  });

  it('are refused when cut off anywhere', async () => {
    const bytes = zipOf([{ name: 'a', content: 'text text text' }]);
    for (let length = 0; length < bytes.length; length++)
      await expect(contents(bytes.subarray(0, length)), String(length)).rejects.toMatchObject({
        code: 'IMPORT_DAMAGED',
      });
  });
});

describe('workbooks of strangers', () => {
  const rowsOf = async (files: Record<string, string>): Promise<string[][]> => {
    const [sheet] = await openWorkbook(workbook({ a: [['x']] }, { shared: true, files }), 'x.xlsx');
    const rows: string[][] = [];
    for await (const row of sheet!.rows()) rows.push(row);
    return rows;
  };

  it('may not nest without end: all that is open is kept in memory', async () => {
    const nested = `<worksheet>${'<a>'.repeat(100_000)}`;
    await expect(rowsOf({ 'xl/worksheets/sheet1.xml': nested })).rejects.toThrow('nests without end');
  });
});
