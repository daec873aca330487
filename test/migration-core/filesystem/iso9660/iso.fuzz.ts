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

  it('is refused where many folders are one and the same large directory', async () => {
    const bytes = smallIso('iso9660');
    const name = bytes.indexOf('FOLDER', 0, 'latin1') - 33;
    const record = bytes.subarray(name, name + bytes[name]!);
    // Nine hundred folders in the main directory, each of which is 16 MiB that hold no name.
    const large = Buffer.alloc(16 << 20);
    const at = Math.ceil(bytes.length / 2048);
    const root = Buffer.alloc(40 * 2048);
    for (let i = 0; i < 900; i++) {
      const copy = Buffer.from(record);
      copy.writeUInt32LE(at, 2);
      copy.writeUInt32LE(large.length, 10);
      copy.write(String(i).padStart(6, '0'), 33, 'latin1');
      copy.copy(root, Math.floor(i / 40) * 2048 + (i % 40) * copy.length);
    }
    const place = at + large.length / 2048;
    bytes.writeUInt32LE(place, 16 * 2048 + 156 + 2);
    bytes.writeUInt32LE(root.length, 16 * 2048 + 156 + 10);
    const source = memorySource(Uint8Array.from(Buffer.concat([bytes, large, root])));
    await expect(isoTree(source).then((tree) => scan(tree))).rejects.toMatchObject({
      code: 'ISO_DAMAGED',
      message: 'The CD image is damaged: its directories are larger than those of any disc.',
    });
  });

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
