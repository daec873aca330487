/** The helper for one disk, over a loop device: run as root, as pkexec and sudo would run it. */
import { randomFillSync } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { chmod, readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { readBytes } from '../../../../migration-core/block/source.ts';
import { ByteQueue } from '../../../../migration-core/source/elevated/byte-queue.ts';
import { callBack } from '../../../../migration-core/source/elevated/channel.ts';
import { openElevated, type HelperCommand } from '../../../../migration-core/source/elevated/open.ts';
import {
  ANSWER_BYTES,
  NONCE_BYTES,
  STATUS,
  writeQuestion,
} from '../../../../migration-core/source/elevated/protocol.ts';
import { run, scratchFolder, tryRun } from '../../../support/tools.ts';

const HELPER = join(import.meta.dirname, '../../../../electron/helper/read-device.ts');
const command: HelperCommand = [process.execPath, HELPER];
const SIZE = 24 << 20;

async function loopDevice(): Promise<{ device: string; contents: Uint8Array; file: string }> {
  const file = join(await scratchFolder(), 'disk.img');
  const contents = new Uint8Array(SIZE);
  randomFillSync(contents);
  writeFileSync(file, contents);
  const device = (await run('losetup', ['--find', '--show', '--read-only', file])).trim();
  onTestFinished(async () => {
    await run('losetup', ['--detach', device]);
  });
  return { device, contents, file };
}

/** Processes that run the helper for this device. */
async function helpers(device: string): Promise<string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/u.test(name));
  return pids.filter((pid) => {
    try {
      const args = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
      return args.includes(HELPER) && args.includes(device) && !args[0]!.endsWith('sudo');
    } catch {
      return false;
    }
  });
}

