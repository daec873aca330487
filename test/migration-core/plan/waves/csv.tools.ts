/** Other readers of our tables: Python's csv module, and a spreadsheet that opens and saves them again. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { exportWaves, importWaves } from '../../../../migration-core/plan/waves/csv.ts';
import { planWaves } from '../../../../migration-core/plan/waves/plan-waves.ts';
import { findTool, needTools, run, scratchFolder, seeded } from '../../../support/tools.ts';
import { randomInput } from '../estates-at-random.ts';

const PYTHON = `
import csv, json, sys
with open(sys.argv[1], encoding='utf-8-sig', newline='') as file:
    print(json.dumps(list(csv.reader(file, delimiter=sys.argv[2], strict=True))))
`;
const INERT = /^[=+\-@\t\r\n\uff1d]/u;

const estates = (count: number) => {
  const random = seeded(31);
  return Array.from({ length: count }, () => randomInput(random, 40));
};

describe('Python', () => {
  it('reads what we write, cell by cell, and finds no formula', async () => {
    needTools('python3');
    const folder = await scratchFolder();
    for (const [at, input] of estates(6).entries()) {
      const plan = planWaves(input);
      const separator = at % 2 === 0 ? ',' : ';';
      const notes = new Map(
        input.facts.map(({ id }) => [id, ['=HYPERLINK("x")', 'a\r\nb', '"', "'x", ''][id % 5]!]),
      );
      const path = join(folder, `${at}.csv`);
      await writeFile(path, exportWaves(plan, { separator, notes }));
      const rows = JSON.parse(await run('python3', ['-c', PYTHON, path, separator])) as string[][];
      expect(rows.every(({ length }) => length === 12)).toBe(true);
      for (const cell of rows.flat()) expect(cell).not.toMatch(INERT);
      const plain = (text: string): string => (/^'[=+\-@\t\r\n'\uff1d]/u.test(text) ? text.slice(1) : text);
      const seen = rows
        .slice(1)
        .map((cells) => [Number(cells[0]), plain(cells[1]!), cells[2], plain(cells[3]!)]);
      const expected = [
        ...plan.waves.flatMap(({ number, members }) =>
          members.map(({ server, name }) => [server, name, String(number), notes.get(server)]),
        ),
        ...plan.outside.map(({ server, name }) => [server, name, '', notes.get(server)]),
      ];
      expect(seen).toEqual(expected);
    }
  });

  it('writes tables that we read', async () => {
    needTools('python3');
    const folder = await scratchFolder();
    const [input] = estates(1) as [ReturnType<typeof randomInput>];
    const rows = [
      ['Wave', 'Notes', 'Server'],
      ...input.facts.map(({ id }) => [String(id % 5), `n"${id}",;\r\n`, String(id)]),
    ];
    for (const quoting of ['csv.QUOTE_MINIMAL', 'csv.QUOTE_ALL', 'csv.QUOTE_NONNUMERIC']) {
      const path = join(folder, 'python.csv');
      const program = `
import csv, json, sys
with open(sys.argv[1], 'w', encoding='utf-8', newline='') as file:
    csv.writer(file, quoting=${quoting}).writerows(json.load(sys.stdin))
`;
      await run('python3', ['-c', program, path], { input: JSON.stringify(rows) });
      const back = importWaves(await readFile(path), input);
      expect(back.problems).toEqual([]);
      expect(back.waveOf).toEqual(new Map(input.facts.map(({ id }) => [id, id % 5])));
      expect(back.notes).toEqual(new Map(input.facts.map(({ id }) => [id, `n"${id}",;\r\n`])));
    }
  });
});

/** Not among the programs of test/setup.sh: half a gigabyte. */
const hasOffice = findTool('soffice') !== null;

describe.skipIf(!hasOffice)('LibreOffice (skipped where soffice is missing)', () => {
  it('opens our table, computes nothing in it, and what it saves comes back', async () => {
    const folder = await scratchFolder();
    const [, input] = estates(2) as [unknown, ReturnType<typeof randomInput>];
    const plan = planWaves(input);
    const path = join(folder, 'waves.csv');
    await writeFile(
      path,
      exportWaves(plan, {
        notes: new Map([
          [1, '=1+1'],
          [2, 'two\nlines; "quoted", more'],
        ]),
      }),
    );
    // Comma, double quotes, UTF-8; saved with semicolons, all formulas shown as their results.
    const convert = (filter: string): Promise<string> =>
      run(
        'soffice',
        [
          `-env:UserInstallation=file://${folder}/profile`,
          '--headless',
          '--infilter=CSV:44,34,76,1',
          '--convert-to',
          filter,
          '--outdir',
          join(folder, 'out'),
          path,
        ],
        { env: { HOME: folder }, timeoutSeconds: 120 },
      );
    await convert('csv:Text - txt - csv (StarCalc):59,34,76,1');
    const saved = await readFile(join(folder, 'out', 'waves.csv'));
    expect(saved.toString('utf8')).toContain(';');
    const back = importWaves(saved, input);
    expect(back.problems.map(({ text }) => text).filter((text) => !/the row calls it/u.test(text))).toEqual(
      [],
    );
    expect(back.waveOf).toEqual(importWaves(await readFile(path), input).waveOf);
    expect(back.notes).toEqual(
      new Map([
        [1, '=1+1'],
        [2, 'two\nlines; "quoted", more'],
      ]),
    );
    await convert('fods');
    const sheet = await readFile(join(folder, 'out', 'waves.fods'), 'utf8');
    expect(sheet).toContain('table:table-row');
    expect(sheet).not.toContain('table:formula');
    // It would: the same cells without what makes them inert are formulas.
    await writeFile(path, 'Name,Notes\r\n=1+1,-2+3\r\n');
    await convert('fods');
    expect(await readFile(join(folder, 'out', 'waves.fods'), 'utf8')).toContain('table:formula');
  });
});
