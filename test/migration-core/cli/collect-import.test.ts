/** What a person is told whose file is refused, and what that leaves. */
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { scratchFolder } from '../../support/tools.ts';
import { ironlift } from '../../support/world.ts';

async function importOf(
  name: string,
  contents: string | Uint8Array,
  ...options: string[]
): Promise<{ status: number; out: string; err: string; path: string; folder: string }> {
  const folder = await scratchFolder();
  const path = join(folder, 'customer.ironlift');
  await writeFile(join(folder, name), contents);
  const args = ['collect', 'import', join(folder, name), '--engagement', path, ...options];
  return { ...(await ironlift(args)), path, folder };
}

const flat = (text: string): string => text.replace(/\s+/gu, ' ');
const AMBIGUOUS = 'Date,Host,CPU %\n01/05/2025 10:00,web,5\n02/05/2025 10:00,web,7\n';

describe('ironlift collect import, refused', () => {
  it('says which option answers, and leaves no engagement file behind', async () => {
    const { status, err, path } = await importOf('export.csv', AMBIGUOUS);
    expect(status).toBe(3);
    expect(flat(err)).toContain(
      'Does the day or the month come first? What to do: Say which column is the time, the server and each figure, and in what unit it is, with --columns FILE; `ironlift collect import --help` shows such a file, and --json proposes one.',
    );
    expect(existsSync(path)).toBe(false);
  });

  it('proposes what --columns takes once it is mended', async () => {
    const { out, folder, path } = await importOf('export.csv', AMBIGUOUS, '--json');
    const { proposal } = (JSON.parse(out) as { error: { data: { proposal: { time: { format: string } } } } })
      .error.data;
    expect(proposal.time.format).toBe('mdy');
    proposal.time.format = 'dmy';
    const columns = join(folder, 'columns.json');
    await writeFile(columns, JSON.stringify(proposal));
    const again = await ironlift([
      ...['collect', 'import', join(folder, 'export.csv'), '--engagement', path, '--columns', columns],
    ]);
    expect(again).toMatchObject({ status: 0 });
    expect((await ironlift(['servers', 'web', '--engagement', path])).out).toMatch(
      /2025-05-01 10:00 +2025-05-02 10:00/u,
    );
  });

  it('takes the example of its help', async () => {
    const { out } = await ironlift(['collect', 'import', '--help']);
    const example = /^ {2}(\{ "form".*?\] \})$/msu.exec(out)![1]!;
    const { folder, path } = await importOf('empty.csv', '');
    await writeFile(join(folder, 'columns.json'), example);
    await writeFile(join(folder, 'x.csv'), 'Date,Host,CPU %,Read\n01/05/2025 10:00,web,5,1\n');
    const args = ['collect', 'import', join(folder, 'x.csv'), '--columns', join(folder, 'columns.json')];
    expect(await ironlift([...args, '--engagement', path])).toMatchObject({ status: 0 });
  });

  it('names the option for a file that does not say whose it is, one of several too', async () => {
    const alone = await importOf('export.csv', 'time,cpu %\n2024-01-02 00:00,1\n');
    expect(flat(alone.err)).toContain('What to do: Give the name of the server with --server NAME.');
    const other = join(alone.folder, 'other.csv');
    await writeFile(other, 'time,server,cpu %\n2024-01-02 00:00,web,1\n');
    const both = await ironlift([
      ...['collect', 'import', join(alone.folder, 'export.csv'), other, '--engagement', alone.path],
    ]);
    expect(both.status).toBe(1);
    expect(flat(both.out)).toContain('Give the name of the server with --server NAME.');
  });

  it('does not read all kinds of files out for one that is of none', async () => {
    const { status, err, path } = await importOf('export.bin', new Uint8Array(2000).fill(1));
    expect(status).toBe(3);
    expect(flat(err)).toBe(
      'Error: export.bin is of no kind that can be imported. What to do: Export it as CSV with one row of column names, or as one of the kinds that `ironlift collect import --help` lists. (IMPORT_NOT_SUPPORTED) ',
    );
    expect(existsSync(path)).toBe(false);
  });
});
