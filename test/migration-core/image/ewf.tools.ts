import { createHash } from 'node:crypto';
import { open, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { adler32 } from '../../../migration-core/image/ewf/adler32.ts';
import { ewf } from '../../../migration-core/image/ewf/format.ts';
import { segmentPath } from '../../../migration-core/image/ewf/segments.ts';
import type { DiskImage } from '../../../migration-core/image/image.ts';
import { detectFormat, openImage } from '../../../migration-core/image/table.ts';
import { run, scratchFolder, seeded } from '../../support/tools.ts';
import { sparseRaw, type Pattern } from './patterns.ts';

const MIB = 2 ** 20;

async function acquire(disk: string, target: string, settings: string[]): Promise<void> {
  // -u: no questions.
  await run('ewfacquire', ['-u', '-q', ...settings, '-t', target, disk]);
}

async function hashes(image: DiskImage): Promise<{ md5: string; sha1: string }> {
  const [md5, sha1] = [createHash('md5'), createHash('sha1')];
  for (let at = 0; at < image.size; at += MIB) {
    const bytes = new Uint8Array(Math.min(MIB, image.size - at));
    await image.read(bytes, at);
    md5.update(bytes);
    sha1.update(bytes);
  }
  return { md5: md5.digest('hex'), sha1: sha1.digest('hex') };
}

const sumOf = async (program: string, path: string): Promise<string> =>
  (await run(program, [path])).split(' ')[0]!;

async function smallDisk(folder: string, seed: number): Promise<Pattern> {
  return sparseRaw(join(folder, 'disk'), { size: 6 * MIB + 1024, seed, runs: 30, longest: 200_000 });
}

describe('an EnCase image made by ewfacquire', () => {
  it.each([
    { format: 'encase1', settings: ['-c', 'fast'], first: '.E01' },
    { format: 'encase2', settings: ['-c', 'none'], first: '.E01' },
    { format: 'encase4', settings: ['-c', 'best'], first: '.E01' },
    { format: 'encase5', settings: ['-c', 'empty-block'], first: '.E01' },
    // SHA-1 in a digest section, chunks of 1 MiB.
    { format: 'encase6', settings: ['-c', 'fast', '-d', 'sha1', '-b', '2048'], first: '.E01' },
    { format: 'linen5', settings: ['-c', 'none'], first: '.E01' },
    { format: 'ftk', settings: ['-c', 'fast', '-b', '16'], first: '.E01' },
    { format: 'ewfx', settings: ['-c', 'fast'], first: '.e01' },
    { format: 'smart', settings: ['-c', 'fast'], first: '.s01' },
  ])('as $format $settings is the disk, and found sound', async ({ format, settings, first }) => {
    const folder = await scratchFolder();
    const disk = await smallDisk(folder, 81);
    const target = join(folder, 'evidence');
    await acquire(disk.path, target, ['-f', format, '-S', '1048576', ...settings]);
    const path = target + first;
    expect(await detectFormat(path)).toBe(ewf);
    const image = await openImage(path);
    const parts = (await readdir(folder)).filter((name) => name.startsWith('evidence.')).sort();
    expect(image.size).toBe(disk.size);
    expect(image.facts.files).toEqual(parts.map((name) => join(folder, name)));
    expect(image.facts.details['MD5']).toBe(await sumOf('md5sum', disk.path));
    if (settings.includes('sha1'))
      expect(image.facts.details['SHA-1']).toBe(await sumOf('sha1sum', disk.path));
    expect(await hashes(image)).toEqual({
      md5: await sumOf('md5sum', disk.path),
      sha1: await sumOf('sha1sum', disk.path),
    });
    const random = seeded(82);
    const original = await readFile(disk.path);
    await Promise.all(
      Array.from({ length: 60 }, async () => {
        const length = 1 + Math.floor(random() * 70_000);
        const offset = Math.floor(random() * (disk.size - length));
        const bytes = new Uint8Array(length);
        await image.read(bytes, offset);
        expect(Buffer.compare(bytes, original.subarray(offset, offset + length))).toBe(0);
      }),
    );
    await image.close();
    expect((await ewf.check!(path)).problems).toEqual([]);
  });

  it('of more than a hundred parts is followed into .EAA', async () => {
    const folder = await scratchFolder();
    const disk = await sparseRaw(join(folder, 'disk'), { size: 4 * MIB, seed: 83, runs: 1 });
    // Noise, so that nothing shrinks.
    const noise = Buffer.alloc(4 * MIB);
    const random = seeded(84);
    for (let i = 0; i < noise.length; i++) noise[i] = random() * 256;
    await writeFile(disk.path, noise);
    const whole = join(folder, 'whole');
    await acquire(disk.path, whole, ['-f', 'encase5', '-c', 'none', '-S', '1048576']);
    // ewfacquire makes no parts below 1 MiB: parts of nothing but `next` are put between the real ones.
    const parts = (await readdir(folder)).filter((name) => name.startsWith('whole.E')).sort();
    const [start, ...rest] = parts;
    const target = join(folder, 'many.E01');
    await rename(join(folder, start!), target);
    for (let number = 2; number <= 110; number++)
      await writeFile(segmentPath(target, number), emptyPart(number));
    for (const [index, name] of rest.entries()) {
      const bytes = await readFile(join(folder, name));
      bytes.writeUInt16LE(111 + index, 9);
      await writeFile(segmentPath(target, 111 + index), bytes);
    }
    expect((await readdir(folder)).filter((name) => /many\.EA[A-Z]/u.test(name)).length).toBeGreaterThan(10);
    const image = await openImage(target);
    expect((await hashes(image)).md5).toBe(await sumOf('md5sum', disk.path));
    await image.close();
  });

  it('with bad sectors noted tells of them', async () => {
    const folder = await scratchFolder();
    const disk = await smallDisk(folder, 85);
    const target = join(folder, 'evidence');
    await acquire(disk.path, target, ['-f', 'encase6', '-c', 'fast']);
    const path = `${target}.E01`;
    await insertErrors(path, [
      { first: 100, count: 3 },
      { first: 5000, count: 8 },
    ]);
    const image = await openImage(path);
    expect(image.facts.details['Bad sectors']).toMatch(/^11,/u);
    await image.close();
    const { problems } = await ewf.check!(path);
    expect(problems.map(({ severity }) => severity)).toEqual(['note', 'note']);
    expect(problems[1]!.message).toContain('8 sectors from 5000');
    // ewfinfo reads our section as one.
    expect(await run('ewfinfo', [path])).toMatch(/100 - 102|5000 - 5007/u);
  });
});

describe('an EnCase image that is damaged', () => {
  async function evidence(
    settings: string[] = ['-c', 'fast'],
  ): Promise<{ folder: string; path: string; disk: Pattern }> {
    const folder = await scratchFolder();
    const disk = await smallDisk(folder, 86);
    await acquire(disk.path, join(folder, 'evidence'), ['-f', 'encase5', '-S', '1048576', ...settings]);
    return { folder, path: join(folder, 'evidence.E01'), disk };
  }

  it.each([
    ['-c', 'fast'],
    ['-c', 'none'],
  ])('in a chunk is refused there, as ewfverify does (%s %s)', async (...settings) => {
    const { path } = await evidence(settings);
    const bytes = await readFile(path);
    bytes[Math.floor(bytes.length / 2)]! ^= 1;
    await writeFile(path, bytes);
    await expect(run('ewfverify', ['-q', path])).rejects.toThrow(/ended with/u);
    const image = await openImage(path);
    await expect(image.read(new Uint8Array(image.size), 0)).rejects.toMatchObject({ code: 'IMAGE_DAMAGED' });
    await image.close();
    const { problems } = await ewf.check!(path);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatchObject({ severity: 'error' });
  });

  it('with another digest than its disk has is reported', async () => {
    const { folder, path } = await evidence();
    const last = join(
      folder,
      (await readdir(folder))
        .filter((name) => name.startsWith('evidence.'))
        .sort()
        .at(-1)!,
    );
    const bytes = await readFile(last);
    const at = bytes.indexOf('hash\0') + 76;
    bytes[at]! ^= 255;
    await writeFile(last, bytes);
    const { problems } = await ewf.check!(path);
    expect(problems).toHaveLength(1);
    expect(problems[0]!.message).toContain('MD5');
  });

  it('without one of its parts, or with two in the wrong order, is refused', async () => {
    const { folder, path } = await evidence(['-c', 'none']);
    await expect(openImage(join(folder, 'evidence.E02'))).rejects.toMatchObject({
      code: 'IMAGE_NOT_SUPPORTED',
    });
    await rename(join(folder, 'evidence.E02'), join(folder, 'kept'));
    await expect(openImage(path)).rejects.toMatchObject({
      code: 'IMAGE_DAMAGED',
      message: expect.stringContaining('evidence.E02 is missing') as string,
    });
    await rename(join(folder, 'evidence.E03'), join(folder, 'evidence.E02'));
    await expect(openImage(path)).rejects.toMatchObject({ code: 'IMAGE_DAMAGED' });
  });

  it('cut off is refused', async () => {
    const { folder, path } = await evidence();
    const file = await open(path, 'r+');
    await file.truncate(Math.floor((await stat(path)).size / 2));
    await file.close();
    await expect(openImage(path)).rejects.toMatchObject({ code: 'IMAGE_DAMAGED' });
    await rm(join(folder, 'evidence.E01'));
    await expect(ewf.open(path)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});

function section(type: string, at: number, next: number, size: number): Buffer {
  const bytes = Buffer.alloc(76);
  bytes.write(type, 0, 'latin1');
  bytes.writeBigUInt64LE(BigInt(next), 16);
  bytes.writeBigUInt64LE(BigInt(size), 24);
  bytes.writeUInt32LE(adler32(bytes.subarray(0, 72)), 72);
  expect(at).toBeGreaterThan(0);
  return bytes;
}

/** A part that holds nothing and says that another follows. */
function emptyPart(number: number): Buffer {
  const header = Buffer.from('EVF\x09\x0d\x0a\xff\0\x01\0\0\0\0', 'latin1');
  header.writeUInt16LE(number, 9);
  return Buffer.concat([header, section('next', 13, 13, 76)]);
}

/** Puts an error2 section in front of the last section of a file of one part. */
async function insertErrors(path: string, errors: { first: number; count: number }[]): Promise<void> {
  const bytes = await readFile(path);
  const at = bytes.length - 76;
  expect(bytes.toString('latin1', at, at + 4)).toBe('done');
  const header = Buffer.alloc(520);
  header.writeUInt32LE(errors.length, 0);
  header.writeUInt32LE(adler32(header.subarray(0, 516)), 516);
  const entries = Buffer.alloc(errors.length * 8 + 4);
  for (const [i, { first, count }] of errors.entries()) {
    entries.writeUInt32LE(first, i * 8);
    entries.writeUInt32LE(count, i * 8 + 4);
  }
  entries.writeUInt32LE(adler32(entries.subarray(0, -4)), entries.length - 4);
  const size = 76 + header.length + entries.length;
  const end = at + size;
  await writeFile(
    path,
    Buffer.concat([
      bytes.subarray(0, at),
      section('error2', at, end, size),
      header,
      entries,
      section('done', end, end, 76),
    ]),
  );
}
