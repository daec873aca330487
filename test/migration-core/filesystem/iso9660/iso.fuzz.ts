/** CD images changed at random: a typed error or a tree, in bounded time. */
import { describe, expect, it } from 'vitest';
import { isIronliftError } from '../../../../migration-core/base/errors.ts';
import { memorySource } from '../../../../migration-core/block/memory.ts';
import { openIso } from '../../../../migration-core/filesystem/iso9660/open.ts';
import { isoTree } from '../../../../migration-core/guest/windows/drivers/source/iso.ts';
import { scan } from '../../../../migration-core/guest/windows/drivers/source/scan.ts';
import { seeded } from '../../../support/tools.ts';
import { smallIso } from './small-iso.ts';

const CASES = Number(process.env['IRONLIFT_FUZZ_CASES'] ?? 400);
const CODES = ['ISO_DAMAGED', 'ISO_NOT_SUPPORTED', 'FILE_TOO_LARGE', 'NOT_FOUND'];
const SLOW = 5000;

describe('an image that was tampered with', () => {
  it.each(['rock-ridge', 'joliet', 'iso9660'] as const)(
    'ends in a tree or a typed error (%s)',
    async (names) => {
      const whole = smallIso(names);
      expect((await openIso(memorySource(Uint8Array.from(whole)))).names).toBe(names);
      let refused = 0;
      for (let seed = 0; seed < CASES; seed++) {
        const random = seeded(seed);
        const below = (limit: number): number => Math.floor(random() * limit);
        let bytes = Buffer.from(whole);
        for (let i = 0, count = 1 + below(8); i < count; i++) {
          // Descriptors, and the directories behind them.
          const at = (16 + below(whole.length / 2048 - 16)) * 2048 + below(400);
          const kind = random();
          if (kind < 0.5) bytes[at] = below(256);
          else if (kind < 0.8) bytes.writeUInt32LE([0, 1, 18, 0xffff, 0xffffffff, 0x7fffffff][below(6)]!, at);
          else bytes.copyWithin(at, 16 * 2048 + below(4000), 16 * 2048 + below(8000));
        }
        if (random() < 0.1) bytes = bytes.subarray(0, below(bytes.length));
        const begun = performance.now();
        try {
          const tree = await isoTree(memorySource(Uint8Array.from(bytes)));
          const { infs } = await scan(tree);
          for (const inf of infs) await tree.read(inf, 1 << 20);
        } catch (error) {
          refused++;
          if (!isIronliftError(error) || !CODES.includes(error.code)) throw error;
        }
        expect(performance.now() - begun, `seed ${seed}`).toBeLessThan(SLOW);
      }
      expect(refused).toBeGreaterThan(CASES / 20);
    },
  );

  it('is bounded where a directory contains itself', async () => {
    const bytes = smallIso('iso9660');
    // The folder's record gets the place of the main directory.
    const name = bytes.indexOf('FOLDER', 0, 'latin1');
    const root = bytes.readUInt32LE(16 * 2048 + 156 + 2);
    bytes.writeUInt32LE(root, name - 33 + 2);
    const tree = await isoTree(memorySource(Uint8Array.from(bytes)));
    const { infs, cut } = await scan(tree);
    expect(cut).toBe(true);
    expect(infs.length).toBeLessThan(100);
  });
});
