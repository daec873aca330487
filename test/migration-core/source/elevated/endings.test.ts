/** How a helper can fail, each with its sentence. The helpers here are small programs that fail in that way. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { readBytes } from '../../../../migration-core/block/source.ts';
import { ByteQueue } from '../../../../migration-core/source/elevated/byte-queue.ts';
import { openElevated, type HelperCommand } from '../../../../migration-core/source/elevated/open.ts';
import { readQuestion, writeQuestion } from '../../../../migration-core/source/elevated/protocol.ts';
import { serveDevice } from '../../../../migration-core/source/elevated/serve.ts';

const helper = (script: string): HelperCommand => [process.execPath, '-e', script];
const DISK = {
  description: {
    ...{ spec: '/dev/x', path: '/dev/x', kind: 'device', format: 'raw', size: 4096, sectorSize: 512 },
    ...{ physicalSectorSize: 512, model: '', serial: '', bus: '', identity: 'device 1:1' },
  },
  fingerprint: { size: 4096, mtime: '0', inode: '0', device: 'x' },
  findings: [],
};
/** Says what a good helper says, then does `afterwards` with each question. */
const good = (afterwards: string, disk: unknown = DISK): HelperCommand =>
  helper(`
    const disk = Buffer.from(${JSON.stringify(JSON.stringify(disk))});
    const head = (id, status, length) => { const b = Buffer.alloc(12); b.writeUInt32LE(id, 0); b.writeUInt32LE(status, 4); b.writeUInt32LE(length, 8); return b; };
    let first = true;
    process.stdin.on('data', (data) => {
      if (first) { first = false; process.stdout.write(Buffer.concat([data.subarray(0, 16), head(0, 0, disk.length), disk])); return; }
      const id = data.readUInt32LE(0);
      ${afterwards}
    });`);

describe('a helper that fails', () => {
  it.each([
    [126, 'ELEVATION_REFUSED', 'The right to read /dev/x was not given.'],
    [127, 'ELEVATION_REFUSED', 'The right to read /dev/x was not given.'],
    [1, 'HELPER_FAILED', 'The helper that reads /dev/x ended while it was needed.'],
    [0, 'HELPER_FAILED', 'The helper that reads /dev/x ended while it was needed.'],
  ])('by status %d', async (status, code, message) => {
    await expect(openElevated(helper(`process.exit(${status})`), '/dev/x')).rejects.toMatchObject({
      code,
      message,
    });
  });

  it('because there is none', async () => {
    await expect(openElevated(['/nowhere/pkexec'], '/dev/x')).rejects.toMatchObject({
      code: 'ELEVATION_NOT_POSSIBLE',
      message: 'The right to read /dev/x cannot be asked for: /nowhere/pkexec cannot be started.',
      next: 'Make an image of the disk and choose that, or run `sudo ironlift serve`.',
    });
  });

  it.each([
    [
      'a greeting of somebody else',
      helper(`console.log('We trust you have received the usual lecture.'.repeat(9))`),
    ],
    ['no disk', good('', { description: {} })],
    ['a disk without an end', good('', { ...DISK, description: { ...DISK.description, size: -1 } })],
  ])('with %s', async (_what, command) => {
    await expect(openElevated(command, '/dev/x')).rejects.toMatchObject({
      code: 'HELPER_FAILED',
      message: 'The helper that reads the disk answers what it should not.',
    });
  });

  it.each([
    [
      'an answer nobody waits for',
      'process.stdout.write(Buffer.concat([head(id + 7, 0, 512), Buffer.alloc(512)]))',
    ],
    ['more than was asked for', 'process.stdout.write(Buffer.concat([head(id, 0, 513), Buffer.alloc(513)]))'],
    ['an endless error', 'process.stdout.write(head(id, 1, 0xffffffff))'],
    ['an error that is none', 'process.stdout.write(Buffer.concat([head(id, 1, 2), Buffer.from("no")]))'],
  ])('with %s', async (_what, afterwards) => {
    const { disk } = await openElevated(good(afterwards), '/dev/x');
    await expect(readBytes(disk, 0, 512)).rejects.toMatchObject({ code: 'HELPER_FAILED' });
    await disk.close();
  });

  it('in the middle of a read: every read says so, then and later', async () => {
    const { disk } = await openElevated(good('process.exit(3)'), '/dev/x');
    const reads = [0, 512, 1024].map((offset) => readBytes(disk, offset, 512));
    for (const read of reads) await expect(read).rejects.toMatchObject({ code: 'HELPER_FAILED' });
    await expect(readBytes(disk, 0, 512)).rejects.toMatchObject({ code: 'HELPER_FAILED' });
    await disk.close();
  });

  it('for one range: that read has its error, and the next is good', async () => {
    const error = { code: 'READ_FAILED', message: 'Bad sector.', next: 'Go on.', data: { lba: 7 } };
    const text = JSON.stringify(JSON.stringify(error));
    const answer = `if (id === 1) { const e = Buffer.from(${text}); process.stdout.write(Buffer.concat([head(1, 1, e.length), e])); }
      else process.stdout.write(Buffer.concat([head(id, 0, 512), Buffer.alloc(512, 9)]));`;
    const { disk } = await openElevated(good(answer), '/dev/x');
    await expect(readBytes(disk, 0, 512)).rejects.toMatchObject(error);
    expect((await readBytes(disk, 512, 512))[0]).toBe(9);
    await disk.close();
  });

  it('ends when whoever started it is killed', async () => {
    // The helper's own code, in a process whose standard input is held by a process that dies.
    const entry = join(import.meta.dirname, '../../../../electron/helper/read-device.ts');
    const parent = spawn(process.execPath, [
      '-e',
      `const c = require('node:child_process').spawn(process.execPath, [${JSON.stringify(entry)}, '/dev/null'], { stdio: ['pipe', 'ignore', 'inherit'] });
       console.log(c.pid); setInterval(() => {}, 1000);`,
    ]);
    const [line] = (await once(parent.stdout, 'data')) as [Buffer];
    const pid = Number(line.toString());
    const lives = (): boolean => {
      try {
        process.kill(pid, 0);
        return true;
      } catch {
        return false;
      }
    };
    expect(lives()).toBe(true);
    parent.kill('SIGKILL');
    await expect.poll(lives, { timeout: 10_000 }).toBe(false);
  });
});

describe('the protocol', () => {
  it('keeps questions whole, and takes no others', () => {
    const question = { id: 7, length: 4096, offset: 2 ** 52 };
    expect(readQuestion(writeQuestion(question))).toEqual(question);
    for (const changes of [{ id: 0 }, { length: 0 }, { length: (4 << 20) + 1 }])
      expect(readQuestion(writeQuestion({ ...question, ...changes }))).toBeNull();
    expect(readQuestion(Buffer.alloc(16, 0xff))).toBeNull();
  });

  it('gathers bytes from pieces of any size', async () => {
    const stream = new PassThrough();
    const queue = new ByteQueue(stream);
    for (const piece of ['a', 'bcd', 'efgh']) stream.write(piece);
    stream.end('i');
    expect((await queue.take(2))?.toString()).toBe('ab');
    expect((await queue.take(5))?.toString()).toBe('cdefg');
    expect(await queue.take(3)).toBeNull();
  });

  it('ends without a word where nothing is said', async () => {
    const world = { input: new PassThrough(), output: new PassThrough(), giveUpRights: () => undefined };
    world.input.end('short');
    expect(await serveDevice(['/dev/null'], world)).toBe(2);
    expect(world.output.read()).toBeNull();
  });
});
