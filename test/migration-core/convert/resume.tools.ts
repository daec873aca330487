import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFile,
  copyFile,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  truncate,
  utimes,
  writeFile,
  open,
} from 'node:fs/promises';
import { mkdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { convertServer, type ConvertWorld } from '../../../migration-core/convert/convert.ts';
import { copyLogName } from '../../../migration-core/convert/copy-log.ts';
import { readJob } from '../../../migration-core/convert/job-record.ts';
import { JOURNAL_NAME } from '../../../migration-core/convert/journal.ts';
import { LOCK_NAME } from '../../../migration-core/convert/lock.ts';
import type { ConvertOptions } from '../../../migration-core/convert/options.ts';
import { resumeConversion } from '../../../migration-core/convert/resume.ts';
import { unfinishedJob } from '../../../migration-core/convert/unfinished.ts';
import type { ChildRequest } from '../../support/convert-child.ts';
import { convertOptions } from '../../support/convert-options.ts';
import { sha256 } from '../../support/hash.ts';
import { pausedAt } from '../../support/paused-conversion.ts';
import { smallServer } from '../../support/small-server.ts';
import { run, scratchFolder, seeded } from '../../support/tools.ts';
import { ironlift } from '../../support/world.ts';

const MIB = 1 << 20;
const NOW = 1_700_000_000_000;
/** So that even small disks have some checkpoints. */
const DISTANCE = 2 * MIB;
/** IRONLIFT_KILLS for a long run. */
const KILLS = Number(process.env['IRONLIFT_KILLS'] ?? 10);

const shared = { folder: '', disk: '' };
beforeAll(async () => {
  shared.folder = await mkdtemp(join(tmpdir(), 'ironlift-test-'));
  const random = seeded(7);
  const files: Record<string, Uint8Array> = {};
  for (let i = 0; i < 12; i++) {
    const bytes = Buffer.alloc(2 * MIB + i * 4096);
    for (let at = 0; at < bytes.length; at += 4) bytes.writeUInt32LE(random() * 2 ** 32, at);
    // Half of it can be packed, some of it is zeros.
    bytes.fill('a line of a log file\n', MIB, MIB + (MIB >> 1));
    bytes.fill(0, MIB + (MIB >> 1), 2 * MIB - 8192);
    files[`srv/data/file${i}`] = bytes;
  }
  shared.disk = await smallServer(join(shared.folder, 'disk.img'), { sizeMiB: 96, files });
});
afterAll(() => rm(shared.folder, { recursive: true, force: true }));

const optionsFor = (output: string, how: Partial<ConvertOptions> = {}): ConvertOptions =>
  convertOptions(shared.disk, 'kvm', output, how);

const worldFor = (more: Partial<ConvertWorld> = {}): ConvertWorld => ({
  now: () => NOW,
  version: 'test',
  checkpointDistance: { bytes: DISTANCE, milliseconds: 1e9 },
  onStep: () => undefined,
  ...more,
});

const CHILD = join(import.meta.dirname, '../../support/convert-child.ts');

function startChild(request: Omit<ChildRequest, 'now' | 'distance'>): ChildProcess {
  const text = JSON.stringify({ now: NOW, distance: DISTANCE, ...request } satisfies ChildRequest);
  return spawn(process.execPath, [CHILD, text], { stdio: ['ignore', 'ignore', 'pipe'] });
}

/** All files of a result but the journal, which tells of the interruption. */
async function filesOf(folder: string): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  for (const name of (await readdir(folder)).sort())
    if (name !== JOURNAL_NAME) files.set(name, await sha256(join(folder, name)));
  return files;
}

/** Ends a process without warning after some milliseconds, unless it ends before; returns whether it was killed. */
async function killAfter(child: ChildProcess, milliseconds: number): Promise<boolean> {
  let said = '';
  child.stderr!.on('data', (piece: Buffer) => (said += piece.toString()));
  const ended = once(child, 'exit') as Promise<[number | null, string | null]>;
  const timer = setTimeout(() => child.kill('SIGKILL'), milliseconds);
  const [status, signal] = await ended;
  clearTimeout(timer);
  if (signal === null && status !== 0) throw new Error(`the job failed by itself: ${said}`);
  return signal !== null;
}

async function existsSoon(path: string, child: ChildProcess): Promise<void> {
  while (
    (await stat(path).catch(() => null)) === null &&
    child.exitCode === null &&
    child.signalCode === null
  )
    await wait(1);
}

