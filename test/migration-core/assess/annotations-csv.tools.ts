/** The table of annotations in the hands of others: Python's csv module reads, changes and writes it. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { annotationsSource } from '../../../migration-core/assess/annotations-csv.ts';
import { readCsv } from '../../../migration-core/base/csv-table.ts';
import { createEngagement, openEngagement } from '../../../migration-core/store/open.ts';
import type { ServerAnnotations } from '../../../migration-core/store/model/annotations.ts';
import { run, scratchFolder } from '../../support/tools.ts';
import { ironlift } from '../../support/world.ts';
import { named, now, T0 } from '../store/support.ts';

const NAMES = ['web1', '=SUM(A1)', 'line\nbreak', 'semi;colon "quoted"', 'J\u00f6rg \u{1f680}'];
const SAID: ServerAnnotations[] = [
  { owner: '+49 30 1234', backup: { windows: [{ startMinute: 1320, endMinute: 120, days: [] }] } },
  { applications: ['a;b', 'c'], zone: '-' },
  { availabilityBenefit: 'one\r\ntwo "2"\n' },
  {},
  { site: "'@x" },
];

async function engagementFile(): Promise<{ folder: string; path: string }> {
  const folder = await scratchFolder();
  const path = join(folder, 'site.ironlift');
  const file = createEngagement(path, { name: 'Site', now });
  for (const [at, name] of NAMES.entries())
    file.putAnnotations(file.server(named(name, { serial: `S${at}` }), T0).id, SAID[at]!);
  file.close();
  return { folder, path };
}

const annotationsIn = (path: string): ServerAnnotations[] => {
  const file = openEngagement(path, { now, readOnly: true });
  const all = NAMES.map((_, at) => file.annotations(at + 1));
  file.close();
  return all;
};

/** What Python makes of a table, as JSON. */
const READ = `
import csv, json, sys
with open(sys.argv[1], newline='', encoding='utf-8-sig') as f:
    print(json.dumps(list(csv.reader(f, delimiter=sys.argv[2], strict=True))))`;

const EDIT = `
import csv, sys
source, target, delimiter, end, quoting = sys.argv[1:6]
with open(source, newline='', encoding='utf-8-sig') as f:
    reader = csv.DictReader(f, delimiter=',', strict=True)
    rows = list(reader)
for row in rows:
    row['criticality'] = 'high'
    if row['id'] == '2': row['zone'] = '-'
rows.reverse()
with open(target, 'w', newline='', encoding='utf-8') as f:
    writer = csv.DictWriter(f, reader.fieldnames, delimiter=delimiter, lineterminator=end.encode().decode('unicode_escape'), quoting=int(quoting))
    writer.writeheader()
    writer.writerows(rows)`;

describe('a table of annotations', () => {
  it('is read by Python as it is read here, whatever is between the cells', async () => {
    const { folder, path } = await engagementFile();
    for (const [given, separator] of [
      [',', ','],
      [';', ';'],
      ['tab', '\t'],
    ] as const) {
      const table = join(folder, `t-${given}.csv`);
      const made = await ironlift(['servers', 'export', table, '--engagement', path, '--separator', given]);
      expect(made).toEqual({ status: 0, out: `5 servers in ${table}.\n`, err: '' });
      const rows = JSON.parse(await run('python3', ['-c', READ, table, separator])) as string[][];
      expect(rows).toHaveLength(6);
      const ours = readCsv(readFileSync(table), annotationsSource('t')).rows.map(({ cells }) => cells);
      expect(ours).toEqual(rows);
      expect(rows.map((row) => row[1])).toContain("'=SUM(A1)");
      expect(await ironlift(['servers', 'export', table, '--engagement', path])).toMatchObject({
        status: 3,
        err: expect.stringContaining(`Error: t-${given}.csv is there already.\n`) as unknown,
      });
    }
  });

  it.each([
    [';', '\\r\\n', '0'],
    [',', '\\n', '1'],
    ['\t', '\\r\\n', '2'],
  ])(
    'that Python has changed (%j, %s, quoting %s) is taken over, after a look',
    async (separator, end, quoting) => {
      const { folder, path } = await engagementFile();
      const [table, edited] = [join(folder, 'a.csv'), join(folder, 'b.csv')];
      await ironlift(['servers', 'export', table, '--engagement', path]);
      await run('python3', ['-c', EDIT, table, edited, separator, end, quoting]);
      const look = await ironlift(['servers', 'annotate', edited, '--engagement', path, '--dry-run']);
      expect(look).toMatchObject({ status: 0, err: '' });
      expect(look.out).toContain('5 servers of 5 in the table would change; nothing was changed.\n');
      expect(annotationsIn(path)).toEqual(SAID);
      const taken = await ironlift(['servers', 'annotate', edited, '--engagement', path]);
      expect(taken.out).toMatch(/=SUM\(A1\) +zone +'- +\u2014\n/u);
      expect(taken.out).toContain('5 servers of 5 in the table changed.\n');
      expect(annotationsIn(path)).toEqual(
        SAID.map((said) => ({ ...said, zone: undefined, criticality: 'high' })),
      );
      // A second time there is nothing to change.
      expect((await ironlift(['servers', 'annotate', edited, '--engagement', path])).out).toBe(
        '0 servers of 5 in the table changed.\n',
      );
    },
  );

  it('with a mistake changes nothing, and says where it is', async () => {
    const { folder, path } = await engagementFile();
    const table = join(folder, 'bad.csv');
    writeFileSync(table, 'server,criticality\nweb1,low\nweb7,low\n');
    const refused = await ironlift(['servers', 'annotate', table, '--engagement', path]);
    expect(refused).toMatchObject({ status: 3, out: '' });
    expect(refused.err).toContain('Line 3, column server: There is no server web7 in the engagement.\n');
    expect(refused.err).toContain(
      'Error: 1 cell or line of the table cannot be used, so nothing of it was taken.\n',
    );
    const json = await ironlift(['servers', 'annotate', table, '--engagement', path, '--json']);
    expect(json.status).toBe(3);
    expect(JSON.parse(json.out)).toMatchObject({ applied: false, problemCount: 1, problems: [{ line: 3 }] });
    expect(annotationsIn(path)).toEqual(SAID);
  });

  it('stands beside the list: what was said shows there, and words are told from names', async () => {
    const { path } = await engagementFile();
    expect((await ironlift(['servers', '--engagement', path])).out).toContain('5 servers.\n');
    const one = await ironlift(['servers', 'web1', '--engagement', path]);
    expect(one.out).toContain('Backup windows  22:00-02:00\n');
    expect((await ironlift(['servers', '--', 'export', '--engagement', path])).err).toContain(
      'Name the engagement file with --engagement FILE.',
    );
    expect((await ironlift(['servers', '--engagement', path, '--', 'export'])).err).toContain(
      `Error: There is no server export in ${path}.\n`,
    );
    expect((await ironlift(['servers', '--help'])).out).toContain('  annotate  take over');
  });
});
