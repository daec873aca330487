/** Conversions and disk images as a page asks for them, in real processes; qemu-img makes inputs and judges results. */
import { mkdir, readdir, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Input } from '../../../migration-core/contract/contract.ts';
import { recordOptions } from '../../../migration-core/convert/job-record.ts';
import { Journal, JOURNAL_NAME } from '../../../migration-core/convert/journal.ts';
import { sha256 } from '../../support/hash.ts';
import { openTestSession, type TestSession } from '../../support/session.ts';
import { smallServer } from '../../support/small-server.ts';
import { run, scratchFolder, tryRun } from '../../support/tools.ts';

type Choice = Input<'convert.preview'>;

async function choiceOf(test: TestSession, disk: string, output: string, more = {}): Promise<Choice> {
  return {
    sources: [await test.fileId(disk, 'source')],
    target: 'kvm',
    output: await test.fileId(output, 'output'),
    ...more,
  };
}

/** It copies. Not while it looks at the disk: a job that writes is paused in another way. */
async function until(test: TestSession, job: string): Promise<void> {
  for (;;) {
    const { state, progress } = await test.call('jobs.get', { job });
    if (state !== 'running' || (progress?.phase === 'copy' && progress.done > 0)) return;
    await new Promise((done) => setTimeout(done, 2));
  }
}

async function madeIn(folder: string): Promise<string> {
  await mkdir(folder);
  return join(folder, JOURNAL_NAME);
}

