import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readBytes } from '../../../migration-core/block/source.ts';
import { openImage } from '../../../migration-core/image/table.ts';
import { vdi } from '../../../migration-core/image/vdi/format.ts';
import { scratchFolder } from '../../support/tools.ts';

const FREE = 0xffffffff;
const ZERO = 0xfffffffe;

interface VdiSpec {
  map: number[];
  /** Blocks of the file, each filled with its number plus one. */
  blocks: number;
  size?: number;
  blockSize?: number;
  extra?: number;
  type?: number;
  version?: number;
  allocated?: number;
  link?: string;
}

/** A VDI put together byte by byte; version 1 has its map at 512. */
function vdiBytes(spec: VdiSpec): Buffer {
  const { map, blocks, blockSize = 4096, extra = 0, type = 1, version = 0x10001, link = '' } = spec;
  const { size = map.length * blockSize, allocated = blocks } = spec;
  const old = version >>> 16 === 0;
  const mapAt = old ? 420 : 512;
  const dataAt = old ? mapAt + map.length * 4 : 2048;
  const bytes = Buffer.alloc(dataAt);
  const u32 = (value: number, at: number): unknown => bytes.writeUInt32LE(value, at);
  bytes.write('<<< Sun VirtualBox Disk Image >>>\n', 0, 'latin1');
  u32(0xbeda107f, 64);
  u32(version, 68);
  if (old) {
    u32(type, 72);
    bytes.writeBigUInt64LE(BigInt(size), 352);
    u32(blockSize, 360);
    u32(map.length, 364);
    u32(allocated, 368);
    bytes.write('00112233445566778899aabbccddeeff', 372, 'hex');
    bytes.write(link, 404, 'hex');
  } else {
    u32(400, 72);
    u32(type, 76);
    u32(mapAt, 340);
    u32(dataAt, 344);
    u32(512, 360);
    bytes.writeBigUInt64LE(BigInt(size), 368);
    u32(blockSize, 376);
    u32(extra, 380);
    u32(map.length, 384);
    u32(allocated, 388);
    bytes.write('00112233445566778899aabbccddeeff', 392, 'hex');
    bytes.write(link, 424, 'hex');
  }
  for (const [i, entry] of map.entries()) u32(entry, mapAt + i * 4);
  const data = Array.from({ length: blocks }, (_, i) => [
    Buffer.alloc(extra, 0xee),
    Buffer.alloc(blockSize, i + 1),
  ]);
  return Buffer.concat([bytes, ...data.flat()]);
}

async function written(bytes: Buffer): Promise<string> {
  const path = join(await scratchFolder(), 'disk.vdi');
  await writeFile(path, bytes);
  return path;
}

/** The first byte of every block of the disk. */
async function firstBytes(path: string, blockSize = 4096): Promise<number[]> {
  const image = await openImage(path);
  try {
    const bytes = await readBytes(image, 0, image.size);
    return bytes.filter((_, i) => i % blockSize === 0).reduce<number[]>((list, byte) => [...list, byte], []);
  } finally {
    await image.close();
  }
}

