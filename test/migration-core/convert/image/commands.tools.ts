/** `ironlift image …` as a user meets it, against images that qemu-img made. */
import { copyFile, link, mkdir, open, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { ImageComparison } from '../../../../migration-core/convert/image/compare-images.ts';
import type { ImageConvertResult } from '../../../../migration-core/convert/image/convert-image.ts';
import type { ImageCheckResult, ImageInfo } from '../../../../migration-core/convert/image/look.ts';
import { sha256 } from '../../../support/hash.ts';
import { run, scratchFolder, tryRun } from '../../../support/tools.ts';
import { ironlift } from '../../../support/world.ts';
import { sparseRaw } from '../../image/patterns.ts';

const MIB = 2 ** 20;

async function rawAndQcow2(): Promise<{ folder: string; raw: string; qcow2: string }> {
  const folder = await scratchFolder();
  const { path: raw } = await sparseRaw(join(folder, 'disk.raw'), { size: 20 * MIB, seed: 91, runs: 20 });
  const qcow2 = join(folder, 'disk.qcow2');
  await run('qemu-img', ['convert', '-f', 'raw', '-O', 'qcow2', raw, qcow2]);
  return { folder, raw, qcow2 };
}

const writeByte = async (path: string, format: string, offset: number, value: number): Promise<string> =>
  run('qemu-io', ['-f', format, '-c', `write -P ${value} ${offset} 1`, path]);

describe('ironlift image info', () => {
  it('says what qemu-img says', async () => {
    const { raw, qcow2 } = await rawAndQcow2();
    const done = await ironlift(['image', 'info', qcow2, raw, '--json']);
    expect(done.status).toBe(0);
    const { images } = JSON.parse(done.out) as { images: ImageInfo[] };
    const theirs = JSON.parse(await run('qemu-img', ['info', '--output=json', qcow2])) as Record<
      string,
      number
    >;
    expect(images[0]).toMatchObject({ format: 'qcow2', size: theirs['virtual-size'], parents: [] });
    expect(images[0]!.files).toEqual([
      { path: qcow2, bytes: (await stat(qcow2)).size, allocatedBytes: theirs['actual-size'] },
    ]);
    const map = JSON.parse(await run('qemu-img', ['map', '--output=json', qcow2])) as {
      data: boolean;
      length: number;
    }[];
    const allocated = map.filter(({ data }) => data).reduce((sum, { length }) => sum + length, 0);
    expect(images[0]!.dataBytes).toBe(allocated);
    expect(images[1]).toMatchObject({ format: 'raw', size: 20 * MIB });
  });

  it('shows what it can of several, and ends with the error of the rest', async () => {
    const { qcow2, folder } = await rawAndQcow2();
    const { status, out } = await ironlift(['image', 'info', join(folder, 'none'), qcow2]);
    expect(status).toBe(3);
    expect(out).toContain('(SOURCE_NOT_FOUND)');
    expect(out).toContain('QCOW2');
  });

  it('looks at a disk of this machine', async () => {
    const { raw } = await rawAndQcow2();
    const device = (await run('losetup', ['--find', '--show', '--read-only', raw])).trim();
    onTestFinished(async () => {
      await run('losetup', ['-d', device]);
    });
    const { status, out } = await ironlift(['image', 'info', device, '--json']);
    expect(status).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ images: [{ path: device, format: 'raw', size: 20 * MIB }] });
    const copy = join(await scratchFolder(), 'copy.qcow2');
    expect((await ironlift(['image', 'convert', device, copy])).status).toBe(0);
    await run('qemu-img', ['compare', raw, copy]);
  });
});

describe('ironlift image check', () => {
  it('finds nothing in sound images', async () => {
    const { raw, qcow2 } = await rawAndQcow2();
    const { status, out } = await ironlift(['image', 'check', raw, qcow2]);
    expect(status).toBe(0);
    expect(out.match(/nothing is wrong/gu)).toHaveLength(2);
  });

  it('finds a table that leads out of the file', async () => {
    const { qcow2 } = await rawAndQcow2();
    const file = await open(qcow2, 'r+');
    const { buffer } = await file.read({ buffer: Buffer.alloc(8), position: 40 });
    // The first entry of the L1 table: an L2 table at 1 TiB.
    await file.write(Buffer.from('8000010000000000', 'hex'), 0, 8, Number(buffer.readBigUInt64BE()));
    await file.close();
    expect((await tryRun('qemu-img', ['check', qcow2])).status).not.toBe(0);
    const done = await ironlift(['image', 'check', qcow2, '--json']);
    expect(done.status).toBe(1);
    const [result] = (JSON.parse(done.out) as { images: ImageCheckResult[] }).images;
    expect(result).toMatchObject({ sound: false, images: [{ problems: [{ severity: 'error' }] }] });
  });
});