/** Interrupted by a pause when the copy has come so far: the same state that a kill leaves, at a known place. */
async function interruptedAt(folder: string, how: Partial<ConvertOptions>, share = 0.5): Promise<void> {
  await pausedAt(folder, share, worldFor(), (world) => convertServer(optionsFor(folder, how), world));
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
        await convertServer(optionsFor(reference, how), worldFor());
        expected.set(how, {
          files: await filesOf(reference),
          milliseconds: performance.now() - began,
        });
      }
      const { files, milliseconds } = expected.get(how)!;
      const folder = join(await scratchFolder(), 'out');
      let child = startChild({ convert: optionsFor(folder, how) });
      for (;;) {
        // A job that has no journal yet has nothing to go on with.
        await existsSoon(join(folder, JOURNAL_NAME), child);
        if (!(await killAfter(child, random() * milliseconds * 1.2))) break;
        kills++;
        expect(await sha256(shared.disk), label).toBe(diskDigest.value);
        const job = await unfinishedJob(folder);
        if (job.state === 'finished') break;
        expect(job, label).toMatchObject({ state: 'interrupted' });
        if (!job.canResume) {
          // Killed between the first byte of the journal and its first line.
          expect(job.reason).toContain('does not tell how to go on');
          expect((await readdir(folder)).filter((name) => name.includes('disk0'))).toEqual([]);
          await rm(folder, { recursive: true });
          child = startChild({ convert: optionsFor(folder, how) });
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
    diskDigest.value = await sha256(shared.disk);
  });
});

