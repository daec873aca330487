import { describe, expect, it } from 'vitest';
import { concatenate } from '../../../migration-core/block/concat.ts';
import { memorySource } from '../../../migration-core/block/memory.ts';
import { readBytes, type BlockSource, type SourceExtent } from '../../../migration-core/block/source.ts';
import { seeded } from '../../support/tools.ts';

const bytes = (length: number, seed: number): Uint8Array => {
  const random = seeded(seed);
  return new Uint8Array(length).map(() => Math.floor(random() * 256));
};

async function all(extents: AsyncIterable<SourceExtent>): Promise<SourceExtent[]> {
  const list: SourceExtent[] = [];
  for await (const extent of extents) list.push(extent);
  return list;
}

/** 1000 bytes of a file, of which the middle is zeros. */
function fileLike(closed: string[]): BlockSource {
  return {
    ...memorySource(new Uint8Array(1000)),
    fileRange: (offset) => ({ fd: 7, offset: offset + 5000 }),
    async *extents(offset, length) {
      for (const [start, end, kind] of [
        [0, 300, 'data'],
        [300, 600, 'zero'],
        [600, 1000, 'data'],
      ] as const) {
        const from = Math.max(start, offset);
        const until = Math.min(end, offset + length);
        if (until > from) yield { offset: from, length: until - from, kind };
      }
    },
    close: async () => void closed.push('file'),
  };
}

describe('concatenate', () => {
  it('reads every range as the parts one behind the other', async () => {
    const parts = [bytes(1000, 1), bytes(0, 2), bytes(1, 3), bytes(4096, 4), bytes(0, 5)];
    const whole = new Uint8Array(Buffer.concat(parts));
    const source = concatenate(parts.map((part) => memorySource(part)));
    expect(source.size).toBe(5097);
    const random = seeded(6);
    for (let i = 0; i < 500; i++) {
      const offset = Math.floor(random() * 5098);
      const length = Math.floor(random() * (5098 - offset));
      expect(await readBytes(source, offset, length)).toEqual(whole.slice(offset, offset + length));
    }
    await expect(source.read(new Uint8Array(2), 5096)).rejects.toMatchObject({ code: 'READ_PAST_END' });
  });

  it('tells the extents of its parts at their new places, and calls data what tells none', async () => {
    const plain = memorySource(new Uint8Array(500));
    delete (plain as { extents?: unknown }).extents;
    const source = concatenate([plain, fileLike([])]);
    expect(await all(source.extents!(100, 1250))).toEqual([
      { offset: 100, length: 400, kind: 'data' },
      { offset: 500, length: 300, kind: 'data' },
      { offset: 800, length: 300, kind: 'zero' },
      { offset: 1100, length: 250, kind: 'data' },
    ]);
    expect(await all(source.extents!(0, 0))).toEqual([]);
  });

  it('tells where in a file bytes lie that are in one part', () => {
    const source = concatenate([fileLike([]), fileLike([])]);
    expect(source.fileRange!(10, 990)).toEqual({ fd: 7, offset: 5010 });
    expect(source.fileRange!(1000, 1000)).toEqual({ fd: 7, offset: 5000 });
    expect(source.fileRange!(999, 2)).toBeNull();
    expect(concatenate([memorySource(new Uint8Array(9))]).fileRange!(0, 9)).toBeNull();
  });

  it('closes all parts, whatever one of them says', async () => {
    const closed: string[] = [];
    const broken = { ...fileLike([]), close: () => Promise.reject(new Error('gone')) };
    await expect(concatenate([fileLike(closed), broken, fileLike(closed)]).close()).rejects.toThrow('gone');
    expect(closed).toEqual(['file', 'file']);
  });

  it('takes only what fits together', () => {
    expect(() => concatenate([])).toThrow(TypeError);
    const other = { ...memorySource(new Uint8Array(8)), sectorSize: 4096 };
    expect(() => concatenate([memorySource(new Uint8Array(8)), other])).toThrow(TypeError);
  });
});
