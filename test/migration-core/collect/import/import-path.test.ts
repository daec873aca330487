import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { importPath } from '../../../../migration-core/collect/import/import-path.ts';
import { scratchFolder } from '../../../support/tools.ts';
import { newFile, now } from '../../store/support.ts';

const CSV = 'timestamp,server,cpu %\n2026-05-01T10:00:00Z,a,5\n';

describe('a folder', () => {
  it('with one inside that may not be looked into costs that one', async () => {
    const folder = await scratchFolder();
    await writeFile(join(folder, 'a.csv'), CSV);
    // As on every disk that Windows has formatted.
    await mkdir(join(folder, 'System Volume Information'), { mode: 0o000 });
    await chmod(folder, 0o755);
    const file = await newFile();
    const isRoot = process.geteuid?.() === 0;
    if (isRoot) process.seteuid!(65_534);
    const reports = await importPath(folder, file, { now }).finally(() => {
      if (isRoot) process.seteuid!(0);
    });
    expect(reports).toMatchObject([
      { status: 'imported' },
      {
        status: 'failed',
        path: join(folder, 'System Volume Information'),
        error: { code: 'SOURCE_NOT_READABLE' },
      },
    ]);
  });

  it('of more files than are looked at says so', async () => {
    const folder = await scratchFolder();
    await writeFile(join(folder, 'a.csv'), CSV);
    for (let i = 0; i < 10_000; i += 500)
      await Promise.all(
        Array.from({ length: 500 }, (_, at) => writeFile(join(folder, `empty-${i + at}`), '')),
      );
    const reports = await importPath(folder, await newFile(), { now });
    expect(reports).toHaveLength(10_001);
    expect(reports[0]).toMatchObject({ status: 'imported' });
    expect(reports.at(-1)).toMatchObject({
      status: 'failed',
      path: folder,
      error: { code: 'IMPORT_NOT_SUPPORTED' },
    });
  }, 30_000);
});
