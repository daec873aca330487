import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { vmdk } from '../../../migration-core/image/vmdk/format.ts';
import { run, scratchFolder } from '../../support/tools.ts';
import { crafted, expectWordsOnly } from './hostile.ts';
import { sparseRaw } from './patterns.ts';

const MIB = 2 ** 20;
const SECTOR = 512;

describe('damaged VMDK', () => {
  it.each(['monolithicSparse', 'streamOptimized'])('%s ends in words', async (subformat) => {
    const folder = await scratchFolder();
    const disk = await sparseRaw(join(folder, 'disk'), { size: 6 * MIB, seed: 61, runs: 5, longest: 60_000 });
    const image = join(folder, 'image');
    const settings = ['-o', `subformat=${subformat}`];
    await run('qemu-img', ['convert', '-f', 'raw', '-O', 'vmdk', ...settings, disk.path, image]);
    const tables = [
      { offset: 0, length: 80 },
      { offset: 20, length: 52 },
      { offset: SECTOR, length: 400 },
      // Directories, tables, and the records of the first grains.
      { offset: 21 * SECTOR, length: 12 * SECTOR },
      { offset: 128 * SECTOR, length: 30_000 },
    ];
    const result = await expectWordsOnly({ format: vmdk, image, tables, rounds: 1200, seed: 62 });
    expect(result.refused).toBeGreaterThan(100);
    expect(result.opened).toBeGreaterThan(50);
  });

  it('with one table for all of a huge disk is refused, not walked', async () => {
    const folder = await scratchFolder();
    const path = await crafted(join(folder, 'image'), 64 * MIB, (bytes) => {
      bytes.write('KDMV', 0, 'latin1');
      bytes.writeUInt32LE(1, 4);
      bytes.writeUInt32LE(1, 8);
      bytes.writeBigUInt64LE(2n ** 36n, 12);
      bytes.writeBigUInt64LE(128n, 20);
      bytes.writeBigUInt64LE(1n, 28);
      bytes.writeBigUInt64LE(20n, 36);
      bytes.writeUInt32LE(512, 44);
      bytes.writeBigUInt64LE(64n, 56);
      bytes.write('createType="monolithicSparse"\n', SECTOR, 'latin1');
      for (let at = 64 * SECTOR; at < bytes.length; at += 4) bytes.writeUInt32LE(100_000, at);
    });
    const began = performance.now();
    await expect(vmdk.open(path)).rejects.toMatchObject({ code: 'IMAGE_DAMAGED' });
    expect(performance.now() - began).toBeLessThan(5000);
  });
});