describe('ironlift image compare', () => {
  it('agrees with qemu-img on equal and different disks', async () => {
    const { raw, qcow2 } = await rawAndQcow2();
    const equal = await ironlift(['image', 'compare', raw, qcow2]);
    expect(equal).toMatchObject({ status: 0 });
    expect(equal.out).toMatch(/^The disks are equal\./u);
    for (const [offset, value] of [
      [19 * MIB + 5, 0x5a],
      [7_000_000, 0xa5],
    ] as const) {
      await writeByte(qcow2, 'qcow2', offset, value);
      const theirs = await tryRun('qemu-img', ['compare', raw, qcow2]);
      expect(theirs.status).toBe(1);
      const ours = await ironlift(['image', 'compare', raw, qcow2]);
      expect(ours.status).toBe(1);
      expect(ours.out.replaceAll('\n', ' ')).toContain(`first at byte ${offset} (sector`);
      expect(ours.out).toContain(`0x${value.toString(16)} in`);
      // qemu-img tells the first byte of the stretch that differs.
      expect(theirs.stdout).toMatch(new RegExp(`offset ${offset - (offset % 512)}|offset ${offset}`, 'u'));
    }
    const { out } = await ironlift(['image', 'compare', raw, qcow2, '--json']);
    const { ranges } = JSON.parse(out) as ImageComparison;
    expect(ranges.map(({ offset }) => offset)).toEqual(
      [7_000_000, 19 * MIB + 5].map((at) => at - (at % 512)),
    );
  });

  it('takes a longer disk for equal when the rest is zeros, and says so', async () => {
    const { raw, qcow2 } = await rawAndQcow2();
    await run('qemu-img', ['resize', '-q', qcow2, '25M']);
    const { status, out } = await ironlift(['image', 'compare', raw, qcow2]);
    expect(status).toBe(0);
    expect(out).toContain(`${qcow2} is longer by 5 MiB`);
    await writeByte(qcow2, 'qcow2', 24 * MIB, 1);
    const longer = await ironlift(['image', 'compare', raw, qcow2]);
    expect(longer.status).toBe(1);
    expect(longer.out).toContain(`first at byte ${24 * MIB}`);
    expect((await tryRun('qemu-img', ['compare', raw, qcow2])).status).toBe(1);
  });
});

describe('ironlift image convert', () => {
  it('tells the SHA-256 of the file and of the contents', async () => {
    const { folder, raw } = await rawAndQcow2();
    const out = join(folder, 'new.qcow2');
    const done = await ironlift(['image', 'convert', raw, out, '--json']);
    const result = JSON.parse(done.out) as ImageConvertResult;
    expect(result.output.files[0]!.sha256).toBe(await sha256(out));
    expect(result.verified).toBe(true);
    await run('qemu-img', ['check', out]);
    const second = await ironlift([
      'image',
      'convert',
      out,
      join(folder, 'new.vmdk'),
      '--no-verify',
      '--json',
    ]);
    const other = JSON.parse(second.out) as ImageConvertResult;
    expect(other.contentDigest).toEqual(result.contentDigest);
    expect(other).toMatchObject({ verified: false, output: { files: [{ sha256: null }] } });
  });

  it('recognises the input by its contents, not its name', async () => {
    const { folder, raw, qcow2 } = await rawAndQcow2();
    const misnamed = join(folder, 'really.raw');
    await copyFile(qcow2, misnamed);
    const out = join(folder, 'out.img');
    expect((await ironlift(['image', 'convert', misnamed, out])).status).toBe(0);
    await run('qemu-img', ['compare', '-f', 'raw', '-F', 'raw', raw, out]);
  });

  it('never writes over the image it reads, whatever name that has', async () => {
    const { folder, raw } = await rawAndQcow2();
    const before = await sha256(raw);
    await link(raw, join(folder, 'hard.qcow2'));
    await symlink(raw, join(folder, 'soft.qcow2'));
    for (const out of ['disk.raw', 'hard.qcow2', 'soft.qcow2']) {
      const { status, err } = await ironlift(['image', 'convert', raw, join(folder, out), '--force']);
      expect(status).toBe(3);
      expect(err).toContain('(DESTINATION_IS_SOURCE)');
    }
    expect(await sha256(raw)).toBe(before);
  });

  it('replaces a file only when it is told to, and only when the new one is complete', async () => {
    const { folder, raw } = await rawAndQcow2();
    const out = join(folder, 'old.qcow2');
    await writeFile(out, 'something dear');
    const refused = await ironlift(['image', 'convert', raw, out]);
    expect(refused.status).toBe(3);
    expect(refused.err).toContain('--force');
    const controller = new AbortController();
    controller.abort();
    expect((await ironlift(['image', 'convert', raw, out, '--force'], controller.signal)).status).toBe(130);
    expect(await readFile(out, 'utf8')).toBe('something dear');
    expect((await ironlift(['image', 'convert', raw, out, '--force'])).status).toBe(0);
    await run('qemu-img', ['compare', raw, out]);
    expect((await readdir(folder)).toSorted()).toEqual(['disk.qcow2', 'disk.raw', 'old.qcow2']);
  });

  it.each([
    [['no such', 'out.qcow2'], 3, 'SOURCE_NOT_FOUND'],
    [['.', 'out.qcow2'], 3, 'SOURCE_NOT_A_DISK'],
    [['disk.raw', 'folder'], 2, 'USAGE'],
    [['disk.raw', 'folder', '--format', 'raw'], 3, 'DESTINATION_EXISTS'],
    [['disk.raw', '/dev/null', '--format', 'raw', '--force'], 3, 'DESTINATION_EXISTS'],
    [['disk.raw', 'missing/out.raw'], 3, 'DESTINATION_UNUSABLE'],
    [['disk.raw', 'out.raw', '--compress'], 3, 'NOT_SUPPORTED'],
    [['disk.raw', 'out.raw', '--compress', 'lzma'], 2, 'USAGE'],
    [['disk.raw', 'out.raw', '--allocation', 'fat'], 2, 'USAGE'],
    [['disk.raw'], 2, 'USAGE'],
  ] as const)('refuses %j', async (args, status, code) => {
    const { folder } = await rawAndQcow2();
    await mkdir(join(folder, 'folder'));
    const before = (await readdir(folder)).toSorted();
    const paths = args.map((arg, index) => (index < 2 && !arg.startsWith('/') ? join(folder, arg) : arg));
    const done = await ironlift(['image', 'convert', ...paths]);
    expect(done.err).toContain(`(${code})`);
    expect(done.status).toBe(status);
    expect((await readdir(folder)).toSorted()).toEqual(before);
  });
});