describe('a paused conversion', () => {
  it('reads only what is left, and qemu-img finds the disk identical to the source', async () => {
    const folder = await scratchFolder();
    const how = { fix: false, wholeDisk: true, format: 'qcow2' };
    await interruptedAt(folder, how, 0.6);
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
    await run('qemu-img', ['compare', shared.disk, join(folder, 'web01-disk0.qcow2')]);
    const again = await ironlift(['resume', folder]);
    expect(again).toMatchObject({
      status: 0,
      out: `The conversion in ${folder} is finished; there is nothing to do.\n`,
    });
  });

  it('takes away what it wrote and nothing else when it is cancelled in the end', async () => {
    const folder = await scratchFolder();
    await interruptedAt(folder, {});
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
      convertServer(optionsFor(folder), worldFor({ signal: controller.signal, onProgress })),
    ).rejects.toMatchObject({ code: 'CANCELLED' });
    expect(await readdir(folder)).toEqual(['another machine']);
  });

  it('on the command line: --keep-partial keeps, convert names resume, resume ends it', async () => {
    const folder = join(await scratchFolder(), 'out');
    const convert = ['convert', shared.disk, '--to', 'kvm', '-o', folder];
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

describe('what is refused', () => {
  it('a source that has changed since: by its time, its size, its boot code, its files', async () => {
    const scratch = await scratchFolder();
    const disk = join(scratch, 'server.img');
    await copyFile(shared.disk, disk);
    const written = new Date(NOW - 86_400_000);
    await utimes(disk, written, written);
    const folder = join(scratch, 'out');
    await interruptedAt(folder, { sources: [disk] });
    const before = await filesOf(folder);
    const refused = async (why: string): Promise<void> => {
      await expect(resumeConversion(folder, worldFor())).rejects.toMatchObject({
        code: 'SOURCE_CHANGED',
        exitStatus: 3,
        message: expect.stringContaining(`${disk} has changed since the job was begun: ${why}`) as string,
        next: expect.stringContaining('--force') as string,
      });
      expect(await filesOf(folder)).toEqual(before);
    };
    await utimes(disk, written, new Date(NOW));
    await refused('its file was written to since');
    await utimes(disk, written, written);
    await truncate(disk, 97 * MIB);
    await refused('it has');
    await truncate(disk, 96 * MIB);
    await utimes(disk, written, written);

    // A clock that is set back hides a write from the times; the contents tell. The boot code, beside the partition table:
    const poke = async (offset: number, bytes: Uint8Array): Promise<Buffer> => {
      const file = await open(disk, 'r+');
      const old = Buffer.alloc(bytes.length);
      await file.read(old, 0, old.length, offset);
      await file.write(bytes, 0, bytes.length, offset);
      await file.close();
      await utimes(disk, written, written);
      return old;
    };
    const code = await poke(100, Buffer.from('another loader'));
    await refused('its partition tables, superblocks or files are not the same');
    await poke(100, code);
    // All of one file, wherever the sample looks:
    const volume = `${disk}?offset=${MIB}`;
    const [block] = (await run('debugfs', ['-R', 'blocks /srv/data/file0', volume]))
      .trim()
      .split(/\s+/u)
      .slice(-40);
    const blockSize = Number(/Block size:\s+(\d+)/u.exec(await run('dumpe2fs', ['-h', volume]))![1]);
    const at = MIB + Number(block) * blockSize;
    const old = await poke(at, Buffer.alloc(MIB, 1));
    await expect(resumeConversion(folder, worldFor())).rejects.toMatchObject({ code: 'SOURCE_CHANGED' });
    await poke(at, old);
    expect((await resumeConversion(folder, worldFor())).wasFinished).toBe(false);
  });

  it('a plan that comes out differently, another version, a folder without a job', async () => {
    const folder = await scratchFolder();
    await interruptedAt(folder, {});
    const path = join(folder, JOURNAL_NAME);
    const journal = await readFile(path, 'utf8');
    await writeFile(path, journal.replace('"cpus":null', '"cpus":3'));
    await expect(resumeConversion(folder, worldFor())).rejects.toMatchObject({
      code: 'PLAN_CHANGED',
      message: 'Planned once more, the machine is not the same as when the job was begun.',
    });
    await writeFile(path, journal.replace(/"changes":"[0-9a-f]{4}/u, '"changes":"0000'));
    await expect(resumeConversion(folder, worldFor())).rejects.toMatchObject({
      code: 'PLAN_CHANGED',
      message: expect.stringContaining('The changes to the guest came out differently') as string,
    });
    await expect(resumeConversion(folder, worldFor({ version: '9' }))).rejects.toMatchObject({
      code: 'PLAN_CHANGED',
      message: `The job in ${folder} was begun by version test, and this is version 9.`,
    });
    await writeFile(path, 'nothing of a journal\n');
    expect(await unfinishedJob(folder)).toMatchObject({ state: 'interrupted', canResume: false });
    const damaged = await ironlift(['resume', folder]);
    expect(damaged.status).toBe(3);
    expect(damaged.err).toContain('does not tell how to go on');
    const none = await ironlift(['resume', join(folder, 'nowhere')]);
    expect(none.status).toBe(3);
    expect(none.err).toContain('There is no conversion in');
  });

  it('a job that is at work in the folder, to be gone on with or replaced', async () => {
    const folder = join(await scratchFolder(), 'out');
    const child = startChild({ convert: optionsFor(folder, { wholeDisk: true }) });
    await existsSoon(join(folder, copyLogName(0)), child);
    child.kill('SIGSTOP');
    expect(await unfinishedJob(folder)).toMatchObject({
      state: 'running',
      canResume: false,
      reason: `A job is at work in ${folder} (process ${child.pid}).`,
    });
    await expect(resumeConversion(folder, worldFor())).rejects.toMatchObject({ code: 'JOB_RUNNING' });
    const forced = convertServer(optionsFor(folder, { force: true }), worldFor());
    await expect(forced).rejects.toMatchObject({
      code: 'JOB_RUNNING',
      next: expect.stringContaining(LOCK_NAME) as string,
    });
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(await unfinishedJob(folder)).toMatchObject({ state: 'interrupted', canResume: true });
    // Two at once: one of them does it.
    const both = await Promise.allSettled([
      resumeConversion(folder, worldFor()),
      resumeConversion(folder, worldFor()),
    ]);
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(both.find((one) => one.status === 'rejected')?.reason).toMatchObject({ code: 'JOB_RUNNING' });
    expect(await unfinishedJob(folder)).toMatchObject({ state: 'finished' });
  });
});

describe('what an interruption may damage', () => {
  it.each([
    [{ format: 'qcow2', verify: false }, 'web01-disk0.qcow2.partial'],
    [{ target: 'ova', verify: false }, 'web01-disk0.vmdk.partial'],
  ])(
    '%j: a torn line or log falls back to the checkpoint before, a torn image to the beginning',
    async (how, image) => {
      const reference = await scratchFolder();
      await convertServer(optionsFor(reference, how), worldFor());
      const expected = await filesOf(reference);
      const original = await scratchFolder();
      await interruptedAt(original, how, 0.35);
      await pausedAt(original, 0.7, worldFor(), (world) => resumeConversion(original, world));
      const journal = await readFile(join(original, JOURNAL_NAME), 'utf8');
      const { checkpoints } = (await readJob(original))!.disks[0]!;
      expect(checkpoints.length).toBeGreaterThan(1);
      const [before, last] = checkpoints.slice(-2);

      const resumed = async (damage: (folder: string) => Promise<void>): Promise<number> => {
        const folder = await scratchFolder();
        for (const name of await readdir(original)) await copyFile(join(original, name), join(folder, name));
        await damage(folder);
        const first = { bytes: -1 };
        const onProgress: ConvertWorld['onProgress'] = ({ phase, doneBytes }) => {
          if (phase === 'copy' && first.bytes < 0) first.bytes = doneBytes;
        };
        await resumeConversion(folder, worldFor({ onProgress }));
        expect(await filesOf(folder)).toEqual(expected);
        return first.bytes;
      };
      const doneAt = ({ dataBytes, zeroBytes } = last!): number => dataBytes + zeroBytes;
      expect(await resumed(async () => undefined)).toBe(doneAt());
      expect(await resumed((folder) => appendFile(join(folder, JOURNAL_NAME), '{"at":"2026-01-01T'))).toBe(
        doneAt(),
      );
      // The line of the last checkpoint is cut short (a pause may have told the same one twice).
      const torn = journal.indexOf(`"next":${last!.next},`) + 9;
      expect(await resumed((folder) => truncate(join(folder, JOURNAL_NAME), torn))).toBe(doneAt(before));
      expect(await resumed((folder) => truncate(join(folder, copyLogName(0)), last!.logBytes - 5))).toBe(
        doneAt(before),
      );
      const flip = async (path: string, at: number): Promise<void> => {
        const file = await open(path, 'r+');
        const byte = Buffer.alloc(1);
        await file.read(byte, 0, 1, at);
        byte[0]! ^= 0x40;
        await file.write(byte, 0, 1, at);
        await file.close();
      };
      expect(await resumed((folder) => flip(join(folder, copyLogName(0)), last!.logBytes - 1))).toBe(
        doneAt(before),
      );
      // Copied from its beginning, the first thing that is told is less than a checkpoint.
      if ('target' in how) return;
      const anew = [
        (folder: string) => flip(join(folder, copyLogName(0)), 2),
        (folder: string) => rm(join(folder, copyLogName(0))),
        (folder: string) => truncate(join(folder, image), 3 * MIB),
        (folder: string) => rm(join(folder, image)),
      ];
      for (const damage of anew) expect(await resumed(damage)).toBeLessThan(doneAt(before));
    },
  );

  it('data on the medium that is not what was written is found when it is read again, and copied anew', async () => {
    const folder = await scratchFolder();
    await interruptedAt(folder, { format: 'raw' }, 0.7);
    const image = join(folder, 'web01-disk0.raw.partial');
    const block = await open(image, 'r+');
    // In the middle of the first file, which the sample does not read back from the image.
    const volume = `${shared.disk}?offset=${MIB}`;
    const number = Number(
      (await run('debugfs', ['-R', 'blocks /srv/data/file0', volume])).trim().split(/\s+/u)[9],
    );
    const size = Number(/Block size:\s+(\d+)/u.exec(await run('dumpe2fs', ['-h', volume]))![1]);
    await block.write(Buffer.alloc(512, 0x55), 0, 512, MIB + number * size);
    await block.close();
    await expect(resumeConversion(folder, worldFor())).rejects.toMatchObject({
      code: 'VERIFY_FAILED',
      next: expect.stringContaining(`ironlift resume ${folder}`) as string,
    });
    const { manifest } = await resumeConversion(folder, worldFor());
    expect(manifest.disks[0]).toMatchObject({ verified: true });
  });

  it('a destination that becomes full at a checkpoint keeps what it has, and ends when there is room', async () => {
    const folder = join(await scratchFolder(), 'small');
    await mkdir(folder);
    // Full long before the end, whatever a page of it is: the plan is told to look elsewhere.
    await run('mount', ['-t', 'tmpfs', '-o', 'size=90m', 'tmpfs', folder]);
    onTestFinished(async () => {
      await run('umount', [folder]);
    });
    const out = join(folder, 'out');
    await interruptedAt(out, { format: 'qcow2' }, 0.4);
    const { bytesDone } = await unfinishedJob(out);
    // Something else takes the room: all but a MiB.
    const told = await run('df', ['--output=avail', '-k', folder]);
    const free = Number(told.trim().split('\n').at(-1)) * 1024;
    const filler = join(folder, 'filler');
    const job = resumeConversion(
      out,
      worldFor({
        onStep: (sentence) => {
          if (sentence.startsWith('Copying')) writeFileSync(filler, Buffer.alloc(free - MIB, 1));
        },
      }),
    );
    await expect(job).rejects.toMatchObject({
      code: 'DESTINATION_FULL',
      exitStatus: 1,
      next: expect.stringContaining(
        `What was copied is kept: then continue with \`ironlift resume ${out}\``,
      ) as string,
    });
    const left = await unfinishedJob(out);
    expect(left).toMatchObject({ state: 'interrupted', canResume: true });
    expect(left.bytesDone).toBeGreaterThanOrEqual(bytesDone);
    // Not a word of it where there is still no room.
    await expect(resumeConversion(out, worldFor())).rejects.toMatchObject({ code: 'DESTINATION_SPACE' });
    await rm(filler);
    const { manifest } = await resumeConversion(out, worldFor());
    expect(manifest.disks[0]).toMatchObject({ verified: true });
  });
});
