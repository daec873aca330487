import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readBytes } from '../../../migration-core/block/source.ts';
import type { ImageProblem } from '../../../migration-core/image/image.ts';
import { qcow2 } from '../../../migration-core/image/qcow2/format.ts';
import { detectFormat, openContext, openImage } from '../../../migration-core/image/table.ts';
import { vhd } from '../../../migration-core/image/vhd/format.ts';
import { bitRun } from '../../../migration-core/image/vhd/reader.ts';
import { scratchFolder, seeded } from '../../support/tools.ts';
import { flattened, someSectors, sumUp, vhdBytes, VHD_ID, type VhdSpec } from './vhd-bytes.ts';

const MIB = 2 ** 20;
const SECTOR = 512;
const UUID = '0f0e0d0c-0b0a-4908-8706-050403020100';

async function written(bytes: Buffer, name = 'disk.vhd'): Promise<string> {
  const path = join(await scratchFolder(), name);
  await writeFile(path, bytes);
  return path;
}

async function contents(path: string): Promise<Buffer> {
  const image = await openImage(path);
  try {
    return Buffer.from(await readBytes(image, 0, image.size));
  } finally {
    await image.close();
  }
}

const sectorsOf = (seed: number, size: number, runs = 30): Map<number, Buffer> =>
  someSectors(seeded(seed), { size, runs });

describe('the size of a VHD', () => {
  // 20/4/17 is 696320 bytes, less than the disk has.
  const size = 700 * 1024;
  it.each(['win ', 'vpc ', 'vs  ', 'd2v\0', 'vbox', 'qemu', 'qem2', 'tap\0', 'CTXS', 'wa\0\0', '\0\0\0\0'])(
    'is the current size, whoever made it (%j) and whatever its geometry',
    async (creator) => {
      const disk = Buffer.alloc(size, 7);
      for (const spec of [
        { type: 'fixed', disk },
        { type: 'dynamic', sectors: new Map([[1399, disk.subarray(0, SECTOR)]]) },
      ] as const) {
        const image = await vhd.open(
          await written(vhdBytes({ ...spec, size, creator, geometry: [20, 4, 17] })),
        );
        expect(image.size).toBe(size);
        expect((await readBytes(image, size - SECTOR, SECTOR)).every((byte) => byte === 7)).toBe(true);
        expect(image.facts).toMatchObject({
          subformat: spec.type,
          contentId: UUID,
          details: { Geometry: '20/4/17' },
        });
        await image.close();
      }
    },
  );
});

describe('the sector bitmap', () => {
  it('tells runs, most significant bit first', () => {
    const random = seeded(7);
    for (let round = 0; round < 300; round++) {
      const bytes = Buffer.alloc(512);
      const bits: number[] = [];
      while (bits.length < 4096) {
        const bit = random() < 0.5 ? 1 : 0;
        for (let i = Math.floor(random() ** 4 * 700); i >= 0; i--) bits.push(bit);
      }
      for (let i = 0; i < 4096; i++) bytes[i >>> 3]! |= bits[i]! << (7 - (i & 7));
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
      const first = Math.floor(random() * 4096);
      const most = 1 + Math.floor(random() * (4096 - first));
      let length = 1;
      while (length < most && bits[first + length] === bits[first]) length++;
      expect(bitRun(view, first, most)).toEqual({ set: bits[first] === 1, length });
    }
  });

  it.each([
    { blockSize: 2 * MIB, size: 9 * MIB + SECTOR },
    { blockSize: 512 * 1024, size: 3 * MIB - SECTOR },
    { blockSize: 4096, size: MIB },
    { blockSize: 512, size: 60_416 },
  ])('of a dynamic disk hides what was never written (blocks of $blockSize)', async ({ blockSize, size }) => {
    const sectors = sectorsOf(3, size);
    const path = await written(vhdBytes({ type: 'dynamic', size, blockSize, sectors }));
    expect((await contents(path)).equals(flattened(size, [sectors]))).toBe(true);
  });
});

