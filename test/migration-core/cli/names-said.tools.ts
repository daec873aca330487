/** What is printed of names that a shell or a terminal would take for more than names. */
import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { JOURNAL_NAME } from '../../../migration-core/convert/journal.ts';
import { smallServer } from '../../support/small-server.ts';
import { scratchFolder } from '../../support/tools.ts';
import { ironlift } from '../../support/world.ts';

/** The words a shell makes of a command. */
async function words(command: string): Promise<string[]> {
  const { stdout } = await promisify(execFile)('sh', ['-c', `printf '%s\\0' ${command}`]);
  return stdout.split('\0').slice(0, -1);
}

it('commands to type name a folder as a shell takes it', async () => {
  const scratch = await scratchFolder();
  const disk = await smallServer(join(scratch, 'disk.img'));
  const out = join(scratch, "Kunde & Söhne's (neu)");
  const done = await ironlift(['convert', disk, '--to', 'kvm', '-o', out]);
  expect(done.status).toBe(0);
  expect(await words(/^Try it now: (.*)$/mu.exec(done.out)![1]!)).toEqual(['ironlift', 'boot-test', out]);

  const stopped = join(scratch, 'two words');
  await mkdir(stopped);
  await writeFile(join(stopped, JOURNAL_NAME), '');
  const refused = await ironlift(['convert', disk, '--to', 'kvm', '-o', stopped]);
  expect(refused.status).toBe(3);
  const [, resume, discard] = /`(ironlift resume .*?)`.*`(ironlift discard .*?)`/u.exec(refused.err)!;
  expect(await words(resume!)).toEqual(['ironlift', 'resume', stopped]);
  expect(await words(discard!)).toEqual(['ironlift', 'discard', stopped]);
});

it('control characters reach no terminal, by whichever line', async () => {
  const scratch = await scratchFolder();
  const disk = await smallServer(join(scratch, 'a\u001b[31mb.img'), {
    files: { 'etc/hostname': 'web\u001b]0;x\u0007\n' },
  });
  const target = join(scratch, 'c\u001b[2Jd.qcow2');
  const runs = [
    ['inspect', disk],
    ['image', 'convert', disk, target],
    ['image', 'check', target],
    ['image', 'info', target],
    ['inspect', join(scratch, 'no\u001b[31mne')],
    ['convert', disk, '--to', 'kvm', '-o', join(scratch, 'e\u001b[1mf')],
    ['undo', join(scratch, 'e\u001b[1mf')],
  ];
  for (const args of runs) {
    const { out, err } = await ironlift(args);
    expect((out + err).match(/.*[\u0000-\u0009\u000b-\u001f\u007f-\u009f].*/gu) ?? []).toEqual([]);
  }
});
