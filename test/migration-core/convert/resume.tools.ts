/** Conversions that are killed or paused, and gone on with. */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdir, rm, stat, writeFile } from 'node:fs/promises';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { convertServer, type ConvertWorld } from '../../../migration-core/convert/convert.ts';
import { copyLogName } from '../../../migration-core/convert/copy-log.ts';
import { JOURNAL_NAME } from '../../../migration-core/convert/journal.ts';
import { LOCK_NAME } from '../../../migration-core/convert/lock.ts';
import type { ConvertOptions } from '../../../migration-core/convert/options.ts';
import { resumeConversion } from '../../../migration-core/convert/resume.ts';
import { unfinishedJob } from '../../../migration-core/convert/unfinished.ts';
import { sha256 } from '../../support/hash.ts';
import { run, scratchFolder, seeded } from '../../support/tools.ts';
import { ironlift } from '../../support/world.ts';
import { existsSoon, filesOf, MIB, serverToConvert, startChild, worldFor } from './interrupted.ts';

const server = serverToConvert();

/** IRONLIFT_KILLS for a long run. */
const KILLS = Number(process.env['IRONLIFT_KILLS'] ?? 10);
/** Of one job. What it does after its last checkpoint begins anew each time, and may take longer than it is ever given. */
const KILLS_OF_ONE = 4;

/** Ends a process without warning after some milliseconds, unless it ends before; null: never. Returns whether it was killed. */
async function killAfter(child: ChildProcess, milliseconds: number | null): Promise<boolean> {
  let said = '';
  child.stderr!.on('data', (piece: Buffer) => (said += piece.toString()));
  // Who waits for the end of what has ended waits for ever.
  const ended: Promise<[number | null, string | null]> =
    child.exitCode === null && child.signalCode === null
      ? (once(child, 'close') as Promise<[number | null, string | null]>)
      : Promise.resolve([child.exitCode, child.signalCode]);
  const timer = milliseconds === null ? undefined : setTimeout(() => child.kill('SIGKILL'), milliseconds);
  const [status, signal] = await ended;
  clearTimeout(timer);
  if (signal === null && status !== 0) throw new Error(`the job failed by itself: ${said}`);
  return signal !== null;
}

const KINDS: Partial<ConvertOptions>[] = [
  { target: 'kvm', format: 'qcow2' },
  { target: 'ova' },
  { target: 'kvm', format: 'raw' },
  { target: 'vmware-workstation', allocation: 'split2g' },
  { target: 'hyperv', format: 'vhdx' },
  { target: 'virtualbox', format: 'vdi' },
  { target: 'kvm', format: 'qcow2', allocation: 'thick' },
  { target: 'hyperv', format: 'vhd' },
  { target: 'vmware-esxi', allocation: 'thick' },
  { target: 'vmware-workstation' },
];

describe('a conversion that is killed at any instant and gone on with', () => {
  it(`ends with the same bytes as one that was not (${KILLS} kills)`, async () => {
    const random = seeded(11);
    const expected = new Map<Partial<ConvertOptions>, { files: Map<string, string>; milliseconds: number }>();
    const seen = { goneOn: 0 };
    let kills = 0;
    for (let round = 0; kills < KILLS; round++) {
      const how = KINDS[round % KINDS.length]!;
      const label = JSON.stringify(how);
      if (!expected.has(how)) {
        const reference = await scratchFolder();
        const began = performance.now();
        // With the start of the process, which those that are killed have as well.
        await killAfter(startChild({ convert: server.optionsFor(reference, how) }), null);
        expected.set(how, {
          files: await filesOf(reference),
          milliseconds: performance.now() - began,
        });
      }
      const { files, milliseconds } = expected.get(how)!;
      const folder = join(await scratchFolder(), 'out');
      let child = startChild({ convert: server.optionsFor(folder, how) });
      for (let killed = 0; ; killed++) {
        // A job that has no journal yet has nothing to go on with.
        await existsSoon(join(folder, JOURNAL_NAME), child);
        const after = killed < KILLS_OF_ONE ? random() * milliseconds * 1.2 : null;
        if (!(await killAfter(child, after))) break;
        kills++;
        expect(await sha256(server.disk), label).toBe(diskDigest.value);
        const job = await unfinishedJob(folder);
        if (job.state === 'finished') break;
        expect(job, label).toMatchObject({ state: 'interrupted' });
        if (!job.canResume) {
          // Killed between the first byte of the journal and its first line.
          expect(job.reason).toContain('does not tell how to go on');
          expect((await readdir(folder)).filter((name) => name.includes('disk0'))).toEqual([]);
          await rm(folder, { recursive: true });
          child = startChild({ convert: server.optionsFor(folder, how) });
          continue;
        }
        if (job.bytesDone > 0) seen.goneOn++;
        child = startChild({ resume: folder });
      }
      // Killed behind its last word, it may leave its lock.
      await rm(join(folder, LOCK_NAME), { force: true });
      expect(await filesOf(folder), label).toEqual(files);
      expect(await unfinishedJob(folder)).toMatchObject({ state: 'finished' });
      const image = [...files.keys()].find((name) => /\.(qcow2|vmdk|vhdx|vdi)$/u.test(name));
      if (image !== undefined && how.allocation !== 'split2g' && how.target !== 'vmware-esxi')
        await run('qemu-img', ['check', join(folder, image)]);
    }
    // Most of them fall into the copy.
    expect(seen.goneOn).toBeGreaterThan(0);
  });

  const diskDigest = { value: '' };
  beforeAll(async () => {
    diskDigest.value = await sha256(server.disk);
  });
});