describe('the footer of a VHD', () => {
  const size = 3 * MIB;
  const sectors = sectorsOf(4, size);
  const dynamic: VhdSpec = { type: 'dynamic', size, sectors };

  it.each([511, 0] as const)('at the end has %i bytes', async (footerBytes) => {
    const path = await written(vhdBytes({ ...dynamic, footerBytes }));
    expect((await contents(path)).equals(flattened(size, [sectors]))).toBe(true);
    const { problems } = await vhd.check!(path);
    expect(problems.map(({ severity }) => severity)).toEqual(footerBytes === 0 ? ['note'] : []);
    const disk = flattened(size, [sectors]);
    const fixed = await written(vhdBytes({ type: 'fixed', size, disk, footerBytes }));
    if (footerBytes === 0)
      await expect(detectFormat(fixed)).rejects.toMatchObject({
        code: 'IMAGE_DAMAGED',
        message: `${fixed} is named like a VHD image and does not hold one.`,
      });
    else expect((await contents(fixed)).equals(disk)).toBe(true);
  });

  it('is replaced by its copy where it is damaged, and its owner is told', async () => {
    const bytes = vhdBytes(dynamic);
    bytes[bytes.length - 100]! ^= 1;
    const path = await written(bytes);
    expect((await contents(path)).equals(flattened(size, [sectors]))).toBe(true);
    const image = await vhd.open(path);
    expect(image.facts.details['Note']).toContain('damaged');
    await image.close();
    expect((await vhd.check!(path)).problems).toEqual([
      { severity: 'note', message: expect.stringContaining('damaged') as string },
    ]);
    bytes[100]! ^= 1;
    await expect(openImage(await written(bytes))).rejects.toMatchObject({
      code: 'IMAGE_DAMAGED',
      message: expect.stringContaining('checksum') as string,
    });
  });

  it('that says the machine was saved, or a type nobody knows, is refused', async () => {
    await expect(openImage(await written(vhdBytes({ ...dynamic, savedState: true })))).rejects.toMatchObject({
      code: 'IMAGE_NOT_SUPPORTED',
      message: expect.stringContaining('saved') as string,
    });
    for (const [field, value] of [
      [60, 5],
      [12, 0x20000],
    ] as const) {
      const bytes = vhdBytes({ type: 'fixed', size: 4096 });
      const footer = bytes.subarray(4096);
      footer.writeUInt32BE(value, field);
      sumUp(footer, 64);
      await expect(openImage(await written(bytes))).rejects.toMatchObject({ code: 'IMAGE_NOT_SUPPORTED' });
    }
  });

  it('is all there is of a disk without sectors', async () => {
    for (const type of ['fixed', 'dynamic'] as const) {
      const image = await openImage(await written(vhdBytes({ type, size: 0 })));
      expect(image.size).toBe(0);
      await image.close();
    }
  });
});

describe('what a file begins and ends with', () => {
  it('is a fixed VHD even where its disk begins as another image', async () => {
    const inner = vhdBytes({ type: 'dynamic', size: MIB, sectors: sectorsOf(5, MIB) });
    const other = Buffer.alloc(MIB);
    other.write('QFI\xfb\0\0\0\x03', 'latin1');
    for (const disk of [inner, other]) {
      const path = await written(vhdBytes({ type: 'fixed', size: disk.length, disk }));
      expect(await detectFormat(path)).toBe(vhd);
      expect((await contents(path)).equals(disk)).toBe(true);
    }
  });

  it('is another image where only its last sector is a footer', async () => {
    const inner = vhdBytes({ type: 'fixed', size: 130_560, disk: Buffer.alloc(130_560, 1) });
    const path = join(await scratchFolder(), 'image');
    const writer = await qcow2.create({ path, size: inner.length, allocation: 'thin' });
    await writer.write(inner, 0);
    await writer.finish();
    const bytes = await readFile(path);
    await writeFile(path, Buffer.concat([bytes, inner]));
    expect(await detectFormat(path)).toBe(qcow2);
  });
});

/** What a function makes of the bytes: another buffer, or the same with other contents. */
function damaged(bytes: Buffer, damage: (bytes: Buffer) => unknown): Buffer {
  const result = damage(bytes);
  return Buffer.isBuffer(result) ? result : bytes;
}

