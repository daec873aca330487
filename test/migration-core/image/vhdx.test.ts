import { open } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { vhdx } from '../../../migration-core/image/vhdx/format.ts';
import {
  BAT_OFFSET,
  buildAlone,
  DATA_WRITE_GUID,
  filled,
  firstBytes,
  METADATA_OFFSET,
  MIB,
  refusal,
  type VhdxParts,
  type VhdxShape,
} from './vhdx-builder.ts';

describe('VHDX: states of blocks', () => {
  it('those without contents read as zeros, whatever place they name', async () => {
    const path = await buildAlone({
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
      const path = await buildAlone({
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
    const path = await buildAlone({
      size: MIB,
      blocks,
      touch: ({ headers }) => headers[0]!.copy(headers[1]!),
    });
    expect(await firstBytes(path, [0])).toEqual([9]);
  });

  it('one region table of two is enough, and the check says so', async () => {
    for (const index of [0, 1]) {
      const path = await buildAlone({ size: MIB, blocks });
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
    expect(await firstBytes(await buildAlone({ size: MIB, blocks, touch, spare: MIB }), [0])).toEqual([9]);
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

describe('VHDX: checked', () => {
  const blocks = { 0: { state: 6, data: filled(1) }, 1: { state: 6, data: filled(2) } };
  const problems = async (touch: VhdxShape['touch'], size = 2 * MIB): Promise<unknown[]> =>
    (await vhdx.check!(await buildAlone({ size, blocks, ...(touch === undefined ? {} : { touch }) })))
      .problems;

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
    const path = await buildAlone({ size: 2000 * MIB, blocks, touch });
    const seen: number[] = [];
    const checked = await vhdx.check!(path, { onProgress: (done, total) => seen.push(done / total) });
    expect([checked.problems.length, checked.more]).toEqual([1000, 998]);
    expect(seen.at(-1)).toBe(1);
    await expect(vhdx.check!(path, { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'CANCELLED',
    });
  });
});
