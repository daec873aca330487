import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Journal, parseJournal } from '../../../migration-core/convert/journal.ts';
import { Steps } from '../../../migration-core/convert/steps.ts';
import { scratchFolder } from '../../support/tools.ts';

describe('Journal', () => {
  it('says of each step that it began and ended, and of those before it that they are done', async () => {
    const path = join(await scratchFolder(), 'journal');
    const said: string[] = [];
    const steps = new Steps(
      () => 1000,
      undefined,
      (sentence) => said.push(sentence),
    );
    await steps.run('open', 'Opening', async () => 1);
    const journal = await Journal.create(path, () => 0);
    await steps.useJournal(journal);
    await steps.run(
      'copy-0',
      'Copying',
      async () => 7,
      (bytes) => ({ bytes }),
    );
    await expect(
      steps.run('verify-0', 'Comparing', async () => Promise.reject(new Error('no'))),
    ).rejects.toThrow('no');
    await journal.close();
    const at = '1970-01-01T00:00:00.000Z';
    expect(parseJournal(await readFile(path, 'utf8'))).toEqual([
      { at, step: 'open', state: 'done' },
      { at, step: 'copy-0', state: 'begun' },
      { at, step: 'copy-0', state: 'done', data: { bytes: 7 } },
      { at, step: 'verify-0', state: 'begun' },
    ]);
    expect(said).toEqual(['Opening', 'Copying', 'Comparing']);
  });

  it('leaves out a line that a kill cut short', () => {
    expect(parseJournal('{"at":"x","step":"a","state":"done"}\n{"at":"x","st')).toEqual([
      { at: 'x', step: 'a', state: 'done' },
    ]);
  });

  it('does not start a step after the job was cancelled', async () => {
    const steps = new Steps(
      () => 0,
      AbortSignal.abort(),
      () => undefined,
    );
    await expect(steps.run('open', 'Opening', async () => 1)).rejects.toMatchObject({
      code: 'CANCELLED',
      exitStatus: 130,
    });
  });
});
