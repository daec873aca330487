import { describe, expect, it } from 'vitest';
import { ExtentList } from '../../../migration-core/base/extents.ts';
import { seeded } from '../../support/tools.ts';

const toBits = (list: Iterable<{ offset: number; length: number }>, size: number): string => {
  const bits = new Array<string>(size).fill('.');
  for (const { offset, length } of list) bits.fill('#', offset, offset + length);
  return bits.join('');
};

describe('ExtentList', () => {
  it('agrees with a plain array of bits on random ranges', () => {
    const random = seeded(7);
    const pick = (limit: number): number => Math.floor(random() * limit);
    for (let round = 0; round < 300; round++) {
      const size = 200;
      const make = (): { list: ExtentList; bits: string } => {
        const list = new ExtentList();
        const ranges = Array.from({ length: pick(12) }, () => ({ offset: pick(180), length: pick(20) }));
        for (const { offset, length } of ranges) list.add(offset, length);
        return { list, bits: toBits(ranges, size) };
      };
      const a = make();
      const b = make();
      const combine = (f: (x: boolean, y: boolean) => boolean): string =>
        [...a.bits].map((bit, i) => (f(bit === '#', b.bits[i] === '#') ? '#' : '.')).join('');
      expect(toBits(a.list, size)).toBe(a.bits);
      expect(a.list.bytes).toBe([...a.bits].filter((bit) => bit === '#').length);
      expect(toBits(a.list.union(b.list), size)).toBe(combine((x, y) => x || y));
      expect(toBits(a.list.intersect(b.list), size)).toBe(combine((x, y) => x && y));
      expect(toBits(a.list.subtract(b.list), size)).toBe(combine((x, y) => x && !y));
      const at = pick(150);
      expect(a.list.overlaps(at, 30)).toBe(a.bits.slice(at, at + 30).includes('#'));
      // Merged: no two runs touch.
      for (let i = 1; i < a.list.count; i++) expect(a.list.startAt(i)).toBeGreaterThan(a.list.endAt(i - 1));
    }
  });
});