describe('VDI', () => {
  it.each([
    { what: 'version 1.1', version: 0x10001 },
    { what: 'version 1.0', version: 0x10000 },
    { what: 'version 0, of before 2007', version: 1 },
    { what: 'a static disk', type: 2 },
    { what: 'blocks of 64 KiB', blockSize: 65536 },
    { what: 'room before each block', extra: 512 },
  ])('$what is read: blocks in any order, free ones, zero ones', async (spec: Partial<VdiSpec>) => {
    const path = await written(vdiBytes({ map: [2, FREE, 0, 1, ZERO, 3, 4], blocks: 5, ...spec }));
    expect(await firstBytes(path, spec.blockSize)).toEqual([3, 0, 1, 2, 0, 4, 5]);
    const image = await openImage(path);
    expect(image.facts).toMatchObject({
      format: 'vdi',
      subformat: spec.type === 2 ? 'static' : 'dynamic',
      contentId: '33221100-5544-7766-8899-aabbccddeeff',
    });
    const kinds: string[] = [];
    for await (const { kind } of image.extents!(0, image.size)) kinds.push(kind);
    expect(kinds.join(' ')).toMatch(/^data zero data (data )?zero data( data)?$/u);
    await image.close();
    expect((await vdi.check!(path)).problems).toEqual([]);
  });

  it('of a size that is no whole block, or no whole sector, ends there', async () => {
    const image = await openImage(await written(vdiBytes({ map: [0, 1], blocks: 2, size: 4097 })));
    expect(image.size).toBe(4097);
    expect([...(await readBytes(image, 4095, 2))]).toEqual([1, 2]);
    await image.close();
  });

  it.each([
    { what: 'a snapshot', spec: { type: 4 } },
    { what: 'an undo image', spec: { type: 3 } },
    { what: 'an image with a link to another one', spec: { link: '01'.repeat(16) } },
    { what: 'a snapshot of version 0', spec: { version: 1, link: '01'.repeat(16) } },
  ])('that is $what is refused in words', async ({ spec }) => {
    const path = await written(vdiBytes({ map: [0], blocks: 1, ...spec }));
    await expect(openImage(path)).rejects.toMatchObject({
      code: 'IMAGE_HAS_BACKING',
      next: expect.stringContaining('VBoxManage') as string,
    });
    await expect(vdi.check!(path)).rejects.toMatchObject({ code: 'IMAGE_HAS_BACKING' });
  });

  it.each([
    { what: 'version', spec: { version: 0x20000 } },
    { what: 'type', spec: { type: 9 } },
  ])('of a $what nobody knows is refused', async ({ spec }) => {
    await expect(openImage(await written(vdiBytes({ map: [0], blocks: 1, ...spec })))).rejects.toMatchObject({
      code: 'IMAGE_NOT_SUPPORTED',
    });
  });

  it.each<{ what: string; bytes: () => Buffer; words: string }>([
    {
      what: 'an entry too high',
      bytes: () => vdiBytes({ map: [0, 7], blocks: 8 }),
      words: 'beyond all blocks',
    },
    {
      what: 'a block outside',
      bytes: () => vdiBytes({ map: [0, 1], blocks: 1 }),
      words: 'not within the file',
    },
    { what: 'a block twice', bytes: () => vdiBytes({ map: [0, 0], blocks: 1 }), words: 'share one block' },
    {
      what: 'odd blocks',
      bytes: () => vdiBytes({ map: [0], blocks: 1, blockSize: 5000 }),
      words: 'blocks have 5000 bytes',
    },
    {
      what: 'a short map',
      bytes: () => vdiBytes({ map: [0], blocks: 1, size: 8192 }),
      words: 'too short',
    },
    {
      what: 'a map outside',
      bytes: () => field(vdiBytes({ map: [0], blocks: 1 }), 340, 100_000),
      words: 'not within the file',
    },
    {
      what: 'data over the map',
      bytes: () => field(vdiBytes({ map: [0], blocks: 1 }), 344, 512),
      words: 'over each other',
    },
    {
      what: 'half a header',
      bytes: () => vdiBytes({ map: [0], blocks: 1 }).subarray(0, 400),
      words: 'cut off',
    },
    {
      what: 'a size beyond all bounds',
      bytes: () => field(vdiBytes({ map: [0], blocks: 1 }), 372, 0x7fffffff),
      words: 'beyond all bounds',
    },
  ])('with $what is refused, and the check names it', async ({ bytes, words }) => {
    const path = await written(bytes());
    await expect(openImage(path)).rejects.toMatchObject({
      code: 'IMAGE_DAMAGED',
      message: expect.stringContaining(words) as string,
    });
    expect((await vdi.check!(path)).problems[0]).toMatchObject({
      severity: 'error',
      message: expect.stringContaining(words) as string,
    });
  });

  it.each([
    { what: 'too few blocks', spec: { allocated: 1 }, severity: 'error', words: 'would be written over it' },
    {
      what: 'too many blocks',
      spec: { allocated: 3, blocks: 3 },
      severity: 'leak',
      words: '1 block of the file',
    },
    {
      what: 'too little of the file',
      spec: { blocks: 3, allocated: 2 },
      severity: 'leak',
      words: 'after the last',
    },
  ])('that counts $what is read, and the check says so', async ({ spec, severity, words }) => {
    const path = await written(vdiBytes({ map: [1, 0, FREE], blocks: 2, ...spec }));
    expect(await firstBytes(path)).toEqual([2, 1, 0]);
    expect((await vdi.check!(path)).problems).toEqual([
      expect.objectContaining({ severity, message: expect.stringContaining(words) as string }),
    ]);
  });
});

function field(bytes: Buffer, at: number, value: number): Buffer {
  bytes.writeUInt32LE(value, at);
  return bytes;
}
