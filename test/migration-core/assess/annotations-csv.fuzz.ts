/** Tables of strangers: an answer, or a typed error; what is taken over is what the model allows. */
import { expect, it } from 'vitest';
import { annotationsTable, readAnnotationsTable } from '../../../migration-core/assess/annotations-csv.ts';
import { cellOf, COLUMNS, readCell, valueAt } from '../../../migration-core/assess/annotations/columns.ts';
import { isIronliftError } from '../../../migration-core/base/errors.ts';
import { serverAnnotations } from '../../../migration-core/store/model/annotations.ts';
import { seeded } from '../../support/tools.ts';
import { named, newFile, T0 } from '../store/support.ts';

const CASES = Number(process.env['IRONLIFT_FUZZ_CASES'] ?? 800);
const PIECES = [
  '"',
  ',',
  ';',
  '\n',
  '\r\n',
  '-',
  'json:',
  '[',
  '{}',
  '1e999',
  '22:00-02:00',
  'Mon',
  "'",
  '=',
  '\u0000',
  '9',
  'yes',
];

it('tables with pieces put in, taken out and doubled', async () => {
  const file = await newFile();
  for (let n = 0; n < 5; n++)
    file.putAnnotations(file.server(named(`s${n}`, { serial: `S${n}` }), T0).id, {
      owner: 'Ann; "x"',
      tags: ['a;b', 'c'],
      backup: { windows: [{ startMinute: 60, endMinute: 90, days: [1] }] },
      downtimeMinutes: 5,
    });
  const table = [...annotationsTable(file)].join('');
  const random = seeded(77);
  let answered = 0;
  let slowest = 0;
  for (let n = 0; n < CASES; n++) {
    let text = table;
    for (let changes = 1 + Math.floor(random() * 8); changes > 0; changes--) {
      const at = Math.floor(random() * text.length);
      const piece = PIECES[Math.floor(random() * PIECES.length)]!;
      text = text.slice(0, at) + piece + text.slice(at + Math.floor(random() * 4));
    }
    const start = performance.now();
    try {
      const { annotations, changes, problemCount, problems } = readAnnotationsTable(
        Buffer.from(text),
        't',
        file,
      );
      answered++;
      expect(problems.length).toBe(problemCount);
      for (const value of annotations.values()) {
        expect(serverAnnotations.parse(value)).toEqual(value);
        // What it says is written so that it is read again.
        for (const column of COLUMNS) {
          const inner = valueAt(value, column.path);
          if (inner === undefined) continue;
          expect(readCell(column, cellOf(column, inner))).toEqual({ kind: 'value', value: inner });
        }
      }
      for (const { before, after } of changes) expect(before).not.toBe(after);
    } catch (error) {
      if (!isIronliftError(error, 'ANNOTATIONS_INVALID')) throw error;
    }
    slowest = Math.max(slowest, performance.now() - start);
  }
  expect(answered).toBeGreaterThan(CASES / 10);
  expect(slowest).toBeLessThan(1000);
});
