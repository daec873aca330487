import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { qcow2 } from '../../../migration-core/image/qcow2/format.ts';
import { run, scratchFolder } from '../../support/tools.ts';
import { crafted, expectWordsOnly } from './hostile.ts';
import { sparseRaw } from './patterns.ts';

const MIB = 2 ** 20;

describe('damaged qcow2', () => {
  it.each([
    { what: 'plain', settings: [] },
    { what: 'with clusters of 4 KiB', settings: ['-o', 'cluster_size=4096'] },
    { what: 'with zlib', settings: ['-c'] },
    { what: 'with zstd', settings: ['-c', '-o', 'compression_type=zstd'] },
  ])('$what ends in words', async ({ settings }) => {
    const folder = await scratchFolder();
    const disk = await sparseRaw(join(folder, 'disk'), { size: 6 * MIB, seed: 51, runs: 5, longest: 60_000 });
    const image = join(folder, 'image');
    await run('qemu-img', ['convert', '-f', 'raw', '-O', 'qcow2', ...settings, disk.path, image]);
    // Header, then every table: with few clusters of data they lie within the first half MiB.
    const tables = [
      { offset: 0, length: 112 },
      { offset: 3 * 65536, length: 64 },
      { offset: 4 * 65536, length: 1024 },
      { offset: 4096, length: 200_000 },
    ];
    const result = await expectWordsOnly({ format: qcow2, image, tables, rounds: 700, seed: 52 });
    expect(result.refused).toBeGreaterThan(100);
    expect(result.opened).toBeGreaterThan(50);
  });

  it('with one L2 table for a disk of petabytes is refused, not walked', async () => {
    const folder = await scratchFolder();
    const path = await crafted(join(folder, 'image'), 64 * MIB, (bytes) => {
      bytes.write('QFI\xfb', 0, 'latin1');
      bytes.writeUInt32BE(2, 4);
      bytes.writeUInt32BE(16, 20);
      bytes.writeBigUInt64BE(2n ** 50n, 24);
      bytes.writeUInt32BE(2 ** 21, 36);
      bytes.writeBigUInt64BE(65536n, 40);
      for (let at = 65536; at < bytes.length; at += 8) bytes.writeBigUInt64BE(0x8000_0000_0200_0000n, at);
    });
    const began = performance.now();
    await expect(qcow2.open(path)).rejects.toMatchObject({ code: 'IMAGE_DAMAGED' });
    expect(performance.now() - began).toBeLessThan(5000);
  });

  it('with a size beyond all bounds is refused', async () => {
    const folder = await scratchFolder();
    for (const size of [2n ** 63n, 2n ** 64n - 1n, 2n ** 53n]) {
      const path = await crafted(join(folder, 'image'), MIB, (bytes) => {
        bytes.write('QFI\xfb', 0, 'latin1');
        bytes.writeUInt32BE(3, 4);
        bytes.writeUInt32BE(16, 20);
        bytes.writeBigUInt64BE(size, 24);
        bytes.writeUInt32BE(0xffffffff, 36);
        bytes.writeUInt32BE(104, 100);
      });
      await expect(qcow2.open(path)).rejects.toMatchObject({ code: 'IMAGE_DAMAGED' });
    }
  });
});
