import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { readBytes } from '../../../migration-core/block/source.ts';
import { openImage } from '../../../migration-core/image/table.ts';
import { vhdx } from '../../../migration-core/image/vhdx/format.ts';
import type { LogWrite } from '../../../migration-core/image/vhdx/log.ts';
import { patchesOf } from '../../../migration-core/image/vhdx/overlay.ts';
import { seeded } from '../../support/tools.ts';
import {
  BAT_OFFSET,
  buildAlone,
  DATA_WRITE_GUID,
  filled,
  firstBytes,
  logEntry,
  logRing,
  METADATA_OFFSET,
  MIB,
  refusal,
  type BuiltEntry,
  type VhdxShape,
} from './vhdx-builder.ts';

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
    const path = await buildAlone(shape([[0, entry(1, 0, [bat(4, 0, 6, 7)])]]));
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
    expect(await firstBytes(await buildAlone(shape(written)), [0, 1, 2, 3])).toEqual([2, 1, 0, 0]);
    // The last entry torn: what came before it is complete again.
    written[2]![1][5000]! ^= 1;
    expect(await firstBytes(await buildAlone(shape(written)), [0, 1, 2, 3])).toEqual([1, 2, 0, 0]);
  });

  it('goes on at the start of the ring', async () => {
    const log: [number, Buffer][] = [
      [MIB - 0x3000, entry(2 ** 33, MIB - 0x3000, [bat(4, 5, 6, 7)])],
      [MIB - 0x1000, entry(2 ** 33 + 1, MIB - 0x3000, [bat(0, 0, 6, 5)])],
      [0x1000, entry(2 ** 33 + 2, MIB - 0x3000, [bat(7, 0, 6, 5)], { padding: 2 })],
    ];
    expect(await firstBytes(await buildAlone(shape(log)), [0, 1, 2, 3])).toEqual([4, 0, 3, 2]);
  });

  it('with more descriptors than one sector holds, zeros and data over each other', async () => {
    const many = Array.from({ length: 300 }, (_, i): BuiltEntry['writes'][number] =>
      i % 3 === 0
        ? { offset: 4 * MIB, zeros: 8192 }
        : { offset: 4 * MIB + (i % 3) * 4096, data: filled(i % 251, 4096) },
    );
    const path = await buildAlone(shape([[0x5000, entry(5, 0x5000, [bat(4, 5, 6, 7), ...many])]]));
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
    const path = await buildAlone(shape(log));
    expect(await firstBytes(path, [0, 1, 2, 3])).toEqual([1, 0, 0, 0]);
    const image = await openImage(path);
    expect(image.fileRange!(MIB, MIB)).toBeNull();
    await image.close();
    expect(await refusal(shape([[0, entry(1, 0, [bat(4, 9)])]]))).toMatchObject({ code: 'IMAGE_DAMAGED' });
  });

  it('may hold the region tables and the metadata', async () => {
    const path = await buildAlone(shape([[0, entry(1, 0, [bat(4)])]]));
    const whole = await readFile(path);
    const at = [192 << 10, METADATA_OFFSET, METADATA_OFFSET + 65536];
    const writes = at.map((offset) => ({ offset, data: whole.subarray(offset, offset + 4096) }));
    const lost = await buildAlone(
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
