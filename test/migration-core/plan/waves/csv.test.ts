import { describe, expect, it } from 'vitest';
import { isIronliftError } from '../../../../migration-core/base/errors.ts';
import { exportWaves, importWaves } from '../../../../migration-core/plan/waves/csv.ts';
import { planWaves } from '../../../../migration-core/plan/waves/plan-waves.ts';
import type { ServerShape } from '../estates.ts';
import { inputOf } from './input.ts';

const LOW: ServerShape = { annotations: { criticality: 'low', environment: 'production' } };
const NORMAL: ServerShape = { annotations: { criticality: 'normal', environment: 'production' } };
const TEST: ServerShape = { annotations: { environment: 'test' } };
/** 3 in wave 1, 1 in wave 2, 2 in wave 3, 4 outside. */
const INPUT = inputOf({ servers: [LOW, { ...NORMAL, name: '=evil' }, TEST, NORMAL], hosts: [[1, 2, 3]] });
const TABLE = exportWaves(planWaves(INPUT));

const read = (text: string) => importWaves(Buffer.from(text), INPUT);
const sentences = (text: string): string[] =>
  read(text).problems.map(({ line, text: said }) => `${line}: ${said}`);
/** A table of a few columns. */
const small = (...rows: string[]): string => ['Server,Name,Wave,Notes', ...rows].join('\r\n');