describe('a VHD that is damaged', () => {
  const size = 5 * MIB;
  const good = (): Buffer => vhdBytes({ type: 'dynamic', size, sectors: sectorsOf(6, size) });
  const tableAt = 1536;
  const cases: { what: string; damage: (bytes: Buffer) => unknown; words: string }[] = [
    { what: 'header', damage: (bytes) => bytes.fill(0, 512, 520), words: 'does not begin' },
    { what: 'header checksum', damage: (bytes) => bytes.fill(1, 700, 701), words: 'checksum' },
    {
      what: 'block size',
      damage: (bytes) => headerField(bytes, 32, 3 * MIB),
      words: 'blocks have 3145728 bytes',
    },
    { what: 'table size', damage: (bytes) => headerField(bytes, 28, 2), words: 'too short' },
    { what: 'table place', damage: (bytes) => headerField(bytes, 16, 1), words: 'not within the file' },
    {
      what: 'block outside',
      damage: (bytes) => bytes.writeUInt32BE(0x7fffffff, tableAt),
      words: 'a block is not within the file',
    },
    {
      what: 'block twice',
      damage: (bytes) => bytes.copy(bytes, tableAt, tableAt + 4, tableAt + 8),
      words: 'two blocks share one place',
    },
    {
      what: 'blocks over each other',
      damage: (bytes) => bytes.writeUInt32BE(bytes.readUInt32BE(tableAt) - 9, tableAt),
      words: 'two blocks share one place',
    },
    {
      what: 'block over the tables',
      damage: (bytes) => bytes.writeUInt32BE(2, tableAt + 8),
      words: 'lies over',
    },
    {
      what: 'cut off',
      damage: (bytes) => bytes.subarray(0, bytes.length - MIB),
      words: 'a block is not within the file',
    },
  ];
  function headerField(bytes: Buffer, field: number, value: number): void {
    const header = bytes.subarray(512, 1536);
    header.writeUInt32BE(value, field);
    sumUp(header, 36);
  }

  it.each(cases)('is refused, and the check names it: $what', async ({ damage, words }) => {
    const bytes = good();
    const path = await written(damaged(bytes, damage));
    await expect(openImage(path)).rejects.toMatchObject({
      code: 'IMAGE_DAMAGED',
      message: expect.stringContaining(words) as string,
    });
    const { problems } = await vhd.check!(path);
    expect(problems.filter(({ severity }) => severity === 'error').map(({ message }) => message)).toEqual(
      expect.arrayContaining([expect.stringContaining(words)]),
    );
  });

  it('is refused where a fixed disk is cut off', async () => {
    const bytes = vhdBytes({ type: 'fixed', size: MIB });
    const path = await written(bytes.subarray(4096));
    await expect(openImage(path)).rejects.toMatchObject({
      code: 'IMAGE_DAMAGED',
      message: expect.stringContaining('cut off') as string,
    });
    expect((await vhd.check!(path)).problems).toMatchObject([{ severity: 'error' }]);
  });

  it.each<{
    what: string;
    spec: VhdSpec;
    damage: (bytes: Buffer) => unknown;
    expected: ImageProblem[];
  }>([
    { what: 'nothing', spec: { type: 'dynamic', size }, damage: () => undefined, expected: [] },
    {
      what: 'the copy of the footer',
      spec: { type: 'dynamic', size },
      damage: (bytes) => bytes.fill(0, 0, 8),
      expected: [{ severity: 'note', message: expect.stringContaining('copy') as string, offset: 0 }],
    },
    {
      what: 'room before the footer',
      spec: { type: 'dynamic', size },
      damage: (bytes) => Buffer.concat([bytes.subarray(0, 2048), Buffer.alloc(8192), bytes.subarray(2048)]),
      expected: [{ severity: 'leak', message: '8 KiB of the file belong to no block.', offset: 2048 }],
    },
    {
      what: 'an empty block',
      spec: { type: 'dynamic', size, sectors: new Map([[0, Buffer.alloc(SECTOR)]]) },
      damage: (bytes) => bytes.fill(0, 2048, 2560),
      expected: [{ severity: 'leak', message: '1 block has room and no sector in it.', offset: 2048 }],
    },
    {
      what: 'a block beyond the disk',
      spec: { type: 'dynamic', size, sectors: new Map([[9000, Buffer.alloc(SECTOR)]]) },
      damage: (bytes) => {
        for (const footer of [bytes.subarray(0, 512), bytes.subarray(-512)]) {
          footer.writeBigUInt64BE(BigInt(4 * MIB), 48);
          sumUp(footer, 64);
        }
      },
      expected: [
        {
          severity: 'leak',
          message: 'The block table has 1 block beyond the end of the disk.',
          offset: 2048,
        },
      ],
    },
    {
      what: 'room behind a fixed disk',
      spec: { type: 'fixed', size: MIB, disk: Buffer.alloc(MIB + 4096) },
      damage: () => undefined,
      expected: [
        { severity: 'leak', message: 'Between the disk and the footer lie 4 KiB of no use.', offset: MIB },
      ],
    },
  ])('is read all the same with $what', async ({ spec, damage, expected }) => {
    const bytes = vhdBytes(spec);
    const path = await written(damaged(bytes, damage));
    await contents(path);
    expect((await vhd.check!(path)).problems).toEqual(expected);
  });

  it('counts the bytes that have room', async () => {
    const allocated = async (spec: VhdSpec): Promise<number | null> =>
      (await vhd.check!(await written(vhdBytes(spec)))).allocatedBytes;
    const sector = Buffer.alloc(SECTOR, 1);
    expect(await allocated({ type: 'dynamic', size })).toBe(0);
    expect(await allocated({ type: 'dynamic', size, sectors: new Map([[0, sector]]) })).toBe(2 * MIB);
    // The disk ends in the middle of its last block.
    expect(await allocated({ type: 'dynamic', size, sectors: new Map([[9000, sector]]) })).toBe(MIB);
    expect(await allocated({ type: 'fixed', size: MIB })).toBe(MIB);
  });
});

