import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readBytes } from '../../../migration-core/block/source.ts';
import { patchesOf } from '../../../migration-core/image/vhdx/overlay.ts';
import { vhdx } from '../../../migration-core/image/vhdx/format.ts';
import type { LogWrite } from '../../../migration-core/image/vhdx/log.ts';
import { blockSizeFor } from '../../../migration-core/image/vhdx/writer.ts';
import { openImage } from '../../../migration-core/image/table.ts';
import { scratchFolder, seeded } from '../../support/tools.ts';
import {
  BAT_OFFSET,
  buildVhdx,
  DATA_WRITE_GUID,
  logEntry,
  logRing,
  METADATA_OFFSET,
  MIB,
  type BuiltEntry,
  type VhdxParts,
  type VhdxShape,
} from './vhdx-builder.ts';

const filled = (byte: number, length = MIB): Uint8Array => new Uint8Array(length).fill(byte);

async function build(shape: VhdxShape): Promise<string> {
  const path = join(await scratchFolder(), 'disk.vhdx');
  await buildVhdx(path, shape);
  return path;
}

/** The first byte of each of these blocks of 1 MiB. */
async function firstBytes(path: string, blocks: number[]): Promise<number[]> {
  const image = await openImage(path);
  try {
    const found: number[] = [];
    for (const block of blocks) found.push((await readBytes(image, block * MIB, 1))[0]!);
    return found;
  } finally {
    await image.close();
  }
}

const refusal = async (shape: VhdxShape): Promise<unknown> =>
  vhdx.open(await build(shape)).then(
    async (image) => image.close(),
    (error: unknown) => error,
  );

describe('VHDX: states of blocks', () => {
  it('those without contents read as zeros, whatever place they name', async () => {
    const path = await build({
      size: 8 * MIB,
      blocks: {
        0: { state: 6, data: filled(1) },
        1: { state: 1, data: filled(2) },
        2: { state: 2, data: filled(3) },
        3: { state: 3, data: filled(4) },
        4: { state: 5, data: filled(5) },
        7: { state: 6, data: filled(7) },
      },
    });
    expect(await firstBytes(path, [0, 1, 2, 3, 4, 5, 6, 7])).toEqual([1, 0, 0, 0, 0, 0, 0, 7]);
    expect(await vhdx.check!(path)).toEqual({ problems: [], more: 0, allocatedBytes: 2 * MIB });
  });

  it.each([4, 7])('the state %i is refused where there is no parent', async (state) => {
    const shape = { size: 2 * MIB, blocks: { 1: { state, data: filled(1) } } };
    expect(await refusal(shape)).toMatchObject({
      code: 'IMAGE_DAMAGED',
      message: expect.stringContaining(`block 1 has the state ${state}`) as string,
    });
  });

  it('two blocks at one place, outside the file or upon the tables are refused', async () => {
    const at = (offset: number) => (parts: { bat: Map<number, bigint> }) =>
      parts.bat.set(1, BigInt(offset + 6));
    const blocks = { 0: { state: 6, data: filled(1) } };
    for (const offset of [4 * MIB, 5 * MIB, 2 ** 52, 0, MIB, BAT_OFFSET, METADATA_OFFSET]) {
      expect(await refusal({ size: 2 * MIB, blocks, touch: at(offset) }), String(offset)).toMatchObject({
        code: 'IMAGE_DAMAGED',
      });
    }
  });
});

