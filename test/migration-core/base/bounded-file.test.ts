import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { annotationsSource } from '../../../migration-core/assess/annotations-csv.ts';
import { readBounded } from '../../../migration-core/base/bounded-file.ts';
import { readTableFile } from '../../../migration-core/base/table-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'ironlift-test-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const source = annotationsSource('t.csv');

describe('a file that somebody names', () => {
  it('is read up to what is allowed for, and no further', () => {
    const path = join(folder, 't.csv');
    writeFileSync(path, 'server\nweb\n');
    expect(readBounded(path, 11)).toEqual(Buffer.from('server\nweb\n'));
    expect(readBounded(path, 10)).toEqual({ why: 'too-large', bytes: 11 });
    expect(Buffer.from(readTableFile(path, source)).toString()).toBe('server\nweb\n');
    expect(() => readTableFile(join(folder, 'none.csv'), source)).toThrow(
      'none.csv could not be read (ENOENT).',
    );
    expect(() => readTableFile(folder, source)).toThrow('could not be read (EISDIR).');
  });

  it.skipIf(process.platform === 'win32')('does not wait for a pipe nor read a device', () => {
    const pipe = join(folder, 'pipe.csv');
    execFileSync('mkfifo', [pipe]);
    for (const path of [pipe, '/dev/zero']) expect(readBounded(path, 10)).toEqual({ why: 'no-file' });
    expect(() => readTableFile(pipe, source)).toThrow('pipe.csv is no file.');
  });
});
