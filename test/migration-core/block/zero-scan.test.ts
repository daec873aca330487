import { describe, expect, it } from 'vitest';
import { dataRuns } from '../../../migration-core/block/zero-scan.ts';
import { seeded } from '../../support/tools.ts';

/** The same, byte by byte. */
function plainRuns(bytes: Uint8Array, unit: number): number[] {
  const runs: number[] = [];
  for (let at = 0; at < bytes.length; at += unit) {
    const end = Math.min(at + unit, bytes.length);
    if (bytes.subarray(at, end).every((byte) => byte === 0)) continue;
    if (runs.at(-1) === at) runs.pop();
    else runs.push(at);
    runs.push(end);
  }
  return runs;
}

describe('dataRuns', () => {
  it.each([4096, 65536, 1 << 20])('finds what a plain look at every byte finds, in units of %i', (unit) => {
    const random = seeded(unit);
    for (let round = 0; round < 40; round++) {
      const bytes = Buffer.alloc(Math.floor(random() * (1 << 20)) + 1);
      const marks = Math.floor(random() ** 2 * 30);
      for (let i = 0; i < marks; i++) {
        const at = Math.floor(random() * bytes.length);
        const end = at + 1 + Math.floor(random() ** 4 * 50_000);
        bytes.fill(1 + i, at, Math.min(bytes.length, end));
      }
      expect(dataRuns(bytes, unit)).toEqual(plainRuns(bytes, unit));
    }
  });

  it('sees a single bit at the very end of a unit', () => {
    const bytes = Buffer.alloc(1 << 20);
    expect(dataRuns(bytes, 4096)).toEqual([]);
    bytes[8191] = 1;
    bytes[(1 << 20) - 1] = 128;
    expect(dataRuns(bytes, 4096)).toEqual([4096, 8192, (1 << 20) - 4096, 1 << 20]);
  });
});
