/** Independent programs open what is written: LibreOffice, openpyxl, Python's csv and jsonschema; and the command line. */
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { csvFiles } from '../../../migration-core/report/csv.ts';
import { dataTables } from '../../../migration-core/report/data/tables.ts';
import { sheetName } from '../../../migration-core/report/xlsx/names.ts';
import { writeXlsx } from '../../../migration-core/report/xlsx.ts';
import { needTools, run } from '../../support/tools.ts';
import { HOSTILE, madeUpReport, world } from '../../support/reports.ts';
import { ironlift } from '../../support/world.ts';

/** That of Debian, which has the packages; another may come first in the path. */
const python = (args: string[], input = ''): Promise<string> =>
  run('env', ['PATH=/usr/bin:/bin', 'python3', ...args], { input });

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ironlift-test-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Reads both strictly and prints where they differ, knowing what CSV writes otherwise than a workbook shows. */
const COMPARE = `
import csv, json, re, sys
csv.field_size_limit(1 << 24)
def rows(path):
    with open(path, encoding='utf-8-sig', newline='') as file:
        return list(csv.reader(file, strict=True))
def lines(text): return re.sub(r'\\r\\n|\\r', '\\n', text)
def same(ours, theirs):
    if ours == '': return theirs in ('', 'not measured')
    text = ours[1:] if ours[0] == "'" and ours[1:2] in list("'=+-@\\t\\r\\n|%") else ours
    if lines(text) == lines(theirs): return True
    time = re.fullmatch(r'(\\d{4}-\\d\\d-\\d\\d)T(\\d\\d:\\d\\d:\\d\\d)\\+01:00', ours)
    if time: return theirs == time[1] + ' ' + time[2]
    try: return abs(float(ours) - float(theirs.rstrip('%'))) <= 1e-9 * max(1, abs(float(ours)))
    except ValueError: return False
wrong, cells = [], 0
for ours, theirs in json.load(sys.stdin):
    a, b = rows(ours), rows(theirs)
    if not len(a) <= len(b) <= len(a) + 1: wrong.append([ours, 'rows', len(a), len(b)])
    for at, (x, y) in enumerate(zip(a, b)):
        if len(x) != len(y): wrong.append([ours, at, 'cells', len(x), len(y)])
        for p, q in zip(x, y):
            cells += 1
            if not same(p, q): wrong.append([ours, at, p, q])
print(json.dumps([wrong, cells]))
`;

describe('hostile names', () => {
  it('are in LibreOffice what they are in the CSV files, cell by cell', async () => {
    needTools('soffice');
    // Characters that no program shows are compared by another judge, below.
    const report = madeUpReport(HOSTILE.filter((name) => !name.includes('\u0000')));
    await writeFile(join(folder, 'h.xlsx'), await writeXlsx(report, world()));
    await run(
      'soffice',
      [
        `-env:UserInstallation=file://${folder}/profile`,
        '--headless',
        '--convert-to',
        'csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false,false,false,-1',
        '--outdir',
        folder,
        join(folder, 'h.xlsx'),
      ],
      { timeoutSeconds: 300 },
    );
    const taken = new Set(['summary']);
    const pairs: string[][] = [];
    const files = new Map(csvFiles(report, world()));
    for (const { id } of dataTables(report)) {
      const ours = join(folder, `${id}.ours.csv`);
      await writeFile(ours, files.get(`${id}.csv`)!);
      pairs.push([ours, join(folder, `h-${sheetName(id, taken)}.csv`)]);
    }
    expect(pairs.length).toBe(6);
    const [wrong, cells] = JSON.parse(await python(['-c', COMPARE], JSON.stringify(pairs))) as [
      unknown[],
      number,
    ];
    expect(wrong).toEqual([]);
    expect(cells).toBeGreaterThan(3000);
  });
});