describe('VHDX: headers, regions and metadata', () => {
  const blocks = { 0: { state: 6, data: filled(9) } };

  it('the valid header with the greater sequence number counts', async () => {
    const facts = async (spoil: number[], sequences = [7, 8]): Promise<string | null> => {
      const path = await build({
        size: MIB,
        blocks,
        touch({ headers }) {
          headers[1]!.fill(0xab, 32, 48);
          for (const [index, sequence] of sequences.entries())
            headers[index]!.writeBigUInt64LE(BigInt(sequence), 8);
        },
      });
      const file = await open(path, 'r+');
      for (const index of spoil) await file.write('x', (index + 1) * 65536 + 3000);
      await file.close();
      const image = await vhdx.open(path);
      await image.close();
      return image.facts.contentId;
    };
    const second = 'abababab-abab-abab-abab-abababababab';
    expect(await facts([])).toBe(second);
    expect(await facts([], [8, 7])).toBe(DATA_WRITE_GUID);
    expect(await facts([1])).toBe(DATA_WRITE_GUID);
    expect(await facts([0], [8, 7])).toBe(second);
    await expect(facts([0, 1])).rejects.toMatchObject({ code: 'IMAGE_DAMAGED' });
    await expect(facts([], [7, 7])).rejects.toMatchObject({ code: 'IMAGE_DAMAGED' });
  });

  it('the same header twice is as good as two', async () => {
    const path = await build({ size: MIB, blocks, touch: ({ headers }) => headers[0]!.copy(headers[1]!) });
    expect(await firstBytes(path, [0])).toEqual([9]);
  });

  it('one region table of two is enough, and the check says so', async () => {
    for (const index of [0, 1]) {
      const path = await build({ size: MIB, blocks });
      const file = await open(path, 'r+');
      await file.write('x', (index + 3) * 65536 + 5000);
      await file.close();
      expect(await firstBytes(path, [0])).toEqual([9]);
      expect((await vhdx.check!(path)).problems).toEqual([
        {
          severity: 'note',
          message: `Region table ${index + 1} has a wrong signature or checksum.`,
          offset: (index + 3) * 65536,
        },
      ]);
    }
  });

  it.each<[string, string, (parts: VhdxParts) => unknown]>([
    [
      'version',
      'IMAGE_NOT_SUPPORTED',
      ({ headers }) => headers.forEach((bytes) => bytes.writeUInt16LE(2, 66)),
    ],
    [
      'region that must be known',
      'IMAGE_NOT_SUPPORTED',
      ({ regions }) => regions.forEach((bytes) => addRegion(bytes, 1)),
    ],
    [
      'entries of a region table',
      'IMAGE_DAMAGED',
      ({ regions }) => regions.forEach((b) => b.writeUInt32LE(2048, 8)),
    ],
    [
      'missing region',
      'IMAGE_DAMAGED',
      ({ regions }) => regions.forEach((bytes) => bytes.writeUInt32LE(1, 8)),
    ],
    [
      'region off MiB',
      'IMAGE_DAMAGED',
      ({ regions }) => regions.forEach((b) => b.writeUInt32LE(BAT_OFFSET + 4096, 32)),
    ],
    [
      'regions on each other',
      'IMAGE_DAMAGED',
      ({ regions }) => regions.forEach((b) => b.writeUInt32LE(METADATA_OFFSET, 32)),
    ],
    [
      'region beyond the file',
      'IMAGE_DAMAGED',
      ({ regions }) => regions.forEach((b) => b.writeUInt32LE(2 ** 30, 40)),
    ],
    ['metadata signature', 'IMAGE_DAMAGED', ({ metadata }) => metadata.write('x', 'latin1')],
    ['metadata entries', 'IMAGE_DAMAGED', ({ metadata }) => metadata.writeUInt16LE(2048, 10)],
    ['metadata that must be known', 'IMAGE_NOT_SUPPORTED', ({ metadata }) => addItem(metadata, 4)],
    [
      'metadata of the user that must be known',
      'IMAGE_NOT_SUPPORTED',
      ({ metadata }) => addItem(metadata, 5),
    ],
    ['metadata item twice', 'IMAGE_DAMAGED', ({ metadata }) => metadata.copy(metadata, 64, 32, 48)],
    ['metadata item outside', 'IMAGE_DAMAGED', ({ metadata }) => metadata.writeUInt32LE(MIB - 4, 32 + 16)],
    ['missing size', 'IMAGE_DAMAGED', ({ metadata }) => metadata.fill(1, 64, 80).writeUInt32LE(2, 88)],
    ['block size', 'IMAGE_DAMAGED', ({ metadata }) => metadata.writeUInt32LE(3 * MIB, 65536)],
    ['small block size', 'IMAGE_DAMAGED', ({ metadata }) => metadata.writeUInt32LE(MIB / 2, 65536)],
    ['disk size', 'IMAGE_DAMAGED', ({ metadata }) => metadata.writeUInt32LE(2 ** 31, 65536 + 12)],
    ['disk size within a sector', 'IMAGE_DAMAGED', ({ metadata }) => metadata.writeUInt32LE(1000, 65536 + 8)],
    ['disk larger than its BAT', 'IMAGE_DAMAGED', ({ metadata }) => metadata.writeUInt32LE(64, 65536 + 12)],
    ['sector size', 'IMAGE_DAMAGED', ({ metadata }) => metadata.writeUInt32LE(1024, 65536 + 32)],
    ['parent without locator', 'IMAGE_DAMAGED', ({ metadata }) => metadata.writeUInt32LE(2, 65536 + 4)],
  ])('%s: refused with %s', async (_, code, touch) => {
    expect(await refusal({ size: MIB, blocks, touch, spare: MIB })).toMatchObject({
      code,
      next: expect.stringMatching(/./u) as string,
    });
  });

  it('regions and metadata that need not be known are passed over', async () => {
    const touch: VhdxShape['touch'] = ({ regions, metadata }) => {
      for (const bytes of regions) addRegion(bytes, 0);
      addItem(metadata, 1);
    };
    expect(await firstBytes(await build({ size: MIB, blocks, touch, spare: MIB }), [0])).toEqual([9]);
  });
});

