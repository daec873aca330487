import { describe, expect, it } from 'vitest';
import {
  annotationsSource,
  annotationsTable,
  applyAnnotations,
  readAnnotationsTable,
  type AnnotationsReading,
} from '../../../migration-core/assess/annotations-csv.ts';
import { COLUMNS } from '../../../migration-core/assess/annotations/columns.ts';
import { readCsv, type Separator } from '../../../migration-core/base/csv-table.ts';
import type { EngagementFile } from '../../../migration-core/store/engagement.ts';
import {
  serverAnnotations,
  type ServerAnnotations,
} from '../../../migration-core/store/model/annotations.ts';
import { named, newFile, T0 } from '../store/support.ts';

/** Everything that can be said, and what spreadsheets and readers trip over. */
export const EVERYTHING: ServerAnnotations[] = [
  {
    criticality: 'critical',
    environment: 'disaster-recovery',
    applications: ['=HYPERLINK("http://x")', 'a;b', ' padded ', '', 'json:1', '-'],
    owner: "=cmd|'/c calc'!A0",
    site: '-',
    zone: "'quoted",
    tags: [],
    downtimeMinutes: 0.1 + 0.2,
    backup: {
      windows: [
        { startMinute: 1320, endMinute: 120, days: [] },
        { startMinute: 0, endMinute: 1440, days: [5, 6] },
      ],
      method: 'agent',
      toleratesFreeze: false,
    },
    freezes: [
      { from: '2026-12-20', to: '2027-01-05', why: 'year end; and more' },
      { from: '2026-12-20', to: '2027-01-05' },
    ],
    dependsOn: ['db1', 'ldap, the old one'],
    clustering: 'os-cluster',
    latencySensitive: true,
    timeCritical: false,
    needsStrongIsolation: true,
    vendorForbidsVirtualization: false,
    licence: { group: '+oracle', boundToHardware: true, vendorConsents: false },
    encryptionKeyKnown: true,
    luns: ['60:06:01', '@lun'],
    passThrough: ['0000:03:00.0'],
    usbOverIp: true,
    cpuScore: 1e21,
    launchYear: 2007,
    sizedBy: [{ card: 'file=server', clients: 200.5 }],
    measuredWatts: 0,
    nameplateWatts: 750,
    rackUnits: 2,
    supportEnds: '2027-03-31',
    yearlyMaintenance: 1234.56,
    availabilityBenefit: 'first line\r\nsecond "line"\rthird\n\n',
    override: { verdict: 'keep-physical', reason: '007', by: '\tAnn' },
    sizing: { vcpus: 2, memoryBytes: 3 * 2 ** 30, reason: '   ' },
    conditionsMet: ['B1'],
    wave: 0,
  },
  {
    owner: '',
    zone: '\u001b[31m<b>\u0000',
    site: '1,500',
    backup: { windows: [] },
    sizing: { memoryBytes: 1025, reason: '%\u00a0' },
    freezes: [{ from: '2026-02-31', to: '2026-01-01', why: '' }],
  },
  { site: '\uff1dcmd', owner: '\ufeffx', availabilityBenefit: '"', tags: ['a\nb', 'x\r'] },
];

async function estate(
  said: readonly ServerAnnotations[],
  names = said.map((_, at) => `s${at + 1}`),
): Promise<EngagementFile> {
  const file = await newFile();
  for (const [at, annotations] of said.entries()) {
    const { id } = file.server(named(names[at]!, { serial: `S${at}` }), T0);
    file.putAnnotations(id, annotations);
  }
  return file;
}

const bytesOf = (text: string): Uint8Array => Buffer.from(text);
const written = (file: EngagementFile, separator?: Separator): string =>
  [...annotationsTable(file, separator)].join('');
const read = (file: EngagementFile, table: string | Uint8Array): AnnotationsReading =>
  readAnnotationsTable(typeof table === 'string' ? bytesOf(table) : table, 't.csv', file);
const sentences = ({ problems }: AnnotationsReading): string[] =>
  problems.map(({ line, column, message }) => `${line} ${column ?? ''}: ${message}`);

