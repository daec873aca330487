/** Lists of servers out of a spreadsheet, as a clipboard has them. */
import { describe, expect, it } from 'vitest';
import {
  listColumn,
  listFields,
} from '../../../../migration-core/collect/import/inventory/inventory-sheet.ts';
import {
  LIST_FIELDS,
  type ListField,
} from '../../../../migration-core/collect/import/inventory/list-fields.ts';
import {
  lookAtPasted,
  pastedAsCsv,
} from '../../../../migration-core/collect/import/inventory/pasted-list.ts';

const PASTED = [
  'Servers of the harbour\t\t\t',
  'Host\tOS\tRAM (GB)\tOwner',
  'web01\tDebian 12\t16\tAda',
  'db01\t"Windows ""2019"""\t64\t=cmd()',
].join('\n');

describe('a pasted list', () => {
  it('is understood by the names of its columns, below a title', () => {
    expect(lookAtPasted(PASTED)).toEqual({
      columns: [
        { title: 'Host', field: 'name' },
        { title: 'OS', field: 'os' },
        { title: 'RAM (GB)', field: 'memory' },
        { title: 'Owner', field: null },
      ],
      rows: [
        ['web01', 'Debian 12', '16', 'Ada'],
        ['db01', 'Windows "2019"', '64', '=cmd()'],
      ],
      rowCount: 2,
    });
  });

  it('becomes the table that the importer knows, with the columns a person said', () => {
    expect(pastedAsCsv(PASTED, ['name', 'os', 'memory', null])).toBe(
      '"server name","operating system","memory (gib)"\r\n"web01","Debian 12","16"\r\n"db01","Windows ""2019""","64"\r\n',
    );
    expect(pastedAsCsv(PASTED, ['name', 'os', null, 'role']).split('\r\n')[2]).toBe(
      '"db01","Windows ""2019""","=cmd()"',
    );
    // Whatever a column is said to be, the importer takes it for that.
    for (const field of Object.keys(LIST_FIELDS) as ListField[])
      expect(listFields(['x', listColumn(field, 'whatever (MB)')])).toEqual({ [field]: 1 });
  });

  it.each([
    [[null, 'os', 'memory', null], 'A list needs a column with the names of the servers and two others.'],
    [['name', 'os', null, null], 'A list needs a column with the names of the servers and two others.'],
    [['name', 'os', 'os', null], 'Two columns are said to be “Operating system”.'],
  ] as [(ListField | null)[], string][])('is refused with a sentence: %j', (fields, message) => {
    expect(() => pastedAsCsv(PASTED, fields)).toThrow(message);
  });

  it.each(['', 'one line', 'a\tb', '\u0000'.repeat(100), '\n\n\n'])('is no list: %j', (text) => {
    expect(() => lookAtPasted(text)).toThrow(
      'This is no table with a row of column names and rows below it.',
    );
  });
});