/** At 5 MiB, behind the only block of the disk. */
function addRegion(bytes: Buffer, required: number): void {
  bytes.writeUInt32LE(3, 8);
  bytes.fill(0x77, 80, 96);
  bytes.writeUInt32LE(5 * MIB, 96);
  bytes.writeUInt32LE(MIB, 104);
  bytes.writeUInt32LE(required, 108);
}

function addItem(metadata: Buffer, flags: number): void {
  metadata.writeUInt16LE(6, 10);
  metadata.fill(0x66, 192, 208);
  metadata.writeUInt32LE(65536 + 4096, 208);
  metadata.writeUInt32LE(100, 212);
  metadata.writeUInt32LE(flags, 216);
}

describe('VHDX: log', () => {
  /** A BAT of which the log still has to write the first sector: blocks 0.. at these MiB of the file. */
  const batSector = (...mib: number[]): Uint8Array => {
    const sector = Buffer.alloc(4096);
    for (const [block, at] of mib.entries())
      if (at > 0) sector.writeBigUInt64LE(BigInt(at * MIB + 6), block * 8);
    return sector;
  };
  const entry = (sequence: number, tail: number, writes: BuiltEntry['writes'], more = {}): Buffer =>
    logEntry({ sequence: BigInt(sequence), tail, writes, ...more });
  /** Four blocks of contents at 4..7 MiB; what is on the disk is what the BAT says. */
  const shape = (log: [number, Buffer][], more: Partial<VhdxShape> = {}): VhdxShape => ({
    size: 4 * MIB,
    blocks: Object.fromEntries([1, 2, 3, 4].map((n) => [n - 1, { state: 6, data: filled(n) }])),
    touch: ({ bat }) => bat.clear(),
    log: { bytes: logRing(MIB, log) },
    ...more,
  });
  const bat = (...mib: number[]): BuiltEntry['writes'][number] => ({
    offset: BAT_OFFSET,
    data: batSector(...mib),
  });

  it('changes the tables that are read, and no file', async () => {
    const path = await build(shape([[0, entry(1, 0, [bat(4, 0, 6, 7)])]]));
    const before = await readFile(path);
    expect(await firstBytes(path, [0, 1, 2, 3])).toEqual([1, 0, 3, 4]);
    expect((await vhdx.check!(path)).problems).toMatchObject([
      { severity: 'note', message: expect.stringContaining('1 entries that were not replayed') as string },
      { severity: 'leak', message: '1 MiB of the file belong to nothing.' },
    ]);
    expect((await readFile(path)).equals(before)).toBe(true);
  });

  it('is replayed from the tail to the head of its newest sequence, and no further', async () => {
    const stale = entry(3, 0x2000, [bat(0, 0, 0, 7)]);
    const written = [
      // Written and applied long ago: the head says that the sequence begins behind it.
      [0x0000, entry(11, 0x0000, [bat(7, 7, 7, 7)])],
      [0x2000, entry(12, 0x2000, [bat(4, 5, 0, 0)])],
      [0x4000, entry(13, 0x2000, [bat(5, 4, 0, 0)])],
      // Of an earlier round, complete in itself, and of another session.
      [0x8000, stale],
      [0xa000, entry(40, 0xa000, [bat(0, 0, 0, 4)], { guid: '99999999-2222-3333-4444-555566667777' })],
    ] as [number, Buffer][];
    expect(await firstBytes(await build(shape(written)), [0, 1, 2, 3])).toEqual([2, 1, 0, 0]);
    // The last entry torn: what came before it is complete again.
    written[2]![1][5000]! ^= 1;
    expect(await firstBytes(await build(shape(written)), [0, 1, 2, 3])).toEqual([1, 2, 0, 0]);
  });

  it('goes on at the start of the ring', async () => {
    const log: [number, Buffer][] = [
      [MIB - 0x3000, entry(2 ** 33, MIB - 0x3000, [bat(4, 5, 6, 7)])],
      [MIB - 0x1000, entry(2 ** 33 + 1, MIB - 0x3000, [bat(0, 0, 6, 5)])],
      [0x1000, entry(2 ** 33 + 2, MIB - 0x3000, [bat(7, 0, 6, 5)], { padding: 2 })],
    ];
    expect(await firstBytes(await build(shape(log)), [0, 1, 2, 3])).toEqual([4, 0, 3, 2]);
  });

  it('with more descriptors than one sector holds, zeros and data over each other', async () => {
    const many = Array.from({ length: 300 }, (_, i): BuiltEntry['writes'][number] =>
      i % 3 === 0
        ? { offset: 4 * MIB, zeros: 8192 }
        : { offset: 4 * MIB + (i % 3) * 4096, data: filled(i % 251, 4096) },
    );
    const path = await build(shape([[0x5000, entry(5, 0x5000, [bat(4, 5, 6, 7), ...many])]]));
    const image = await openImage(path);
    const bytes = await readBytes(image, 0, 4 * 4096);
    expect([0, 4096, 8192, 12288].map((at) => bytes[at])).toEqual([0, 298 % 251, 299 % 251, 1]);
    expect(bytes.subarray(8192, 12288).every((byte) => byte === 299 % 251)).toBe(true);
    // Where the log lies over the data a thread must not read the file by itself.
    expect(image.fileRange!(0, 4096)).toBeNull();
    expect(image.fileRange!(12288, 4096)).toEqual({
      fd: expect.any(Number) as number,
      offset: 4 * MIB + 12288,
      length: 4096,
    });
    expect(image.fileRange!(8192, 8192)).toBeNull();
    await image.close();
  });

  it('may tell of blocks that the file does not reach yet; they are zeros', async () => {
    const log = [[0, entry(1, 0, [bat(4, 9, 8)], { lastFileOffset: 10 * MIB })]] as [number, Buffer][];
    const path = await build(shape(log));
    expect(await firstBytes(path, [0, 1, 2, 3])).toEqual([1, 0, 0, 0]);
    const image = await openImage(path);
    expect(image.fileRange!(MIB, MIB)).toBeNull();
    await image.close();
    expect(await refusal(shape([[0, entry(1, 0, [bat(4, 9)])]]))).toMatchObject({ code: 'IMAGE_DAMAGED' });
  });

  it('may hold the region tables and the metadata', async () => {
    const path = await build(shape([[0, entry(1, 0, [bat(4)])]]));
    const whole = await readFile(path);
    const at = [192 << 10, METADATA_OFFSET, METADATA_OFFSET + 65536];
    const writes = at.map((offset) => ({ offset, data: whole.subarray(offset, offset + 4096) }));
    const lost = await build(
      shape([[0x3000, entry(1, 0x3000, [bat(4), ...writes])]], {
        touch(parts) {
          parts.bat.clear();
          parts.regions.forEach((bytes) => bytes.fill(0, 0, 4096));
          parts.metadata.fill(0, 0, 4096);
          parts.metadata.fill(0, 65536, 65536 + 4096);
        },
      }),
    );
    expect(await firstBytes(lost, [0, 1])).toEqual([1, 0]);
  });

  it.each<[string, VhdxShape]>([
    ['without an entry', shape([])],
    [
      'whose only entry is torn',
      shape([[0, Buffer.concat([entry(1, 0, [bat(4)]).subarray(0, 4096), Buffer.alloc(4096)])]]),
    ],
    ['whose sequence has lost its tail', shape([[0x2000, entry(2, 0, [bat(4)])]])],
    ['of another session', shape([[0, entry(1, 0, [bat(4)], { guid: DATA_WRITE_GUID })]])],
    ['of a file that was cut off', shape([[0, entry(1, 0, [bat(4)], { flushedFileOffset: 9 * MIB })]])],
    [
      'of an unknown version',
      shape([], { log: { version: 1, bytes: logRing(MIB, [[0, entry(1, 0, [bat(4)])]]) } }),
    ],
    [
      'that is too large for memory',
      shape([], { log: { length: 40 * MIB, bytes: logRing(MIB, [[0, entry(1, 0, [bat(4)])]]) } }),
    ],
  ])('%s is refused in words', async (_, broken) => {
    expect(await refusal(broken)).toMatchObject({
      code: expect.stringMatching(/IMAGE_DAMAGED|IMAGE_NOT_SUPPORTED/u) as string,
      message: expect.stringContaining('its log cannot be replayed') as string,
      next: expect.stringMatching(/qemu-img|Copy the image again/u) as string,
    });
  });

  it('of entries upon entries ends in time', async () => {
    // Every sector begins an entry that covers all of the ring and has the checksum of nothing.
    const length = 32 * MIB;
    const ring = Buffer.alloc(length);
    const head = entry(1, 0, []).subarray(0, 64);
    head.writeUInt32LE(length, 8);
    for (let at = 0; at < length; at += 4096) head.copy(ring, at);
    const began = process.cpuUsage();
    expect(await refusal(shape([], { log: { length, bytes: ring } }))).toMatchObject({
      code: 'IMAGE_DAMAGED',
    });
    // Sound one by one, but no sequence that is complete.
    const tail = length - 4096;
    for (let at = 0; at < tail; at += 4096) ring.set(entry(1 + at / 4096, tail, []), at);
    ring.fill(0, tail);
    expect(await refusal(shape([], { log: { length, bytes: ring } }))).toMatchObject({
      code: 'IMAGE_DAMAGED',
    });
    expect(process.cpuUsage(began).user).toBeLessThan(4e6);
  });

  it('writes over writes are as if made one after another', () => {
    const random = seeded(71);
    for (let round = 0; round < 200; round++) {
      const expected = new Uint8Array(400).fill(255);
      const writes: LogWrite[] = [];
      for (let i = 0; i < 1 + random() * 30; i++) {
        const offset = Math.floor(random() * 300);
        const length = 1 + Math.floor(random() * 100);
        const bytes = random() < 0.4 ? null : filled(i + 1, length);
        writes.push({ offset, length, bytes });
        expected.fill(bytes === null ? 0 : i + 1, offset, offset + length);
      }
      const patches = patchesOf(writes);
      const whole = new Uint8Array(400).fill(255);
      patches.apply(whole, 0);
      expect(whole).toEqual(expected);
      for (let i = 0; i < 20; i++) {
        const from = Math.floor(random() * 399);
        const part = new Uint8Array(1 + Math.floor(random() * (400 - from - 1))).fill(255);
        patches.apply(part, from);
        expect(part).toEqual(expected.subarray(from, from + part.length));
        const isTouched = expected.subarray(from, from + part.length).some((byte) => byte !== 255);
        expect(patches.touches(from, part.length)).toBe(isTouched);
      }
    }
  });
});

