import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readBytes } from '../../../migration-core/block/source.ts';
import { openImage } from '../../../migration-core/image/table.ts';
import { vhdx } from '../../../migration-core/image/vhdx/format.ts';
import { blockSizeFor } from '../../../migration-core/image/vhdx/writer.ts';
import { scratchFolder } from '../../support/tools.ts';
import {
  buildAlone,
  buildVhdx,
  DATA_WRITE_GUID,
  filled,
  firstBytes,
  MIB,
  type VhdxShape,
} from './vhdx-builder.ts';

describe('VHDX: differencing', () => {
  const LINK = { parent_linkage: `{${DATA_WRITE_GUID.toUpperCase()}}`, relative_path: '.\\parent.vhdx' };

  async function family(child: Partial<VhdxShape>, parent: Partial<VhdxShape> = {}): Promise<string> {
    const folder = await scratchFolder();
    const blocks = Object.fromEntries([0, 1, 2, 3, 4, 5].map((n) => [n, { state: 6, data: filled(n + 1) }]));
    await buildVhdx(join(folder, 'parent.vhdx'), { size: 6 * MIB, blocks, ...parent });
    const path = join(folder, 'child.vhdx');
    const guid = 'cccccccc-0000-4000-8000-cccccccccccc';
    await buildVhdx(path, { size: 8 * MIB, parent: LINK, dataWriteGuid: guid, ...child });
    return path;
  }

  it('takes from the parent what it does not have itself', async () => {
    const blocks = {
      1: { state: 6, data: filled(101) },
      2: { state: 2 },
      3: { state: 3, data: filled(103) },
      4: { state: 7, data: filled(104), isHere: (sector: number) => sector % 7 === 3 },
      5: { state: 1 },
      7: { state: 7, data: filled(107), isHere: (sector: number) => sector >= 2047 },
    };
    const path = await family({ blocks });
    const image = await openImage(path);
    const bytes = await readBytes(image, 0, image.size);
    for (let sector = 0; sector < image.size / 512; sector++) {
      const block = Math.floor(sector / 2048);
      const inBlock = sector % 2048;
      const wanted = [1, 101, 0, 0, inBlock % 7 === 3 ? 104 : 5, 0, 0, inBlock === 2047 ? 107 : 0][block]!;
      const found = bytes.subarray(sector * 512, sector * 512 + 512);
      if (!found.every((byte) => byte === wanted))
        throw new Error(`sector ${sector}: ${found[0]} not ${wanted}`);
    }
    expect(image.facts).toMatchObject({
      subformat: 'differencing',
      contentId: 'cccccccc-0000-4000-8000-cccccccccccc',
      parent: { facts: { contentId: DATA_WRITE_GUID, subformat: 'dynamic' } },
    });
    // Once from the child, once from the parent, and over a border up to there.
    expect(image.fileRange!(MIB, MIB)!.fd).not.toBe(image.fileRange!(0, MIB)!.fd);
    expect(image.fileRange!(MIB - 512, 1024)!.length).toBe(512);
    await image.close();
    expect((await vhdx.check!(path)).problems).toEqual([]);
  });

  it('a chain of three, with bitmaps of two chunks', async () => {
    // Blocks of 256 MiB: 16 of them make a chunk of 4 GiB.
    const blockSize = 256 * MIB;
    const size = 5 * 2 ** 30;
    const small = (byte: number): Uint8Array => filled(byte, 8192);
    const folder = await scratchFolder();
    const shape = { size, blockSize };
    await buildVhdx(join(folder, 'parent.vhdx'), {
      ...shape,
      blocks: { 0: { state: 6, data: small(1) }, 17: { state: 6, data: small(2) } },
    });
    const middle = '12121212-3434-4545-8686-787878787878';
    await buildVhdx(join(folder, 'middle.vhdx'), {
      ...shape,
      parent: LINK,
      dataWriteGuid: middle,
      blocks: { 17: { state: 7, data: small(3), isHere: (sector) => sector % 2 === 1 } },
    });
    const path = join(folder, 'child.vhdx');
    const locator = {
      parent_linkage: `{${'0'.repeat(8)}-0000-0000-0000-${'0'.repeat(12)}}`,
      parent_linkage2: `{${middle}}`,
      absolute_win32_path: '\\\\?\\d:\\vm\\middle.vhdx',
    };
    await buildVhdx(path, {
      ...shape,
      parent: locator,
      blocks: {
        0: { state: 7, data: small(4), isHere: (sector) => sector < 3 },
        17: { state: 7, data: small(5), isHere: (sector) => sector === 0 },
      },
    });
    const image = await openImage(path);
    const sectors = async (at: number): Promise<number[]> => {
      const bytes = await readBytes(image, at, 8 * 512);
      return [0, 1, 2, 3, 4, 5, 6, 7].map((sector) => bytes[sector * 512]!);
    };
    expect(await sectors(0)).toEqual([4, 4, 4, 1, 1, 1, 1, 1]);
    expect(await sectors(17 * blockSize)).toEqual([5, 3, 2, 3, 2, 3, 2, 3]);
    expect(await sectors(18 * blockSize)).toEqual([0, 0, 0, 0, 0, 0, 0, 0]);
    await image.close();
  });

  it('is refused without its parent, with another one, and with other sectors', async () => {
    const path = await family({});
    await expect(vhdx.open(path)).rejects.toMatchObject({ code: 'IMAGE_HAS_BACKING' });
    await expect(openImage(path, { parents: 'none' })).rejects.toMatchObject({ code: 'IMAGE_HAS_BACKING' });
    const changed = await family({}, { dataWriteGuid: 'aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee' });
    await expect(openImage(changed)).rejects.toMatchObject({
      code: 'IMAGE_DAMAGED',
      data: { expected: [DATA_WRITE_GUID], found: 'aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee' },
    });
    await expect(openImage(await family({}, { sectorSize: 4096 }))).rejects.toMatchObject({
      code: 'IMAGE_DAMAGED',
      message: expect.stringContaining('sectors') as string,
    });
    const lost = await family({ parent: { ...LINK, relative_path: '..\\gone\\other.vhdx' } });
    await expect(openImage(lost)).rejects.toMatchObject({
      code: 'IMAGE_HAS_BACKING',
      message: expect.stringContaining('other.vhdx') as string,
    });
    const itself = await family({ parent: { ...LINK, relative_path: 'child.vhdx' } });
    await expect(openImage(itself)).rejects.toMatchObject({ code: 'IMAGE_HAS_BACKING' });
  });

  it('is refused without parent_linkage, with a locator of another type, and without a sector bitmap', async () => {
    const { relative_path } = LINK;
    await expect(openImage(await family({ parent: { relative_path } }))).rejects.toMatchObject({
      code: 'IMAGE_DAMAGED',
    });
    const other = await family({
      touch({ metadata }) {
        // The locator follows the 36 bytes of the other items.
        metadata.fill(0, 65536 + 40, 65536 + 56);
      },
    });
    await expect(openImage(other)).rejects.toMatchObject({ code: 'IMAGE_NOT_SUPPORTED' });
    const blocks = { 1: { state: 7, data: filled(1), isHere: () => true } };
    const bare = await family({ blocks, touch: ({ bat }) => bat.delete(4096) });
    await expect(openImage(bare)).rejects.toMatchObject({
      code: 'IMAGE_DAMAGED',
      message: expect.stringContaining('sector bitmap 0 is missing') as string,
    });
  });
});