describe('conversions', () => {
  it('are looked at, planned, done, compared, accepted and taken back', async () => {
    const scratch = await scratchFolder();
    const disk = await smallServer(join(scratch, 'web01.img'));
    const before = await sha256(disk);
    const test = await openTestSession();
    const out = join(scratch, 'out');
    const choice = await choiceOf(test, disk, out, { cpus: 3 });

    const found = await test.call('convert.inspect', { sources: choice.sources });
    expect(found).toMatchObject({ convertible: true, guest: { hostName: 'web01' }, machine: null });
    expect(found.disks[0]!.volumes[0]).toMatchObject({ mountedAt: '/' });
    expect(found.disks[0]!.bytesToCopy).toBeLessThan(found.disks[0]!.bytes);

    const preview = await test.call('convert.preview', choice);
    expect(preview).toMatchObject({ blocked: false, plan: { machine: { cpus: 3, name: 'web01' } } });
    expect(preview.plan!.changes.map(({ what }) => what)).toContain(
      '/dev/sda1 is named by UUID in /etc/fstab.',
    );
    // Nothing was written by looking.
    expect(await readdir(scratch)).toEqual(['web01.img']);

    const { job } = await test.call('convert.start', { options: choice, server: null });
    await test.jobUntil(job, 'done');
    const { conversions } = await test.call('convert.list', {});
    expect(conversions).toMatchObject([
      { name: 'web01', state: 'finished', job, testJob: null, undoJob: null, accepted: false },
    ]);
    const folder = conversions[0]!.folder.id;
    const result = await test.call('convert.result', { folder });
    const [written] = result.disks;
    const image = join(out, written!.file);
    expect(written).toMatchObject({ verified: true, sha256: await sha256(image) });
    await run('qemu-img', ['check', image]);
    expect(result.readme).toContain('How to bring it up');
    // The changes of the plan are those that were made.
    expect(result.changes.map(({ what }) => what)).toEqual(preview.plan!.changes.map(({ what }) => what));

    const accepted = await test.call('convert.accept', { folder, by: 'A. Beck', note: 'seen' });
    expect(accepted.accepted).toMatchObject({ by: 'A. Beck', note: 'seen' });

    const undo = await test.call('convert.undo', { folder });
    expect((await test.call('convert.list', {})).conversions[0]).toMatchObject({ undoJob: undo.job });
    await test.jobUntil(undo.job, 'done');
    expect((await test.call('convert.result', { folder })).undone).not.toBeNull();
    expect(await sha256(disk)).toBe(before);
  });

  it('are refused with a check that says why, before anything is written', async () => {
    const scratch = await scratchFolder();
    const disk = await smallServer(join(scratch, 'web01.img'));
    const out = join(scratch, 'out');
    await mkdir(out);
    await writeFile(join(out, 'holiday.jpg'), 'mine');
    const test = await openTestSession();
    const preview = await test.call('convert.preview', await choiceOf(test, disk, out));
    expect(preview).toMatchObject({ blocked: true, plan: null });
    const room = preview.checks.find(({ id }) => id === 'room');
    expect(room).toMatchObject({
      result: 'blocker',
      title: expect.stringContaining('room for the result') as string,
    });
    expect(room!.next).toContain('Choose an empty or new folder');
    expect(await readdir(out)).toEqual(['holiday.jpg']);

    const notes = join(scratch, 'notes.img');
    await writeFile(notes, 'no disk\n'.repeat(4096));
    const bad = await test.call('convert.inspect', { sources: [await test.fileId(notes, 'source')] });
    expect(bad.convertible).toBe(false);
    expect(bad.findings.map(({ message }) => message)).toContain(
      'disk0: the disk has no partition table, and no known file system either.',
    );
    // A file that was chosen for something else is no source.
    const image = await test.fileId(disk, 'image');
    expect(await test.refused('convert.inspect', { sources: [image] })).toMatchObject({
      code: 'FILE_NOT_CHOSEN',
    });
  });

  it('that are paused go on to a disk that equals the source', async () => {
    const scratch = await scratchFolder();
    const data = Buffer.alloc(400 << 20);
    for (let at = 0; at < data.length; at += 4096) data.writeUInt32LE(at ^ 0x5bd1e995, at);
    const disk = await smallServer(join(scratch, 'db01.img'), { sizeMiB: 800, files: { '/srv/data': data } });
    const test = await openTestSession();
    const options = await choiceOf(test, disk, join(scratch, 'paused'), {
      fix: false,
      wholeDisk: true,
    });
    const { job } = await test.call('convert.start', { options, server: null });
    await test.jobUntil(job, 'running');
    await until(test, job);
    await test.call('jobs.pause', { job });
    const paused = await test.jobUntil(job, 'paused', 'done');
    if (paused.state === 'paused') {
      expect(paused.canResume).toBe(true);
      await test.call('jobs.resume', { job });
      await test.jobUntil(job, 'done');
    }
    await run('qemu-img', ['compare', disk, join(scratch, 'paused', 'web01-disk0.qcow2')]);
    // A finished machine is no job to be thrown away.
    const finished = (await test.call('convert.list', {})).conversions[0]!.folder.id;
    const discard = await test.call('convert.discard', { folder: finished });
    expect((await test.jobUntil(discard.job, 'failed')).error).toMatchObject({
      code: 'ALREADY_FINISHED',
      message: `The conversion in ${join(scratch, 'paused')} is finished.`,
    });
    expect(await readdir(join(scratch, 'paused'))).toContain('web01-disk0.qcow2');

    // Another one, stopped half way and thrown away from the list of jobs: what is a person's own stays.
    const out = join(scratch, 'given-up');
    const again = { ...options, output: await test.fileId(out, 'output') };
    const second = (await test.call('convert.start', { options: again, server: null })).job;
    await test.jobUntil(second, 'running');
    await until(test, second);
    await test.call('jobs.pause', { job: second });
    expect(await test.jobUntil(second, 'paused')).toMatchObject({ canResume: true, canCancel: true });
    expect((await readdir(out)).sort()).toEqual(
      expect.arrayContaining([JOURNAL_NAME, 'web01-disk0.qcow2.partial']),
    );
    await writeFile(join(out, 'notes.txt'), 'mine');
    await writeFile(join(out, 'README.txt'), 'mine, too: the job had not come to its own');
    await test.call('jobs.cancel', { job: second });
    const gone = await test.jobUntil(second, 'cancelled');
    expect(gone).toMatchObject({ canResume: false, canCancel: false });
    expect(gone.notes.map(({ text }) => text)).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^\d files of the job removed from /u),
        'Left, because the job did not write it: README.txt, notes.txt.',
      ]),
    );
    expect((await readdir(out)).sort()).toEqual(['README.txt', 'notes.txt']);
  });

  it('that were interrupted are thrown away by what their folder says, with the folder they made', async () => {
    const scratch = await scratchFolder();
    const disk = await smallServer(join(scratch, 'web01.img'));
    const before = await sha256(disk);
    const test = await openTestSession();
    const out = join(scratch, 'killed');
    // As a process that was killed right after it had begun leaves it: without an end, and with a lock of nobody.
    const journal = await Journal.create(await madeIn(out), () => 0);
    await journal.write('job', 'begun', {
      ...{ formatVersion: 1, version: '0.0.0-test', now: 0, uuid: 'x', plan: '0'.repeat(64), timings: [] },
      options: recordOptions({
        ...{ sources: [disk], output: out, target: 'kvm', name: null, format: null, allocation: 'thin' },
        ...{ bus: null, cpus: null, memoryMiB: null, nics: [], wholeDisk: false, fix: true, verify: true },
        ...{
          root: null,
          zeroBadSectors: false,
          allowMounted: false,
          acceptUncleanNtfs: false,
          force: false,
          drivers: [],
        },
      }),
      sources: [{ size: 1, mtime: '0', inode: '0', device: 'x', sample: '0'.repeat(64) }],
      copyBytes: [1],
      files: ['README.txt', 'web01.xml'],
      madeFolder: true,
    });
    await journal.write('configure', 'begun');
    await journal.close();
    for (const name of ['README.txt', 'web01.xml', 'web01-disk0.qcow2.partial', 'ironlift.copy-0.log'])
      await writeFile(join(out, name), 'of the job');
    const folder = await test.fileId(out, 'conversion');
    const { job } = await test.call('convert.discard', { folder });
    expect(await test.jobUntil(job, 'done')).toMatchObject({
      kind: 'discard',
      result: { left: [], folderRemoved: true },
    });
    expect(await readdir(scratch)).toEqual(['web01.img']);
    expect(await sha256(disk)).toBe(before);
    const again = await test.call('convert.discard', { folder });
    expect((await test.jobUntil(again.job, 'done')).notes.map(({ text }) => text)).toEqual([
      `Nothing of the job is in ${out}.`,
    ]);
  });
});