const OPEN = `
import json, sys, openpyxl
from openpyxl.utils.escape import unescape
book = openpyxl.load_workbook(sys.argv[1])
values = openpyxl.load_workbook(sys.argv[1], data_only=True)
out = {'sheets': [], 'links': [], 'sums': []}
def words(title):
    return None if title is None else ''.join(run.t for p in title.tx.rich.p for run in p.r)
def drawn(chart):
    return [words(chart.title), words(chart.x_axis.title), words(chart.y_axis.title), chart.y_axis.scaling.max,
            [[type(part).__name__, len(part.series)] for part in chart._charts]]
for sheet in book:
    out['sheets'].append({
        'name': sheet.title, 'frozen': sheet.freeze_panes, 'charts': [drawn(chart) for chart in sheet._charts],
        'tables': [[t.name, t.ref, t.autoFilter.ref if t.autoFilter else None, t.totalsRowCount,
                    [c.name for c in t.tableColumns] == [unescape(str(sheet.cell(sheet[t.ref.split(':')[0]].row, n + 1).value)) for n, c in enumerate(t.tableColumns)]]
                   for t in sheet.tables.values()],
        # It undoes _x005F_ by itself, and no other.
        'names': [c.value if '_x0041_' in c.value else unescape(c.value) for c in sheet['A'][1:]] if sheet.title in sys.argv[2:] else [],
    })
    for row in sheet.iter_rows():
        for cell in row:
            if cell.hyperlink: out['links'].append(cell.hyperlink.location)
            if cell.data_type == 'f':
                first, last = cell.value[len('=SUBTOTAL(109,'):-1].split(':')
                seen = [c[0].value for c in values[sheet.title][first:last]]
                out['sums'].append([cell.value, values[sheet.title][cell.coordinate].value,
                                    sum(v for v in seen if isinstance(v, (int, float)))])
print(json.dumps(out))
`;

interface Opened {
  sheets: {
    name: string;
    frozen: string | null;
    charts: [
      title: string,
      points: string | null,
      values: string | null,
      top: number | null,
      parts: [string, number][],
    ][];
    tables: [name: string, ref: string, filter: string, totals: number | null, headers: boolean][];
    names: string[];
  }[];
  links: string[];
  sums: [formula: string, value: number, sum: number][];
}

function sound({ sheets, links, sums }: Opened): void {
  for (const { name, frozen, tables } of sheets.slice(1)) {
    expect(name.length).toBeLessThanOrEqual(31);
    expect(frozen, name).toMatch(/^[AB]2$/u);
    for (const [table, , filter, , headers] of tables)
      expect([table, filter.startsWith('A1:'), headers]).toEqual([table, true, true]);
  }
  const names = sheets.flatMap(({ tables }) => tables.map(([name]) => name));
  expect(new Set(names).size).toBe(names.length);
  expect(links).toEqual(sheets.slice(1).map(({ name }) => `'${name}'!A1`));
  for (const [formula, value, sum] of sums) expect(value, formula).toBeCloseTo(sum, 6);
}

describe('openpyxl', () => {
  it('finds tables, filters, links, charts and sums, and every name as it is', async () => {
    const path = join(folder, 'o.xlsx');
    await writeFile(path, await writeXlsx(madeUpReport(HOSTILE), world()));
    const opened = JSON.parse(await python(['-c', OPEN, path, 'Kinds'])) as Opened;
    sound(opened);
    const kinds = opened.sheets[2]!;
    expect(kinds.tables).toEqual([
      ['Ironlift_kinds', `A1:N${HOSTILE.length + 2}`, `A1:N${HOSTILE.length + 1}`, 1, true],
    ]);
    expect(kinds.names).toEqual([...HOSTILE.map((name) => name.toWellFormed()), 'Total']);
    expect(opened.sums).toHaveLength(9);
    expect(opened.sheets.map(({ charts }) => charts.length)).toEqual([0, 0, 0, 1, 1, 0, 0]);
    // Which is which: axes have their unit, per cent their hundred, and what may be used is a line over the bars.
    const charts = opened.sheets.flatMap((one) => one.charts).map(([, ...more]) => more);
    expect(charts).toContainEqual([
      ...[null, '%', 100],
      [
        ['BarChart', 1],
        ['LineChart', 1],
      ],
    ]);
    expect(charts).toContainEqual([null, '%', 100, [['LineChart', HOSTILE.length]]]);
  });

  it('opens a workbook of nothing', async () => {
    const path = join(folder, 'n.xlsx');
    await writeFile(path, await writeXlsx(madeUpReport([], true), world()));
    const opened = JSON.parse(await python(['-c', OPEN, path])) as Opened;
    sound(opened);
    expect(opened.sheets[2]!.tables).toEqual([]);
  });
});

