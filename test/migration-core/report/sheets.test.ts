/** Workbook, CSV and JSON of a report: what is in them, and that nothing breaks them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import readWorkbook from 'read-excel-file/node';
import { describe, expect, it } from 'vitest';
import { headersOf } from '../../../migration-core/report/data/cells.ts';
import { dataTables } from '../../../migration-core/report/data/tables.ts';
import { writeCsv } from '../../../migration-core/report/csv.ts';
import { writeJson } from '../../../migration-core/report/json.ts';
import { jsonReport, reportSchema } from '../../../migration-core/report/json-model.ts';
import type { Report } from '../../../migration-core/report/model.ts';
import { sheetName, tableName } from '../../../migration-core/report/xlsx/names.ts';
import { writeXlsx } from '../../../migration-core/report/xlsx.ts';
import { unpacked } from '../../support/archives.ts';
import { HOSTILE, madeUpReport, world } from '../../support/reports.ts';

const EMPTY: Report = { ...madeUpReport([]), figures: [], sections: [] };

describe('the same report', () => {
  it.each([
    ['xlsx', writeXlsx],
    ['csv', writeCsv],
    ['json', writeJson],
  ] as const)('is the same bytes in %s, on other days and in other time zones', async (_format, write) => {
    const first = await write(madeUpReport(HOSTILE), world());
    const zone = process.env['TZ'];
    process.env['TZ'] = 'Pacific/Chatham';
    try {
      const again = await write(madeUpReport(HOSTILE), world());
      expect(Buffer.from(again).equals(Buffer.from(first))).toBe(true);
    } finally {
      process.env['TZ'] = zone;
    }
  });
});

describe('workbook', () => {
  it('is read back by another reader: types, units, sums', async () => {
    const bytes = await writeXlsx(madeUpReport(HOSTILE), world());
    const sheets = await readWorkbook(Buffer.from(bytes));
    expect(sheets.map(({ sheet }) => sheet)).toEqual([
      'Summary',
      'Figures',
      'Kinds',
      'Chart bars cmd c calc a0',
      'Week method',
      'Servers',
      'Texts',
    ]);
    const [head, first, ...rest] = sheets[2]!.data;
    expect(head).toEqual([
      'Server',
      'text',
      'count',
      'number',
      'share, %',
      'bytes, GiB',
      'bytes-rate, MiB/s',
      'seconds, s',
      'minutes, min',
      'time, UTC+01:00',
      'date',
      'money, EUR',
      'status',
      'score',
    ]);
    expect(first).toEqual([
      '=cmd|"/c calc"!A0',
      'plain',
      47,
      6.8,
      0.07,
      3,
      2.5,
      61,
      90,
      // That reader loses a millisecond.
      expect.toSatisfy((at: Date) => Math.abs(at.getTime() - Date.UTC(2026, 9, 14, 1, 55)) <= 1),
      new Date(Date.UTC(2026, 10, 26)),
      1234.5,
      'good',
      88,
    ]);
    expect(rest.at(-1)!.slice(0, 6)).toEqual([
      'Total',
      null,
      47 * HOSTILE.length,
      expect.closeTo(6.8 * HOSTILE.length),
      expect.closeTo(0.07 * HOSTILE.length),
      3 * HOSTILE.length,
    ]);
  });

  it('has no formula but its own sums, and no text that becomes one when it is edited', async () => {
    const parts = unpacked(await writeXlsx(madeUpReport(HOSTILE), world()));
    const formulas = [...parts.values()].flatMap((part) => part.match(/<f>[^<]*<\/f>/gu) ?? []);
    expect(formulas.length).toBeGreaterThan(5);
    expect(
      formulas.filter((formula) => !/^<f>SUBTOTAL\(109,[A-Z]+2:[A-Z]+\d+\)<\/f>$/u.test(formula)),
    ).toEqual([]);
    const styles = [...parts.get('xl/styles.xml')!.matchAll(/<xf [^>]*xfId="0"[^>]*>/gu)];
    const quoted = styles.findIndex(([xf]) => xf.includes('quotePrefix'));
    const kinds = parts.get('xl/worksheets/sheet3.xml')!;
    const told = [...kinds.matchAll(/<c r="A\d+" s="(\d+)" t="s">/gu)].map(
      ([, style]) => Number(style) === quoted,
    );
    expect(told.slice(1, 8)).toEqual([true, true, true, true, true, true, false]);
  });

  it('says of what is missing that it was not measured, and of what is empty why', async () => {
    const missing = await readWorkbook(Buffer.from(await writeXlsx(madeUpReport(['a'], true), world())));
    expect(missing[2]!.data[1]!.slice(1)).toEqual(Array.from({ length: 13 }, () => 'not measured'));
    expect(missing[2]!.data[2]!.slice(0, 3)).toEqual(['Total', null, 0]);
    const none = await readWorkbook(Buffer.from(await writeXlsx(madeUpReport([]), world())));
    expect(none[2]!.data[1]![0]).toBe('There is no server.');
    const empty = await readWorkbook(Buffer.from(await writeXlsx(EMPTY, world())));
    expect(empty.map(({ sheet }) => sheet)).toEqual(['Summary', 'Figures', 'Texts']);
  });

  it('names sheets and tables as Excel wants them', () => {
    const taken = new Set<string>();
    const ids = [
      'a'.repeat(40),
      'a'.repeat(41),
      "'[x]:*?/\\'",
      'history',
      '',
      'windows-licences',
      '😀'.repeat(20),
    ];
    const names = ids.map((id) => sheetName(id, taken));
    expect(names).toEqual([
      `A${'a'.repeat(30)}`,
      `A${'a'.repeat(26)} (2)`,
      'X',
      'History of it',
      'Sheet',
      'Windows licences',
      '😀'.repeat(15),
    ]);
    for (const name of names) expect(name.length).toBeLessThanOrEqual(31);
    expect(tableName('windows-licences')).toBe('Ironlift_windows_licences');
  });
});

describe('CSV', () => {
  it('has the headers of the workbook, and a decimal comma where it is wanted', async () => {
    const report = madeUpReport(['a']);
    const files = unpacked(await writeCsv(report, world({ delimiter: ';', byteOrderMark: false })));
    const [head, row] = files.get('kinds.csv')!.split('\r\n');
    const { columns } = dataTables(report).find(({ id }) => id === 'kinds')!;
    expect(head!.split(';').map((cell) => cell.replaceAll('"', ''))).toEqual(
      headersOf(columns, world().format, 60),
    );
    expect(row).toBe(
      'a;plain;47;"6,8";7;3;"2,5";61;90;2026-10-14T01:55:00+01:00;2026-11-26;"1234,5";good;88',
    );
    const marked = unpacked(await writeCsv(report, world({ delimiter: '\t' })));
    expect(marked.get('kinds.csv')!.split('\t')[3]).toBe('number');
  });

  it('makes no text a formula, and leaves negative numbers alone', async () => {
    const report = madeUpReport(HOSTILE);
    const files = unpacked(
      await writeCsv({ ...report, figures: [{ id: 'x', title: 'X', kind: 'number', value: -3.5 }] }, world()),
    );
    const cells = files.get('kinds.csv')!.split('\r\n').slice(1, 7);
    for (const line of cells) expect(line).toMatch(/^"?'/u);
    expect(files.get('figures.csv')).toContain(',x,X,-3.5,');
  });
});

describe('JSON', () => {
  it('is what its schema says, without losing a value', async () => {
    const report = madeUpReport(HOSTILE);
    const text = new TextDecoder().decode(await writeJson(report));
    const parsed = jsonReport.parse(JSON.parse(text));
    expect(parsed).toMatchObject({ format: 'ironlift-report', version: 1 });
    expect(parsed.figures).toEqual(report.figures);
    expect(parsed.sections[1]!.sections).toHaveLength(HOSTILE.length);
  });

  it('writes what is no number as not measured, and pictures in base64', async () => {
    const png = Buffer.from([137, 80, 78, 71]);
    const report: Report = {
      ...EMPTY,
      figures: [{ id: 'x', title: 'X', kind: 'number', value: NaN }],
      sections: [
        {
          ...{ id: 's', title: 'S', audiences: ['technical'], lead: '' },
          blocks: [{ kind: 'picture', title: 'P', png }],
          sections: [],
        },
      ],
    };
    const parsed = jsonReport.parse(JSON.parse(new TextDecoder().decode(await writeJson(report))));
    expect(parsed.figures[0]!.value).toBeNull();
    expect(parsed.sections[0]!.blocks).toEqual([
      { kind: 'picture', title: 'P', png: png.toString('base64') },
    ]);
  });

  it('has the schema that is published', () => {
    const path = join(import.meta.dirname, '../../../resources/report/report.schema.json');
    expect(readFileSync(path, 'utf8'), 'write what reportSchema() returns to that file').toBe(reportSchema());
  });
});
