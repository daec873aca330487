import { mkdir, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  createDestination,
  planDestination,
  refuseForeign,
  refuseInputsWithin,
} from '../../../migration-core/convert/destination.ts';
import { takeLock } from '../../../migration-core/convert/lock.ts';
import { scratchFolder } from '../../support/tools.ts';

describe('planDestination', () => {
  it('takes a folder that does not exist yet, and leaves no trace of it after a failure', async () => {
    const base = await scratchFolder();
    const plan = await planDestination(join(base, 'a', 'b', 'c'), 1000, false);
    expect(await readdir(base)).toEqual([]);
    const ours = join(plan.folder, 'disk.qcow2.partial');
    const removeAll = await createDestination(plan, () => rm(ours));
    await writeFile(ours, 'x');
    await removeAll();
    expect(await readdir(base)).toEqual([]);
  });

  it('leaves what somebody put beside the job while it ran', async () => {
    const base = await scratchFolder();
    const plan = await planDestination(join(base, 'a'), 1000, false);
    const removeAll = await createDestination(plan, async () => undefined);
    await mkdir(join(plan.folder, 'another machine'));
    await writeFile(join(plan.folder, 'another machine', 'disk.qcow2'), 'x');
    await removeAll();
    expect(await readdir(join(plan.folder, 'another machine'))).toEqual(['disk.qcow2']);
  });

  it('refuses what came into an empty folder since it was looked at', async () => {
    const base = await scratchFolder();
    const plan = await planDestination(base, 1000, false);
    await writeFile(join(base, 'ironlift.json'), '{}');
    await expect(createDestination(plan, async () => undefined)).rejects.toMatchObject({
      code: 'DESTINATION_EXISTS',
      message: `The folder ${base} is not as it was a moment ago: ironlift.json was put there.`,
    });
    expect(await readdir(base)).toEqual(['ironlift.json']);
  });

  it('refuses a folder with foreign files, with --force too', async () => {
    const base = await scratchFolder();
    await writeFile(join(base, 'letter.txt'), 'mine');
    await expect(planDestination(base, 0, false)).rejects.toMatchObject({
      code: 'DESTINATION_EXISTS',
      exitStatus: 3,
    });
    await expect(planDestination(base, 0, true)).rejects.toMatchObject({ code: 'DESTINATION_EXISTS' });
    expect(await readdir(base)).toEqual(['letter.txt']);
  });

  it('replaces an earlier conversion only when forced', async () => {
    const base = await scratchFolder();
    await writeFile(join(base, 'ironlift.json'), '{}');
    await mkdir(join(base, 'boot-test'));
    await expect(planDestination(base, 0, false)).rejects.toThrow('holds a finished conversion');
    const plan = await planDestination(base, 0, true);
    expect(plan.replaces.sort()).toEqual(['boot-test', 'ironlift.json']);
    await createDestination(plan, async () => undefined);
    expect(await readdir(base)).toEqual([]);
  });

  it('keeps what a person put beside an earlier conversion, forced or not', async () => {
    const base = await scratchFolder();
    await writeFile(join(base, 'ironlift.json'), '{"disks":[{"file":"web01-disk0.qcow2"}]}');
    await writeFile(join(base, 'ironlift.journal.jsonl'), '{"data":{"files":["README.txt"]}}');
    for (const name of ['web01-disk0.qcow2', 'README.txt', 'x.partial', 'ironlift.copy-0.log'])
      await writeFile(join(base, name), '');
    refuseForeign(await planDestination(base, 0, true));
    await writeFile(join(base, 'notes.txt'), 'mine');
    const plan = await planDestination(base, 0, true);
    expect(plan.replaces).toHaveLength(7);
    await expect((async () => refuseForeign(plan))()).rejects.toMatchObject({
      code: 'DESTINATION_EXISTS',
      message: `The folder ${base} holds what no conversion wrote: notes.txt.`,
      next: 'Move that elsewhere, or choose another folder with -o; nothing was written or removed.',
    });
    expect(await readdir(base)).toHaveLength(7);
  });

  it('never replaces what the conversion itself reads', async () => {
    const base = await scratchFolder();
    await writeFile(join(base, 'ironlift.json'), '{}');
    await mkdir(join(base, 'drivers'));
    await writeFile(join(base, 'web01-disk0.qcow2'), 'the source');
    const elsewhere = await scratchFolder();
    await writeFile(join(elsewhere, 'disk.img'), 'x');
    await symlink(join(base, 'web01-disk0.qcow2'), join(elsewhere, 'link.qcow2'));
    await symlink(base, join(elsewhere, 'out'));
    const plan = await planDestination(base, 0, true);
    for (const input of [
      join(base, 'web01-disk0.qcow2'),
      join(base, 'drivers'),
      base,
      join(elsewhere, 'link.qcow2'),
      join(elsewhere, 'out', 'drivers'),
    ])
      await expect(refuseInputsWithin(plan, [join(elsewhere, 'disk.img'), input])).rejects.toMatchObject({
        code: 'DESTINATION_EXISTS',
        exitStatus: 3,
        message: `${input} is read for this conversion and lies in the folder ${base}, whose contents it would replace.`,
      });
    await refuseInputsWithin(plan, [
      join(elsewhere, 'disk.img'),
      `${base}2`,
      'esx://root@host/vm',
      elsewhere,
    ]);
    // Nothing is replaced, so nothing is lost.
    await refuseInputsWithin({ folder: base, replaces: [] }, [join(base, 'drivers')]);
    expect((await readdir(base)).sort()).toEqual(['drivers', 'ironlift.json', 'web01-disk0.qcow2']);
  });

  it('tells an interrupted conversion, one at work, and one that was killed before its first word', async () => {
    const base = await scratchFolder();
    await writeFile(join(base, 'ironlift.lock.draft'), '');
    await writeFile(join(base, 'ironlift.lock'), 'nobody');
    expect((await planDestination(base, 0, false)).replaces).toHaveLength(2);
    const lock = await takeLock(base);
    const working = {
      code: 'JOB_RUNNING',
      exitStatus: 3,
      message: `A job is at work in ${base} (process ${process.pid}).`,
    };
    await expect(planDestination(base, 0, true)).rejects.toMatchObject(working);
    await expect(takeLock(base)).rejects.toMatchObject(working);
    const plan = { folder: base, missing: [], replaces: ['ironlift.lock'], freeBytes: 0 };
    await expect(createDestination(plan, async () => undefined)).rejects.toMatchObject(working);
    await lock.release();
    await writeFile(join(base, 'ironlift.journal.jsonl'), '');
    await expect(planDestination(base, 0, false)).rejects.toMatchObject({
      code: 'DESTINATION_EXISTS',
      message: `The folder ${base} holds a conversion that was interrupted.`,
      next: `Continue it with \`ironlift resume ${base}\`, give it up with \`ironlift discard ${base}\`, choose another folder with -o, or replace it with --force.`,
    });
    expect((await readdir(base)).sort()).toEqual(['ironlift.journal.jsonl', 'ironlift.lock.draft']);
  });

  it('refuses what does not fit and a path that is a file', async () => {
    const base = await scratchFolder();
    await expect(planDestination(join(base, 'new'), 2 ** 52, false)).rejects.toMatchObject({
      code: 'DESTINATION_SPACE',
      exitStatus: 3,
    });
    await writeFile(join(base, 'file'), '');
    await expect(planDestination(join(base, 'file'), 0, false)).rejects.toMatchObject({
      code: 'DESTINATION_EXISTS',
    });
    await expect(planDestination(join(base, 'file', 'below'), 0, false)).rejects.toMatchObject({
      code: 'DESTINATION_EXISTS',
    });
  });
});
