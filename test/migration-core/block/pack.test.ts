import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32, inflateRawSync, zstdDecompressSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { ExtentList } from '../../../migration-core/base/extents.ts';
import { memorySource } from '../../../migration-core/block/memory.ts';
import { packedRoom, packUnit, type Packing } from '../../../migration-core/block/pack.ts';
import { copyBlocks } from '../../../migration-core/block/pipeline.ts';
import type { BlockSink, PackedSink } from '../../../migration-core/block/sink.ts';
import { readBytes, type BlockSource } from '../../../migration-core/block/source.ts';
import { unpackUnit, type UnitPacking } from '../../../migration-core/block/unpack.ts';
import { scratchFolder, seeded } from '../../support/tools.ts';

const UNIT = 65536;
const MIB = 1 << 20;

const PACKINGS: Packing[] = [
  { unit: UNIT, codec: 'deflate', level: 4, windowBits: 12, unshrunk: 'plain' },
  { unit: UNIT, codec: 'zlib', level: 4, unshrunk: 'packed', head: 12, align: 512 },
  { unit: UNIT, codec: 'zstd', level: 3, unshrunk: 'plain' },
  { unit: 4096, codec: 'zlib', level: 1, unshrunk: 'packed' },
];

const random = seeded(1);
const noise = (length: number): Buffer =>
  Buffer.from(Uint8Array.from({ length }, () => Math.floor(random() * 256)));
const text = (length: number): Buffer => {
  let line = '';
  while (line.length < length) line += `${Math.floor(random() * 1e6)} GET /index.html 200\n`;
  return Buffer.from(line.slice(0, length));
};
/** Half noise, half the same again: nothing a look at frequencies would find. */
const twice = (length: number): Buffer => {
  const half = noise(length / 2);
  return Buffer.concat([half, half]);
};

describe.each(PACKINGS)('packing $codec of $unit bytes', (packing) => {
  const { unit, codec } = packing;

  it('gives back what went in, and noise in little more room', () => {
    const how: UnitPacking = { codec, unit };
    for (const bytes of [text(unit), Buffer.alloc(unit, 7), noise(unit)]) {
      const packed = packUnit(bytes, packing);
      if (packed === null) expect(packing.unshrunk).toBe('plain');
      else expect(Buffer.compare(unpackUnit(Buffer.concat([packed, noise(20)]), how), bytes)).toBe(0);
      expect(packed?.length ?? 0).toBeLessThan(packedRoom(unit, packing));
    }
    expect(packUnit(text(unit), packing)!.length).toBeLessThan(unit / 2);
    expect(packUnit(noise(unit), packing) === null).toBe(packing.unshrunk === 'plain');
  });

  it('says in an error what is not such bytes', () => {
    const packed = packUnit(text(unit), packing)!;
    expect(() => unpackUnit(packed, { codec, unit: unit / 2 })).toThrow();
    expect(() => unpackUnit(packed, { codec, unit: unit * 2 })).toThrow();
    expect(() => unpackUnit(packed.subarray(0, packed.length >> 1), { codec, unit })).toThrow();
    expect(() => unpackUnit(noise(400), { codec, unit })).toThrow();
  });
});

describe('packing', () => {
  it('finds repeated noise where the window reaches, and stores it where it does not', () => {
    const far = twice(UNIT);
    expect(packUnit(far, PACKINGS[1]!)!.length).toBeGreaterThan(UNIT);
    const near = Buffer.concat(Array.from({ length: 4 }, () => twice(UNIT / 4)));
    expect(packUnit(near, PACKINGS[1]!)!.length).toBeLessThan(UNIT * 0.6);
    expect(packUnit(far, PACKINGS[2]!)!.length).toBeLessThan(UNIT * 0.6);
  });

  it('keeps within a window of 4 KiB where that is asked for', () => {
    const packed = packUnit(text(UNIT), PACKINGS[0]!)!;
    expect(inflateRawSync(packed, { windowBits: 12 }).length).toBe(UNIT);
  });

  it('writes zstd frames that any reader takes', () => {
    const bytes = text(UNIT);
    expect(crc32(zstdDecompressSync(packUnit(bytes, PACKINGS[2]!)!))).toBe(crc32(bytes));
  });

  it('reads units with a record before them, and short ones', () => {
    const record = Buffer.alloc(12);
    const packed = packUnit(text(4096), PACKINGS[3]!)!;
    record.writeUInt32LE(packed.length, 8);
    const how: UnitPacking = { codec: 'zlib', unit: 8192, record: { bytes: 12, lengthAt: 8 }, short: true };
    const unit = unpackUnit(Buffer.concat([record, packed]), how);
    expect(unit.length).toBe(8192);
    expect(unit.subarray(4096).every((byte) => byte === 0)).toBe(true);
    record.writeUInt32LE(packed.length + 1, 8);
    expect(() => unpackUnit(Buffer.concat([record, packed]), how)).toThrow(RangeError);
  });
});

