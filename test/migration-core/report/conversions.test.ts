/** What the report says of conversions, of whatever system. */
import { describe, expect, it } from 'vitest';
import {
  conversionRecord,
  type ConversionRecord,
} from '../../../migration-core/convert/conversion-record.ts';
import type { Section, Table } from '../../../migration-core/report/model.ts';
import { namedInput, REPORT_NOW, reportFrom } from '../../support/report-inputs.ts';

const HIVE = '/Windows/System32/config/SYSTEM';

/** As an engagement keeps it: read back through its schema. */
const record = (changes: unknown[], guest: string | null): ConversionRecord =>
  conversionRecord.parse({
    ...{ folder: '/out/file01', name: 'file01', target: 'proxmox', server: null, startedAt: REPORT_NOW },
    job: null,
    finished: {
      ...{ created: '2026-11-26T09:00:00Z', guest, changes, disks: [], seconds: 61, warnings: [] },
    },
  });

async function chapterOf(of: ConversionRecord): Promise<{ tables: Map<string, Table>; changes: Section }> {
  const { sections } = reportFrom({ ...(await namedInput(['file01'])), conversions: [of] });
  const chapter = sections.find(({ id }) => id === 'conversions')!;
  const all = [chapter, ...chapter.sections];
  return {
    tables: new Map(
      all.flatMap(({ blocks }) =>
        blocks.flatMap((one) => (one.kind === 'table' ? [[one.table.id, one.table]] : [])),
      ),
    ),
    changes: chapter.sections.find(({ id }) => id === 'changes')!,
  };
}

const cell = (table: Table, column: string): unknown =>
  table.rows[0]![table.columns.findIndex(({ id }) => id === column)];

describe('conversions', () => {
  it('say of a Windows guest what was changed in its registry, and how that is taken back', async () => {
    const { tables, changes } = await chapterOf(
      record(
        [
          {
            ...{ what: 'The storage driver starts with the system.', why: 'The disk hangs on it.' },
            ...{ path: HIVE, action: 'registry', undo: `${HIVE} is put back as it was.` },
          },
          { what: 'A file is added.', why: 'It is the driver.', path: '/Windows/x.sys', action: 'write' },
        ],
        'Windows Server 2008 R2 Standard',
      ),
    );
    expect(cell(tables.get('conversions')!, 'system')).toBe('Windows Server 2008 R2 Standard');
    expect(changes.lead).toBe(
      'Every change was made on the copy, has a reason, and can be taken back. 1 change is one of the registry of Windows: that is put back byte for byte, or value for value where Windows wrote to it since.',
    );
    const table = tables.get('changes')!;
    expect(table.rows.map((row) => row.at(-1))).toEqual([`${HIVE} is put back as it was.`, null]);
    expect(table.rows.map((row) => row[3])).toEqual([HIVE, '/Windows/x.sys']);
  });

  it('take a record that was kept before it said how, and one of a system that nobody knows', async () => {
    const { tables, changes } = await chapterOf(record([{ what: 'w', why: 'y', path: '/etc/fstab' }], null));
    expect(cell(tables.get('conversions')!, 'system')).toBeNull();
    expect(cell(tables.get('changes')!, 'undo')).toBeNull();
    expect(changes.lead).toBe('Every change was made on the copy, has a reason, and can be taken back.');
  });
});
