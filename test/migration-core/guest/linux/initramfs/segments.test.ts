/** Every kind of segment and the traps of the format: padding, alignment, several archives in one block, LZ4 without an end. */
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { segmentBytes } from '../../../../../migration-core/guest/linux/initramfs/append.ts';
import { writeCpio } from '../../../../../migration-core/guest/linux/initramfs/cpio.ts';
import { packLz4 } from '../../../../../migration-core/guest/linux/initramfs/lz4.ts';
import {
  readInitramfs,
  type Initramfs,
} from '../../../../../migration-core/guest/linux/initramfs/segments.ts';
import { GuestTree } from '../../../../../migration-core/guest/tree.ts';
import { memoryFileSystem } from '../../../../support/memory-filesystem.ts';
import { bytes, file, link, withFolders } from './images.ts';

const MAIN = writeCpio(
  withFolders([file('init', 'x'.repeat(70_000)), link('lib', 'usr/lib'), file('usr/lib/a.so')]),
);
const EARLY = writeCpio(withFolders([file('kernel/x86/microcode/AuthenticAMD.bin', new Uint8Array(1000))]));

async function read(...parts: Uint8Array[]): Promise<Initramfs> {
  const tree = new GuestTree(memoryFileSystem({ '/initrd': { file: Buffer.concat(parts) } }), 'disk0');
  return readInitramfs(tree, '/initrd');
}
const zeros = (length: number): Uint8Array => new Uint8Array(length);
const kinds = (image: Initramfs): string[] => image.segments.map(({ kind }) => kind);

describe('segments of an initramfs', () => {
  test.each([
    ['uncompressed', MAIN, 'cpio'],
    ['gzip', gzipSync(MAIN), 'gzip'],
    ['zstd', zstdCompressSync(MAIN), 'zstd'],
    ['LZ4', packLz4(MAIN), 'lz4'],
  ])('%s: kind, end and names', async (_name, packed, kind) => {
    const image = await read(packed);
    expect(image).toMatchObject({ size: packed.length, complete: true });
    expect(image.segments).toMatchObject([
      { kind, offset: 0, length: packed.length, microcode: false, problem: null },
    ]);
    expect(image.listing.get('lib')).toMatchObject({ type: 'symlink', target: 'usr/lib' });
    expect(image.listing.get('init')).toMatchObject({ type: 'file', size: 70_000, content: null });
  });

  test('microcode, main image and a third archive, with padding in between', async () => {
    const main = zstdCompressSync(MAIN);
    const third = writeCpio([file('later')]);
    const gap = 1024 - ((EARLY.length + 12 + main.length) % 512);
    const image = await read(EARLY, zeros(12), main, zeros(gap), third, zeros(100));
    expect(kinds(image)).toEqual(['cpio', 'zstd', 'cpio']);
    expect(image.segments.map(({ microcode }) => microcode)).toEqual([true, false, false]);
    expect(image.segments[1]).toMatchObject({ offset: EARLY.length + 12, length: main.length });
    expect(image.complete).toBe(true);
    expect([...image.listing.keys()]).toContain('later');
  });

  test('a gzip block with name, comment and extra field; two blocks without padding', async () => {
    const plain = gzipSync(MAIN);
    const extra = [3, 0, 1, 2, 3];
    const header = Uint8Array.from([
      31,
      139,
      8,
      4 | 8 | 16 | 2,
      0,
      0,
      0,
      0,
      0,
      3,
      ...extra,
      ...bytes('n\0c\0'),
      0,
      0,
    ]);
    const image = await read(header, plain.subarray(10), gzipSync(writeCpio([file('second')])));
    expect(kinds(image)).toEqual(['gzip', 'gzip']);
    expect(image.listing.has('second')).toBe(true);
    expect(image.complete).toBe(true);
  });

  test('several archives in one block, and LZ4 frames one after another', async () => {
    const both = Buffer.concat([MAIN, zeros(512), writeCpio([file('second')])]);
    expect((await read(gzipSync(both))).listing.has('second')).toBe(true);
    const image = await read(packLz4(MAIN), packLz4(writeCpio([file('second')])));
    expect(kinds(image)).toEqual(['lz4', 'lz4']);
    expect(image.listing.has('second')).toBe(true);
  });

  test('later archives win, also through a symlink of an earlier one', async () => {
    const again = writeCpio([file('lib/a.so', 'new content'), file('init', 'new')]);
    const image = await read(gzipSync(MAIN), zeros(16), gzipSync(again));
    expect(image.listing.get('usr/lib/a.so')?.size).toBe(11);
    expect(image.listing.has('lib/a.so')).toBe(false);
    expect(image.listing.get('init')?.size).toBe(3);
  });

  test('an archive that does not begin at a multiple of 4 is none', async () => {
    const image = await read(
      gzipSync(MAIN),
      zeros(((4 - (gzipSync(MAIN).length % 4)) % 4) + 2),
      writeCpio([file('lost')]),
    );
    expect(kinds(image)).toEqual(['gzip', 'unknown']);
    expect(image.complete).toBe(false);
  });

  test.each([
    ['bzip2', bytes('BZh9 not unpacked')],
    ['lzma', Uint8Array.from([0x5d, 0, 0, 0, 0x80, 1, 2, 3])],
    ['lzo', Uint8Array.from([0x89, 0x4c, 0x5a, 0x4f, 1, 2])],
  ])('%s is recognised and not listed', async (kind, packed) => {
    const image = await read(EARLY, packed);
    expect(kinds(image)).toEqual(['cpio', kind]);
    expect(image.complete).toBe(false);
  });

  test.each([
    ['gzip cut short', gzipSync(MAIN).subarray(0, -20)],
    ['gzip with a broken middle', Buffer.from(gzipSync(MAIN)).fill(0xff, 60, 90)],
    ['zstd cut short', zstdCompressSync(MAIN).subarray(0, -9)],
    ['LZ4 cut short', packLz4(MAIN).subarray(0, -9)],
    ['an archive cut short', MAIN.subarray(0, 5000)],
    ['gzip of something else', gzipSync(bytes('hello'.repeat(100)))],
    [
      'a size beyond the end',
      Buffer.from(bytes(Buffer.from(MAIN).toString('latin1').replace('00011170', 'ffffffff'))),
    ],
  ])('%s: a problem is noted, nothing is thrown', async (_name, packed) => {
    const image = await read(packed);
    expect(image.complete).toBe(false);
    expect(image.segments[0]!.problem).toMatch(/damaged/);
  });

  test('an empty file and zeros alone are no initramfs', async () => {
    expect(await read(zeros(0))).toMatchObject({ complete: false, segments: [] });
    expect(await read(zeros(10_000))).toMatchObject({ complete: false, segments: [] });
  });

  test('what unpacks to more than there is memory for does not fill it', async () => {
    // 300 MB of a file, of which only the name is kept.
    const big = writeCpio([file('big', new Uint8Array(150 << 20)), file('last')]);
    const packed = zstdCompressSync(big);
    const before = process.memoryUsage.rss();
    const image = await read(packed);
    expect(image.listing.get('last')).toBeDefined();
    expect(process.memoryUsage.rss() - before).toBeLessThan(100 << 20);
  });
});