describe('the helper that reads one disk', () => {
  it.each([
    ['started directly', command],
    ['started by sudo', ['sudo', '-n', ...command] as HelperCommand],
  ])('hands out the bytes of the disk, %s', async (_name, start) => {
    const { device, contents } = await loopDevice();
    const { disk, description } = await openElevated(start, device);
    try {
      expect(description).toMatchObject({ spec: device, path: device, size: SIZE, format: 'raw' });
      // Larger than one answer, across answers, unaligned, and many at once.
      const ranges = [
        [0, SIZE],
        [511, 4 << 20],
        [SIZE - 1, 1],
        ...Array.from({ length: 60 }, (_, n) => [n * 350_001, 70_000]),
      ] as [number, number][];
      await Promise.all(
        ranges.map(async ([offset, length]) => {
          const read = await readBytes(disk, offset, length);
          expect(Buffer.compare(read, contents.subarray(offset, offset + length))).toBe(0);
        }),
      );
      await expect(disk.read(new Uint8Array(2), SIZE - 1)).rejects.toMatchObject({ code: 'READ_PAST_END' });
    } finally {
      await disk.close();
    }
    expect(await helpers(device)).toEqual([]);
  });

  it('has no rights any more once the disk is open', async () => {
    const { device } = await loopDevice();
    const { disk } = await openElevated(command, device);
    try {
      const [pid] = await helpers(device);
      const status = readFileSync(`/proc/${pid!}/status`, 'utf8');
      expect(/^Uid:\s+(.*)$/mu.exec(status)![1]!.split(/\s+/u)).toEqual(['65534', '65534', '65534', '65534']);
      expect(/^Gid:\s+(.*)$/mu.exec(status)![1]!.split(/\s+/u)).toEqual(['65534', '65534', '65534', '65534']);
      expect(/^CapEff:\s+(\w+)$/mu.exec(status)![1]).toBe('0000000000000000');
    } finally {
      await disk.close();
    }
  });

  it('is what a source falls back to where this program may not read', async () => {
    const { device, contents } = await loopDevice();
    const folder = await scratchFolder();
    const root = join(import.meta.dirname, '../../../..');
    // Stands for pkexec: takes the rights back that the program below laid down, and becomes the helper.
    writeFileSync(
      join(folder, 'raise.mjs'),
      `process.seteuid(0); process.setuid(0); await import(${JSON.stringify(HELPER)});`,
    );
    writeFileSync(
      join(folder, 'ask.mjs'),
      `import { openSource } from ${JSON.stringify(join(root, 'migration-core/source/open.ts'))};
       const [device, raise] = process.argv.slice(2);
       process.seteuid(65534);
       const refused = await openSource(device).catch((error) => error.code);
       const { disk, description } = await openSource(device, { helper: [process.execPath, raise] });
       const bytes = new Uint8Array(64);
       await disk.read(bytes, 1000);
       await disk.close();
       console.log(JSON.stringify({ refused, spec: description.spec, bytes: Buffer.from(bytes).toString('hex') }));`,
    );
    await chmod(folder, 0o755);
    const ran = await tryRun(process.execPath, [join(folder, 'ask.mjs'), device, join(folder, 'raise.mjs')]);
    expect(ran.stderr).toBe('');
    expect(JSON.parse(ran.stdout)).toEqual({
      refused: 'SOURCE_NOT_READABLE',
      spec: device,
      bytes: Buffer.from(contents.subarray(1000, 1064)).toString('hex'),
    });
  });

  it.each([
    ['itself', [process.execPath, HELPER] as [string, ...string[]]],
    ['by sudo', ['sudo', '-n', process.execPath, HELPER] as [string, ...string[]]],
  ])('calls back where it gets no pipes, and ends with who asked; started %s', async (_name, start) => {
    const { device, contents } = await loopDevice();
    let place = '';
    const channel = await callBack(
      (told) => {
        place = told;
        const [program, ...args] = start;
        return { program, args: [...args, '--connect', told, device], environment: {} };
      },
      () => false,
    );
    if ('how' in channel) throw new Error(JSON.stringify(channel));
    expect(place).toMatch(/\/ironlift-ask-\w{6}\/line$/u);
    const nonce = Buffer.from('sixteen bytes...');
    const queue = new ByteQueue(channel.output);
    channel.input.write(nonce);
    expect(await queue.take(NONCE_BYTES)).toEqual(nonce);
    const head = (await queue.take(ANSWER_BYTES))!;
    const opened = JSON.parse((await queue.take(head.readUInt32LE(8)))!.toString()) as object;
    expect(opened).toMatchObject({ description: { path: device, size: SIZE } });
    channel.input.write(writeQuestion({ id: 1, length: 4096, offset: 12_345 }));
    expect((await queue.take(ANSWER_BYTES))!.readUInt32LE(4)).toBe(STATUS.bytes);
    expect(Buffer.compare((await queue.take(4096))!, contents.subarray(12_345, 12_345 + 4096))).toBe(0);
    // The place is gone as soon as it was called from.
    expect(existsSync(dirname(place))).toBe(false);
    channel.input.end();
    expect(await channel.ended).toMatchObject({ how: 'ended', code: 0 });
    expect(await helpers(device)).toEqual([]);
  });

  it('calls back to no other place, and says why there is no call', async () => {
    const { device } = await loopDevice();
    const elsewhere = await callBack(
      () => ({
        program: process.execPath,
        args: [HELPER, '--connect', '/run/docker.sock', device],
        environment: {},
      }),
      () => false,
    );
    expect(elsewhere).toMatchObject({ how: 'ended', code: 2 });
    const refused = await callBack(
      () => ({
        program: process.execPath,
        args: ['-e', 'console.error("said no"); process.exit(1)'],
        environment: {},
      }),
      (code, stderr) => code === 1 && stderr.includes('said no'),
    );
    expect(refused).toMatchObject({ how: 'refused', stderr: 'said no\n' });
  });

  it.each([
    '/etc/shadow',
    '/dev/null',
    '/dev/../etc/passwd',
    '/dev/not-there',
    '../dev/sda',
    '--help',
    '/dev/',
    '/proc/self/mem',
  ])('opens nothing but a disk: %s', async (name) => {
    await expect(openElevated(command, name)).rejects.toMatchObject({
      code: 'SOURCE_NOT_A_DISK',
      message: `${name} is not a disk of this computer.`,
    });
  });

  it('refuses a disk that somebody may write to, unless that was accepted', async () => {
    const { device, file } = await loopDevice();
    await run('losetup', ['--detach', device]);
    await run('mkfs.ext4', ['-q', '-F', file]);
    const folder = await scratchFolder();
    const writable = (await run('losetup', ['--find', '--show', file])).trim();
    await run('mount', [writable, folder]);
    onTestFinished(async () => {
      await run('umount', [folder]);
      if (writable !== device) await run('losetup', ['--detach', writable]);
      // The one before takes its own device off.
      if ((await run('losetup', ['--associated', file])).trim() === '')
        await run('losetup', ['--read-only', device, file]);
    });
    await expect(openElevated(command, writable)).rejects.toMatchObject({ code: 'SOURCE_MOUNTED' });
    const accepted = await openElevated(command, writable, { allowMounted: true });
    expect(accepted.findings.map(({ code }) => code)).toContain('SOURCE_MOUNTED');
    await accepted.disk.close();
  });
});