describe.each(PACKINGS)('a copy into a sink that wants $codec of $unit bytes', (packing) => {
  const { unit, head = 0, align = 1 } = packing;

  it('packs units in order, leaves zeros out, and a copy back unpacks them', async () => {
    const size = 5 * MIB + 3000;
    const disk = Buffer.concat([text(MIB + 999), noise(MIB), Buffer.alloc(MIB), text(2 * MIB + 2001)]);
    expect(disk.length).toBe(size);
    const file = await open(join(await scratchFolder(), 'packed'), 'wx+');
    const places: { at: number; offset: number; packed: number | null }[] = [];
    let next = 0;
    const packed: PackedSink = {
      packing,
      place(at, length) {
        const offset = next;
        next += length === null ? unit : Math.ceil((head + length) / align) * align;
        places.push({ at, offset, packed: length });
        return { fd: file.fd, offset, ...(head > 0 ? { head: Buffer.alloc(head, 0xaa) } : {}) };
      },
    };
    const sink: BlockSink = {
      path: 'packed',
      granularity: unit,
      packed,
      write: () => Promise.reject(new Error()),
    };
    const used = ExtentList.of([{ offset: 0, length: size }]);
    const copied = await copyBlocks({ source: memorySource(disk), used, writer: sink, digest: true });
    expect(places.map(({ at }) => at)).toEqual(places.map(({ at }) => at).toSorted((a, b) => a - b));
    expect(places.length).toBe(new Set(places.map(({ at }) => at)).size);
    expect(copied.zeroBytes).toBeGreaterThan(MIB - 2 * unit);
    expect(copied.dataBytes + copied.zeroBytes).toBe(size);
    for (const place of places.filter((each) => each.packed !== null && head > 0)) {
      const bytes = Buffer.alloc(head);
      await file.read(bytes, 0, head, place.offset);
      expect(bytes).toEqual(Buffer.alloc(head, 0xaa));
    }

    // The file as a source whose threads unpack; units that were left out are its zeros.
    const source: BlockSource = {
      size,
      sectorSize: 512,
      read: () => Promise.reject(new Error('threads read by themselves')),
      async *extents() {
        for (let at = 0; at < size; at += unit)
          yield {
            offset: at,
            length: Math.min(unit, size - at),
            kind: places.some((place) => place.at === at) ? ('data' as const) : ('zero' as const),
          };
      },
      fileRange(offset, length) {
        const skip = offset % unit;
        const place = places.find(({ at }) => at === offset - skip)!;
        const here = { fd: file.fd, length: Math.min(length, unit - skip) };
        if (place.packed === null) return { ...here, offset: place.offset + skip };
        const how = { codec: packing.codec, unit };
        return {
          ...here,
          offset: place.offset + head,
          packed: { bytes: place.packed, packing: how, skip },
        };
      },
      close: async () => undefined,
    };
    const out = join(await scratchFolder(), 'out');
    const raw = await open(out, 'wx+');
    const inOnePiece = { fd: raw.fd, offset: 0 };
    const writer: BlockSink = {
      path: out,
      granularity: 4096,
      inOnePiece,
      place: (offset) => ({ fd: raw.fd, offset }),
      write: () => Promise.reject(new Error()),
    };
    await raw.truncate(size);
    const back = await copyBlocks({ source, used, writer, digest: true });
    expect(back.digest).toEqual(copied.digest);
    expect(Buffer.compare(await readFile(out), disk)).toBe(0);
    await raw.close();
    await file.close();
  });
});

describe('a sink in one piece', () => {
  it.skipIf(process.platform !== 'linux')(
    'that fails to write ends the copy as a full destination does, not as an unreadable source',
    async () => {
      const size = 3 * MIB;
      const source = memorySource(noise(size));
      // Every write to /dev/full fails with ENOSPC.
      const full = await open('/dev/full', 'w');
      const inOnePiece = { fd: full.fd, offset: 0 };
      const writer: BlockSink = {
        path: '/dev/full',
        granularity: 4096,
        inOnePiece,
        place: (offset) => ({ fd: full.fd, offset }),
        write: () => Promise.reject(new Error()),
      };
      const copying = copyBlocks({ source, used: ExtentList.of([{ offset: 0, length: size }]), writer });
      await expect(copying).rejects.toMatchObject({ code: 'DESTINATION_FULL', data: { errno: 'ENOSPC' } });
      await full.close();
      expect((await readBytes(source, 0, 1)).length).toBe(1);
    },
  );
});
