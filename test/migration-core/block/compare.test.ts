import { truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { ExtentList } from '../../../migration-core/base/extents.ts';
import { compareDisks } from '../../../migration-core/block/compare.ts';
import { faulty } from '../../../migration-core/block/faults.ts';
import { memorySource } from '../../../migration-core/block/memory.ts';
import { startCopyWorkers } from '../../../migration-core/block/pipeline-workers.ts';
import type { BlockSource } from '../../../migration-core/block/source.ts';
import { differingRuns } from '../../../migration-core/block/zero-scan.ts';
import { raw } from '../../../migration-core/image/raw.ts';
import { scratchFolder, seeded } from '../../support/tools.ts';

const MIB = 1 << 20;

/** Both as memory, and as files that threads read; a plain comparison judges. */
async function twoDisks(a: Uint8Array, b: Uint8Array): Promise<[BlockSource, BlockSource][]> {
  const folder = await scratchFolder();
  const files = [];
  for (const [index, bytes] of [a, b].entries()) {
    const path = join(folder, String(index));
    await writeFile(path, bytes);
    files.push(await raw.open(path));
  }
  return [
    [memorySource(a), memorySource(b)],
    [files[0]!, files[1]!],
    [memorySource(a), files[1]!],
  ];
}

function sectorsThatDiffer(a: Uint8Array, b: Uint8Array): ExtentList {
  const size = Math.max(a.length, b.length);
  const list = new ExtentList();
  for (let at = 0; at < size; at++) {
    if ((a[at] ?? 0) === (b[at] ?? 0)) continue;
    const sector = at - (at % 512);
    list.add(sector, Math.min(512, size - sector));
  }
  return list;
}

const workers = startCopyWorkers();
afterAll(() => workers.close());

describe('compareDisks', () => {
  it.each([1, 512, MIB + 777, 9 * MIB])('finds every difference, %i bytes', async (size) => {
    const random = seeded(size);
    for (let round = 0; round < 4; round++) {
      const a = new Uint8Array(size);
      for (let at = 0; at < size; at += 1 + Math.floor(random() * 300_000))
        a.fill(1 + (at % 251), at, at + 5000);
      const b = a.slice();
      for (let i = 0; i < round; i++) b[Math.floor(random() ** 2 * size)]! ^= 1 << (i % 8);
      const expected = sectorsThatDiffer(a, b);
      const first = a.findIndex((byte, at) => byte !== b[at]);
      for (const [one, other] of await twoDisks(a, b)) {
        const found = await compareDisks({ workers, a: one, b: other, limit: 100 });
        expect(found.ranges).toEqual([...expected]);
        expect(found.first).toEqual(first < 0 ? null : { offset: first, a: a[first], b: b[first] });
        expect(found.more).toBe(false);
        expect(found.comparedBytes + found.skippedBytes).toBe(size);
        // Without a list the first difference is the same.
        expect((await compareDisks({ workers, a: one, b: other })).first).toEqual(found.first);
      }
    }
  });

  it('takes the rest of the longer disk for equal when it is zeros', async () => {
    const a = new Uint8Array(MIB + 100).fill(7);
    const longer = new Uint8Array(10 * MIB);
    longer.set(a);
    for (const [one, other] of await twoDisks(a, longer)) {
      expect((await compareDisks({ workers, a: one, b: other })).first).toBeNull();
      expect((await compareDisks({ workers, a: other, b: one })).first).toBeNull();
    }
    longer[9 * MIB] = 1;
    for (const [one, other] of await twoDisks(a, longer)) {
      expect((await compareDisks({ workers, a: one, b: other })).first).toEqual({
        offset: 9 * MIB,
        a: 0,
        b: 1,
      });
      expect((await compareDisks({ workers, a: other, b: one })).first).toEqual({
        offset: 9 * MIB,
        a: 1,
        b: 0,
      });
    }
  });

  it('reads only what one of them has allocated', async () => {
    const folder = await scratchFolder();
    const paths = [join(folder, 'a'), join(folder, 'b')];
    for (const path of paths) {
      await writeFile(path, new Uint8Array(MIB).fill(1));
      await truncate(path, 2 ** 43);
    }
    const [a, b] = [await raw.open(paths[0]!), await raw.open(paths[1]!)];
    const found = await compareDisks({ a, b });
    expect(found).toMatchObject({ first: null, comparedBytes: MIB, skippedBytes: 2 ** 43 - MIB });
    await a.close();
    await b.close();
  });

  it('stops at the limit and says so', async () => {
    const a = memorySource(new Uint8Array(40 * MIB));
    const b = memorySource(new Uint8Array(40 * MIB).map((_, at) => (at % 2048 === 5 ? 1 : 0)));
    const single = startCopyWorkers({ threads: 1, memory: MIB });
    const found = await compareDisks({ a, b, limit: 10, workers: single });
    expect(found.ranges).toEqual(Array.from({ length: 10 }, (_, i) => ({ offset: i * 2048, length: 512 })));
    expect(found.more).toBe(true);
    expect(found.comparedBytes).toBe(8 * MIB);
    await single.close();
  });

  it('ends with the error of a disk that cannot be read, and when it is cancelled', async () => {
    const good = memorySource(new Uint8Array(3 * MIB).fill(1));
    const a = faulty(memorySource(new Uint8Array(3 * MIB).fill(1)), [{ offset: 2 * MIB, length: 1 }]);
    await expect(compareDisks({ a, b: good })).rejects.toMatchObject({ code: 'READ_FAILED' });
    const signal = AbortSignal.abort();
    await expect(compareDisks({ a: good, b: good, signal })).rejects.toMatchObject({ code: 'CANCELLED' });
  });
});

describe('differingRuns', () => {
  it('tells units, the last one short', () => {
    const a = Buffer.alloc(200_001);
    const b = Buffer.from(a);
    b[0] = 1;
    b[70_000] = 1;
    b[200_000] = 1;
    expect(differingRuns(a, b, 512)).toEqual([0, 512, 69_632, 70_144, 199_680, 200_001]);
    expect(differingRuns(a, a, 512)).toEqual([]);
  });
});