describe('what is appended', () => {
  const archive = writeCpio([file('added')]);

  test.each([
    ['gzip', gzipSync(MAIN), true],
    ['zstd, gzip not known', zstdCompressSync(MAIN), false],
    ['uncompressed', MAIN, true],
    ['odd size', gzipSync(Buffer.concat([MAIN, zeros(1)])), false],
  ])('%s: zeros to a multiple of 512, at least 16, and the archive', async (_name, main, readsGzip) => {
    const image = await read(main);
    const added = await segmentBytes(image, archive, readsGzip);
    const gap = added.findIndex((byte) => byte !== 0);
    expect(gap).toBeGreaterThanOrEqual(16);
    expect((main.length + gap) % 512).toBe(0);
    const whole = await read(main, added);
    expect(kinds(whole).at(-1)).toBe(readsGzip ? 'gzip' : 'cpio');
    expect(whole.listing.has('added')).toBe(true);
    expect(whole.complete).toBe(true);
  });

  test('after LZ4 an LZ4 frame follows without a gap', async () => {
    const main = packLz4(MAIN);
    const image = await read(main);
    const added = await segmentBytes(image, archive, true);
    expect([...added.subarray(0, 4)]).toEqual([0x02, 0x21, 0x4c, 0x18]);
    const whole = await read(main, added);
    expect(whole.segments[1]).toMatchObject({ kind: 'lz4', offset: main.length });
    expect(whole.listing.has('added')).toBe(true);
  });

  test('the same content gives the same bytes', async () => {
    const image = await read(gzipSync(MAIN));
    expect(
      Buffer.compare(await segmentBytes(image, archive, true), await segmentBytes(image, archive, true)),
    ).toBe(0);
  });
});