describe('the table', () => {
  it('has the byte order mark, CR LF, and inert names', () => {
    expect(
      TABLE.startsWith(
        '\ufeffServer,Name,Wave,Notes,Kind,Starts,Ends,Priority,Method,Copy minutes,Test minutes,Why\r\n',
      ),
    ).toBe(true);
    expect(TABLE).toContain("\r\n2,'=evil,3,,production,");
    expect(TABLE).toContain('\r\n4,srv004,,,,,,,,,,It is not part of the plan.\r\n');
  });

  it('comes back as it was, as it is and as a spreadsheet saves it', () => {
    const plan = planWaves(INPUT);
    const saved = [
      TABLE,
      TABLE.slice(1),
      TABLE.replaceAll('\r\n', '\n'),
      TABLE.replaceAll('\r\n', '\r'),
      `\ufeffsep=,\r\n${TABLE.slice(1)}`,
      `${TABLE},,,,,,,,,,,\r\n,,,,,,,,,,,\r\n`,
      exportWaves(plan, { separator: ';' }),
      `sep=;\n${exportWaves(plan, { separator: ';' }).slice(1)}`,
      TABLE.replace('\r\n1,srv001,2,', '\r\n1,srv001,"2,0",').replace(
        '\r\n3,srv003,1,',
        '\r\n3,srv003, 1.0 ,',
      ),
      TABLE.replace('Server,Name,Wave', 'SERVER, name ,"wave"'),
    ];
    for (const text of saved) {
      const back = read(text);
      expect(back.problems).toEqual([]);
      expect(back.plan).toEqual(plan);
    }
    const tabs = Buffer.from(`\ufeff${exportWaves(plan, { separator: '\t' }).slice(1)}`, 'utf16le');
    expect(importWaves(tabs, INPUT).plan).toEqual(plan);
  });

  it('reckons anew what an edit changes, keeps it, and says what it breaks', () => {
    const back = read(TABLE.replace("\r\n2,'=evil,3,", "\r\n2,'=evil,1,Asked for by Ann"));
    expect(
      back.plan.waves.map(({ number, members }) => [number, members.map(({ server }) => server)]),
    ).toEqual([
      [0, []],
      [1, [2, 3]],
      [2, [1]],
    ]);
    expect(back.plan.problems).toEqual(['Wave 1 mixes production with srv003, which is not.']);
    expect(back.plan.waves[1]!.risks[0]).toMatchObject({ severity: 'high', servers: [3] });
    expect(back.plan.waves[1]!.copyMinutes).toBe(planWaves(INPUT).waves[1]!.copyMinutes);
    expect(back.plan.waves[1]!.testMinutes).toBe(2 * planWaves(INPUT).waves[1]!.testMinutes - 1);
    expect(back.notes).toEqual(new Map([[2, 'Asked for by Ann']]));
  });

  it('takes a server out where its wave is blank, and puts one in that was outside', () => {
    const back = read(small('1,srv001,,', "2,'=evil,3,", '3,srv003,1,', '4,srv004,9,'));
    expect(back.plan.outside).toEqual([
      { server: 1, name: 'srv001', why: 'It was taken out of the waves by hand.' },
    ]);
    expect(back.waveOf).toEqual(
      new Map([
        [2, 3],
        [3, 1],
        [4, 9],
      ]),
    );
    expect(back.plan.problems).toEqual(['srv004 was put into wave 9 by hand. It is not part of the plan.']);
  });

  it('keeps edits alone, so that what nobody touched goes on following the planner', () => {
    const back = read(small('1,srv001,,out', "2,'=evil,5,", '3,srv003,1,', '4,srv004,,'));
    expect(back.edits).toEqual(
      new Map([
        [1, null],
        [2, 5],
      ]),
    );
    expect([...back.noted]).toEqual([1, 2, 3, 4]);
    const kept = {
      ...INPUT,
      facts: INPUT.facts.map((one) => {
        const wave = back.edits.get(one.id);
        return wave === undefined ? one : { ...one, annotations: { ...one.annotations, wave } };
      }),
    };
    // The next plan has the edits, and a blank is one of them.
    expect(planWaves(kept)).toEqual(back.plan);
    const undone = importWaves(Buffer.from(TABLE), kept);
    expect(undone.edits).toEqual(
      new Map([
        [1, undefined],
        [2, undefined],
      ]),
    );
  });

  it('tells of every row it cannot use, and what happened instead', () => {
    const text = small(
      '77,nobody,1,', // 2
      ',,1,', // 3
      '1,srv001,-1,', // 4
      "2,'=evil,10000,", // 5
      '3,srv003,soon,', // 6
      '3,srv003,1,', // 7
      '4,other,,note', // 8
    );
    expect(sentences(text)).toEqual([
      '2: There is no server 77 nobody here; the row was left out.',
      '3: The row names no server and was left out.',
      '4: "-1" is no wave for srv001: waves are whole numbers from 0 to 9999. It stayed in wave 2.',
      '5: "10000" is no wave for =evil: waves are whole numbers from 0 to 9999. It stayed in wave 3.',
      '6: "soon" is no wave for srv003: waves are whole numbers from 0 to 9999. It stayed in wave 1.',
      '7: srv003 has a row already, line 6, with another wave; it was put into wave 1.',
      '8: Server 4 is srv004, but the row calls it other; it was taken as srv004.',
    ]);
    const back = read(text);
    expect(back.plan.problems[0]).toBe('Line 2: There is no server 77 nobody here; the row was left out.');
    expect(back.plan.waves).toEqual(planWaves(INPUT).waves);
  });

  it('keeps the changed one of two rows of a server, and both notes', () => {
    const rows = ["2,'=evil,3,", '3,srv003,1,', '4,srv004,,'];
    for (const pair of [
      ['1,srv001,2,a', '1,srv001,5,b'],
      ['1,srv001,5,a', '1,srv001,2,b'],
    ]) {
      const back = read(small(...pair, ...rows));
      expect(back.waveOf.get(1)).toBe(5);
      expect(back.notes.get(1)).toBe('a\nb');
      expect(back.problems).toEqual([
        { line: 3, text: 'srv001 has a row already, line 2, with another wave; it was put into wave 5.' },
      ]);
    }
  });

  it('leaves servers without a row as they were, and says so', () => {
    expect(sentences(small('1,srv001,5,'))).toEqual([
      '0: 3 servers without a row of their own stayed as before: =evil, srv003 and srv004.',
    ]);
    expect(read(small('1,srv001,5,')).waveOf).toEqual(
      new Map([
        [1, 5],
        [2, 3],
        [3, 1],
      ]),
    );
  });

  it('finds servers by name where their number is missing or wrong, and sees a torn sort', () => {
    expect(sentences("Name;Wave\n SRV001 ;1\n'=evil;1\nsrv003;1\nsrv004;\n")).toEqual([]);
    expect(sentences(small('x,srv001,5,', '2,srv003,1,', '3,srv003,1,', '4,srv004,,'))).toEqual([
      '2: There is no server x; the row was taken as that of srv001, by its name.',
      '3: Server 2 is =evil, but the row names srv003, which is another server; it was taken as =evil. If only some columns were sorted, export again.',
    ]);
    const twins = inputOf({
      servers: [
        { ...LOW, name: 'twin' },
        { ...LOW, name: 'twin' },
      ],
    });
    expect(importWaves(Buffer.from('Name,Wave\ntwin,3\n'), twins).problems.map(({ text }) => text)).toEqual([
      'twin is the name of 2 servers, and the column Server does not say which; the row was left out.',
      '2 servers without a row of their own stayed as before: twin and twin.',
    ]);
  });

  it.each([
    ['', 'The file has no row of headings with a column Wave and a column Server or Name.'],
    ['Wave\n1\n', 'The file has no row of headings with a column Wave and a column Server or Name.'],
    ['PK\u0003\u0004zip', 'The file has no row of headings with a column Wave and a column Server or Name.'],
    ['Server,Wave\n1,"2\n', 'The quotation mark that begins in line 2 of the table is never closed.'],
    [`Server,Wave\n${','.repeat(1001)}\n`, 'Line 2 of the table has more than 1000 cells.'],
    [`Server,Wave\n${'\n'.repeat(200_001)}`, 'There are more than 200000 rows in the table.'],
  ])('refuses what is no table of waves (%#)', (text, message) => {
    try {
      read(text);
      expect.unreachable();
    } catch (error) {
      if (!isIronliftError(error, 'WAVES_INVALID')) throw error;
      expect(error.message).toBe(message);
      expect(error.next).toBe(
        'Export the waves again, change only the columns Wave and Notes, and save as CSV.',
      );
    }
  });

  it('is not confused by names that do not survive the way', () => {
    const odd = inputOf({
      servers: ['a\ud800b', 'x\r\ny', '\ufeff', '', '   ', 'İ'].map((name) => ({ ...LOW, name })),
    });
    const back = importWaves(Buffer.from(exportWaves(planWaves(odd)).replaceAll('x\r\ny', 'x\ny')), odd);
    expect(back.problems).toEqual([]);
    expect(back.plan).toEqual(planWaves(odd));
  });

  it('refuses what is larger than any table', () => {
    expect(() => importWaves(new Uint8Array((64 << 20) + 1), INPUT)).toThrow(
      'The size of the table is 67108865 bytes; at most 67108864 are read.',
    );
  });

  it('cuts a note beyond what a cell of a spreadsheet holds, and says so', () => {
    const back = read(small(`1,srv001,2,${'n'.repeat(40_000)}`, "2,'=evil,3,", '3,srv003,1,', '4,srv004,,'));
    expect(back.notes.get(1)).toHaveLength(32_767);
    expect(back.problems).toEqual([
      { line: 2, text: 'The note on srv001 is longer than 32767 characters and was cut.' },
    ]);
  });
});