describe('the table of annotations', () => {
  it('has a column for each thing that can be said', () => {
    const paths = COLUMNS.map(({ path }) => path.filter((part) => part !== undefined).join('.'));
    const leaves = Object.keys(serverAnnotations.shape).flatMap((key) =>
      ['backup', 'licence', 'override', 'sizing'].includes(key)
        ? Object.keys(EVERYTHING[0]![key as 'backup']!).map((part) => `${key}.${part}`)
        : [key],
    );
    expect(paths.toSorted()).toEqual(leaves.toSorted());
  });

  it.each([',', ';', '\t'] as const)(
    'with %j gives back exactly what was said, and calculates nothing',
    async (separator) => {
      const from = await estate(EVERYTHING, ['=A1', '-', ' s3;x']);
      const table = written(from, separator);
      expect(read(from, table)).toMatchObject({ servers: 3, changes: [], problemCount: 0, remarks: [] });
      const into = await estate([{}, {}, {}], ['=A1', '-', ' s3;x']);
      const reading = read(into, table);
      expect(sentences(reading)).toEqual([]);
      applyAnnotations(into, reading);
      const normal = EVERYTHING.map((one) => serverAnnotations.parse(one));
      // A group that says nothing is nothing.
      delete normal[1]!.backup;
      expect([1, 2, 3].map((id) => into.annotations(id))).toEqual(normal);
      const { rows } = readCsv(bytesOf(table), annotationsSource('t'));
      for (const { cells } of rows)
        for (const cell of cells) expect(cell).not.toMatch(/^\s*[=+@|%\t\r\n]|^-./u);
      expect(table.startsWith('\ufeffid')).toBe(true);
    },
  );

  it('is understood as people write it, blank cells change nothing, and - takes back', async () => {
    const file = await estate([
      { owner: 'Ann', zone: 'dmz', backup: { windows: [], method: 'agent' } },
      { tags: ['x'] },
    ]);
    const reading = read(
      file,
      [
        'sep=;',
        'Server;Criticality;#my own;Downtime Minutes;backup windows;owner;zone;backup_method;sizing_memory;sizing_reason;launch_year;rack_units;time_critical;environment',
        'S1.example.org; HIGH ;whatever;1,5 h;"Mon-Wed, Sat 22:00 – 2:00\n6:00-6:30";;-;-;16 GB;told;2007;1,5;TRUE;Disaster Recovery',
        ';;;;;;;;;;;;;',
        '"S2";;;;;;;;;;;;;',
      ].join('\r\n'),
    );
    expect(sentences(reading)).toEqual([]);
    expect(reading.servers).toBe(2);
    expect(reading.changes.map(({ line, column, before, after }) => [line, column, before, after])).toEqual([
      [3, 'criticality', '', 'high'],
      [3, 'downtime_minutes', '', '90'],
      [3, 'backup_windows', '', 'Mon Tue Wed Sat 22:00-02:00; 06:00-06:30'],
      [3, 'zone', 'dmz', ''],
      [3, 'backup_method', 'agent', ''],
      [3, 'sizing_memory', '', '16 GiB'],
      [3, 'sizing_reason', '', 'told'],
      [3, 'launch_year', '', '2007'],
      [3, 'rack_units', '', '1.5'],
      [3, 'time_critical', '', 'yes'],
      [3, 'environment', '', 'disaster-recovery'],
    ]);
    expect(file.annotations(1).zone).toBe('dmz');
    applyAnnotations(file, reading);
    expect(file.annotations(1)).toMatchObject({ owner: 'Ann', criticality: 'high', downtimeMinutes: 90 });
    expect(file.annotations(1).zone).toBeUndefined();
    expect(file.annotations(2)).toEqual({ tags: ['x'] });
  });

  it('with mistakes is refused as a whole, each with its line, its column and what is allowed', async () => {
    const file = await estate([{}, {}, {}]);
    file.server(named('s3', { serial: 'other' }), T0);
    const reading = read(
      file,
      [
        'id,server,criticality,launch_year,supprt_ends,no_change_dates,backup_windows,override_verdict,yearly_maintenance,tags,tags',
        '1,s1,very,1066,,2026-12-24/2026-12-20,25:00-26:00,keep-physical,"1,500"',
        ',s1,low',
        ',web9,low',
        '77,,low',
        '2,s1,low',
        ',s3,low',
        ',,low',
        '2,s2,json:{',
      ].join('\n'),
    );
    expect(sentences(reading)).toEqual([
      '1 supprt_ends: "supprt_ends" is no column of this table; put # before the name of a column of your own.',
      '1 tags: The column "tags" is there twice; leave one.',
      '2 criticality: "very" is not understood; write low, normal, high or critical.',
      '2 launch_year: "1066" is not understood; write a whole number from 1990 to 2100.',
      '2 no_change_dates: "2026-12-24/2026-12-20" is not understood; write two dates, and why (2026-12-20/2027-01-05 end of year); several with semicolons between them.',
      '2 backup_windows: "25:00-26:00" is not understood; write hours of the site (22:00-02:00), after the days if it is not every day (Mon-Fri 22:00-02:00, Sat Sun 20:00-23:00); several with semicolons between them.',
      '2 yearly_maintenance: "1,500" is not understood; write a number in the currency of the engagement (1500 or 1.5, without separators of thousands).',
      '2 override_reason: That is missing or not allowed: override_verdict, override_reason, override_by belong together. Write a text of at most 500 characters or - in all of them.',
      '3 : s1 is in line 2 already; leave one of them.',
      '4 server: There is no server web9 in the engagement.',
      '5 id: There is no server 77 in the engagement; it may have been merged or removed. Leave the cell empty to go by the name.',
      '6 server: Server 2 is s2, not s1; the rows were mixed up, or the table is of another engagement. Leave the id empty to go by the name.',
      '7 server: 2 servers are called s3; write which one into the column "id": 3 or 4.',
      '8 : The line names no server.',
      '9 criticality: "json:{" is not understood; write low, normal, high or critical.',
    ]);
    expect(() => applyAnnotations(file, reading)).toThrow(
      '15 cells or lines of the table cannot be used, so nothing of it was taken.',
    );
    expect([1, 2, 3, 4].map((id) => file.annotations(id))).toEqual([{}, {}, {}, {}]);
    expect(sentences(read(file, 'server,owner\ns1,Ann,Berlin'))).toEqual([
      '2 : The line has 3 cells, and the first row 2: a separator is in a cell without quotation marks around it.',
    ]);
    // What JSON may hold is checked as everything else is.
    for (const cell of ['[1]', '{"a":1}', '5', 'null', '[{"startMinute":1}]'])
      for (const { name } of COLUMNS) {
        const hostile = read(file, `id,${name},sizing_reason\n1,"json:${cell.replaceAll('"', '""')}",x`);
        if (hostile.problemCount === 0)
          for (const value of hostile.annotations.values())
            expect(serverAnnotations.parse(value)).toEqual(value);
      }
  });

  it('knows conditions by their letter and number', async () => {
    const file = await estate([{}]);
    const met = read(file, 'server,conditions_met\ns1,w12; B4\n');
    expect([...met.annotations.values()]).toEqual([{ conditionsMet: ['W12', 'B4'] }]);
    expect(sentences(read(file, 'server,conditions_met\ns1,W99\n'))).toEqual([
      '2 conditions_met: "W99" is not understood; write the letter and number of a condition (B1); several with semicolons between them.',
    ]);
  });

  it('in other letters is read with a remark; what is no table is refused', async () => {
    const file = await estate([{}]);
    const latin = read(file, Buffer.from('server,owner\ns1,J\u00f6rg', 'latin1'));
    expect([...latin.annotations.values()]).toEqual([{ owner: 'J\u00f6rg' }]);
    expect(latin.remarks[0]).toMatch(/^It is not in UTF-8: t\.csv was read as Windows-1252\./u);
    const utf16 = read(file, Buffer.from('\ufeffserver\towner\r\ns1\tJ\u00f6rg', 'utf16le'));
    expect([...utf16.annotations.values()]).toEqual([{ owner: 'J\u00f6rg' }]);
    const refusal = (table: string | Uint8Array): unknown => {
      try {
        return read(file, table);
      } catch (error) {
        return error;
      }
    };
    for (const [table, message] of [
      [
        '',
        't.csv has no column "server" and none "id" in its first row, so it does not say which servers it is about.',
      ],
      ['server,owner\ns1,"Ann\n', 'The quotation mark that begins in line 2 of t.csv is never closed.'],
      [Buffer.from([0x50, 0x4b, 3, 4, 0, 0, 0xff]), 'There is no text in t.csv.'],
      [`server${','.repeat(2000)}`, 'Line 1 of t.csv has more than 1000 cells.'],
    ] as const)
      expect(refusal(table)).toMatchObject({ code: 'ANNOTATIONS_INVALID', message });
  });
});
