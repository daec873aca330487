/** Real RVTools exports, counted a second time by Python's own zip and XML readers and a third by read-excel-file. */
import { readFileSync } from 'node:fs';
import readExcelFile from 'read-excel-file/node';
import { describe, expect, it } from 'vitest';
import { rvtools } from '../../../../../migration-core/collect/import/inventory/rvtools.ts';
import { openWorkbook } from '../../../../../migration-core/collect/xlsx.ts';
import { inputFromDisk, imported } from '../../../../support/import-input.ts';
import { hasShared, NEEDS_SHARED, sharedPath } from '../../../../support/shared.ts';
import { run } from '../../../../support/tools.ts';

/** Rows of each sheet below the first, as records. */
const READ = `
import json, re, sys, zipfile
import xml.etree.ElementTree as ET
N = '{http://schemas.openxmlformats.org/spreadsheetml/2006/main}'
R = '{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id'
z = zipfile.ZipFile(sys.argv[1])
root = lambda name: ET.fromstring(z.read(name))
text = lambda node: ''.join(t.text or '' for t in node.iter(N + 't'))
strings = [text(si) for si in root('xl/sharedStrings.xml').iter(N + 'si')] if 'xl/sharedStrings.xml' in z.namelist() else []
targets = {r.get('Id'): r.get('Target') for r in root('xl/_rels/workbook.xml.rels')}
book = {}
for sheet in root('xl/workbook.xml').iter(N + 'sheet'):
    target = targets[sheet.get(R)].lstrip('/')
    rows = []
    for row in root(target if target.startswith('xl/') else 'xl/' + target).iter(N + 'row'):
        cells = {}
        for c in row.iter(N + 'c'):
            v = c.find(N + 'v')
            value = text(c) if c.get('t') == 'inlineStr' else (None if v is None else (strings[int(v.text)] if c.get('t') == 's' else v.text))
            if value: cells[re.match('[A-Z]+', c.get('r')).group()] = value
        if cells: rows.append(cells)
    head = rows[0] if rows else {}
    book[sheet.get('name')] = [{head[k].strip(): v for k, v in row.items() if k in head} for row in rows[1:]]
print(json.dumps(book))
`;

const EXPORTS = ['kubev2v-rvtools-example1.xlsx', 'mjvincent-rvtools-small-complete.xlsx'];

describe.skipIf(!hasShared)(`real RVTools exports ${NEEDS_SHARED}`, () => {
  it.each(EXPORTS)('%s is imported whole', async (name) => {
    const path = sharedPath(`perf/rvtools/${name}`);
    const book = JSON.parse(await run('python3', ['-c', READ, path])) as Record<
      string,
      Record<string, string>[]
    >;
    const input = inputFromDisk(path);
    expect(rvtools.recognise(input)).toBe(3);
    const { inventories, problems } = await imported(rvtools, input);
    expect(problems).toEqual([]);
    const machines = inventories.filter(({ virtual }) => virtual !== undefined);
    const hosts = inventories.filter(({ virtual }) => virtual === undefined);
    expect(machines.map(({ identity }) => identity.name)).toEqual(book['vInfo']!.map((row) => row['VM']));
    expect(hosts).toHaveLength(book['vHost']!.length);
    expect(machines.every(({ virtual }) => virtual!.startsWith('VMware'))).toBe(true);
    const sum = (sheet: string, column: string): number =>
      (book[sheet] ?? []).reduce((total, row) => total + Number(row[column]), 0) * 2 ** 20;
    const bytes = (of: ({ bytes?: number | undefined }[] | undefined)[]): number =>
      of.flat().reduce((total, one) => total + (one?.bytes ?? 0), 0);
    expect(bytes(machines.map(({ disks }) => disks))).toBe(sum('vDisk', 'Capacity MiB'));
    expect(bytes(machines.map(({ volumes }) => volumes))).toBe(sum('vPartition', 'Capacity MiB'));
    for (const [at, row] of book['vInfo']!.entries())
      if (row['Memory'] !== undefined)
        expect(machines[at]!.memoryBytes, row['VM']).toBe(Number(row['Memory']) * 2 ** 20);
    expect(machines.flatMap(({ networkInterfaces }) => networkInterfaces ?? [])).toHaveLength(
      book['vNetwork']?.length ?? 0,
    );
    expect(hosts.map(({ processors }) => processors![0]!.cores)).toEqual(
      book['vHost']!.map((row) => Number(row['# Cores'])),
    );
  });

  it.each(EXPORTS)('%s has the same cells for another reader of workbooks', async (name) => {
    const path = sharedPath(`perf/rvtools/${name}`);
    const theirs = new Map(
      (await readExcelFile(path, { trim: false })).map(({ sheet, data }) => [sheet, data]),
    );
    for (const sheet of await openWorkbook(readFileSync(path), name)) {
      const rows: string[][] = [];
      for await (const row of sheet.rows()) rows.push(row);
      const named = theirs.get(sheet.name)!.filter((row) => row.some((cell) => cell !== null));
      expect(rows, sheet.name).toHaveLength(named.length);
      const texts = (row: unknown[]): string[] =>
        row.filter((cell) => typeof cell === 'string').map((cell) => cell);
      for (const [at, row] of named.entries())
        for (const cell of texts(row)) expect(rows[at], sheet.name).toContain(cell);
    }
  });
});