describe('a paused conversion', () => {
  it('reads only what is left, and qemu-img finds the disk identical to the source', async () => {
    const folder = await scratchFolder();
    const how = { fix: false, wholeDisk: true, format: 'qcow2' };
    await server.interruptedAt(folder, how, 0.6);
    const job = await unfinishedJob(folder);
    expect(job).toMatchObject({ state: 'interrupted', step: 'copy-0', canResume: true, reason: null });
    expect(job.bytesDone).toBeGreaterThan(job.bytesTotal * 0.6 - 4 * MIB);
    expect((await readdir(folder)).sort()).toEqual(
      [copyLogName(0), JOURNAL_NAME, 'web01-disk0.qcow2.partial'].sort(),
    );
    const first = { bytes: -1 };
    const { manifest, wasFinished } = await resumeConversion(
      folder,
      worldFor({
        onProgress: ({ phase, doneBytes }) => {
          if (phase === 'copy' && first.bytes < 0) first.bytes = doneBytes;
        },
      }),
    );
    expect(wasFinished).toBe(false);
    expect(first.bytes).toBeGreaterThanOrEqual(job.bytesDone);
    expect(manifest.disks[0]).toMatchObject({ verified: true });
    await run('qemu-img', ['compare', server.disk, join(folder, 'web01-disk0.qcow2')]);
    const again = await ironlift(['resume', folder]);
    expect(again).toMatchObject({
      status: 0,
      out: `The conversion in ${folder} is finished; there is nothing to do.\n`,
    });
  });

  it('takes away what it wrote and nothing else when it is cancelled in the end', async () => {
    const folder = await scratchFolder();
    await server.interruptedAt(folder, {});
    await writeFile(join(folder, 'notes.txt'), 'mine');
    const controller = new AbortController();
    const world = worldFor({ signal: controller.signal, onProgress: () => controller.abort() });
    await expect(resumeConversion(folder, world)).rejects.toMatchObject({ code: 'CANCELLED' });
    expect(await readdir(folder)).toEqual(['notes.txt']);
    expect(await unfinishedJob(folder)).toMatchObject({ state: 'none', canResume: false });
  });

  it('takes away what it wrote and nothing else when the first run is cancelled', async () => {
    const folder = await scratchFolder();
    const controller = new AbortController();
    const other = join(folder, 'another machine');
    // Put there while the copy runs.
    const onProgress: ConvertWorld['onProgress'] = ({ phase }) => {
      if (phase !== 'copy') return;
      mkdirSync(other, { recursive: true });
      controller.abort();
    };
    await expect(
      convertServer(server.optionsFor(folder), worldFor({ signal: controller.signal, onProgress })),
    ).rejects.toMatchObject({ code: 'CANCELLED' });
    expect(await readdir(folder)).toEqual(['another machine']);
  });

  it('on the command line: --keep-partial keeps, convert names resume, resume ends it', async () => {
    const folder = join(await scratchFolder(), 'out');
    const convert = ['convert', server.disk, '--to', 'kvm', '-o', folder];
    // Some of these come too early, while nothing is written yet: then there is no folder.
    for (let after = 80; (await stat(folder).catch(() => null)) === null; after += 40) {
      const { status, err } = await ironlift([...convert, '--keep-partial'], AbortSignal.timeout(after));
      expect(status, err).toBe(130);
    }
    const { err, status } = await ironlift(convert);
    expect(status).toBe(3);
    expect(err).toContain(`The folder ${folder} holds a conversion that was interrupted.`);
    expect(err).toContain(`Continue it with \`ironlift resume ${folder}\``);
    expect(err).toContain('--force');
    const done = await ironlift(['resume', folder, '--json']);
    expect(done.status, done.out).toBe(0);
    expect(JSON.parse(done.out)).toMatchObject({ folder, wasFinished: false, disks: [{ verified: true }] });
    expect((await readdir(folder)).filter((name) => /partial|lock|log$/u.test(name))).toEqual([]);
  });
});
