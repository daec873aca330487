/** Conversions gone on with after something has changed: the source, the plan, the folder, or what was copied. */
import { once } from 'node:events';
import {
  appendFile,
  copyFile,
  mkdir,
  readdir,
  readFile,
  rm,
  truncate,
  utimes,
  writeFile,
  open,
} from 'node:fs/promises';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { convertServer, type ConvertWorld } from '../../../migration-core/convert/convert.ts';
import { copyLogName } from '../../../migration-core/convert/copy-log.ts';
import { readJob } from '../../../migration-core/convert/job-record.ts';
import { JOURNAL_NAME } from '../../../migration-core/convert/journal.ts';
import { LOCK_NAME } from '../../../migration-core/convert/lock.ts';
import { resumeConversion } from '../../../migration-core/convert/resume.ts';
import { unfinishedJob } from '../../../migration-core/convert/unfinished.ts';
import { pausedAt } from '../../support/paused-conversion.ts';
import { run, scratchFolder } from '../../support/tools.ts';
import { ironlift } from '../../support/world.ts';
import { existsSoon, filesOf, MIB, NOW, serverToConvert, startChild, worldFor } from './interrupted.ts';

const server = serverToConvert();

describe('what is refused', () => {
  it('a source that has changed since: by its time, its size, its boot code, its files', async () => {
    const scratch = await scratchFolder();
    const disk = join(scratch, 'server.img');
    await copyFile(server.disk, disk);
    const written = new Date(NOW - 86_400_000);
    await utimes(disk, written, written);
    const folder = join(scratch, 'out');
    await server.interruptedAt(folder, { sources: [disk] });
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
    await server.interruptedAt(folder, {});
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
    const child = startChild({ convert: server.optionsFor(folder, { wholeDisk: true }) });
    await existsSoon(join(folder, copyLogName(0)), child);
    child.kill('SIGSTOP');
    expect(await unfinishedJob(folder)).toMatchObject({
      state: 'running',
      canResume: false,
      reason: `A job is at work in ${folder} (process ${child.pid}).`,
    });
    await expect(resumeConversion(folder, worldFor())).rejects.toMatchObject({ code: 'JOB_RUNNING' });
    const forced = convertServer(server.optionsFor(folder, { force: true }), worldFor());
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
      await convertServer(server.optionsFor(reference, how), worldFor());
      const expected = await filesOf(reference);
      const original = await scratchFolder();
      await server.interruptedAt(original, how, 0.35);
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
    await server.interruptedAt(folder, { format: 'raw' }, 0.7);
    const image = join(folder, 'web01-disk0.raw.partial');
    const block = await open(image, 'r+');
    // In the middle of the first file, which the sample does not read back from the image.
    const volume = `${server.disk}?offset=${MIB}`;
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
    await server.interruptedAt(out, { format: 'qcow2' }, 0.4);
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