describe('VHDX: checked', () => {
  const blocks = { 0: { state: 6, data: filled(1) }, 1: { state: 6, data: filled(2) } };
  const problems = async (touch: VhdxShape['touch'], size = 2 * MIB): Promise<unknown[]> =>
    (await vhdx.check!(await build({ size, blocks, ...(touch === undefined ? {} : { touch }) }))).problems;

  it('says what is wrong, and where', async () => {
    expect(await problems(({ bat }) => bat.set(1, bat.get(0)!))).toEqual([
      { severity: 'error', message: 'Block 1 lies where something else is.', offset: BAT_OFFSET + 8 },
      { severity: 'leak', message: '1 MiB of the file belong to nothing.' },
    ]);
    expect(await problems(({ bat }) => bat.set(1, BigInt(77 * MIB + 6)))).toMatchObject([
      { severity: 'error', message: 'Block 1 is not within the file.' },
      { severity: 'leak' },
    ]);
    expect(await problems(({ bat }) => bat.set(1, 4n).set(0, bat.get(0)! | 8n))).toMatchObject([
      { severity: 'note', message: 'BAT entry 0 has reserved bits set.' },
      { severity: 'error', message: 'Block 1 has the state 4.' },
      { severity: 'leak' },
    ]);
    expect(await problems(({ metadata }) => metadata.writeUInt32LE(65536 + 8, 32 + 16))).toMatchObject([
      { severity: 'error', message: expect.stringContaining('overlaps another one') as string },
    ]);
    // Chunk ratio 4096: a disk of 5 GiB has the bitmap of its first chunk in the table.
    const bitmap = ({ bat }: VhdxParts): unknown => bat.set(4096, BigInt(METADATA_OFFSET + 6));
    expect(await problems(bitmap, 5 * 2 ** 30)).toMatchObject([
      { severity: 'leak', message: expect.stringContaining('though the disk has no parent') as string },
      { severity: 'error', message: 'Sector bitmap 0 lies where something else is.' },
    ]);
    expect(
      await problems(({ headers }) => headers.forEach((bytes) => bytes.writeUInt32LE(0, 68))),
    ).toMatchObject([{ severity: 'note', message: 'The log does not lie on whole MiB.' }]);
  });

  it('tells the first thing that keeps it from being opened, and refuses what it does not know', async () => {
    expect(await problems(({ metadata }) => metadata.writeUInt32LE(1000, 65536))).toMatchObject([
      { severity: 'error', message: expect.stringContaining('its blocks have 1000 bytes') as string },
    ]);
    const touch: VhdxShape['touch'] = ({ headers }) => headers.forEach((bytes) => bytes.writeUInt16LE(9, 66));
    await expect(problems(touch)).rejects.toMatchObject({ code: 'IMAGE_NOT_SUPPORTED' });
  });

  it('lists no more than it should, can be followed and cancelled', async () => {
    const touch: VhdxShape['touch'] = ({ bat }) => {
      for (let block = 2; block < 2000; block++) bat.set(block, 4n);
    };
    const path = await build({ size: 2000 * MIB, blocks, touch });
    const seen: number[] = [];
    const checked = await vhdx.check!(path, { onProgress: (done, total) => seen.push(done / total) });
    expect([checked.problems.length, checked.more]).toEqual([1000, 998]);
    expect(seen.at(-1)).toBe(1);
    await expect(vhdx.check!(path, { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'CANCELLED',
    });
  });
});

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
    const path = await build({ size, sectorSize: 4096, blocks });
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
