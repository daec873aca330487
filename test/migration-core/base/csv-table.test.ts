import { describe, expect, it } from 'vitest';
import {
  csvLine,
  inert,
  readCsv,
  SEPARATORS,
  verbatim,
  type CsvSource,
} from '../../../migration-core/base/csv-table.ts';
import { isIronliftError } from '../../../migration-core/base/errors.ts';
import { seeded } from '../../support/tools.ts';

const SOURCE: CsvSource = { name: 't.csv', code: 'WAVES_INVALID', next: 'Save it again.' };
const table = (text: string | Uint8Array) =>
  readCsv(typeof text === 'string' ? Buffer.from(text) : text, SOURCE);
const cellsOf = (text: string | Uint8Array): string[][] => table(text).rows.map(({ cells }) => cells);

describe('cells', () => {
  const HOSTILE = [
    '=1+1',
    '+1',
    '-1',
    '@SUM(A1)',
    '|calc',
    '%0A=1',
    '\t=1',
    '\r=1',
    '\n=1',
    "'=1",
    "''",
    "'",
    '',
    '\uff1d1',
    "=cmd|'/c calc'!A1",
    '"',
    'a"b',
    ',',
    ';',
    ' x ',
    '\u0000',
    '\u001b[31m',
  ];
  it('come back as they were, and none begins as a formula', () => {
    for (const text of HOSTILE) {
      expect(verbatim(inert(text))).toBe(text);
      expect(inert(text)).not.toMatch(/^[=+\-@|%\t\r\n\uff1d]/u);
      for (const separator of SEPARATORS) {
        const [, row] = cellsOf(csvLine(['a', 'b'], separator) + csvLine([inert(text), 'x'], separator));
        expect(row!.map(verbatim)).toEqual([text, 'x']);
      }
    }
  });

  it('come back whatever is in them', () => {
    const random = seeded(9);
    const signs = ['"', ',', ';', '\t', '\r', '\n', "'", '=', 'a', ' ', '-', 'é', '\u{1f600}'];
    for (let round = 0; round < 3000; round++) {
      const rows = Array.from({ length: 1 + Math.floor(random() * 3) }, () =>
        Array.from({ length: 2 + Math.floor(random() * 3) }, () =>
          Array.from(
            { length: Math.floor(random() * 6) },
            () => signs[Math.floor(random() * signs.length)]!,
          ).join(''),
        ),
      );
      const separator = SEPARATORS[round % 3]!;
      const written = [['a', 'b'], ...rows].map((cells) => csvLine(cells.map(inert), separator)).join('');
      const [, ...back] = cellsOf(written);
      expect(back.map((cells) => cells.map(verbatim))).toEqual(rows);
    }
  });

  it('know the line they are in, with line ends inside quotation marks', () => {
    expect(table('a,"x\r\ny\nz"\r\nb,c\rd,e\n').rows).toEqual([
      { line: 1, cells: ['a', 'x\r\ny\nz'] },
      { line: 4, cells: ['b', 'c'] },
      { line: 5, cells: ['d', 'e'] },
    ]);
    expect(cellsOf('a,')).toEqual([['a', '']]);
    expect(cellsOf('"a"b,c')).toEqual([['ab', 'c']]);
    expect(cellsOf('')).toEqual([]);
  });
});

describe('the separator', () => {
  it.each([
    ['sep=;\r\na;b,c\r\n', ';', 2, ['a', 'b,c']],
    ['sep=;\ra;b\r', ';', 2, ['a', 'b']],
    ['\ufeffSEP=\t\na\tb\n', '\t', 2, ['a', 'b']],
    // As LibreOffice saves it after it was opened with the other separator.
    ['"sep=;",\r\na,b\r\n', ',', 2, ['a', 'b']],
    ['sep=;\r\na\r\n', ';', 2, ['a']],
    ['a;"b,c,d"\r\n', ';', 1, ['a', 'b,c,d']],
    ['\r\na;b\r\n', ';', 1, ['']],
  ] as const)('of %j is found', (text, separator, line, cells) => {
    const found = table(text);
    expect(found.separator).toBe(separator);
    expect(found.rows[0]).toEqual({ line, cells });
  });
});

describe('letters', () => {
  it('are those of the file, to its last byte, and what is assumed is said', () => {
    const far = Buffer.concat([
      Buffer.from('a,b\r\n'),
      Buffer.from('x,y\r\n'.repeat(20_000)),
      Buffer.from('J\u00f6rg,z\r\n', 'latin1'),
    ]);
    const read = table(far);
    expect(read.rows.at(-1)!.cells).toEqual(['J\u00f6rg', 'z']);
    expect(read.remarks).toEqual([
      'It is not in UTF-8: t.csv was read as Windows-1252. Check letters with accents, or save it as "CSV UTF-8".',
    ]);
    // Signs only, which a console would have written as letters.
    expect(cellsOf(Buffer.from([0x35, 0x20, 0x80, 0x20, 0x96, 0x20, 0x6f, 0x6b, 0x2c, 0x62]))).toEqual([
      ['5 \u20ac \u2013 ok', 'b'],
    ]);
    expect(cellsOf(Buffer.from('\ufeffa\tb', 'utf16le'))).toEqual([['a', 'b']]);
    expect(cellsOf(Buffer.from('a\tb\r\n', 'utf16le').swap16())).toEqual([['a', 'b']]);
    const cyrillic = Buffer.from([0xd1, 0xe5, 0xf0, 0xe2, 0xe5, 0xf0, 0x2c, 0x62]);
    expect(table(cyrillic).remarks[0]).toContain('was read as Windows-1251.');
    expect(cellsOf(cyrillic)).toEqual([['\u0421\u0435\u0440\u0432\u0435\u0440', 'b']]);
    const marked = Buffer.concat([
      Buffer.from('\ufeffserver,b\r\nJ'),
      Buffer.from([0xf6]),
      Buffer.from('rg,z'),
    ]);
    expect(cellsOf(marked)).toEqual([
      ['server', 'b'],
      ['J\u00f6rg', 'z'],
    ]);
  });
});

describe('what is no table', () => {
  it.each([
    [new Uint8Array((64 << 20) + 1), 'The size of t.csv is 67108865 bytes; at most 67108864 are read.'],
    [Buffer.from([0x50, 0x4b, 3, 4, 0, 0, 0xff]), 'There is no text in t.csv.'],
    [
      Buffer.from('a,b\r\n"c\r\nd",1\r\n1,"2\r\n'),
      'The quotation mark that begins in line 4 of t.csv is never closed.',
    ],
    [Buffer.from(`a,b\n${','.repeat(1001)}\n`), 'Line 2 of t.csv has more than 1000 cells.'],
    [Buffer.from('\n'.repeat(200_001)), 'There are more than 200000 rows in t.csv.'],
    [Buffer.from(`${','.repeat(900)}\n`.repeat(11_200)), 'There are more than 10000000 cells in t.csv.'],
  ])('is refused (%#)', (bytes, message) => {
    try {
      table(bytes);
      expect.unreachable();
    } catch (error) {
      if (!isIronliftError(error, 'WAVES_INVALID')) throw error;
      expect(error.message).toBe(message);
      expect(error.next).toBe('Save it again.');
    }
  });
});
