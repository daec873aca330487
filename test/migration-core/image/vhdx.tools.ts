import { createHash } from 'node:crypto';
import { copyFile, open, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ExtentList } from '../../../migration-core/base/extents.ts';
import { copyBlocks } from '../../../migration-core/block/pipeline.ts';
import { readBytes } from '../../../migration-core/block/source.ts';
import { raw } from '../../../migration-core/image/raw.ts';
import { openImage } from '../../../migration-core/image/table.ts';
import { vhdx } from '../../../migration-core/image/vhdx/format.ts';
import { run, scratchFolder, seeded, tryRun } from '../../support/tools.ts';
import { expectSameDisk, imageFormatSuite } from './format-suite.ts';
import { sparseRaw } from './patterns.ts';
import { buildVhdx, DATA_WRITE_GUID, MIB, seal, type BuiltBlock } from './vhdx-builder.ts';

imageFormatSuite(vhdx, { qemu: 'vhdx', check: true, rounding: 512, thick: true });

async function digestOf(path: string): Promise<string> {
  const image = await openImage(path);
  const hash = createHash('sha256');
  for (let at = 0; at < image.size; at += MIB)
    hash.update(await readBytes(image, at, Math.min(MIB, image.size - at)));
  await image.close();
  return hash.digest('hex');
}

/** SHA-256 of the disk as 7-Zip reads it: neither ours nor QEMU's, and the one at hand that knows differencing disks. */
async function digestBy7zip(path: string): Promise<string> {
  const script = 'set -o pipefail; 7zz e -so -tvhdx "$1" | sha256sum';
  return (await run('bash', ['-c', script, 'judge', path])).slice(0, 64);
}

describe('vhdx: made by qemu-img', () => {
  it.each<{ options: string[] }>([
    { options: [] },
    { options: ['block_size=1M'] },
    { options: ['block_size=2M'] },
    { options: ['block_size=16M'] },
    { options: ['block_size=256M'] },
    { options: ['subformat=fixed'] },
    { options: ['subformat=fixed', 'block_size=1M', 'log_size=3M'] },
    { options: ['block_state_zero=off'] },
    { options: ['subformat=fixed', 'block_state_zero=off', 'block_size=4M'] },
    { options: ['log_size=64M', 'block_size=1M'] },
  ])('$options', async ({ options }) => {
    const folder = await scratchFolder();
    const disk = await sparseRaw(join(folder, 'disk'), { size: 50 * MIB + 1536, seed: 41, runs: 40 });
    const image = join(folder, 'image.vhdx');
    const settings = options.flatMap((option) => ['-o', option]);
    await run('qemu-img', ['convert', '-f', 'raw', '-O', 'vhdx', ...settings, disk.path, image]);
    await expectSameDisk(vhdx, image, disk.path);
    const { problems, allocatedBytes } = await vhdx.check!(image);
    expect(problems).toEqual([]);
    expect(allocatedBytes).toBeGreaterThan(0);
  });

  it('changed afterwards', async () => {
    const folder = await scratchFolder();
    const disk = await sparseRaw(join(folder, 'disk'), { size: 40 * MIB, seed: 42, runs: 30 });
    const image = join(folder, 'image.vhdx');
    await run('qemu-img', ['convert', '-f', 'raw', '-O', 'vhdx', '-o', 'block_size=1M', disk.path, image]);
    const commands = ['write -P 7 1000k 3000k', 'write -z 5M 3M', 'write -P 9 39M 1M'];
    for (const [path, format] of [
      [image, 'vhdx'],
      [disk.path, 'raw'],
    ] as const)
      await run('qemu-io', ['-f', format, ...commands.flatMap((text) => ['-c', text]), path]);
    await expectSameDisk(vhdx, image, disk.path);
  });
});

/** SHA-256 of the disk as it would read if the log were taken for empty. */
async function digestWithoutLog(image: string, copy: string): Promise<string> {
  await copyFile(image, copy);
  const bytes = await readFile(copy);
  const file = await open(copy, 'r+');
  for (const at of [65536, 131072]) {
    bytes.fill(0, at + 48, at + 64);
    await file.write(seal(bytes.subarray(at, at + 4096)), 0, 4096, at);
  }
  await file.close();
  return digestOf(copy);
}