describe('disk images', () => {
  it('are told, written in another format that qemu-img reads alike, and checked', async () => {
    const scratch = await scratchFolder();
    const raw = await smallServer(join(scratch, 'disk.img'));
    const source = join(scratch, 'disk.qcow2');
    await run('qemu-img', ['convert', '-O', 'qcow2', '-c', raw, source]);
    const test = await openTestSession();
    const image = await test.fileId(source, 'image');
    expect(await test.call('image.info', { image })).toMatchObject({ format: 'qcow2', bytes: 192 << 20 });

    const target = join(scratch, 'disk.vhdx');
    const output = await test.fileId(target, 'image-out');
    const { job } = await test.call('image.convert', { image, output, format: 'vhdx' });
    const written = await test.jobUntil(job, 'done');
    expect(written.result).toMatchObject({ verified: true, bytes: 192 << 20 });
    await run('qemu-img', ['compare', raw, target]);

    const check = await test.call('image.check', { image });
    expect((await test.jobUntil(check.job, 'done')).result).toMatchObject({ sound: true });
    const compare = await test.call('image.compare', { a: image, b: await test.fileId(target, 'image') });
    expect((await test.jobUntil(compare.job, 'done')).result).toMatchObject({
      equal: true,
      firstDifference: null,
    });
  });

  it('that are damaged are found to be, as qemu-img finds them', async () => {
    const scratch = await scratchFolder();
    const raw = await smallServer(join(scratch, 'disk.img'));
    const source = join(scratch, 'short.qcow2');
    await run('qemu-img', ['convert', '-O', 'qcow2', raw, source]);
    await truncate(source, 1 << 20);
    expect((await tryRun('qemu-img', ['check', source])).status).not.toBe(0);
    const test = await openTestSession();
    const { job } = await test.call('image.check', { image: await test.fileId(source, 'image') });
    const done = await test.jobUntil(job, 'done', 'failed');
    if (done.state === 'done') expect(done.result).toMatchObject({ sound: false });
    else expect(done.error!.message).not.toBe('');
  });
});