describe('a differencing VHD', () => {
  const size = 5 * MIB;
  const base = vhdBytes({ type: 'fixed', size, disk: Buffer.alloc(size, 3) });
  const child: VhdSpec = {
    type: 'differencing',
    size,
    sectors: sectorsOf(8, size),
    id: '11111111111141118111111111111111',
    parentId: VHD_ID,
    parentName: 'base.vhd',
  };

  async function pair(parent: Buffer, spec: VhdSpec): Promise<string> {
    const path = await written(vhdBytes(spec), 'child.vhd');
    await writeFile(join(path, '..', 'base.vhd'), parent);
    return path;
  }

  it('without its surroundings, or without its parent, is refused', async () => {
    const path = await written(vhdBytes(child));
    await expect(vhd.open(path)).rejects.toMatchObject({ code: 'IMAGE_HAS_BACKING' });
    await expect(openImage(path)).rejects.toMatchObject({
      code: 'IMAGE_HAS_BACKING',
      message: expect.stringContaining('base.vhd') as string,
    });
    const there = await pair(base, child);
    await expect(openImage(there, { parents: 'none' })).rejects.toMatchObject({ code: 'IMAGE_HAS_BACKING' });
  });

  it('with another parent than its own is refused', async () => {
    const path = await pair(base, { ...child, parentId: '22222222222242228222222222222222' });
    await expect(openImage(path)).rejects.toMatchObject({
      code: 'IMAGE_HAS_BACKING',
      message: expect.stringContaining(UUID) as string,
    });
  });

  it('that is its own parent is refused', async () => {
    const path = await written(vhdBytes({ ...child, parentId: child.id!, parentName: 'disk.vhd' }));
    await expect(openImage(path)).rejects.toMatchObject({ code: 'IMAGE_HAS_BACKING' });
  });

  it('takes its parent for a VHD, whatever that begins with', async () => {
    const disk = Buffer.alloc(size, 3);
    disk.write('QFI\xfb\0\0\0\x03', 'latin1');
    const path = await pair(vhdBytes({ type: 'fixed', size, disk }), { ...child, sectors: new Map() });
    expect((await contents(path)).equals(disk)).toBe(true);
    const other = await pair(Buffer.alloc(size), child);
    await expect(openImage(other)).rejects.toMatchObject({ code: 'IMAGE_DAMAGED' });
  });

  it('tells its parent and its extents', async () => {
    const sectors = new Map([[100, Buffer.alloc(SECTOR, 9)]]);
    const path = await pair(
      vhdBytes({ type: 'dynamic', size, sectors: new Map([[5000, Buffer.alloc(SECTOR, 8)]]) }),
      { ...child, sectors },
    );
    const image = await vhd.open(path, openContext(path));
    expect(image.facts).toMatchObject({ subformat: 'differencing', parent: { facts: { contentId: UUID } } });
    const data: number[] = [];
    for await (const extent of image.extents!(0, size))
      if (extent.kind === 'data') data.push(extent.offset / SECTOR, extent.length / SECTOR);
    expect(data).toEqual([100, 1, 5000, 1]);
    expect(image.fileRange!(100 * SECTOR, SECTOR)).not.toBeNull();
    expect(image.fileRange!(5000 * SECTOR, SECTOR)).not.toBeNull();
    expect(image.fileRange!(99 * SECTOR, 2 * SECTOR)).toBeNull();
    await image.close();
  });

  it.each(['\0\0', '..\\base.vhd', '/etc/hostname'])(
    'does not go astray by the name %j',
    async (parentName) => {
      const path = await written(vhdBytes({ ...child, parentName }));
      await expect(openImage(path)).rejects.toMatchObject({ code: 'IMAGE_HAS_BACKING' });
    },
  );
});