interface FileWrite {
  offset: number;
  /** Null: the file gets this length. */
  bytes: Buffer | null;
}

/** Everything that QEMU writes to an image while it carries out commands, in its order. */
async function writesOfQemu(image: string, commands: string[], trace: string): Promise<FileWrite[]> {
  const watch = ['-f', '-qq', '-xx', '-s', String(4 * MIB), '-e', 'trace=pwrite64,ftruncate', '-P', image];
  const work = ['qemu-io', '-f', 'vhdx', ...commands.flatMap((text) => ['-c', text]), image];
  await run('strace', [...watch, '-o', trace, ...work]);
  const writes: FileWrite[] = [];
  for (const line of (await readFile(trace, 'latin1')).split('\n')) {
    const [, hex, offset] = /pwrite64\(\d+, "((?:\\x[0-9a-f]{2})*)", \d+, (\d+)/u.exec(line) ?? [];
    const [, length] = /ftruncate\(\d+, (\d+)/u.exec(line) ?? [];
    if (hex !== undefined)
      writes.push({ offset: Number(offset), bytes: Buffer.from(hex.replaceAll('\\x', ''), 'hex') });
    else if (length !== undefined) writes.push({ offset: Number(length), bytes: null });
  }
  return writes;
}

describe('vhdx: left behind by a QEMU that was cut off', () => {
  it('reads as QEMU repairs it, after whichever of its writes', async () => {
    const folder = await scratchFolder();
    const at = (name: string): string => join(folder, name);
    const disk = await sparseRaw(at('disk'), { size: 8 * MIB, seed: 43, runs: 5 });
    const options = ['-o', 'block_size=1M,log_size=2M'];
    await run('qemu-img', ['convert', '-f', 'raw', '-O', 'vhdx', ...options, disk.path, at('before.vhdx')]);
    await copyFile(at('before.vhdx'), at('work.vhdx'));
    const commands = ['write -P 7 3000k 1500k', 'write -P 9 1M 100k'];
    const writes = await writesOfQemu(at('work.vhdx'), commands, at('trace'));
    expect(writes.length).toBeGreaterThan(12);
    const state = await open(at('before.vhdx'), 'r+');
    const count = { dirty: 0, refused: 0, needed: 0 };
    for (const [index, { offset, bytes }] of writes.entries()) {
      if (bytes === null) await state.truncate(offset);
      else await state.write(bytes, 0, bytes.length, offset);
      const image = at('image.vhdx');
      await copyFile(at('before.vhdx'), image);
      const { problems } = await vhdx.check!(image);
      if (problems.some(({ message }) => message.includes('no complete sequence'))) {
        // Between the header that opens the log and its first entry; the specification has that refused.
        await expect(vhdx.open(image)).rejects.toMatchObject({ code: 'IMAGE_DAMAGED' });
        count.refused++;
        continue;
      }
      // What was added to the file and not yet to the tables is lost room and no more.
      expect(problems.filter(({ severity }) => severity === 'error')).toEqual([]);
      const ours = await digestOf(image);
      const isDirty = problems.some(({ message }) => message.includes('not replayed'));
      const opened = await tryRun('qemu-img', ['info', '-f', 'vhdx', image]);
      expect(opened.status !== 0, `write ${index}`).toBe(isDirty);
      if (isDirty) {
        count.dirty++;
        if ((await digestWithoutLog(image, at('ignored.vhdx'))) !== ours) count.needed++;
        await run('qemu-img', ['check', '-q', '-f', 'vhdx', '-r', 'all', image]);
      }
      await run('qemu-img', ['convert', '-f', 'vhdx', '-O', 'raw', image, at('repaired')]);
      expect((await run('sha256sum', [at('repaired')])).slice(0, 64), `write ${index}`).toBe(ours);
      await rm(at('repaired'));
    }
    await state.close();
    // The log was there, and it was what made the difference.
    expect(count.dirty).toBeGreaterThan(1);
    expect(count.needed).toBeGreaterThan(0);
    expect(count.refused).toBeLessThan(writes.length / 2);
    await run('cmp', [at('before.vhdx'), at('work.vhdx')]);
  });

  it('reads one that was killed, and leaves it as it is', async () => {
    const folder = await scratchFolder();
    const [image, repaired] = [join(folder, 'image.vhdx'), join(folder, 'repaired')];
    for (const when of [4, 5, 6]) {
      await run('qemu-img', ['create', '-q', '-f', 'vhdx', '-o', 'block_size=1M', image, '8M']);
      const kill = ['-f', '-qq', '-o', '/dev/null', '-e', `inject=pwrite64:signal=KILL:when=${when}`];
      const write = ['qemu-io', '-f', 'vhdx', '-c', 'write -P 7 1M 3000k', image];
      await run('bash', ['-c', '"$@" >/dev/null 2>&1 || true', 'bash', 'strace', ...kill, ...write]);
      const bytes = await readFile(image);
      const ours = await digestOf(image).catch((error: unknown) => {
        expect(error).toMatchObject({ message: expect.stringContaining('no complete sequence') as string });
        return null;
      });
      expect((await readFile(image)).equals(bytes)).toBe(true);
      await run('qemu-img', ['check', '-q', '-f', 'vhdx', '-r', 'all', image]);
      await run('qemu-img', ['convert', '-f', 'vhdx', '-O', 'raw', image, repaired]);
      if (ours !== null) expect((await run('sha256sum', [repaired])).slice(0, 64)).toBe(ours);
      await rm(image);
    }
  });
});

describe('vhdx: written, by the word of 7-Zip', () => {
  it.each(['thin', 'thick'] as const)('%s', async (allocation) => {
    const folder = await scratchFolder();
    const disk = await sparseRaw(join(folder, 'disk'), { size: 70 * MIB + 4096, seed: 44, runs: 30 });
    const path = join(folder, 'image.vhdx');
    const source = await raw.open(disk.path);
    const writer = await vhdx.create({ path, size: disk.size, allocation });
    await copyBlocks({ source, used: disk.used, writer });
    await writer.finish();
    await source.close();
    expect(await digestBy7zip(path)).toBe((await run('sha256sum', [disk.path])).slice(0, 64));
    expect((await vhdx.check!(path)).problems).toEqual([]);
  });

  it('sectors of 4096 bytes are read alike', async () => {
    const path = join(await scratchFolder(), 'image.vhdx');
    const random = seeded(45);
    const blocks: Record<number, BuiltBlock> = {};
    for (const block of [0, 1, 4, 6]) blocks[block] = { state: 6, data: noise(random, MIB) };
    await buildVhdx(path, { size: 7 * MIB, sectorSize: 4096, blocks });
    expect(await digestOf(path)).toBe(await digestBy7zip(path));
  });
});

describe('vhdx: differencing', () => {
  it('over a disk of qemu-img, by the word of 7-Zip', async () => {
    const folder = await scratchFolder();
    const size = 12 * MIB;
    const disk = await sparseRaw(join(folder, 'disk'), { size, seed: 46, runs: 60 });
    const parent = join(folder, 'parent.vhdx');
    await run('qemu-img', ['convert', '-f', 'raw', '-O', 'vhdx', '-o', 'block_size=8M', disk.path, parent]);
    const base = await vhdx.open(parent);
    await base.close();
    const flat = await readFile(disk.path);
    const random = seeded(47);
    const child = join(folder, 'child.vhdx');
    const grandchild = join(folder, 'grandchild.vhdx');
    for (const [path, name, linkage, guid, blockSize] of [
      [child, 'parent', base.facts.contentId!, DATA_WRITE_GUID, 2 * MIB],
      [grandchild, 'child', DATA_WRITE_GUID, 'cccccccc-0000-4000-8000-cccccccccccc', MIB],
    ] as const) {
      const blocks: Record<number, BuiltBlock> = {};
      for (let block = 0; block < size / blockSize; block++) {
        const state = [0, 2, 6, 7, 7][Math.floor(random() * 5)]!;
        const data = noise(random, blockSize);
        const odd = 1 + Math.floor(random() * 9);
        const isHere = (sector: number): boolean => Math.floor(sector / odd) % 3 === 1;
        blocks[block] = { state, ...(state >= 6 ? { data } : {}), ...(state === 7 ? { isHere } : {}) };
        if (state === 2) flat.fill(0, block * blockSize, (block + 1) * blockSize);
        for (let sector = 0; state >= 6 && sector < blockSize / 512; sector++) {
          if (state === 7 && !isHere(sector)) continue;
          flat.set(data.subarray(sector * 512, sector * 512 + 512), block * blockSize + sector * 512);
        }
      }
      const locator = { relative_path: `.\\${name}.vhdx`, parent_linkage: `{${linkage}}` };
      await buildVhdx(path, { size, blockSize, blocks, parent: locator, dataWriteGuid: guid });
    }
    const expected = createHash('sha256').update(flat).digest('hex');
    expect(await digestBy7zip(grandchild)).toBe(expected);
    expect(await digestOf(grandchild)).toBe(expected);
    // The same through the threads of a copy, which read each file of the chain by themselves where they may.
    const source = await openImage(grandchild);
    const path = join(folder, 'merged.vhdx');
    const writer = await vhdx.create({ path, size, allocation: 'thin' });
    await copyBlocks({ source, used: ExtentList.of([{ offset: 0, length: size }]), writer });
    await writer.finish();
    await source.close();
    expect(await digestBy7zip(path)).toBe(expected);
  });
});

describe('vhdx: large disks', () => {
  it('64 TiB in little memory and room, by the word of qemu-img', async () => {
    const folder = await scratchFolder();
    const path = join(folder, 'image.vhdx');
    const size = 2 ** 46;
    const memory = process.memoryUsage().rss;
    const writer = await vhdx.create({ path, size, allocation: 'thin' });
    const places = [0, 2 ** 41 - MIB, 2 ** 45 + 65536, size - 65536];
    for (const [index, offset] of places.entries())
      await writer.write(new Uint8Array(65536).fill(index + 1), offset);
    await writer.finish();
    expect((await stat(path)).blocks * 512).toBeLessThan(20 * MIB);
    const image = await openImage(path);
    for (const [index, offset] of places.entries())
      expect((await readBytes(image, offset, 65536)).every((byte) => byte === index + 1)).toBe(true);
    let extents = 0;
    for await (const extent of image.extents!(0, size)) extents += extent.kind === 'data' ? 1 : 0;
    expect(extents).toBe(places.length);
    await image.close();
    expect(await vhdx.check!(path)).toEqual({ problems: [], more: 0, allocatedBytes: 4 * 32 * MIB });
    expect(process.memoryUsage().rss - memory).toBeLessThan(200 * MIB);
    await run('qemu-img', ['check', '-f', 'vhdx', path]);
    const reads = places.flatMap((offset, index) => ['-c', `read -P ${index + 1} ${offset} 65536`]);
    const said = await run('qemu-io', [
      '-r',
      '-f',
      'vhdx',
      ...reads,
      '-c',
      `read -P 0 ${2 ** 45} 65536`,
      path,
    ]);
    expect(said).not.toContain('Pattern verification failed');
  });

  it('16 TiB with the smallest blocks, made by qemu-img', async () => {
    const path = join(await scratchFolder(), 'image.vhdx');
    await run('qemu-img', ['create', '-f', 'vhdx', '-o', 'block_size=1M,block_state_zero=off', path, '16T']);
    await run('qemu-io', ['-f', 'vhdx', '-c', `write -P 5 ${2 ** 44 - MIB} 1M`, path]);
    const memory = process.memoryUsage().rss;
    const image = await openImage(path);
    expect((await readBytes(image, 2 ** 44 - 1, 1))[0]).toBe(5);
    const kinds: string[] = [];
    for await (const { offset, kind } of image.extents!(0, image.size)) kinds.push(`${kind} ${offset}`);
    await image.close();
    expect(kinds).toEqual(['zero 0', `data ${2 ** 44 - MIB}`]);
    expect(process.memoryUsage().rss - memory).toBeLessThan(200 * MIB);
  });
});

function noise(random: () => number, length: number): Uint8Array {
  const bytes = new Uint32Array(length / 4);
  for (let i = 0; i < bytes.length; i++) bytes[i] = Math.floor(random() * 2 ** 32);
  return new Uint8Array(bytes.buffer);
}