const CHECK_JSON = `
import json, sys, jsonschema
schema = json.load(open(sys.argv[1]))
jsonschema.Draft202012Validator.check_schema(schema)
report = json.load(open(sys.argv[2]))
jsonschema.validate(report, schema)
report['figures'][0]['value'] = []
try:
    jsonschema.validate(report, schema)
    print('takes anything')
except jsonschema.ValidationError:
    print('valid')
`;

describe('ironlift report', () => {
  it('writes the sample customer in all data formats, and a manifest of them', async () => {
    const engagement = join(folder, 'harbour.ironlift');
    expect((await ironlift(['sample', engagement])).status).toBe(0);
    const out = join(folder, 'handed over');
    const args = ['report', '--engagement', engagement, '--format', 'xlsx,csv,json,md', '-o', out];
    const { status, err, out: told } = await ironlift([...args, '--draft', '--locale', 'de-DE']);
    expect([status, err]).toEqual([0, expect.not.stringContaining('rror')]);
    expect(told).toContain('report.xlsx');
    expect((await readdir(out)).sort()).toEqual(
      ['report.csv.zip', 'report.json', 'report.manifest.json', 'report.md', 'report.xlsx'].sort(),
    );
    const manifest = JSON.parse(await readFile(join(out, 'report.manifest.json'), 'utf8')) as {
      draft: boolean;
      files: { name: string; sha256: string }[];
    };
    expect(manifest.draft).toBe(true);
    expect(manifest.files).toHaveLength(4);
    for (const { name, sha256 } of manifest.files)
      expect(
        createHash('sha256')
          .update(await readFile(join(out, name)))
          .digest('hex'),
      ).toBe(sha256);

    const opened = JSON.parse(await python(['-c', OPEN, join(out, 'report.xlsx')])) as Opened;
    sound(opened);
    expect(opened.sheets.length).toBeGreaterThan(25);
    const schema = join(import.meta.dirname, '../../../resources/report/report.schema.json');
    expect(await python(['-c', CHECK_JSON, schema, join(out, 'report.json')])).toBe('valid\n');
    await python([
      '-c',
      'import sys,zipfile; assert zipfile.ZipFile(sys.argv[1]).testzip() is None',
      join(out, 'report.csv.zip'),
    ]);

    const again = await ironlift(args);
    expect([again.status, again.err]).toEqual([3, expect.stringContaining('report.xlsx is there already.')]);
  });

  it('without names has none of the sample in any file', async () => {
    const engagement = join(folder, 'harbour.ironlift');
    const out = join(folder, 'shut');
    const args = [
      'report',
      '--engagement',
      engagement,
      '--format',
      'json,csv',
      '-o',
      out,
      '--redact',
      '--json',
    ];
    const { status, err } = await ironlift(args);
    expect([status, err]).toEqual([0, expect.not.stringContaining('rror')]);
    const text = await readFile(join(out, 'report.json'), 'utf8');
    for (const name of ['erp-db', 'pbx-01', 'monitor-01', 'oracle-01', 'gate-cam'])
      expect(text).not.toContain(name);
    expect(text).toMatch(/Server-0?\d/u);
  });

  it('says what it does not understand', async () => {
    const report = (...args: string[]) => ironlift(['report', '--engagement', 'x', ...args]);
    for (const [args, sentence] of [
      [[], 'Name the folder for the files with -o'],
      [['-o', 'y', '--format', 'doc'], 'There is no format doc'],
      [['-o', 'y', '--audience', 'all'], '--audience takes executive, technical, owner'],
      [['-o', 'y', '--audience', 'executive', '--owner', 'Ada'], '--owner goes with --audience owner'],
      [['-o', 'y', '--locale', 'x'], '--locale takes the tag of a language that is known'],
      [['-o', 'y', '--delimiter', '#'], '--delimiter takes , or ; or tab'],
    ] as const) {
      const { status, err } = await report(...args);
      expect([status, err]).toEqual([2, expect.stringContaining(sentence)]);
    }
  });
});