describe('VHDX: sectors of 4096 bytes', () => {
  it('have chunks of eight times the size', async () => {
    // The chunk ratio of blocks of 1 MiB is 32768: block 32768 is one entry further on.
    const size = 2 ** 35 + 4 * MIB;
    const blocks = {
      0: { state: 6, data: filled(1) },
      32767: { state: 6, data: filled(2) },
      32769: { state: 6, data: filled(3) },
    };
    const path = await buildAlone({ size, sectorSize: 4096, blocks });
    expect(await firstBytes(path, [0, 1, 32767, 32768, 32769, 32770])).toEqual([1, 0, 2, 0, 3, 0]);
    const image = await openImage(path);
    expect(image.sectorSize).toBe(4096);
    await image.close();
    expect((await vhdx.check!(path)).problems).toEqual([]);
  });
});

describe('VHDX: written', () => {
  async function written(options: {
    size: number;
    allocation?: 'thin' | 'thick';
    identity?: Uint8Array;
  }): Promise<Buffer> {
    const path = join(await scratchFolder(), 'web.vhdx');
    const writer = await vhdx.create({ path, allocation: 'thin', ...options });
    await writer.write(filled(7, 65536), 5 * MIB - 65536);
    // Over a border of blocks, the first of which has its room already.
    await writer.write(filled(8, 3 * 65536), 6 * MIB - 65536);
    await writer.finish();
    return readFile(path);
  }

  it('has room for the blocks with data alone, in their order', async () => {
    const bytes = await written({ size: 20 * MIB });
    const entry = (block: number): bigint => bytes.readBigUInt64LE(3 * MIB + block * 8);
    expect([3, 4, 5, 6, 7].map(entry)).toEqual([
      2n,
      BigInt(4 * MIB + 6),
      BigInt(5 * MIB + 6),
      BigInt(6 * MIB + 6),
      2n,
    ]);
    expect(bytes.length).toBe(7 * MIB);
    expect(bytes[5 * MIB - 1]).toBe(7);
    expect([bytes[6 * MIB - 1], bytes[6 * MIB], bytes[6 * MIB + 131071], bytes[6 * MIB + 131072]]).toEqual([
      8, 8, 8, 0,
    ]);
  });

  it('fixed has all blocks, one after another', async () => {
    const bytes = await written({ size: 20 * MIB + 512, allocation: 'thick' });
    for (let block = 0; block < 21; block++)
      expect(bytes.readBigUInt64LE(3 * MIB + block * 8)).toBe(BigInt((4 + block) * MIB + 6));
    expect(bytes.length).toBe(25 * MIB);
    expect([bytes[9 * MIB - 1], bytes[10 * MIB - 1]]).toEqual([7, 8]);
  });

  it('its identity is the one given, and its own', async () => {
    const guids = (bytes: Buffer): string[] =>
      [65536 + 16, 65536 + 32, 2 * MIB + 65536 + 16].map((at) => bytes.toString('hex', at, at + 16));
    const one = guids(await written({ size: 20 * MIB, identity: filled(1, 16) }));
    const two = guids(await written({ size: 20 * MIB, identity: filled(2, 16) }));
    expect(new Set([...one, ...two]).size).toBe(6);
    expect(guids(await written({ size: 21 * MIB, identity: filled(1, 16) }))).toEqual(one);
  });

  it('blocks grow with the disk, so that the BAT stays small', () => {
    expect(blockSizeFor(1)).toBe(MIB);
    expect(blockSizeFor(2 ** 41)).toBe(MIB);
    expect(blockSizeFor(2 ** 41 + 1)).toBe(2 * MIB);
    expect(blockSizeFor(2 ** 46)).toBe(32 * MIB);
  });

  it('refuses what it cannot do before there is a file', async () => {
    const path = join(await scratchFolder(), 'image');
    const create = async (options: object): Promise<unknown> =>
      vhdx.create({ path, size: MIB, allocation: 'thin', ...options });
    await expect(create({ size: 2 ** 46 + 512 })).rejects.toMatchObject({ code: 'IMAGE_TOO_LARGE' });
    await expect(create({ subformat: 'fixed' })).rejects.toMatchObject({ code: 'NOT_SUPPORTED' });
    await expect(create({ subformat: 'dynamic', allocation: 'thick' })).rejects.toMatchObject({
      code: 'NOT_SUPPORTED',
    });
    await expect(create({ compression: 'zlib' })).rejects.toMatchObject({ code: 'NOT_SUPPORTED' });
    await expect(readFile(path)).rejects.toMatchObject({ code: 'ENOENT' });
  });
});
